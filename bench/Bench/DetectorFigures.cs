using System.Diagnostics;
using System.Globalization;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using FederationNode.Matching.Images;
using FederationNode.Matching.Policy;
using FederationNode.Node.Folder;
using FederationNode.Protocol;

namespace FederationNode.Bench;

/// <summary>
/// What a replica in a detector's process is worth: how long after a takedown at another member it enforces it, and what a
/// check takes beside the same check over HTTP.
/// </summary>
internal static class DetectorFigures
{
    private const int Indicators = 100_000;
    private const int TextLength = 1_000;
    private const int FirstTakedown = 1_000_000;
    private const int WarmUp = 20;
    private const int Rounds = 7;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(int takedowns)
    {
        await using var processes = new NodeProcesses();
        await processes.FoundAsync("m1");
        var publisher = await processes.StartAsync("secretariat");
        var node = await processes.StartAsync("m1");
        await publisher.UntilReadyAsync();
        await node.UntilReadyAsync();
        var options = new FederationDetectorOptions
        {
            Nodes = [node.Api.BaseAddress!],
            Key = new NodeFolder(node.Folder).ReadApiKey(ApiRole.Detector),
            Timeout = TimeSpan.FromSeconds(60),
        };
        await TakedownsAsync(publisher, options, takedowns);

        var random = new Random(7);
        await ImportAsync(publisher, random);
        var empty = GC.GetTotalMemory(forceFullCollection: true);
        using var stop = new CancellationTokenSource();
        using var replica = new FederationReplica(options);
        var following = replica.RunAsync(stop.Token);
        await UntilAsync(() => replica.Status.Indicators >= Indicators);
        var held = GC.GetTotalMemory(forceFullCollection: true) - empty;
        Console.WriteLine($"the replica takes {held / (double)replica.Status.Indicators:0} bytes of memory an indicator");
        await ChecksAsync(replica, options, random);
        await stop.CancelAsync();
        await following;
    }

    private static async Task TakedownsAsync(RunningNode publisher, FederationDetectorOptions options, int takedowns)
    {
        using var stop = new CancellationTokenSource();
        using var replica = new FederationReplica(options);
        var following = replica.RunAsync(stop.Token);
        await replica.WaitReadyAsync();
        var (asked, acknowledged) = (new List<double>(), new List<double>());
        for (var i = 0; i < WarmUp + takedowns; i++)
        {
            _ = Hash256.TryParseHex(RunningNode.HashOf(FirstTakedown + i), out var hash);
            var begun = Stopwatch.GetTimestamp();
            var enforced = Task.Run(() => UntilEnforced(replica, hash));
            await publisher.PublishAsync(FirstTakedown + i, 1, urgent: true);
            var published = Stopwatch.GetTimestamp();
            var at = await enforced;
            if (i >= WarmUp)
            {
                asked.Add(Stopwatch.GetElapsedTime(begun, at).TotalMilliseconds);
                acknowledged.Add(Stopwatch.GetElapsedTime(published, at).TotalMilliseconds);
            }

            await Task.Delay(s_pause);
        }

        Console.WriteLine($"{takedowns} takedowns at another member, until a replica in this process enforces them");
        Figure.PrintQuantiles("  from the analyst's request on", "ms", asked);
        Figure.PrintQuantiles("  from the answer to the analyst on (negative: before it)", "ms", acknowledged);
        await stop.CancelAsync();
        await following;
    }

    private static long UntilEnforced(FederationReplica replica, Hash256 hash)
    {
        var begun = Stopwatch.GetTimestamp();
        while (replica.CheckImage(hash).Matches.IsEmpty)
        {
            if (Stopwatch.GetElapsedTime(begun) > s_patience)
            {
                throw new TimeoutException("The replica does not enforce a takedown.");
            }

            // Precise to a millisecond, and leaves the processors to the nodes.
            Thread.Sleep(1);
        }

        return Stopwatch.GetTimestamp();
    }

    private static async Task ImportAsync(RunningNode publisher, Random random)
    {
        for (var at = 0; at < Indicators; at += Limits.MaxAppendEntries)
        {
            var count = Math.Min(Limits.MaxAppendEntries, Indicators - at);
            await publisher.PublishAsync(
                new ListingBatch([.. Enumerable.Range(at, count).Select(i => Listing(i, random))]),
                string.Create(CultureInfo.InvariantCulture, $"bench-mixed-{at}"));
        }
    }

