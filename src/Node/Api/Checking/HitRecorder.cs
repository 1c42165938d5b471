using FederationNode.Contracts.Indicators;
using FederationNode.Grains;
using FederationNode.Protocol;

namespace FederationNode.Node.Api.Checking;

/// <summary>
/// Counts hits in memory and tells the indicators now and then: one call for each indicator that was hit, however
/// often, and so many at a time, for each that nobody asked about lately is read from the database first. Bounded; what does
/// not fit is not counted, and the log says so: the counts are statistics.
/// </summary>
internal sealed partial class HitRecorder(
    IGrainFactory grains,
    LocalApiOptions options,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<HitRecorder> logger) : BackgroundService
{
    private const int MaxIndicators = 100_000;
    private const int MaxConcurrentCalls = 8;

    /// <summary>Indicators that are told at a time; the others wait.</summary>
    private const int MaxTold = 1_000;

    private readonly Lock _lock = new();
    private readonly Queue<KeyValuePair<Hash256, long>> _waiting = [];
    private Dictionary<Hash256, long> _hits = [];
    private long _dropped;

    /// <summary>Counts one hit for each indicator.</summary>
    public void Record(IReadOnlyCollection<Hash256> indicators)
    {
        if (indicators.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            foreach (var id in indicators)
            {
                if (_hits.Count < MaxIndicators || _hits.ContainsKey(id))
                {
                    _hits[id] = _hits.GetValueOrDefault(id) + 1;
                }
                else
                {
                    _dropped++;
                }
            }
        }
    }

    /// <summary>Tells some of the indicators what was counted.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var hits = new List<KeyValuePair<Hash256, long>>();
        long dropped;
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                foreach (var hit in _hits)
                {
                    _waiting.Enqueue(hit);
                }

                _hits = [];
            }

            while (hits.Count < MaxTold && _waiting.TryDequeue(out var hit))
            {
                hits.Add(hit);
            }

            (dropped, _dropped) = (_dropped, 0);
        }

        if (dropped > 0)
        {
            LogDropped(dropped, MaxIndicators);
        }

        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var atMost = new ParallelOptions
        {
            MaxDegreeOfParallelism = MaxConcurrentCalls,
            CancellationToken = cancellationToken,
        };
        await Parallel.ForEachAsync(hits, atMost, async (hit, _) => await TellAsync(hit.Key, hit.Value, now));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(options.HitsInterval, clock, stoppingToken);
            await FlushAsync(stoppingToken);
        }
    }

    private async Task TellAsync(Hash256 id, long hits, long now)
    {
        try
        {
            await grains.GetGrain<IIndicatorGrain>(id.ToString()).RecordHitsAsync(hits, now);
        }
        catch (Exception failure)
        {
            LogLost(hits, id.ToString(), failure);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Dropped} hits were not counted: more than {Max} indicators at once.")]
    private partial void LogDropped(long dropped, int max);

    [LoggerMessage(2, LogLevel.Warning, "{Hits} hits of {Indicator} were not counted.")]
    private partial void LogLost(long hits, string indicator, Exception failure);
}
