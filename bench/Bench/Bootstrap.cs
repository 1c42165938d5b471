using System.Diagnostics;

namespace FederationNode.Bench;

/// <summary>
/// An empty node fetches a long list: from two peers over TLS, all three as processes on this machine, on SQLite.
/// </summary>
internal static class Bootstrap
{
    public static async Task RunAsync(int entries)
    {
        await using var nodes = new NodeProcesses();
        await nodes.FoundAsync("alpha", "beta", "gamma");
        var publisher = await nodes.StartAsync("secretariat");
        await publisher.UntilReadyAsync();
        var watch = Stopwatch.StartNew();
        await publisher.ImportAsync(entries);
        Console.WriteLine($"import of {entries:N0} entries at the publisher: {watch.Elapsed.TotalSeconds:0.0} s ({entries / watch.Elapsed.TotalSeconds:N0}/s)");
        var wanted = (await publisher.StatusAsync()).ViewDigest;
        Console.WriteLine($"the publisher holds {entries:N0} entries with {publisher.Memory / 1e6:N0} MB resident, {publisher.PeakMemory / 1e6:N0} MB at most");

        var alpha = await MeasureAsync(nodes, "alpha", "from one peer", entries, wanted);
        var beta = await MeasureAsync(nodes, "beta", "from two peers", entries, wanted);
        await nodes.StopAsync(beta);
        await MeasureKilledAsync(nodes, entries, wanted);
        await nodes.StopAsync(alpha);
        await DumpAndRestore.RunAsync(entries);
    }

    private static async Task<RunningNode> MeasureAsync(
        NodeProcesses nodes, string name, string how, int entries, string wanted)
    {
        var (watch, bytes) = (Stopwatch.StartNew(), Loopback.Bytes());
        var node = await nodes.StartAsync(name);
        await UntilHeldAsync(node, entries);
        var held = watch.Elapsed;
        await node.UntilReadyAsync();
        var ready = watch.Elapsed;
        await node.MustShowAsync(wanted);
        Console.WriteLine(
            $"{how}: {entries:N0} entries durable after {held.TotalSeconds:0.0} s ({entries / held.TotalSeconds:N0}/s), "
            + $"ready after {ready.TotalSeconds:0.0} s ({entries / ready.TotalSeconds:N0}/s), with the publisher's view; "
            + $"{(double)(Loopback.Bytes() - bytes) / entries:0} bytes an entry on the wire; {node.PeakMemory / 1e6:N0} MB at most");
        return node;
    }

    private static async Task MeasureKilledAsync(NodeProcesses nodes, int entries, string wanted)
    {
        var watch = Stopwatch.StartNew();
        var node = await nodes.StartAsync("gamma");
        await UntilHeldAsync(node, entries / 2);
        var first = await HeldAsync(node);
        await nodes.KillAsync(node);
        var killed = watch.Elapsed;
        node = await nodes.StartAsync("gamma");
        await UntilHeldAsync(node, entries);
        await node.UntilReadyAsync();
        await node.MustShowAsync(wanted);
        Console.WriteLine(
            $"killed with SIGKILL after {killed.TotalSeconds:0.0} s with {first:N0} of them: "
            + $"whole {(watch.Elapsed - killed).TotalSeconds:0.0} s later; {node.PeakMemory / 1e6:N0} MB at most");
        await nodes.StopAsync(node);
    }

    private static async Task<long> HeldAsync(RunningNode node) => (await node.ListedAsync())?.Held ?? 0;

    private static async Task UntilHeldAsync(RunningNode node, long entries)
    {
        while (await HeldAsync(node) < entries)
        {
            await Task.Delay(100);
        }
    }
}