    private static ListingRequest Listing(int number, Random random) => (number % 4) switch
    {
        0 => new() { Kind = "keyword", Value = string.Create(CultureInfo.InvariantCulture, $"{Word(random)} {Word(random)} {number}"), Category = "ivory" },
        1 => new() { Kind = "image-sha256", Value = Hex(random), Category = "ivory" },
        2 => new() { Kind = "image-pdq", Value = Hex(random), Category = "ivory" },

        // A seller's scheme must be one of the roster, which has none here: exact hashes stand in, in the same kind of index.
        _ => new() { Kind = "image-sha256", Value = Hex(random), Category = "tiger" },
    };

    /// <summary>What a check takes, in process and over HTTP.</summary>
    internal static async Task ChecksAsync(FederationReplica replica, FederationDetectorOptions options, Random random)
    {
        string[] texts = [.. Enumerable.Range(0, 100).Select(_ => Text(random))];
        Hash256[] tags = [.. texts.Select(_ => new Hash256(Bytes(random)))];
        PdqHash[] images = [.. texts.Select(_ => new PdqHash(Bytes(random)))];
        var (micros, processor, bytes) = (new List<double>(), new List<double>(), 0L);
        for (var round = 0; round < Rounds + 2; round++)
        {
            const int Times = 100;
            var (begun, before) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            var used = Environment.CpuUsage.TotalTime;
            var found = 0;
            for (var i = 0; i < Times * texts.Length; i++)
            {
                var at = i % texts.Length;
                found += replica.Check(texts[at]).Matches.Length + replica.CheckImage(images[at]).Matches.Length
                    + replica.CheckSeller(tags[at]).Matches.Length;
            }

            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (found > 0)
            {
                throw new InvalidOperationException("Random items match.");
            }

            if (round >= 2)
            {
                micros.Add(Stopwatch.GetElapsedTime(begun).TotalMicroseconds / (Times * texts.Length));
                processor.Add((Environment.CpuUsage.TotalTime - used).TotalMicroseconds / (Times * texts.Length));
            }
        }

        Console.WriteLine(
            $"a text of {TextLength} characters, a PDQ hash and a seller tag that match nothing, {replica.Status.Indicators:N0} indicators");
        PrintMicros("  in process, one thread", micros);
        PrintMicros("  in process, processor time of the whole process", processor);
        Console.WriteLine($"  in process: {bytes / 10_000.0:0.0} bytes allocated a listing");

        using var detector = new FederationDetector(options);
        var http = new List<double>();
        for (var round = 0; round < Rounds + 2; round++)
        {
            const int Times = 3;
            var begun = Stopwatch.GetTimestamp();
            for (var i = 0; i < Times * texts.Length; i++)
            {
                var at = i % texts.Length;
                var answer = await detector.CheckAsync(
                [
                    new CheckItem("text", texts[at]),
                    new CheckItem("image-pdq", images[at].ToString()),
                    new CheckItem("seller", tags[at].ToString()),
                ]);
                if (answer.Items.Any(v => v.Verdict != Verdict.None.ToText()))
                {
                    throw new InvalidOperationException("Random items match.");
                }
            }

            if (round >= 2)
            {
                http.Add(Stopwatch.GetElapsedTime(begun).TotalMicroseconds / (Times * texts.Length));
            }
        }

        PrintMicros("  beside: over HTTP, one request after the other", http);
    }

    private static void PrintMicros(string what, IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        Console.WriteLine($"{what,-58} {sorted[0],9:N1} / {sorted[sorted.Count / 2],9:N1} / {sorted[^1],9:N1} us, min / median / max of {Rounds}");
    }

    private static async Task UntilAsync(Func<bool> done)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!done())
        {
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromMinutes(5))
            {
                throw new TimeoutException("The replica does not get the list.");
            }

            await Task.Delay(100);
        }
    }

    private static string Text(Random random)
    {
        var text = new System.Text.StringBuilder("For sale: ");
        while (text.Length < TextLength)
        {
            text.Append(Word(random)).Append(random.Next(8) == 0 ? ", " : " ");
        }

        return text.ToString(0, TextLength);
    }

    private static string Word(Random random) =>
        new([.. Enumerable.Range(0, random.Next(3, 9)).Select(_ => (char)('a' + random.Next(26)))]);

    private static string Hex(Random random) => Convert.ToHexStringLower(Bytes(random));

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[Hash256.Size];
        random.NextBytes(bytes);
        return bytes;
    }
}
