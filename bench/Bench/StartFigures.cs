using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;

namespace FederationNode.Bench;

/// <summary>
/// A node that holds a long list of mixed kinds is stopped, or killed, and started again: how long until it is ready and
/// answers rightly, and how much memory it has then.
/// </summary>
internal static class StartFigures
{
    private const int Starts = 3;

    /// <summary>One entry in so many is a keyword.</summary>
    private const int KeywordEvery = 30;

    private static readonly TimeSpan s_settle = TimeSpan.FromMinutes(1);

    public static async Task RunAsync(int entries)
    {
        await using (var nodes = new NodeProcesses())
        {
            await nodes.FoundAsync();
            var node = await nodes.StartAsync("secretariat");
            await node.UntilReadyAsync();
            var watch = Stopwatch.StartNew();
            for (var at = 0; at < entries; at += Limits.MaxAppendEntries)
            {
                var count = Math.Min(Limits.MaxAppendEntries, entries - at);
                await node.PublishAsync(
                    new ListingBatch([.. Enumerable.Range(at, count).Select(ListingOf)], false),
                    string.Create(CultureInfo.InvariantCulture, $"bench-start-{at}"));
            }

            Console.WriteLine(
                $"import of {entries:N0} entries: {watch.Elapsed.TotalSeconds:0.0} s; then {node.Memory / 1e6:N0} MB resident, "
                + $"{node.PeakMemory / 1e6:N0} MB at most; load of the machine {Load}");
            await CheckAsync(node, entries);
            var view = (await node.StatusAsync()).ViewDigest;
            await nodes.StopAsync(node);
            await MeasureAsync(nodes, entries, view, killed: false);
            await MeasureAsync(nodes, entries, view, killed: true);
        }

        await StartRivals.RunAsync(entries, Starts);
    }

    /// <summary>The load of the last minute, for what others do on the machine counts.</summary>
    public static string Load => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static async Task MeasureAsync(NodeProcesses nodes, int entries, string view, bool killed)
    {
        var (ready, processor, resident, later, peak) =
            (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        if (killed)
        {
            await nodes.KillAsync(await StartedAsync(nodes));
        }

        for (var i = 0; i < Starts; i++)
        {
            var watch = Stopwatch.StartNew();
            var node = await StartedAsync(nodes);
            ready.Add(watch.Elapsed.TotalSeconds);
            processor.Add(node.ProcessorSeconds);
            resident.Add(node.Memory / 1e6);
            await CheckAsync(node, entries);
            await node.MustShowAsync(view);
            if (killed)
            {
                peak.Add(node.PeakMemory / 1e6);
                await nodes.KillAsync(node);
            }
            else
            {
                await Task.Delay(s_settle);
                later.Add(node.Memory / 1e6);
                peak.Add(node.PeakMemory / 1e6);
                await nodes.StopAsync(node);
            }
        }

        Console.WriteLine($"started again after {(killed ? "SIGKILL" : "a clean stop")}, {Starts} times; load of the machine {Load}");
        Figure.Print("  ready after", "ms", [.. ready.Select(s => 1000 * s)]);
        Figure.Print("  processor until then", "ms", [.. processor.Select(s => 1000 * s)]);
        Figure.Print("  memory when ready", "MB resident", resident);
        if (!killed)
        {
            Figure.Print("  memory a minute later", "MB resident", later);
        }

        Figure.Print("  most memory", "MB resident", peak);
    }

    private static async Task<RunningNode> StartedAsync(NodeProcesses nodes)
    {
        var node = await nodes.StartAsync("secretariat");
        await node.UntilReadyAsync();
        return node;
    }

    /// <summary>Asks for one of each kind at both ends of the list, and for one of each that is not listed.</summary>
    private static async Task CheckAsync(RunningNode node, int entries)
    {
        await MustMatchAsync(node, [.. OneOfEach(0), .. OneOfEach(entries - 1000)], 1);
        await MustMatchAsync(node, [.. OneOfEach(entries)], 0);
    }

    private static IEnumerable<CheckItem> OneOfEach(int from) =>
        Enumerable.Range(from, 1000).Select(ListingOf).DistinctBy(listing => listing.Kind).Select(ItemOf);

    private static async Task MustMatchAsync(RunningNode node, IReadOnlyList<CheckItem> items, int matches)
    {
        using var answer = await node.Api.PostAsJsonAsync(ApiRoutes.Check, new CheckRequest(items));
        var checkedItems = answer.IsSuccessStatusCode
            ? await answer.Content.ReadFromJsonAsync<CheckResponse>() ?? throw new JsonException("The answer is empty.")
            : throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        for (var i = 0; i < items.Count; i++)
        {
            if (checkedItems.Items[i].Matches.Count != matches)
            {
                throw new InvalidOperationException(
                    $"{items[i].Kind} {items[i].Value} has {checkedItems.Items[i].Matches.Count} matches, not {matches}.");
            }
        }
    }

    private static CheckItem ItemOf(ListingRequest listing) =>
        new(listing.Kind == "keyword" ? "text" : listing.Kind, listing.Value);

    /// <summary>Of those that are no keywords, 80 % are sellers, 17 % PDQ hashes, and 3 % exact hashes of images.</summary>
    private static ListingRequest ListingOf(int number)
    {
        var hash = RunningNode.HashOf(number);
        return number % KeywordEvery == 0
            ? new() { Kind = "keyword", Value = WordsOf(hash), Category = "ivory" }
            : (number % 1000) switch
            {
                < 800 => new() { Kind = "seller", Scheme = "voprf/tel/1", Value = hash, Category = "ivory" },
                < 971 => new() { Kind = "image-pdq", Value = hash, Category = "ivory" },
                _ => new() { Kind = "image-sha256", Value = hash, Category = "ivory" },
            };
    }

    /// <summary>Two words of seven letters, of which no two are alike.</summary>
    private static string WordsOf(string hash)
    {
        var letters = hash.Select(digit => (char)(digit <= '9' ? digit - '0' + 'g' : digit)).ToArray();
        return $"{new string(letters, 0, 7)} {new string(letters, 7, 7)}";
    }
}
