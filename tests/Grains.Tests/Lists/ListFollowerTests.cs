using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Matching.Lists;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Grains.Tests.Lists;

/// <summary>The list in memory: a function of what the logs hold, whatever the order in which it came.</summary>
public sealed class ListFollowerTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");
    private static readonly string s_c = TestCoalition.Indicators("c");

    [Theory, OnSqlite, OnPostgres]
    public async Task Follow_LogsInAnyOrderAndInAnyPieces_GivesTheSameDigest(string backend)
    {
        var (b, c) = TwoLogs();
        var expected = WriterLog.DigestOf((s_b, b.Entries), (s_c, c.Entries));
        (WriterLog Log, int End)[][] orders =
        [
            [(b, 320), (c, 310)],
            [(c, 310), (b, 320)],
            [(b, 1), (c, 1), (b, 256), (c, 300), (b, 257), (c, 301), (c, 310), (b, 320)],
        ];
        foreach (var order in orders)
        {
            await using var sandbox = await StorageSandbox.CreateAsync(backend);
            await using var node = await TestNode.StartAsync(sandbox);
            await node.FollowAsync();
            foreach (var (log, end) in order)
            {
                var at = (int)(await node.Log(log.Origin).GetStatusAsync()).Size;
                await node.Log(log.Origin).ExtendAsync(log.Range(at, end));
                await node.Follower.WaitAppliedAsync(log.Origin, end - 1, TestNode.Patience());
            }

            Assert.Equal(expected, node.List.Current.Digest);
            Assert.Equal((320, 310, 2), (node.List.Applied[s_b], node.List.Applied[s_c], node.List.Applied.Count));

            // A node that starts over from its rows comes to the same.
            await using var again = await TestNode.StartAsync(sandbox);
            await again.FollowAsync();
            var held = await Task.WhenAll(again.Log(s_c).GetStatusAsync(), again.Log(s_b).GetStatusAsync());
            await again.Follower.BecomeReadyAsync(held, TestNode.Patience());
            Assert.True(again.Follower.IsReady);
            Assert.Equal(expected, again.List.Current.Digest);
            Assert.Equal(node.List.Current with { Version = 0 }, again.List.Current with { Version = 0 });
        }
    }

    [Fact]
    public async Task Follow_ThousandsOfIndicators_AllAreFoundInTheOrderOfTheirIds()
    {
        const int Count = 6000;
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, Sample.Listings(0, 4000));
        await AppendAsync(node, Sample.Listings(4000, Count - 4000));

        await node.DigestAsync(s_own, Count);

        Assert.Equal((Count, Count), (node.List.Current.Indicators, node.List.Current.InForce));
        var expected = Enumerable.Range(0, Count).Select(i => Sample.Image(i).Id).Order().ToArray();
        var found = new List<Hash256>();
        for (Hash256? after = null; node.List.Page(after, 700) is { Count: > 0 } page; after = found[^1])
        {
            found.AddRange(page.Select(s => s.Id));
        }

        Assert.Equal(expected, found);
        Assert.Empty(node.List.Page(expected[^1], 1));
        for (var i = 0; i < Count; i += 599)
        {
            var matches = new List<IndicatorMatch>();
            node.List.Matcher.MatchImage(new Hash256(Sample.Image(i).Value.Span), matches);
            Assert.Equal(Sample.Image(i).Id, Assert.Single(matches).IndicatorId);
            Assert.True(node.List.TryGet(Sample.Image(i).Id, out var state));
            Assert.Equal(i, Assert.Single(state.Listings).Index);
        }
    }

    [Fact]
    public async Task Follow_Erasure_TakesTheEntryOutAndLetsTheOneBeforeCount()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(
            node,
            Sample.Listings(0, 3),
            [Sample.Entry(Sample.Listing(1) with { Severity = 3, Action = "signal" })]);
        await node.DigestAsync(s_own, 4);
        Assert.Equal(3, Newest(node, 1).Index);

        // The newer listing of 1, and the only one of 2.
        await AppendAsync(
            node, [Sample.Entry(new ErasePayload(3, "error")), Sample.Entry(new ErasePayload(2, "error"))]);
        var digest = await node.DigestAsync(s_own, 6);

        Assert.Equal(1, Newest(node, 1).Index);
        Assert.False(node.List.TryGet(Sample.Image(2).Id, out _));
        Assert.Equal(
            new[] { Sample.Image(0).Id, Sample.Image(1).Id }.Order(), node.List.Page(null, 10).Select(s => s.Id));
        Assert.Equal((2, 2), (node.List.Current.Indicators, node.List.Current.InForce));
        var (_, entries) = await node.ReadAllAsync(s_own);
        Assert.Equal(WriterLog.DigestOf((s_own, entries)), digest);
        Assert.Equal(WriterLog.DigestOf((s_own, entries.Take(2).ToList())), digest);
    }

    [Fact]
    public async Task InForce_ListingsExpireAndMembersGo_AreCountedAnewWithTheNextChangeOfTheNextMinute()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var b = WriterLog.WithListings(s_b, 5, seed: 100);
        await node.Log(s_b).ExtendAsync(b.Range(0, 5));
        await node.DigestAsync(s_b, 5);
        await AppendAsync(node, [Sample.Entry(Sample.Listing(1, TestCoalition.Issued + 90))], Sample.Listings(2, 3));
        await node.DigestAsync(s_own, 4);
        Assert.Equal((9, 9), (node.List.Current.Indicators, node.List.Current.InForce));

        node.Clock.Advance(TimeSpan.FromSeconds(100));
        node.Roster.Put(TestCoalition.Roster(2).With("b", m => m with { Status = MemberStatus.Expelled }));
        await AppendAsync(node, Sample.Listings(50, 1));
        await node.Follower.WaitAppliedAsync(s_own, 4, TestNode.Patience());

        Assert.Equal((10, 4), (node.List.Current.Indicators, node.List.Current.InForce));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task GetEvidence_ListingsAndOpinionsOfSeveralMembers_AreSignedDocumentsOfTheirOwn(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var id = Sample.Image(7).Id;
        var b = WriterLog.WithListings(s_b, 300);
        b.Add(Sample.Listing(7) with { Confidence = 99 });
        var c = WriterLog.WithListings(s_c, 2, seed: 900);
        c.Add(new OpinionPayload(id, "b", OpinionPayload.Dispute, "legal-trade"));
        await node.Log(s_b).ExtendAsync(b.Range(0, b.Size));
        await node.Log(s_c).ExtendAsync(c.Range(0, c.Size));
        await AppendAsync(node, Sample.Listings(7, 1));
        await node.DigestAsync(s_own, 1);
        await node.DigestAsync(s_b, b.Size);
        await node.DigestAsync(s_c, c.Size);

        var statements = await node.Grains.GetGrain<IIndicatorGrain>(id.ToString()).GetEvidenceAsync();

        Assert.Equal([(s_own, 0L), (s_b, 300L), (s_c, 2L)], statements.Select(s => (s.Origin, s.Evidence.Index)));
        foreach (var (origin, evidence) in statements)
        {
            Assert.True(Checkpoint.TryOpen(
                evidence.Checkpoint, TestCoalition.KeyOf(origin).VerificationKey, out var checkpoint, out var error), error);
            Assert.True(InclusionProof.Verify(
                MerkleHash.Leaf(evidence.Entry.Leaf), evidence.Index, checkpoint.Size, evidence.Proof, checkpoint.Root));
            Assert.True(Leaf.TryDecode(evidence.Entry.Leaf, out var leaf, out _));
            Assert.True(leaf.Opens(evidence.Entry.Salt, evidence.Entry.Payload));
        }

        Assert.Empty(await node.Grains.GetGrain<IIndicatorGrain>(Sample.Image(8888).Id.ToString()).GetEvidenceAsync());
        Assert.Empty(await node.Grains.GetGrain<IIndicatorGrain>("no hash").GetEvidenceAsync());
    }

    [Fact]
    public async Task Follow_OneLogIsReadForLong_AnotherDoesNotWaitForIt()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, Sample.Listings(0, 1000), Sample.Listings(1000, 300));
        var (reading, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        node.Storage.BeforeRead = async kind =>
        {
            if (kind == LogRowKind.Bundle && reading.TrySetResult())
            {
                await goOn.Task;
            }
        };
        await node.FollowAsync();
        await reading.Task.WaitAsync(TestNode.Patience());

        var (b, _) = TwoLogs();
        await node.Log(s_b).ExtendAsync(b.Range(0, 3));
        await node.Follower.WaitAppliedAsync(s_b, 2, TestNode.Patience());
        Assert.Equal(0, node.List.Applied.GetValueOrDefault(s_own));

        goOn.SetResult();
        await node.Follower.WaitAppliedAsync(s_own, 1299, TestNode.Patience());
    }

    [Fact]
    public async Task Follow_ReadingFailsOnce_IsTriedAgainWithoutANewEntry()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, Sample.Listings(0, 300));
        var failed = new TaskCompletionSource();
        node.Storage.BeforeRead = kind =>
        {
            if (kind == LogRowKind.Bundle && failed.TrySetResult())
            {
                throw new IOException("Input/output error");
            }

            return Task.CompletedTask;
        };

        await node.FollowAsync();
        await failed.Task.WaitAsync(TestNode.Patience());
        var patience = TestNode.Patience();
        while (node.List.Applied.GetValueOrDefault(s_own) < 300)
        {
            patience.ThrowIfCancellationRequested();
            node.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(300, node.List.Current.Indicators);
    }

    private static async Task AppendAsync(TestNode node, params NewEntry[][] requests)
    {
        foreach (var entries in requests)
        {
            var result = Assert.Single(await node.Log(s_own).AppendAsync([new AppendRequest(entries)]));
            Assert.Equal((AppendRefusal.None, null), (result.Refusal, result.Error));
        }
    }

    private static Protocol.Merge.LogEntry Newest(TestNode node, int number)
    {
        Assert.True(node.List.TryGet(Sample.Image(number).Id, out var state));
        return Assert.Single(state.Listings);
    }

    /// <summary>Two logs about partly the same indicators, with every kind of statement.</summary>
    private static (WriterLog B, WriterLog C) TwoLogs()
    {
        var b = WriterLog.WithListings(s_b, 300);
        var c = WriterLog.WithListings(s_c, 300, seed: 150);
        for (var i = 0; i < 10; i++)
        {
            b.Add(new OpinionPayload(Sample.Image(200 + i).Id, "c", OpinionPayload.Dispute, "legal-trade"));
            b.Add(new WithdrawalPayload(Sample.Image(i).Id, "error"));
            c.Add(new ErasePayload(20 + i, "legal"));
        }

        return (b, c);
    }
}
