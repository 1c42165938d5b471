using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using FederationNode.Detector.Replica;
using FederationNode.Matching.Images;
using FederationNode.Matching.Policy;
using FederationNode.Node.Api;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Node.Tests.Detector;

/// <summary>A replica of a node that is played by the test: damage, and what checks cost.</summary>
public sealed class ReplicaStreamTests
{
    private static readonly IndicatorSummary s_row = ScriptedNode.Row(ScriptedNode.Keyword("carved tusk"));

    public static TheoryData<string> DamagedSnapshots
    {
        get
        {
            var good = ScriptedNode.Snapshot("c0", s_row);
            var lines = good.Split('\n');
            return
            [
                "",
                lines[0] + "\n",
                lines[0] + "\n" + lines[1] + "\n",
                good[..^1],
                good.Replace("ivory", "ivorx", StringComparison.Ordinal),
                good + lines[1] + "\n",
                lines[0] + "\n" + lines[2] + "\n",
                good.Replace("fednode-snapshot/1", "fednode-snapshot/9", StringComparison.Ordinal),
                ScriptedNode.Snapshot("c0", s_row with { Value = "another word" }),
                ScriptedNode.Snapshot("c0", s_row with { Listings = [s_row.Listings[0] with { Severity = "odd" }] }),
                ScriptedNode.Snapshot("c0", s_row with { Listings = [s_row.Listings[0] with { Category = "Not A Code" }] }),
                ScriptedNode.Snapshot("c0", s_row with { Id = "no id" }),
                "<html>\n",
            ];
        }
    }

