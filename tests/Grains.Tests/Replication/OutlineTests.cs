using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Replication;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>A log of which much is missing: first what counts of it, and its history behind that.</summary>
public sealed class OutlineTests
{
    private const int Size = 2_000;
    private const int Indicators = 300;

    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Start_OthersHoldMuch_IsReadyByTheOutlineAndTheHistoryComesBehind(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await StartAsync(sandbox);
        var (writer, gate) = (Churned(), new Gate());
        Play(node, writer, gate);
        await node.StartAllAsync();

        await node.AdvanceUntilAsync(() => node.Follower.IsReady);

        var digest = WriterLog.DigestOf((s_b, writer.Entries));
        Assert.Equal((0L, Size), (node.List.AppliedOf(s_b), node.List.OutlinedOf(s_b)));
        Assert.Equal((digest, Indicators), (node.List.Current.Digest, node.List.Current.Indicators));
        Assert.Equal(0, node.Heads.Get(s_b)!.Size);
        var live = writer.Live(Size);
        Assert.All(await PartsAsync(node), p => Assert.Equal(
            live.Where(i => i >= p.From && i < p.End), p.Whole.Select(w => w.Index)));

        foreach (var index in (long[])[live[0], live[70], live[^1]])
        {
            var evidence = await node.Log(s_b).GetEvidenceAsync(index);
            Assert.Equal(WriterLog.Hex(writer.Entries[(int)index]), WriterLog.Hex(evidence!.Entry));
            Assert.True(InclusionProof.Verify(
                MerkleHash.Leaf(evidence.Entry.Leaf), index, Size, [.. evidence.Proof], writer.Root(Size)));
        }

        Assert.Null(await node.Log(s_b).GetEvidenceAsync(1));
        gate.Open();
        await node.AdvanceUntilAsync(() => node.List.AppliedOf(s_b) == Size && node.Heads.Outlines.Count == 0 && node.List.OutlinedOf(s_b) == 0);
        Assert.Equal(digest, node.List.Current.Digest);
        Assert.Equal(writer.Root(Size), node.Heads.Get(s_b)!.HeadRoot);
        Assert.Empty(await node.Rows.ListKeysAsync(LogRowKind.OutlinePart).ToListAsync());
        Assert.DoesNotContain("b", Blamed(node));
    }

    [Fact]
    public async Task Restart_InTheMiddle_GoesOnWhereItWas()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var writer = Churned();
        var (never, limit) = (new Gate(), 800L);
        await using (var before = await StartAsync(sandbox))
        {
            foreach (var peer in Play(before, writer, never))
            {
                peer.OnOutline = async (request, cancel) =>
                {
                    if (request.From >= limit)
                    {
                        await before.Peers.HangAsync(cancel, never);
                    }

                    return peer.Outline(request);
                };
            }

            await before.StartAllAsync();
            await before.AdvanceUntilAsync(() => before.List.OutlinedOf(s_b) >= limit);
            Assert.False(before.Follower.IsReady);
        }

        await using var node = await StartAsync(sandbox);
        Play(node, writer, never);
        await node.StartAllAsync();
        await TestNode.UntilAsync(() => node.Follower.IsLoaded);
        Assert.True(node.List.OutlinedOf(s_b) >= limit);

