using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using FederationNode.Contracts.Api;

namespace FederationNode.Bench;

/// <summary>
/// The whole coalition as processes on this machine, on SQLite, over TLS: how long until a takedown that one member
/// publishes is enforced by each of the others. Each is asked again and again, as a detector would ask, every 25 ms.
/// </summary>
internal sealed class Takedowns(IReadOnlyList<RunningNode> nodes)
{
    private const int Imported = 100_000;
    private const int WarmUp = 40;

    /// <summary>Place of the member that imports, and publishes no takedown meanwhile.</summary>
    private const int Importer = 1;

    /// <summary>Far from the numbers of the imported ones.</summary>
    private const int FirstNumber = 1_000_000_000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_gap = TimeSpan.FromMilliseconds(25);

    private int _number = FirstNumber;

    public static async Task RunAsync(int members, int takedowns)
    {
        await using var processes = new NodeProcesses();
        string[] names = [.. Enumerable.Range(1, members - 1).Select(i => string.Create(CultureInfo.InvariantCulture, $"m{i}"))];
        await processes.FoundAsync(names);
        var watch = Stopwatch.StartNew();
        var nodes = new List<RunningNode>();
        foreach (var name in names.Prepend("secretariat"))
        {
            nodes.Add(await processes.StartAsync(name));
        }

        await UntilAllReachAllAsync(nodes);
        Console.WriteLine($"{members} nodes run and reach each other {watch.Elapsed.TotalSeconds:0.0} s after the start of the first");
        await IdleFigures.MeasureAsync(nodes);

        var bench = new Takedowns(nodes);
        for (var i = 0; i < WarmUp; i++)
        {
            // What is compiled on its first use is not what a node that runs for months is measured by.
            await bench.TimesAsync(nodes[i % nodes.Count]);
        }

        await bench.MeasureAsync("takedowns alone", takedowns);
        await bench.MeasureBytesAsync(20);
        var import = nodes[Importer].ImportAsync(Imported);
        await bench.MeasureAsync($"takedowns while another member imports {Imported:N0} entries", takedowns, import);
        await import;
    }

    private static async Task UntilAllReachAllAsync(List<RunningNode> nodes)
    {
        foreach (var node in nodes)
        {
            while (!await node.IsReadyAsync() || (await node.StatusAsync()).Peers.Count(p => p.Reachable) < nodes.Count - 1)
            {
                await Task.Delay(200);
            }
        }
    }

    /// <summary>One after the other, each by the next member in turn, but not by one that imports meanwhile.</summary>
    private async Task MeasureAsync(string what, int count, Task? meanwhile = null)
    {
        var publishers = nodes.Where((_, i) => meanwhile is null || i != Importer).ToList();
        var (each, all) = (new List<double>(), new List<double>());
        var during = 0;
        for (var i = 0; i < count; i++)
        {
            during += meanwhile is { IsCompleted: false } ? 1 : 0;
            var times = await TimesAsync(publishers[i % publishers.Count]);
            each.AddRange(times);
            all.Add(times.Max());
            await Task.Delay(s_pause);
        }

        Console.WriteLine(meanwhile is null ? $"{what}: {count}" : $"{what}: {count}, {during} of them before the import had ended at its origin");
        Figure.PrintQuantiles("  until one other member enforces it", "ms", each);
        Figure.PrintQuantiles("  until all others do", "ms", all);
    }

    /// <summary>What goes over the wire for a takedown, beyond what goes anyway, when nobody asks for it.</summary>
    private async Task MeasureBytesAsync(int count)
    {
        var idle = await BytesAsync(count, () => Task.CompletedTask);
        var before = await TrafficAsync();
        var busy = await BytesAsync(count, () => nodes[1].PublishAsync(_number++, 1, urgent: true));
        var after = await TrafficAsync();
        Console.WriteLine(
            $"  a takedown takes {(busy - idle) / count / 1e3:0.0} kB on the wire, the receipts of all included; "
            + $"at least {nodes.Count - 1} messages, one to each of the others");
        foreach (var (route, now) in after.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            var then = before.GetValueOrDefault(route, new TrafficRow(route, 0, 0, 0));
            Console.WriteLine(
                $"    {route}: {(now.Requests - then.Requests) / (double)count:0.0} requests, bodies of "
                + $"{(now.BytesSent - then.BytesSent) / count / 1e3:0.0} kB and of "
                + $"{(now.BytesReceived - then.BytesReceived) / count / 1e3:0.0} kB in the answers");
        }
    }

    private async Task<Dictionary<string, TrafficRow>> TrafficAsync()
    {
        var rows = (await Task.WhenAll(nodes.Select(n => n.StatusAsync()))).SelectMany(s => s.Traffic);
        return rows.GroupBy(r => r.Route, StringComparer.Ordinal).ToDictionary(
            g => g.Key,
            g => new TrafficRow(g.Key, g.Sum(r => r.Requests), g.Sum(r => r.BytesSent), g.Sum(r => r.BytesReceived)),
            StringComparer.Ordinal);
    }

    private static async Task<double> BytesAsync(int count, Func<Task> once)
    {
        var before = Loopback.Bytes();
        for (var i = 0; i < count; i++)
        {
            await Task.WhenAll(once(), Task.Delay(TimeSpan.FromSeconds(1)));
        }

        await Task.Delay(TimeSpan.FromSeconds(5));
        return Loopback.Bytes() - before;
    }

    /// <summary>How long each of the other nodes took, in milliseconds from the moment the analyst asked.</summary>
    private async Task<double[]> TimesAsync(RunningNode publisher)
    {
        var number = _number++;
        var begun = Stopwatch.GetTimestamp();
        var publishing = publisher.PublishAsync(number, 1, urgent: true);
        var times = await Task.WhenAll(nodes.Where(n => n != publisher).Select(n => UntilEnforcedAsync(n, number, begun)));
        await publishing;
        return times;
    }

    private static async Task<double> UntilEnforcedAsync(RunningNode node, int number, long begun)
    {
        var check = new CheckRequest([new CheckItem("image-sha256", RunningNode.HashOf(number))]);
        while (Stopwatch.GetElapsedTime(begun) < s_patience)
        {
            using var answer = await node.Api.PostAsJsonAsync(ApiRoutes.Check, check);
            var checkedItem = (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<CheckResponse>())!.Items[0];
            if (checkedItem.Matches.Count > 0)
            {
                return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            }

            await Task.Delay(s_gap);
        }

        throw new TimeoutException($"{node.Folder} does not enforce a takedown after {s_patience.TotalSeconds:0} s.");
    }
}
