using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>Fetching what peers show.</summary>
public sealed class FetchTests
{
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Heads_PeerShowsMoreThanOneRange_IsFetchedWholeAndThereAfterARestart(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        var writer = WriterLog.WithListings(s_b, Limits.MaxRangeEntries + 300);
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            node.Peers.Play("b").Hold(writer);
            await node.ReplicateAsync();
            await node.AdvanceUntilAsync(() => SizeOf(node) == writer.Size);

            Assert.Equal([0L, Limits.MaxRangeEntries], node.Peers.Ranges.Select(r => r.Request.From));
            Assert.All(node.Peers.Ranges, r => Assert.Equal((s_b, false), (r.Request.Origin, r.Urgent)));
            Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), await node.DigestAsync(s_b, writer.Size));
        }

        await using var again = await TestNode.StartAsync(sandbox);
        var b = again.Peers.Play("b");
        b.Hold(writer);
        await again.ReplicateAsync([b], s_b);
        var status = await again.Log(s_b).GetStatusAsync();
        Assert.Equal((writer.Size, writer.Size, writer.Root(writer.Size)), (status.Size, status.SignedSize, status.Root));
        Assert.Empty(again.Peers.Ranges);
    }

    [Fact]
    public async Task Push_HeadWithoutEntries_IsFetchedFromTheSenderAtOnce()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, b) = (WriterLog.WithListings(s_b, 300), node.Peers.Play("b"));
        await node.ReplicateAsync([b]);
        b.Hold(writer);

        var result = await TellAsync(node, b, writer);
        await node.SettleAsync();

        Assert.Equal(new ExtendResult(ExtendOutcome.Gap, 0, null, 0), result);
        Assert.Equal(("b", 0L), Assert.Single(node.Peers.Ranges.Select(r => (r.Member, r.Request.From))));
        Assert.Equal(300, SizeOf(node));
    }

    [Fact]
    public async Task Fetch_BadRange_AnotherPeerIsAskedAtOnceAndTheFirstIsBlamed()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, gate) = (WriterLog.WithListings(s_b, 300), new Gate());
        var (b, secretariat) = await TwoPeersAsync(node, writer);
        b.OnRange = async (request, cancel) =>
        {
            await node.Peers.HangAsync(cancel, gate);
            var good = b.Give(request);
            return good with { Entries = [.. good.Entries.Reverse()] };
        };
        await TellAsync(node, b, writer);
        await TellAsync(node, secretariat, writer);
        await node.SettleAsync();
        Assert.Equal(["b"], node.Peers.Ranges.Select(r => r.Member));

        gate.Open();
        await node.SettleAsync();

        Assert.Equal(["b", Origin.Secretariat], node.Peers.Ranges.Select(r => r.Member));
        Assert.Equal(300, SizeOf(node));
        Assert.Contains("does not verify", node.Links.Get("b").Note, StringComparison.Ordinal);
        Assert.Null(node.Links.Get(Origin.Secretariat).Note);
    }

    [Fact]
    public async Task Fetch_PeerStalls_AnotherIsAskedAfter300MillisecondsAndTheFirstIsLeft()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 300);
        var (b, secretariat) = await TwoPeersAsync(node, writer);
        b.OnRange = async (request, cancel) =>
        {
            await node.Peers.HangAsync(cancel);
            return b.Give(request);
        };
        await TellAsync(node, b, writer);
        await TellAsync(node, secretariat, writer);

        await node.AdvanceAsync(299);
        Assert.Equal(["b"], node.Peers.Ranges.Select(r => r.Member));
        await node.AdvanceAsync(1);

        Assert.Equal(["b", Origin.Secretariat], node.Peers.Ranges.Select(r => r.Member));
        Assert.Equal((300, 0), (SizeOf(node), node.Peers.Hanging));
        Assert.Null(node.Links.Get("b").Note);
    }

    [Fact]
    public async Task Fetch_PeerNeverAnswers_IsGivenUpAfterAMinute()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, b) = (WriterLog.WithListings(s_b, 300), node.Peers.Play("b"));
        await node.ReplicateAsync([b]);
        b.OnRange = async (_, cancel) =>
        {
            await node.Peers.HangAsync(cancel);
            throw new InvalidOperationException();
        };
        b.OnHeads = (_, _) => throw TestTransport.Dead("b");
        await TellAsync(node, b, writer);
        await node.SettleAsync();

        await node.AdvanceAsync(new ReplicationOptions().RangeTimeout - 1);
        Assert.Equal(1, node.Peers.Hanging);
        await node.AdvanceAsync(1);

        Assert.Equal(0, node.Peers.Hanging);
        Assert.Contains("within 60 s", node.Links.Get("b").LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_TransferBreaksOff_GoesOnWhereItStoppedFromAnotherPeerAfterARestart()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var writer = WriterLog.WithListings(s_b, 900);
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            var (b, _) = await TwoPeersAsync(node, writer);
            b.OnRange = (request, _) => request.From > 0
                ? throw TestTransport.Dead("b")
                : Task.FromResult(writer.Answer(request, 900, most: 400));
            await TellAsync(node, b, writer);
            await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)?.Size == 400);
            Assert.Equal(0, SizeOf(node));
        }

        await using var again = await TestNode.StartAsync(sandbox);
        var secretariat = again.Peers.Play(Origin.Secretariat);
        secretariat.Hold(writer);
        await again.ReplicateAsync([secretariat], s_b);
        await again.AdvanceUntilAsync(() => SizeOf(again) == 900);

        Assert.Equal([400L], again.Peers.Ranges.Select(r => r.Request.From));
        Assert.Equal(writer.Root(900), again.Heads.Get(s_b)!.HeadRoot);
    }

    [Fact]
    public async Task Fetch_OriginIsLostDuringTheTransfer_TheHeadThatAnotherPeerHasIsReached()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 700);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 100));
        await node.Log(s_b).ExtendAsync(writer.Range(100, 400, 700));
        var secretariat = node.Peers.Play(Origin.Secretariat);
        secretariat.Hold(writer, 300);

        await node.ReplicateAsync([secretariat], s_b);
        await node.AdvanceUntilAsync(() => SizeOf(node) == 300);

        Assert.Equal((400, 300), ((int)node.Heads.Get(s_b)!.Size, (int)node.Heads.Get(s_b)!.SignedSize));
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries.Take(300).ToList())), await node.DigestAsync(s_b, 300));
    }

    [Fact]
    public async Task Fetch_PeerIsInTheMiddleOfATransfer_GivesWhatItHoldsBeyondItsHead()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, b) = (WriterLog.WithListings(s_b, 700), node.Peers.Play("b"));
        b.Show(s_b, 100, writer.Root(100), held: 400);
        b.OnRange = (request, _) => Task.FromResult(
            request.From < 100 ? writer.Answer(request, 100)
            : request.From < 400 ? writer.Range((int)request.From, 400, 700)
            : writer.Range(100, 100));

        await node.ReplicateAsync([b], s_b);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.Size == 400);

        var answer = await node.Replication.AnswerHeadsAsync("c", new(default, 0, 0, [], 0), CancellationToken.None);
        var head = Assert.Single(answer!.Heads, h => h.Origin == s_b);
        Assert.Equal((100, 400, writer.Root(100)), ((int)head.Size, (int)head.Held, head.Root));
        Assert.Null(node.Links.Get("b").Note);
    }

    [Fact]
    public async Task Fetch_PeerShowsMoreThanThereIs_IsAskedMoreAndMoreRarely()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 300);
        var (b, _) = await TwoPeersAsync(node, writer);
        b.Show(s_b, 1L << 40, Hash256.Of([1]));
        await node.AdvanceUntilAsync(() => SizeOf(node) == 300);
        var counts = new List<int>();
        for (var minute = 0; minute < 3; minute++)
        {
            node.Peers.Ranges.Clear();
            for (var second = 0; second < 60; second++)
            {
                await node.AdvanceAsync(1_000);
            }

            counts.Add(node.Peers.Ranges.Count);
        }

        // It was asked for several ranges at once while it was believed; then for one at a time, after 1, 2, 4, ... s.
        Assert.InRange(counts[0], 1, 24);
        Assert.InRange(counts[2], 0, 2);
        Assert.Contains("does not give", node.Links.Get("b").Note, StringComparison.Ordinal);
        Assert.Equal(300, SizeOf(node));
    }

    [Fact]
    public async Task Heads_LogsThatNobodyNamed_CostNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await OwnLogTests.AppendAsync(node, 3);
        var writer = WriterLog.WithListings(s_b, 10);
        var b = node.Peers.Play("b");
        foreach (var i in Enumerable.Range(0, 2_000))
        {
            b.Show($"demo/m{i}/indicators/1", 1 + i, Hash256.Of([1]));
            b.Show(new UrgentRun($"demo/m{i}/indicators/1", 5, 6));
        }

        b.Show(s_b + "0", 5, Hash256.Of([1]));
        b.Hold(writer);
        await node.ReplicateAsync([b]);
        await node.AdvanceUntilAsync(() => SizeOf(node) == 10);

        Assert.Equal([s_b], node.Peers.Ranges.Select(r => r.Request.Origin));
        Assert.Equal(
            [TestCoalition.Indicators("a"), s_b], node.Heads.All().Where(h => h.Size > 0).Select(h => h.Origin));
        Assert.Equal(2, (await OwnLogTests.KeysAsync(node, LogRowKind.Head)).Count);
    }

    [Fact]
    public async Task Fetch_StorageOfThisNodeFails_NobodyIsBlamedAndTheRangeIsNotFetchedAgain()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 300);
        var (b, _) = await TwoPeersAsync(node, writer);
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(LogRowKind.Head);
        await TellAsync(node, b, writer);
        await node.SettleAsync();
        Assert.Equal(0, SizeOf(node));

        // Any write that works shows that the storage is well again.
        await node.Rows.WriteAsync(StorageProbe.RowKind, StorageProbe.RowKind, new ProbeRow(), null);
        await node.AdvanceUntilAsync(() => SizeOf(node) == 300);

        Assert.Single(node.Peers.Ranges);
        Assert.Null(node.Links.Get("b").Note);
    }

    private static int SizeOf(TestNode node) => (int)(node.Heads.Get(s_b)?.HeadSize ?? 0);

    private static async Task<(PlayedPeer B, PlayedPeer Secretariat)> TwoPeersAsync(TestNode node, WriterLog writer)
    {
        var (b, secretariat) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat));
        await node.ReplicateAsync([b, secretariat], writer.Origin);
        b.Hold(writer);
        secretariat.Hold(writer);
        return (b, secretariat);
    }

    /// <summary>A peer tells that it holds the whole log, and sends nothing of it.</summary>
    private static Task<ExtendResult> TellAsync(TestNode node, PlayedPeer peer, WriterLog writer) =>
        node.Replication.TakePushAsync(peer.Name, writer.Origin, writer.Range(writer.Size, writer.Size), writer.Size);
}
