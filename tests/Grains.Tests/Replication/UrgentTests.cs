using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>Urgent entries do not wait for those before them.</summary>
public sealed class UrgentTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Fact]
    public async Task Append_UrgentBehindALargeGap_IsPushedAlone()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await OwnLogTests.AppendAsync(node, 500);
        PlayedPeer[] peers = [node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat)];
        await node.ReplicateAsync(peers);
        foreach (var peer in peers)
        {
            peer.Show(s_own, 4, Hash256.Of([1]));
        }

        await node.AdvanceUntilAsync(() => node.Peers.Questions.Count >= 8, 500);
        node.Peers.Pushes.Clear();

        await AppendUrgentAsync(node, 500, 3);
        await node.SettleAsync();

        Assert.Equal(
            ["b", Origin.Secretariat], node.Peers.Pushes.Select(p => p.Member).Order(StringComparer.Ordinal));
        foreach (var (_, range, size) in node.Peers.Pushes)
        {
            Assert.Equal((503, 500, 3), (size, range.From, range.Entries.Count));
            Assert.True(
                RangeCheck.TryCheck(s_own, range, TestCoalition.KeyOf(s_own).VerificationKey, out _, out var error), error);
        }

        var heads = await node.Replication.AnswerHeadsAsync("c", new(default, 0, 0, [], 0), CancellationToken.None);
        Assert.Equal([new UrgentRun(s_own, 500, 503)], heads!.Urgent);
    }

    [Fact]
    public async Task Append_UrgentAndThePeerIsUpToDate_GoesWithTheHeadOnce()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.ReplicateAsync([node.Peers.Play("b")]);
        await OwnLogTests.AppendAsync(node, 1);
        await node.SettleAsync();
        node.Peers.Pushes.Clear();

        await AppendUrgentAsync(node, 1, 2);
        await node.SettleAsync();

        var (_, range, _) = Assert.Single(node.Peers.Pushes, p => p.Member == "b");
        Assert.Equal((1, 2), (range.From, range.Entries.Count));
    }

    [Fact]
    public async Task Append_UrgentAndThePeerShowsNothingOfTheLog_TheWholeRunIsPushed()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.ReplicateAsync([node.Peers.Play("b")]);

        await AppendUrgentAsync(node, 0, 3);
        await node.SettleAsync();

        var (_, range, _) = Assert.Single(node.Peers.Pushes, p => p.Member == "b");
        Assert.Equal((0, 3), (range.From, range.Entries.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Limits.MaxUrgentEntries)]
    public async Task Push_RunAboveAGap_CountsAtOnceAndGivesWayToThePrefix(int count)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 400 + count);
        var b = node.Peers.Play("b");
        await node.FollowAsync();
        await node.ReplicateAsync([b], s_b);

        var result = await node.Replication.TakePushAsync("b", s_b, writer.Range(400, 400 + count), 0);
        await TestNode.UntilAsync(() => node.List.Current.Indicators == count);

        Assert.Equal(new ExtendResult(ExtendOutcome.Overlaid, 0, null, 0), result);
        Assert.Equal((WriterLog.DigestOf(), 0), (node.List.Current.Digest, node.List.AppliedOf(s_b)));
        Assert.True(node.List.TryGet(Sample.Image(400).Id, out var state));
        Assert.Equal(400, Assert.Single(state.Listings).Index);
        Assert.Equal(1, node.Replication.Describe().Overlaid);
        await AssertServedAsync(node, writer, 400, count);

        // What is below it comes as ever, and the run with it.
        b.Hold(writer);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.HeadSize == writer.Size);
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), await node.DigestAsync(s_b, writer.Size));
        Assert.Equal((writer.Size, 0), (node.List.Current.Indicators, node.Replication.Describe().Overlaid));
    }

    [Fact]
    public async Task Push_LongerRunAboveAGap_IsNotKept()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 500);
        await node.ReplicateAsync(s_b);

        var result = await node.Replication.TakePushAsync(
            "b", s_b, writer.Range(400, 401 + Limits.MaxUrgentEntries, 500), 0);

        Assert.Equal((ExtendOutcome.Gap, 0), (result.Outcome, node.Replication.Describe().Overlaid));
    }

    [Fact]
    public async Task Heads_PeerShowsARun_IsFetchedPastTheBulkAndCounts()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 5_003);
        var (b, gate) = (node.Peers.Play("b"), new Gate());
        b.Hold(writer);
        b.Show(new UrgentRun(s_b, 5_000, 5_003));
        b.OnRange = async (request, cancel) =>
        {
            if (request.From < 5_000)
            {
                await node.Peers.HangAsync(cancel, gate);
            }

            return b.Give(request);
        };
        await node.FollowAsync();

        await node.ReplicateAsync([b], s_b);
        await TestNode.UntilAsync(() => node.List.Current.Indicators == 3);

        Assert.Equal([5_000L], node.Peers.Ranges.Where(r => r.Urgent).Select(r => r.Request.From));
        Assert.Equal(0, node.Heads.Get(s_b)!.Size);
        gate.Open();
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.HeadSize == writer.Size);
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), await node.DigestAsync(s_b, writer.Size));
    }

    [Fact]
    public async Task Heads_PeerShowsRunsThatDoNotExist_CostALittleAndCountNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 10);
        var b = node.Peers.Play("b");
        b.Hold(writer);
        UrgentRun[] runs =
        [
            new(s_b, 1_000, 1_001), new(s_b, 2_000, 2_064), new(s_b, 3_000, 3_065), new(s_b, 5, 5), new(s_b, 9, 2),
            new(s_b, 1L << 40, (1L << 40) + 1), new(s_own, 900, 901),
        ];
        Array.ForEach(runs, b.Show);

        await node.ReplicateAsync([b], s_b);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.HeadSize == 10);
        for (var second = 0; second < 60; second++)
        {
            await node.AdvanceAsync(1_000);
        }

        Assert.All(
            node.Peers.Ranges.Where(r => r.Urgent), r => Assert.Contains(r.Request.From, (long[])[1_000, 2_000]));
        Assert.InRange(node.Peers.Ranges.Count(r => r.Urgent), 1, 8);
        Assert.Equal((10, 0), (node.Heads.Get(s_b)!.Size, node.Replication.Describe().Overlaid));
    }

    [Fact]
    public async Task Push_RunOfAnotherBranch_IsFoundOutAndNotKept()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 300);
        var other = writer.Branch(200);
        other.AddListings(300, seed: 50_000);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 300));
        await node.ReplicateAsync(s_b);

        var result = await node.Replication.TakePushAsync("b", s_b, other.Range(450, 452, 500), 0);

        Assert.Equal((ExtendOutcome.Fork, 0), (result.Outcome, node.Replication.Describe().Overlaid));
    }

    private static async Task AppendUrgentAsync(TestNode node, int from, int count)
    {
        var result = await node.Log(s_own).AppendAsync([Sample.Request(from, count) with { Urgent = true }]);
        Assert.Equal((from, AppendRefusal.None), (Assert.Single(result).First, result[0].Refusal));
    }

    /// <summary>Others get the run from here, with its proof, and the API its evidence.</summary>
    private static async Task AssertServedAsync(TestNode node, WriterLog writer, int from, int count)
    {
        var range = await node.Log(writer.Origin).ReadAsync(from, Limits.MaxUrgentEntries, int.MaxValue);
        Assert.Equal((from, count), (range.From, range.Entries.Count));
        Assert.True(RangeCheck.TryCheck(writer.Origin, range, writer.Key.VerificationKey, out _, out var error), error);
        Assert.True((await node.Log(writer.Origin).ReadAsync(from, 1, int.MaxValue)).Entries.Count <= 1);
        for (var i = from; i < from + count; i++)
        {
            var evidence = await node.Log(writer.Origin).GetEvidenceAsync(i);
            Assert.Equal(WriterLog.Hex(writer.Entries[i]), WriterLog.Hex(evidence!.Entry));
            Assert.True(InclusionProof.Verify(
                MerkleHash.Leaf(evidence.Entry.Leaf), i, writer.Size, evidence.Proof, writer.Root(writer.Size)));
        }

        Assert.Null(await node.Log(writer.Origin).GetEvidenceAsync(from - 1));
        Assert.Null(await node.Log(writer.Origin).GetEvidenceAsync(from + count));
    }
}
