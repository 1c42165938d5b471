namespace FederationNode.Detector.Http;

/// <summary>The latencies of the latest answers. Safe from any thread.</summary>
internal sealed class LatencyWindow
{
    private const int Size = 256;

    /// <summary>With fewer answers than this nothing is said.</summary>
    private const int Enough = 20;

    private readonly Lock _gate = new();
    private readonly long[] _ticks = new long[Size];
    private long _count;

    /// <summary>Takes note of an answer.</summary>
    public void Add(TimeSpan latency)
    {
        lock (_gate)
        {
            _ticks[_count++ % Size] = latency.Ticks;
        }
    }

    /// <summary>What a share of the answers took at most, or null if too few came to tell.</summary>
    /// <param name="share">0 to 1.</param>
    public TimeSpan? Quantile(double share)
    {
        Span<long> sorted = stackalloc long[Size];
        lock (_gate)
        {
            if (_count < Enough)
            {
                return null;
            }

            sorted = sorted[..(int)Math.Min(_count, Size)];
            _ticks.AsSpan(0, sorted.Length).CopyTo(sorted);
        }

        sorted.Sort();
        return TimeSpan.FromTicks(sorted[(int)(share * (sorted.Length - 1))]);
    }
}
