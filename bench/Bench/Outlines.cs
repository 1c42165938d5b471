using System.Diagnostics;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Peers;

namespace FederationNode.Bench;

/// <summary>
/// An empty node fetches a long list of which nine entries in ten count no more: whole, and by its outline first. From two
/// peers over TLS, all as processes on this machine, on SQLite.
/// </summary>
internal static class Outlines
{
    /// <summary>How often each indicator is listed. Only the last listing counts.</summary>
    private const int Listings = 10;

    private const int FirstConfidence = 50;

    public static async Task RunAsync(int entries)
    {
        entries -= entries % Listings;
        await using var nodes = new NodeProcesses();
        await nodes.FoundAsync("alpha", "beta", "gamma", "delta");
        var publisher = await nodes.StartAsync("secretariat");
        await publisher.UntilReadyAsync();
        var watch = Stopwatch.StartNew();
        await ImportAsync(publisher, entries / Listings);
        var status = await publisher.StatusAsync();
        if (status.Indicators != entries / Listings || (await publisher.ListedAsync())?.Held != entries)
        {
            throw new InvalidOperationException("The publisher does not have each indicator ten times.");
        }

        Console.WriteLine(
            $"import of {entries:N0} entries about {status.Indicators:N0} indicators: {watch.Elapsed.TotalSeconds:0.0} s "
            + $"({entries / watch.Elapsed.TotalSeconds:N0}/s); {publisher.PeakMemory / 1e6:N0} MB at most");

        // With four others, two of them must say the same of who is live: the publisher, and one that has it from there.
        var helper = await nodes.StartAsync("alpha");
        await UntilWholeAsync(helper, entries);
        await helper.UntilReadyAsync();

        var whole = await MeasureAsync(nodes, "beta", "whole", entries, status.ViewDigest);
        nodes.SetOutlineFirst("gamma");
        var outline = await MeasureAsync(nodes, "gamma", "outline first", entries, status.ViewDigest);
        Console.WriteLine(
            $"whole / outline first: until all that counts is here {Ratio(whole.Known, outline.Known)}; "
            + $"until ready {Ratio(whole.Ready, outline.Ready)}");
        nodes.SetOutlineFirst("delta");
        await MeasureKilledAsync(nodes, "delta", entries, status.ViewDigest);
    }

    /// <summary>A part of the indicators again and again before the next, so that live entries are all over the log.</summary>
    private static async Task ImportAsync(RunningNode publisher, int indicators)
    {
        for (var at = 0; at < indicators; at += Limits.MaxAppendEntries)
        {
            for (var listing = 0; listing < Listings; listing++)
            {
                await publisher.PublishAsync(
                    at, Math.Min(Limits.MaxAppendEntries, indicators - at), confidence: FirstConfidence + listing);
            }
        }
    }

    private static async Task<Course> MeasureAsync(
        NodeProcesses nodes, string name, string how, int entries, string wanted)
    {
        var meter = new Meter();
        var node = await nodes.StartAsync(name);
        var arriving = Task.Run(async () =>
        {
            // Whoever fetches no outline has what counts only with the last entry.
            await UntilAsync(node, row => (row.OutlinedTo ?? row.Held) >= entries);
            var known = meter.Read();
            await UntilWholeAsync(node, entries);
            return (Known: known, Whole: meter.Read());
        });
        await node.UntilReadyAsync();
        var ready = meter.Read();
        var status = await node.StatusAsync();
        await node.MustShowAsync(wanted);
        var (before, held) = (node.PeakMemory, HeldOf(status));
        var (known, whole) = await arriving;
        await node.MustShowAsync(wanted);
        string Of(Reading reading) =>
            $"{reading.Seconds:0.0} s and {(double)reading.Bytes / entries:0} bytes an entry on the wire";
        Console.WriteLine(
            $"{how}: all that counts is here after {Of(known)}; ready, with the publisher's view and {held:N0} entries held, "
            + $"after {Of(ready)}, {before / 1e6:N0} MB at most");
        Console.WriteLine(
            $"  until ready answers had {ReceivedBy(status, PeerRoutes.Outline):0.0} MB of outline, "
            + $"{ReceivedBy(status, PeerRoutes.Range):0.0} MB of ranges");
        Console.WriteLine(
            $"  all {entries:N0} entries durable, and no outline needed any more, after {Of(whole)}, "
            + $"{node.PeakMemory / 1e6:N0} MB at most");
        await nodes.StopAsync(node);
        return new Course(known, ready);
    }

    private static async Task MeasureKilledAsync(NodeProcesses nodes, string name, int entries, string wanted)
    {
        var node = await nodes.StartAsync(name);
        var before = (await UntilAsync(node, row => row.OutlinedTo >= entries / 2)).OutlinedTo;
        await nodes.KillAsync(node);
        var meter = new Meter();
        node = await nodes.StartAsync(name);
        var found = await UntilAsync(node, row => row.OutlinedTo is not null || row.Held >= entries);
        if ((found.OutlinedTo ?? found.Held) < before)
        {
            throw new InvalidOperationException($"The outline went to {before}, and after the restart to {found.OutlinedTo}.");
        }

        await node.UntilReadyAsync();
        var ready = meter.Read();
        await node.MustShowAsync(wanted);
        var held = HeldOf(await node.StatusAsync());
        await UntilWholeAsync(node, entries);
        await node.MustShowAsync(wanted);
        Console.WriteLine(
            $"killed with SIGKILL with the outline of {before:N0}, started again with that of {found.OutlinedTo:N0}: "
            + $"ready {ready.Seconds:0.0} s later, with {held:N0} entries held; "
            + $"all of them durable, and no outline needed any more, {meter.Read().Seconds:0.0} s later; "
            + $"{node.PeakMemory / 1e6:N0} MB at most");
        await nodes.StopAsync(node);
    }

    /// <summary>Waits until the node holds the whole log, and has forgotten its outline.</summary>
    private static Task<LogRow> UntilWholeAsync(RunningNode node, int entries) =>
        UntilAsync(node, row => row.OutlinedTo is null && row.Held >= entries);

    private static async Task<LogRow> UntilAsync(RunningNode node, Func<LogRow, bool> isSo)
    {
        LogRow? row;
        while ((row = await node.ListedAsync()) is null || !isSo(row))
        {
            await Task.Delay(50);
        }

        return row;
    }

    private static long HeldOf(NodeStatus status) => status.Logs.SingleOrDefault(l => l.Origin == RunningNode.Log)?.Held ?? 0;

    private static double ReceivedBy(NodeStatus status, string route) =>
        status.Traffic.Where(t => t.Route == route).Sum(t => t.BytesReceived) / 1e6;

    private static string Ratio(Reading one, Reading other) =>
        $"{one.Seconds / other.Seconds:0.00} x the time, {(double)one.Bytes / other.Bytes:0.00} x the bytes";

    private readonly record struct Reading(double Seconds, long Bytes);

    /// <summary>What it took until all that counts was here, and until it was in the list and compared.</summary>
    private readonly record struct Course(Reading Known, Reading Ready);

    /// <summary>Time, and bytes over loopback, since it was made.</summary>
    private sealed class Meter
    {
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private readonly long _bytes = Loopback.Bytes();

        public Reading Read() => new(_watch.Elapsed.TotalSeconds, Loopback.Bytes() - _bytes);
    }
}
