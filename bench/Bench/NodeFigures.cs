using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;

namespace FederationNode.Bench;

/// <summary>
/// A real coalition of two nodes as processes, on SQLite, over its public interfaces: what a company would see.
/// </summary>
internal static class NodeFigures
{
    private const int Alone = 200;
    private const int Together = 64;
    private const int Fetched = 100_000;
    private const int Checks = 2_000;

    private static int s_words;

    public static async Task RunAsync(int rounds)
    {
        await using var nodes = new NodeProcesses();
        await nodes.FoundAsync("alpha");
        var publisher = await nodes.StartAsync("secretariat");

        var (alone, together, bulk) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            alone.Add(await RateAsync(Alone, 1, () => PublishAsync(publisher, 1)));
            together.Add(await RateAsync(Alone * 8, Together, () => PublishAsync(publisher, 1)));
            bulk.Add(Limits.MaxAppendEntries * await RateAsync(2, 1, () => PublishAsync(publisher, Limits.MaxAppendEntries)));
        }

        Figure.Print("durable appends, one after the other", "/s", alone);
        Figure.Print($"durable appends, {Together} at a time", "/s", together);
        Figure.Print($"bulk import, {Limits.MaxAppendEntries} entries a request", "entries/s", bulk);
        await MeasureChecksAsync(publisher.Api, rounds);
        await MeasureFetchAsync(publisher, nodes);
    }

    private static async Task MeasureChecksAsync(HttpClient node, int rounds)
    {
        var request = new CheckRequest([new CheckItem("text", "carved ivory bracelet, old stock, message me")]);
        var (checks, trivial) = (new List<double>(), new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            var a = await RateAsync(Checks, 8, async () => (await node.PostAsJsonAsync(ApiRoutes.Check, request)).EnsureSuccessStatusCode());
            var b = await RateAsync(Checks, 8, async () => (await node.GetAsync("/healthz")).EnsureSuccessStatusCode());
            if (round > 0)
            {
                checks.Add(a);
                trivial.Add(b);
            }
        }

        Figure.Print("check requests of one text, 8 at a time", "/s", checks);
        Figure.Print("  beside: GET /healthz of the same server", "/s", trivial);
        Figure.PrintRatio("  ratio", checks, trivial);
    }

    private static async Task MeasureFetchAsync(RunningNode publisher, NodeProcesses nodes)
    {
        while ((await publisher.StatusAsync()).Logs.Sum(l => l.Size) < Fetched)
        {
            await PublishAsync(publisher, Limits.MaxAppendEntries);
        }

        var wanted = await publisher.StatusAsync();
        var entries = wanted.Logs.Single(l => l.Origin.Contains("/indicators/", StringComparison.Ordinal)).Size;
        var watch = Stopwatch.StartNew();
        var node = await nodes.StartAsync("alpha");
        while ((await node.StatusAsync()).ViewDigest != wanted.ViewDigest)
        {
            await Task.Delay(50);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"an empty node fetched, verified and applied {entries:N0} entries {watch.Elapsed.TotalSeconds:0.0} s after its start ({entries / watch.Elapsed.TotalSeconds:N0}/s)"));
    }

    private static Task PublishAsync(RunningNode node, int count) =>
        node.PublishAsync(Interlocked.Add(ref s_words, count) - count, count);

    /// <summary>Operations a second, so many of them at a time.</summary>
    private static async Task<double> RateAsync(int count, int atOnce, Func<Task> operation)
    {
        var left = count;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await operation();
            }
        }));
        return count / watch.Elapsed.TotalSeconds;
    }
}
