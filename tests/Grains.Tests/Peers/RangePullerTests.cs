using FederationNode.Contracts;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Peers;

/// <summary>Pulling ranges from peers, some of which lie.</summary>
public sealed class RangePullerTests
{
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Request_LogOfMoreThanOneRange_IsPulledWhole(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, Limits.MaxRangeEntries + 300);
        node.Peers.OnRange = (_, request, _) => Task.FromResult(Honest(writer, request));
        var held = WaitHeld(node, s_b, writer.Size);
        await node.Puller.StartAsync(CancellationToken.None);

        node.Puller.Request(s_b, "b", writer.Size);
        await held;

        Assert.Equal([0L, Limits.MaxRangeEntries], node.Peers.Ranges.Select(r => r.Request.From));
        Assert.All(node.Peers.Ranges, r => Assert.Equal(
            (s_b, Limits.MaxRangeEntries, Limits.MaxRangeBytes), (r.Request.Origin, r.Request.MaxEntries, r.Request.MaxBytes)));
        Assert.Equal(writer.Root(writer.Size), (await node.Log(s_b).GetStatusAsync()).Root);
    }

    [Fact]
    public async Task Request_TransferBreaksOff_GoesOnWhereItStoppedFromAnotherPeer()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 900);
        node.Peers.OnRange = (member, request, _) => member == "b" && request.From > 0
            ? throw TestTransport.Dead("b")
            : Task.FromResult(Honest(writer, request, most: 400));
        var held = WaitHeld(node, s_b, 900);
        await node.Puller.StartAsync(CancellationToken.None);

        node.Puller.Request(s_b, "b", 900);
        await WaitHeld(node, s_b, 400, signed: false);
        node.Puller.Request(s_b, "c", 900);
        await held;

        Assert.Equal(
            [("b", 0L), ("b", 400L), ("c", 400L), ("c", 800L)], node.Peers.Ranges.Select(r => (r.Member, r.Request.From)));
    }

    [Fact]
    public async Task Request_OriginIsLostDuringTheTransfer_TheHeadThatAnotherPeerHasIsReached()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 700);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 100));
        await node.Log(s_b).ExtendAsync(writer.Range(100, 400, 700));
        node.Peers.OnRange = (_, request, _) => Task.FromResult(Honest(writer, request, 300));
        var held = WaitHeld(node, s_b, 300);
        await node.Puller.StartAsync(CancellationToken.None);

        node.Puller.Request(s_b, "c", 300);
        await held;

        Assert.Equal((400, 300), ((int)node.Heads.Get(s_b)!.Size, (int)node.Heads.Get(s_b)!.SignedSize));
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries.Take(300).ToList())), await node.DigestAsync(s_b, 300));
    }

    [Fact]
    public async Task Request_PeerThatLies_CostsOneAnswerAndChangesNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(
            sandbox, configure: s => s.AddSingleton(new PeerOptions { RangeTimeout = TimeSpan.FromMilliseconds(50) }));
        var writer = WriterLog.WithListings(s_b, 300);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 250));
        var before = await HeldSnapshot.TakeAsync(node, s_b);
        var rows = await OwnLogTests.KeysAsync(node, LogRowKind.Head);
        await node.Puller.StartAsync(CancellationToken.None);

        foreach (var (name, lie) in Lies(writer))
        {
            node.Peers.Ranges.Clear();
            var honest = new TaskCompletionSource();
            node.Peers.OnRange = (member, request, cancel) =>
            {
                if (member == "liar")
                {
                    return lie(request, cancel);
                }

                // Asked after the liar was dropped; it has nothing new.
                honest.TrySetResult();
                return Task.FromResult(Honest(writer, request, 250));
            };

            // Two claims for one log are one wish, of which the larger is tried first; or two, one after the other.
            node.Puller.Request(s_b, "liar", 1L << 40);
            node.Puller.Request(s_b, "honest", 1L << 39);
            await honest.Task.WaitAsync(TestNode.Patience());

            Assert.True(1 == node.Peers.Ranges.Count(r => r.Member == "liar"), name);
            await before.AssertUnchangedAsync(node, s_b);
            Assert.Equal(rows, await OwnLogTests.KeysAsync(node, LogRowKind.Head));
        }

        // The worker outlived them all.
        node.Peers.OnRange = (_, request, _) => Task.FromResult(Honest(writer, request));
        var held = WaitHeld(node, s_b, 300);
        node.Puller.Request(s_b, "b", 300);
        await held;
    }

    [Fact]
    public async Task Request_PeerThatNeverEnds_IsLeftAfterTheAnswerThatBringsNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 300);
        node.Peers.OnRange = (_, request, _) => Task.FromResult(Honest(writer, request));
        await node.Puller.StartAsync(CancellationToken.None);
        node.Puller.Request(s_b, "b", long.MaxValue);
        await WaitHeld(node, s_b, 300);

        // Another log's pull is served by the same workers; when it is done, the first was left long ago.
        for (var i = 0; i < 5; i++)
        {
            var log = WriterLog.WithListings(i % 2 == 0 ? TestCoalition.Indicators("c") : TestCoalition.Receipts("c"), i + 1);
            node.Peers.OnRange = (_, request, _) => Task.FromResult(Honest(request.Origin == s_b ? writer : log, request));
            var held = WaitHeld(node, log.Origin, i + 1);
            node.Puller.Request(log.Origin, "c", i + 1);
            await held;
        }

        await node.Puller.StopAsync(CancellationToken.None);
        Assert.Equal([0L, 300L], node.Peers.Ranges.Where(r => r.Request.Origin == s_b).Select(r => r.Request.From));
    }

    [Fact]
    public async Task Request_ThousandsOfWishesForOneLogUnderWay_AreOneFurtherPull()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 300);
        var entered = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        var calls = 0;
        node.Peers.OnRange = async (_, request, _) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                entered.SetResult();
                await gate.Task;
                return Honest(writer, request, 100);
            }

            return Honest(writer, request);
        };
        await node.Puller.StartAsync(CancellationToken.None);
        node.Puller.Request(s_b, "b", 100);
        await entered.Task.WaitAsync(TestNode.Patience());
        for (var i = 0; i < 5000; i++)
        {
            node.Puller.Request(s_b, i % 2 == 0 ? "b" : "c", 300);
        }

        var held = WaitHeld(node, s_b, 300);
        gate.SetResult();
        await held;
        await node.Puller.StopAsync(CancellationToken.None);

        Assert.Equal([0L, 100L], node.Peers.Ranges.Select(r => r.Request.From));
    }

    [Fact]
    public async Task Request_ManyLogs_NoMoreArePulledAtOnceThanTheOptionsSay()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(
            sandbox, configure: s => s.AddSingleton(new PeerOptions { MaxConcurrentPulls = 2 }));
        WriterLog[] logs =
        [
            .. ((string[])[s_b, TestCoalition.Receipts("b"), TestCoalition.Indicators("c"), TestCoalition.Receipts("c")])
                .Select(o => WriterLog.WithListings(o, 3)),
        ];
        using var entered = new SemaphoreSlim(0);
        using var gate = new SemaphoreSlim(0);
        var (atOnce, most) = (0, 0);
        node.Peers.OnRange = async (_, request, cancel) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref atOnce));
            entered.Release();
            await gate.WaitAsync(cancel);
            Interlocked.Decrement(ref atOnce);
            return Honest(logs.Single(l => l.Origin == request.Origin), request);
        };
        await node.Puller.StartAsync(CancellationToken.None);
        var held = Task.WhenAll(logs.Select(l => WaitHeld(node, l.Origin, 3)));
        foreach (var log in logs)
        {
            node.Puller.Request(log.Origin, "b", 3);
        }

        for (var i = 0; i < logs.Length; i++)
        {
            await entered.WaitAsync(TestNode.Patience());
            if (i > 0)
            {
                gate.Release();
            }
        }

        gate.Release();
        await held;
        Assert.Equal(2, most);
    }

    private static IEnumerable<(string Name, Func<RangeRequestMessage, CancellationToken, Task<RangeMessage>> Lie)> Lies(WriterLog writer)
    {
        var good = PeerWire.ToMessage(writer.Range(250, 300));
        var other = WriterLog.WithListings(s_b, 300, seed: 40_000);
        var elsewhere = WriterLog.WithListings(TestCoalition.Indicators("c"), 300);
        var entry = good.Entries[0];
        yield return ("no answer", (_, _) => throw TestTransport.Dead("liar"));
        yield return ("an exception that no transport should throw", (_, _) => throw new TestTransportFault());
        yield return ("waits for ever", (_, cancel) => NeverAsync(cancel));
        yield return ("an earlier range", (_, _) => Answer(PeerWire.ToMessage(writer.Range(200, 300))));
        yield return ("a later range", (_, _) => Answer(PeerWire.ToMessage(writer.Range(251, 300))));
        yield return ("another place for the range", (_, _) => Answer(With(from: 0)));
        yield return ("a range beyond all", (_, _) => Answer(With(from: long.MaxValue)));
        yield return ("another log", (_, _) => Answer(PeerWire.ToMessage(elsewhere.Range(250, 300))));
        yield return ("a checkpoint without its entries", (_, _) => Answer(With(entries: [])));
        yield return ("nothing new", (_, _) => Answer(PeerWire.ToMessage(writer.Range(250, 250))));
        yield return ("an older head", (_, _) => Answer(PeerWire.ToMessage(writer.Range(100, 100))));
        yield return ("too many entries", (_, _) => Answer(With(entries: [.. Enumerable.Repeat(entry, Limits.MaxRangeEntries + 1)])));
        yield return ("too large an entry", (_, _) => Answer(With(entries: [new EntryMessage { Leaf = new byte[ProtocolLimits.MaxEntry + 1] }])));
        yield return ("too many hashes", (_, _) => Answer(With(proof: [.. Enumerable.Repeat(new byte[32], Limits.MaxProofHashes + 1)])));
        yield return ("a hash of 31 bytes", (_, _) => Answer(With(proof: [new byte[31]])));
        yield return ("no checkpoint", (_, _) => Answer(With(checkpoint: [])));
        yield return ("nulls", (_, _) => Answer(new RangeMessage { Checkpoint = null!, From = 250, Entries = null!, Proof = null! }));
        yield return ("null entries", (_, _) => Answer(With(entries: [null!])));
        yield return ("null hashes", (_, _) => Answer(With(proof: [null!])));
        yield return ("another branch", (_, _) => Answer(PeerWire.ToMessage(other.Range(250, 300))));

        RangeMessage With(byte[]? checkpoint = null, long from = 250, EntryMessage[]? entries = null, byte[][]? proof = null) => new()
        {
            Checkpoint = checkpoint ?? good.Checkpoint,
            From = from,
            Entries = entries ?? good.Entries,
            Proof = proof ?? good.Proof,
        };

        static async Task<RangeMessage> NeverAsync(CancellationToken cancel)
        {
            await Task.Delay(Timeout.Infinite, cancel);
            throw new InvalidOperationException();
        }

        static Task<RangeMessage> Answer(RangeMessage message) => Task.FromResult(message);
    }

    /// <summary>The answer of a node that holds the log up to <paramref name="held"/>.</summary>
    private static RangeMessage Honest(WriterLog log, RangeRequestMessage request, int? held = null, int most = int.MaxValue)
    {
        var size = held ?? log.Size;
        var from = (int)Math.Min(request.From, size);
        return PeerWire.ToMessage(log.Range(from, Math.Min(from + Math.Min(request.MaxEntries, most), size), size));
    }

    private static async Task WaitHeld(TestNode node, string origin, long size, bool signed = true)
    {
        var done = new TaskCompletionSource();
        node.Heads.Grew += _ => Check();
        Check();
        await done.Task.WaitAsync(TestNode.Patience());

        void Check()
        {
            if (node.Heads.Get(origin) is { } head && (signed ? head.SignedSize : head.Size) >= size)
            {
                done.TrySetResult();
            }
        }
    }

    private sealed class TestTransportFault : Exception;
}
