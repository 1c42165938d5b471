using System.Globalization;

namespace FederationNode.Bench;

/// <summary>One kind of request to a server, and what it took in each round.</summary>
/// <param name="what">What it is.</param>
/// <param name="keys">Keys in a request; 0 if it has none.</param>
/// <param name="requests">Requests of that kind, which connections send in turn.</param>
/// <param name="load">Sends them.</param>
/// <param name="counters">Of the server.</param>
internal sealed class CheckRow(string what, int keys, byte[][] requests, HttpLoad load, ServerCounters counters)
{
    private readonly List<double> _allocated = [];
    private readonly List<double> _median = [];
    private readonly List<double> _p99 = [];

    public string What => what;

    /// <summary>Whether the server asks another process, whose processor time is not counted here.</summary>
    public bool AsksAnother { get; init; }

    /// <summary>Requests a second, a round.</summary>
    public List<double> Rates { get; } = [];

    /// <summary>Processor time of the server in microseconds a request, a round.</summary>
    public List<double> Processor { get; } = [];

    /// <summary>Sends requests for so long.</summary>
    public void Measure(TimeSpan time, bool isKept)
    {
        var (processor, allocated) = counters.Read();
        var (rate, micros) = load.Run(requests, time);
        var (processorAfter, allocatedAfter) = counters.Read();
        if (isKept)
        {
            Rates.Add(rate);
            Processor.Add((processorAfter - processor).TotalMicroseconds / micros.Length);
            _allocated.Add((double)(allocatedAfter - allocated) / micros.Length);
            _median.Add(micros[micros.Length / 2]);
            _p99.Add(micros[(int)Math.Ceiling(0.99 * micros.Length) - 1]);
        }
    }

    public void Print()
    {
        Figure.Print(what, "requests/s", Rates);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"    {(keys > 1 ? $"{Median(Rates) * keys:N0} keys/s, " : "")}p50 {Median(_median):N0} us, p99 {Median(_p99):N0} us; "
            + $"server{(AsksAnother ? " alone" : "")}: {Median(Processor):N1} us of a processor, {Median(_allocated):N0} bytes allocated a "
            + $"request{(keys > 1 && !AsksAnother ? $"; {1e6 * keys / Median(Processor):N0} keys a second of processor" : "")}"));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
