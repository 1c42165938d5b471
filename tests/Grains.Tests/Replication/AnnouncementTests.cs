using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>What is told to peers, and how much goes with it.</summary>
public sealed class AnnouncementTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_OwnLog_IsPushedAtOnceToEveryPeerWithAnAddressWithTheEntry(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        await node.ReplicateAsync([node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat)]);

        // The clock stands still: nothing but the growth itself can be the reason. Foreign logs are not pushed.
        for (var size = 1; size <= 3; size++)
        {
            node.Peers.Pushes.Clear();
            var b = TestCoalition.Indicators("b");
            await node.Log(b).ExtendAsync(WriterLog.WithListings(b, size).Range(size - 1, size));
            var entries = await OwnLogTests.AppendAsync(node, 1);
            await node.SettleAsync();

            Assert.Equal(
                ["b", Origin.Secretariat], node.Peers.Pushes.Select(p => p.Member).Order(StringComparer.Ordinal));
            foreach (var (_, range, told) in node.Peers.Pushes)
            {
                Assert.Equal((size, size - 1, 1), (told, range.From, range.Entries.Count));
                Assert.Equal(size, OwnLogTests.OpenCheckpoint(range.Checkpoint).Size);
                Assert.Equal(WriterLog.Hex(entries[^1]), WriterLog.Hex(range.Entries[0]));
                AssertVerifies(range);
            }
        }
    }

    [Fact]
    public async Task Append_ReceiptsLog_IsLeftToTheComparisonOfHeads()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.ReplicateAsync([node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat)]);
        var receipts = TestCoalition.Receipts("a");

        await node.Log(receipts).AppendAsync([new AppendRequest([Sample.Entry(new Protocol.Entries.ReceiptPayload([]))])]);
        await node.SettleAsync();

        Assert.Empty(node.Peers.Pushes);
        var answer = await node.Replication.AnswerHeadsAsync("b", Question(), CancellationToken.None);
        Assert.Equal([(receipts, 1L)], answer!.Heads.Select(h => (h.Origin, h.Size)));
    }

    [Fact]
    public async Task Heads_PeerIsALittleBehind_IsSentTheEntriesFromThereOn()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var entries = await OwnLogTests.AppendAsync(node, 10);
        var b = node.Peers.Play("b");
        b.Show(s_own, 4, await RootAsync(node, 4));

        await node.ReplicateAsync([b]);

        var (_, range, _) = node.Peers.Pushes.Last(p => p.Member == "b");
        Assert.Equal(4, range.From);
        Assert.Equal(entries.Skip(4).Select(WriterLog.Hex), range.Entries.Select(WriterLog.Hex));
        Assert.Equal(10, OwnLogTests.OpenCheckpoint(range.Checkpoint).Size);
        AssertVerifies(range);
    }

    [Fact]
    public async Task Heads_PeerLacksMoreThanGoesInline_IsToldTheCheckpointAlone()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var entries = await OwnLogTests.AppendAsync(node, 500);
        Assert.True(entries.Skip(4).Sum(e => e.WireSize) > Limits.MaxPushBytes);
        var b = node.Peers.Play("b");
        b.Show(s_own, 4, await RootAsync(node, 4));

        await node.ReplicateAsync([b]);

        var (_, range, size) = node.Peers.Pushes.Last(p => p.Member == "b");
        Assert.Equal((500, 0, 0), (size, range.From, range.Entries.Count));
        Assert.Empty(range.Before);
        Assert.Empty(range.After);
        Assert.Equal(500, OwnLogTests.OpenCheckpoint(range.Checkpoint).Size);
    }

    [Fact]
    public async Task Append_SlowPeer_HoldsNobodyUpAndThenGetsTheNewestHeadOnly()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (b, secretariat) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat));
        await node.ReplicateAsync([b, secretariat]);
        var gate = new Gate();
        b.OnPush = async (range, _, cancel) =>
        {
            await node.Peers.HangAsync(cancel, gate);
            var size = OwnLogTests.OpenCheckpoint(range.Checkpoint).Size;
            return new PushAnswerMessage { Size = size, Held = size };
        };
        for (var i = 0; i < 20; i++)
        {
            await OwnLogTests.AppendAsync(node, 1);
            await node.SettleAsync();
        }

        Assert.Equal(Enumerable.Range(1, 20), SizesTo(node, Origin.Secretariat));
        var underWay = new ReplicationOptions().MaxPushesPerPeer;
        Assert.Equal(Enumerable.Range(1, underWay), SizesTo(node, "b"));
        gate.Open();
        await node.SettleAsync();
        Assert.Equal([.. Enumerable.Range(1, underWay), 20], SizesTo(node, "b"));
    }

    [Fact]
    public async Task Push_PeerSaysThatItHoldsMoreThanThereIs_CostsOneRequestAndItIsToldAgain()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var b = node.Peers.Play("b");
        await node.ReplicateAsync([b]);
        var honest = b.OnPush;
        b.OnPush = (_, _, _) => Task.FromResult(new PushAnswerMessage { Size = 1L << 40, Held = 1L << 40 });

        await OwnLogTests.AppendAsync(node, 1);
        await node.SettleAsync();

        Assert.Equal((s_own, 1L), Assert.Single(node.Peers.Ranges.Select(r => (r.Request.Origin, r.Request.From))));
        Assert.Contains("does not give", node.Links.Get("b").Note, StringComparison.Ordinal);
        b.OnPush = honest;
        await OwnLogTests.AppendAsync(node, 1);
        await node.AdvanceUntilAsync(() => SizesTo(node, "b").Contains(2), 500);
    }

    [Fact]
    public async Task Push_PeerIsBusyOrRefuses_IsTriedAgainAfterTheNextComparison()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var b = node.Peers.Play("b");
        await node.ReplicateAsync([b]);
        var honest = b.OnPush;
        foreach (var status in (int[])[429, 503, 422])
        {
            node.Peers.Pushes.Clear();
            b.OnPush = (_, _, _) => throw TestTransport.Refusal("b", status);
            await OwnLogTests.AppendAsync(node, 1);
            await node.SettleAsync();
            Assert.Single(SizesTo(node, "b"));

            b.OnPush = honest;
            await node.AdvanceUntilAsync(() => SizesTo(node, "b").Count > 1);
            Assert.True(node.Links.Get("b").Reachable);
        }
    }

    [Fact]
    public async Task Heads_PeerLacksEntriesOfItsOwnLog_IsShownItsCheckpoint()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var log = WriterLog.WithListings(TestCoalition.Indicators("b"), 300);
        await node.Log(log.Origin).ExtendAsync(log.Range(0, 300));
        var b = node.Peers.Play("b");
        b.Hold(log, 100);

        await node.ReplicateAsync([b], log.Origin);

        Assert.Equal(log.Checkpoint(300), Assert.Single(node.Peers.Questions.Last(q => q.Member == "b").Question.Yours));
    }

    private static List<int> SizesTo(TestNode node, string member) =>
        [.. node.Peers.Pushes.Where(p => p.Member == member).Select(p => (int)p.Size)];

    private static HeadsQuestion Question() => new(default, 0, 0, [], 0);

    private static async Task<Hash256> RootAsync(TestNode node, int size)
    {
        var tree = new Protocol.Merkle.CompactRange();
        foreach (var entry in (await node.Log(s_own).ReadAsync(0, size, int.MaxValue)).Entries)
        {
            tree.Append(Protocol.Merkle.MerkleHash.Leaf(entry.Leaf));
        }

        return tree.Root();
    }

    private static void AssertVerifies(LogRange range) => Assert.True(
        RangeCheck.TryCheck(s_own, range, TestCoalition.KeyOf(s_own).VerificationKey, out _, out var error), error);
}