    [Theory]
    [MemberData(nameof(DamagedSnapshots))]
    public async Task Run_SnapshotNotWhole_IsThrownAwayAndReadAgain(string damaged)
    {
        var snapshots = 0;
        var node = new ScriptedNode(async (request, _, token) =>
            request.RequestUri!.AbsolutePath == ApiRoutes.Snapshot
                ? ScriptedNode.Answer(200, "application/x-ndjson", ++snapshots == 1 ? damaged : ScriptedNode.Snapshot("c1", s_row))
                : await QuietAsync(token));
        await using var run = new Run(node);

        await run.Replica.WaitReadyAsync().WaitAsync(Following.Patience);

        Assert.Equal(2, snapshots);
        Assert.Equal(Verdict.Review, run.Replica.Check("a carved tusk").Verdict);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cut")]
    [InlineData("sum")]
    [InlineData("row")]
    public async Task Run_PageNotWhole_ChangesNothingAndIsAskedForAgain(string damage)
    {
        var page = Page("c2", ScriptedNode.Row(ScriptedNode.Keyword("rhino horn")));
        var bad = damage switch
        {
            "cut" => page[..^200],
            "sum" => page.Replace("rhino", "rhinx", StringComparison.Ordinal),
            "row" => Page("c2", ScriptedNode.Row(ScriptedNode.Keyword("rhino horn")) with { Scheme = "pdq/1" }),
            _ => "",
        };
        var streams = 0;
        var cursors = new List<string>();
        var node = new ScriptedNode(async (request, _, token) =>
        {
            if (request.RequestUri!.AbsolutePath == ApiRoutes.Snapshot)
            {
                return ScriptedNode.Answer(200, "application/x-ndjson", ScriptedNode.Snapshot("c1", s_row));
            }

            cursors.Add(request.RequestUri.Query);
            return ++streams switch
            {
                1 => ScriptedNode.Answer(200, "text/event-stream", $": open\n\nevent: changes\nid: c2\ndata: {bad}\n\n"),
                2 => ScriptedNode.Answer(200, "text/event-stream", $": open\n\nevent: changes\nid: c2\ndata: {page}\n\n"),
                _ => await QuietAsync(token),
            };
        });
        await using var run = new Run(node);
        await run.UntilAsync(r => r.Status.Indicators == 2);

        Assert.Equal(Verdict.Review, run.Replica.Check("rhino horn").Verdict);
        Assert.All(cursors.Take(2), c => Assert.EndsWith("after=c1", c, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_MatchesNothing_AllocatesNothing()
    {
        var random = new Random(5);
        var rows = Enumerable.Range(0, 3000).Select(i => ScriptedNode.Row((i % 4) switch
        {
            0 => ScriptedNode.Keyword(string.Create(CultureInfo.InvariantCulture, $"carved tusk {i}")),
            1 => ScriptedNode.Hash("seller", Bytes(random)),
            2 => ScriptedNode.Hash("image-sha256", Bytes(random)),
            _ => ScriptedNode.Hash("image-pdq", Bytes(random)),
        }));
        await using var run = new Run(Whole(ScriptedNode.Snapshot("c1", rows)), new StandingClock());
        await run.Replica.WaitReadyAsync().WaitAsync(Following.Patience);
        var texts = Enumerable.Range(0, 50).Select(i => $"A used bicycle, hardly used, 自行车 no. {i}: carved, and a task").ToArray();
        var hash = new Hash256(Bytes(random));
        var pdq = new PdqHash(Bytes(random));

        // The first calls make what a thread keeps, and are compiled twice.
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(0, CheckAll(run.Replica, texts, hash, pdq));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var matches = CheckAll(run.Replica, texts, hash, pdq);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((0, 0L), (matches, allocated));
    }

    [Fact]
    public async Task Check_BesideUpdates_FindsWhatStaysAndNeverWhatWasNever()
    {
        const int Threads = 3;
        const int Pages = 150;
        var stays = Enumerable.Range(0, 40).Select(i => $"stays{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}word").ToArray();
        var comes = Enumerable.Range(0, 40).Select(i => $"comes{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}word").ToArray();
        var pages = Enumerable.Range(0, Pages).Select(i => i % 2 == 0
            ? Page($"p{i}", [.. comes.Select(w => ScriptedNode.Row(ScriptedNode.Keyword(w)))])
            : Page($"p{i}", comes.Select(w => ScriptedNode.Keyword(w).Id)));
        var stream = new StringBuilder();
        foreach (var page in pages)
        {
            stream.Append(CultureInfo.InvariantCulture, $"event: changes\ndata: {page}\n\n");
        }

        using var begin = new ManualResetEventSlim();
        var node = new ScriptedNode(async (request, n, token) =>
        {
            if (request.RequestUri!.AbsolutePath == ApiRoutes.Snapshot)
            {
                return ScriptedNode.Answer(
                    200, "application/x-ndjson", ScriptedNode.Snapshot("c1", stays.Select(w => ScriptedNode.Row(ScriptedNode.Keyword(w)))));
            }

            await Task.Run(() => begin.Wait(token), token);
            return n == 2 ? ScriptedNode.Answer(200, "text/event-stream", stream.ToString()) : await QuietAsync(token);
        });
        await using var run = new Run(node);
        await run.Replica.WaitReadyAsync().WaitAsync(Following.Patience);
        var done = false;
        var checks = Enumerable.Range(0, Threads).Select(t => Task.Run(() =>
        {
            var count = 0;
            var random = new Random(t);
            while (!Volatile.Read(ref done) || count == 0)
            {
                begin.Set();
                var (s, c) = (stays[random.Next(stays.Length)], comes[random.Next(comes.Length)]);
                var verdict = run.Replica.Check($"{c} and {s} neverword");
                Assert.Contains(verdict.Matches, m => m.Match.IndicatorId == ScriptedNode.Keyword(s).Id);
                Assert.All(verdict.Matches, m => Assert.True(
                    m.Match.IndicatorId == ScriptedNode.Keyword(s).Id || m.Match.IndicatorId == ScriptedNode.Keyword(c).Id));
                count++;
            }

            return count;
        })).ToArray();

        await run.UntilAsync(r => r.Cursor == $"p{Pages - 1}");
        Volatile.Write(ref done, true);

        Assert.All(await Task.WhenAll(checks), count => Assert.True(count > 0));
        Assert.Equal(stays.Length, run.Replica.Status.Indicators);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_StreamEndsOrNodeRefuses_ComesBackSoonOrLaterAndLater(bool refuses)
    {
        const int Times = 8;
        var snapshot = ScriptedNode.Snapshot("c1", s_row);
        var end = new TaskCompletionSource();
        var node = new ScriptedNode(async (request, n, token) =>
        {
            if (request.RequestUri!.AbsolutePath == ApiRoutes.Snapshot)
            {
                return ScriptedNode.Answer(200, "application/x-ndjson", snapshot);
            }

            if (n <= Times)
            {
                return refuses
                    ? ScriptedNode.Problem(503, "not-ready")
                    : ScriptedNode.Answer(200, "text/event-stream", ": open\n\n");
            }

            end.TrySetResult();
            return await QuietAsync(token);
        });
        var clock = new HastyClock(TimeSpan.FromSeconds(10));
        await using var run = new Run(node, clock);
        await end.Task.WaitAsync(Following.Patience);

        // Deadlines and silences are longer.
        var waits = clock.Waits.Where(w => w >= TimeSpan.Zero && w < TimeSpan.FromSeconds(10)).ToList();
        // Where the first stream ended, the snapshot before it had just told something: no wait.
        Assert.Equal(refuses ? Times - 1 : Times - 2, waits.Count);
        Assert.All(waits, (wait, i) => Assert.InRange(
            wait.TotalMilliseconds, 5 * (refuses ? 1 << i : 1), 10 * (refuses ? 1 << i : 1)));
        Assert.Equal(refuses ? "do this" : null, run.Replica.Status.LastError);
    }

    [Fact]
    public async Task Run_FirstAddressAway_FollowsTheNext()
    {
        var snapshot = ScriptedNode.Snapshot("c1", s_row);
        var node = new ScriptedNode(async (request, _, token) =>
            request.RequestUri!.Port == 1 ? throw new HttpRequestException("away")
            : request.RequestUri.AbsolutePath == ApiRoutes.Snapshot ? ScriptedNode.Answer(200, "application/x-ndjson", snapshot)
            : await QuietAsync(token));
        await using var run = new Run(node, nodes: [new Uri("http://127.0.0.1:1"), new Uri("http://127.0.0.1:2")]);

        await run.Replica.WaitReadyAsync().WaitAsync(Following.Patience);

        Assert.Equal([1, 2], node.Asked.Take(2).Select(u => u.Port));
    }

    [Fact]
    public void Check_BeforeThereIsAList_SaysSo()
    {
        using var replica = new FederationReplica(Run.Options, new ScriptedNode((_, _) => throw new HttpRequestException("away")));

        var fault = Assert.Throws<InvalidOperationException>(() => replica.Check("anything"));

        Assert.Equal("The replica has no list yet: wait for WaitReadyAsync, or ask the node.", fault.Message);
        Assert.Equal((false, true, null), (replica.Status.IsReady, replica.Status.IsStale, replica.Status.Age));
    }

    [Fact]
    public async Task Check_ItemThatANodeRefuses_IsRefused()
    {
        await using var run = new Run(Whole(ScriptedNode.Snapshot("c1")));
        await run.Replica.WaitReadyAsync().WaitAsync(Following.Patience);

        foreach (var item in (CheckItem[])
            [new("text", ""), new("text", new string('a', 100_001)), new("seller", "x"), new("seller", new string('A', 64)), new("image-pdq", "x"), new("video", "x")])
        {
            Assert.Throws<ArgumentException>(() => run.Replica.Check(item));
        }
    }

    [Fact]
    public void List_ManyTakenAway_IsWornAndRebuiltTheSame()
    {
        var list = new ReplicaList();
        var row = ScriptedNode.Row(ScriptedNode.Keyword("carved tusk"));
        Assert.True(Hash256.TryParseHex(row.Id, out var id));
        for (var i = 0; i <= 10_000; i++)
        {
            list.Put(id, ReplicaRow.Encode(id, row));
            list.Put(id, null);
        }

        list.Put(id, ReplicaRow.Encode(id, row));
        Assert.True(list.IsWorn);
        var fresh = list.Rebuild();

        Assert.False(fresh.IsWorn);
        Assert.Equal(1, fresh.Count);
        Assert.True(fresh.TryGet(id, out var state));
        Assert.Equal("test/acme/indicators/1", Assert.Single(state.Listings).Origin.Text);
    }

    /// <summary>The number of matches; without assertions, which allocate.</summary>
    private static int CheckAll(FederationReplica replica, string[] texts, Hash256 hash, in PdqHash pdq)
    {
        var matches = 0;
        foreach (var text in texts)
        {
            matches += replica.Check(text).Matches.Length;
        }

        return matches + replica.CheckSeller(hash).Matches.Length + replica.CheckImage(hash).Matches.Length
            + replica.CheckImage(pdq).Matches.Length;
    }

    private static byte[] Bytes(Random random)
    {
        var bytes = new byte[32];
        random.NextBytes(bytes);
        return bytes;
    }

    private static ScriptedNode Whole(string snapshot) => new(async (request, _, token) =>
        request.RequestUri!.AbsolutePath == ApiRoutes.Snapshot
            ? ScriptedNode.Answer(200, "application/x-ndjson", snapshot)
            : await QuietAsync(token));

    private static async Task<HttpResponseMessage> QuietAsync(CancellationToken token)
    {
        await Task.Delay(Timeout.Infinite, token);
        throw new InvalidOperationException("It waits for ever.");
    }

    private static string Page(string cursor, params IndicatorSummary[] rows) =>
        Page(cursor, rows.Select(r => new ChangeRow("test/acme/indicators/1", 1, "listing", r.Id, r)));

    private static string Page(string cursor, IEnumerable<Hash256> gone) =>
        Page(cursor, gone.Select(id => new ChangeRow("test/acme/indicators/1", 1, "withdrawal", id.ToString(), null)));

    private static string Page(string cursor, IEnumerable<ChangeRow> changes)
    {
        ChangeRow[] rows = [.. changes];
        var json = JsonSerializer.Serialize(
            new ChangesPage(rows, null, new string('0', 64), 0, cursor, false, rows.Length, new string('0', 64)), ApiJson.Options);
        var before = json[..^93];
        return $"{before},\"sha256\":\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(before)))}\",\"complete\":true}}";
    }

    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(1_790_000_100);
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _run;

        public Run(ScriptedNode node, TimeProvider? clock = null, Uri[]? nodes = null)
        {
            Replica = new FederationReplica(Options with { Nodes = nodes ?? Options.Nodes }, node, clock);
            _run = Replica.RunAsync(_stop.Token);
        }

        public static FederationDetectorOptions Options => new()
        {
            Nodes = [new Uri("http://127.0.0.1:1")],
            Key = "key",
            Timeout = TimeSpan.FromSeconds(60),
            Replica = new ReplicaOptions { ReconnectDelay = TimeSpan.FromMilliseconds(10) },
        };

        public FederationReplica Replica { get; }

        public async Task UntilAsync(Predicate<FederationReplica> wanted)
        {
            await Replica.WaitReadyAsync().WaitAsync(Following.Patience);
            while (true)
            {
                var changed = Replica.ChangedAsync();
                if (wanted(Replica))
                {
                    return;
                }

                await changed.WaitAsync(Following.Patience);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run.WaitAsync(Following.Patience);
            Replica.Dispose();
            _stop.Dispose();
        }
    }
}