        await node.AdvanceUntilAsync(() => node.Follower.IsReady);
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), node.List.Current.Digest);
        Assert.All(node.Peers.Outlines, o => Assert.True(o.Request.From >= limit, $"asked again from {o.Request.From}"));
    }

    [Fact]
    public async Task Restart_OutlineBeginsAboveWhatIsHeld_TheListHasBoth()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var (writer, never) = (Churned(), new Gate());
        var digest = WriterLog.DigestOf((s_b, writer.Entries));
        await using (var before = await StartAsync(sandbox))
        {
            await before.Log(s_b).ExtendAsync(writer.Range(0, 300));
            Play(before, writer, never);
            await before.StartAllAsync();
            await before.AdvanceUntilAsync(() => before.Follower.IsReady);
            Assert.Equal((300, digest), (before.Heads.Outlines[s_b].From, before.List.Current.Digest));
        }

        await using var node = await StartAsync(sandbox);
        var gate = new Gate();
        Play(node, writer, gate);
        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => node.Follower.IsReady);
        Assert.Equal(digest, node.List.Current.Digest);

        gate.Open();
        await node.AdvanceUntilAsync(() => node.List.AppliedOf(s_b) == Size && node.Heads.Outlines.Count == 0);
        Assert.Equal(digest, node.List.Current.Digest);
    }

    [Fact]
    public async Task Outline_LeavesOutWhatCameAsUrgent_ThatStaysInTheList()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await StartAsync(sandbox);
        var (writer, never) = (Churned(), new Gate());
        var urgent = writer.Live(Size)[^1];
        await node.FollowAsync();
        await node.Log(s_b).GetStatusAsync();
        var run = writer.Range((int)urgent, (int)urgent + 1, Size);
        Assert.Equal(ExtendOutcome.Overlaid, (await node.Log(s_b).ExtendAsync(run)).Outcome);
        await TestNode.UntilAsync(() => node.List.Glance.Indicators == 1);
        foreach (var peer in Play(node, writer, never))
        {
            peer.Hides = [urgent];
        }

        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => node.List.OutlinedOf(s_b) == Size);

        Assert.Equal(Indicators, node.List.Glance.Indicators);
    }

    [Fact]
    public async Task Outline_OfAnotherBranch_ProvesTheForkOnceTheHistoryIsHere()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await StartAsync(sandbox);
        var (writer, gate) = (Churned(), new Gate());
        var other = writer.Branch(900);
        for (var i = 900; i < Size; i++)
        {
            other.Add(Sample.Listing(i % 100, TestCoalition.Issued + 90_000 + i));
        }

        foreach (var peer in Play(node, writer, gate))
        {
            peer.OnOutline = (request, _) => Task.FromResult(other.Outline(
                (int)request.From, (int)Math.Min(Size, request.From + request.MaxEntries), Size, other.Live(Size)));
        }

        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => node.List.OutlinedOf(s_b) == Size);
        gate.Open();
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.FrozenAt is not null && node.List.AppliedOf(s_b) == 900
            && node.List.OutlinedOf(s_b) == 0);

        Assert.Equal(900, node.Heads.Get(s_b)!.FrozenAt);
        Assert.Equal(WriterLog.DigestOf((s_b, [.. writer.Entries.Take(900)])), node.List.Current.Digest);
    }

    [Fact]
    public async Task Start_OnePeerHidesWhatIsLive_IsNotReadyBeforeAllIsHereAndBlamesIt()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await StartAsync(sandbox);
        var (writer, gate) = (Churned(), new Gate());
        var hidden = writer.Live(Size)[..20];
        foreach (var peer in Play(node, writer, gate))
        {
            // Whoever is asked for the first part lies.
            var part = peer.OnOutline;
            peer.OnOutline = (request, cancel) =>
            {
                peer.Hides = request.From == 0 ? hidden : [];
                return part(request, cancel);
            };
            var live = peer.OnLive;
            peer.OnLive = (request, cancel) =>
            {
                peer.Hides = [];
                return live(request, cancel);
            };
        }

        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => node.Peers.Comparisons.Select(c => c.Member).Distinct().Count() == 2);
        await node.AdvanceAsync(20_000);
        Assert.False(node.Follower.IsReady);
        Assert.Equal(Indicators - hidden.Count, node.List.Glance.Indicators);
        var liar = (await PeersOfPartsAsync(node))[0];

        gate.Open();
        await node.AdvanceUntilAsync(() => node.Follower.IsReady && node.Heads.Outlines.Count == 0);
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), node.List.Current.Digest);
        Assert.Contains("left out live entries", node.Links.Get(liar).Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fork_WithAnOutlineKept_ItIsForgottenAndTheListHasWhatCounts()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await StartAsync(sandbox);
        var (writer, gate) = (Churned(), new Gate());
        var peers = Play(node, writer, gate);
        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => node.Follower.IsReady);
        var other = writer.Branch(700);
        other.AddListings(1_500, seed: 90_000);

        Assert.Equal(ForkOutcome.Taken, await node.Log(s_b).TakeForkAsync(writer.ForkFrom(other, 700).Encode()));
        await node.AdvanceUntilAsync(() => node.Heads.Outlines.Count == 0 && node.List.OutlinedOf(s_b) == 0);
        Assert.Equal(0, node.List.Current.Indicators);

        gate.Open();
        await node.AdvanceUntilAsync(() => node.List.AppliedOf(s_b) == 700);
        Assert.Equal(WriterLog.DigestOf((s_b, [.. writer.Entries.Take(700)])), node.List.Current.Digest);
        Assert.Equal(3, peers.Count);
    }

    [Fact]
    public async Task Start_APartCannotBeRead_TheOutlineIsFetchedAgain()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var (writer, never) = (Churned(), new Gate());
        await using (var before = await StartAsync(sandbox))
        {
            Play(before, writer, never);
            await before.StartAllAsync();
            await before.AdvanceUntilAsync(() => before.Follower.IsReady);
            var key = await before.Rows.ListKeysAsync(LogRowKind.OutlinePart).FirstAsync();
            var stored = await before.Rows.ReadAsync<OutlinePartRow>(LogRowKind.OutlinePart, key);
            await before.Rows.WriteAsync(LogRowKind.OutlinePart, key, new OutlinePartRow { Peer = null! }, stored!.ETag);
        }

        await using var node = await StartAsync(sandbox);
        Play(node, writer, never);
        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => node.Follower.IsReady);
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), node.List.Current.Digest);
    }

    [Fact]
    public async Task Answer_OutlineAndLive_AreWhatTheLongWayRoundFinds()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await StartAsync(sandbox);
        var writer = Churned();
        await node.FollowAsync();
        await node.Log(s_b).ExtendAsync(writer.Range(0, Size));
        await TestNode.UntilAsync(() => node.List.AppliedOf(s_b) == Size);

        var expected = writer.Outline(300, 1_100, Size, writer.Live(Size));
        var part = await node.Replication.AnswerOutlineAsync(Request(300, 800, int.MaxValue));
        Assert.Equal((expected.From, expected.AsOf, expected.End), (part!.From, part.AsOf, part.End));
        Assert.Equal(expected.Hashes, part.Hashes);
        Assert.Equal(expected.Whole.Select(w => w.Index), part.Whole.Select(w => w.Index));
        Assert.Equal(expected.Whole.Select(w => WriterLog.Hex(w.Entry)), part.Whole.Select(w => WriterLog.Hex(w.Entry)));
        Assert.True(RangeCheck.TryCheck(s_b, part, writer.Key.VerificationKey, out _, out var error), error);

        using var digest = new LiveDigest();
        writer.Live(1_234).ForEach(digest.Add);
        Assert.Equal(digest.Finish(), await node.Replication.AnswerLiveAsync(s_b, 1_234, CancellationToken.None));
        Assert.Null(await node.Replication.AnswerLiveAsync(s_b, Size + 1, CancellationToken.None));

        var little = await node.Replication.AnswerOutlineAsync(Request(0, 4_096, 1));
        Assert.Equal(1, little!.Count);
        Assert.Equal(0, (await node.Replication.AnswerOutlineAsync(Request(Size, 10, 10)))!.Count);
    }

    [Theory]
    [InlineData("swapped")]
    [InlineData("outside")]
    [InlineData("other hash")]
    [InlineData("early end")]
    [InlineData("late end")]
    [InlineData("other payload")]
    public void Check_NotWhatTheTreeSays_IsRefused(string fault)
    {
        var writer = Churned();
        var good = writer.Outline(0, 600, Size, writer.Live(Size));
        Assert.True(RangeCheck.TryCheck(s_b, good, writer.Key.VerificationKey, out _, out _));
        var first = good.Whole[0];
        var bad = fault switch
        {
            "swapped" => good with { Whole = [good.Whole[1], good.Whole[0], .. good.Whole.Skip(2)] },
            "outside" => good with { Whole = [.. good.Whole.SkipLast(1), good.Whole[^1] with { Index = 1_999 }] },
            "other hash" => good with { Hashes = [.. good.Hashes.Select((b, i) => i == 5 ? (byte)~b : b)] },
            "early end" => good with { AsOf = 599 },
            "late end" => good with { AsOf = Size + 1 },
            _ => good with { Whole = [first with { Entry = first.Entry with { Payload = [1] } }, .. good.Whole.Skip(1)] },
        };

        Assert.False(RangeCheck.TryCheck(s_b, bad, writer.Key.VerificationKey, out _, out var error));
        Assert.NotEmpty(error);
    }

    private static RangeRequestMessage Request(long from, int entries, int bytes) =>
        new() { Origin = s_b, From = from, MaxEntries = entries, MaxBytes = bytes };

    private static Task<TestNode> StartAsync(StorageSandbox sandbox) => TestNode.StartAsync(
        sandbox,
        configure: s => s.AddSingleton(new ReplicationOptions { Outlines = true, RangeEntries = 512, OutlineGap = 512 }));

    /// <summary>
    /// A log in which most entries are dead: a third of the indicators is listed and withdrawn again and again, the others
    /// once, early.
    /// </summary>
    private static WriterLog Churned()
    {
        var writer = new WriterLog(s_b);
        for (var i = 0; i < Size; i++)
        {
            var indicator = i < 600 && i % 3 == 0 ? 100 + (i / 3) : i % 100;
            writer.Add(i % 5 == 4 && indicator < 100
                ? new WithdrawalPayload(Sample.Image(indicator).Id, "mistake")
                : Sample.Listing(indicator, TestCoalition.Issued + 86_400 + i));
        }

        return writer;
    }

    /// <summary>All members hold it, of whom c cannot be dialled; whole ranges are given only when the gate is open.</summary>
    private static List<PlayedPeer> Play(TestNode node, WriterLog writer, Gate gate)
    {
        List<PlayedPeer> peers = [node.Peers.Play("b"), node.Peers.Play("c"), node.Peers.Play(Origin.Secretariat)];
        foreach (var peer in peers)
        {
            peer.Hold(writer);
            peer.OnRange = async (request, cancel) =>
            {
                await node.Peers.HangAsync(cancel, gate);
                return peer.Give(request);
            };
        }

        return peers;
    }

    private static IEnumerable<string> Blamed(TestNode node) =>
        new[] { "b", "c", Origin.Secretariat }.Where(m => node.Links.Get(m).Note is not null);

    private static async Task<List<LogOutline>> PartsAsync(TestNode node)
    {
        var parts = new List<LogOutline>();
        for (var from = 0L; await node.Log(s_b).ReadKeptOutlineAsync(from) is var (part, _); from = part.End)
        {
            parts.Add(part);
        }

        return parts;
    }

    private static async Task<List<string>> PeersOfPartsAsync(TestNode node)
    {
        var peers = new List<string>();
        for (var from = 0L; await node.Log(s_b).ReadKeptOutlineAsync(from) is var (part, peer); from = part.End)
        {
            peers.Add(peer);
        }

        return peers;
    }
}
