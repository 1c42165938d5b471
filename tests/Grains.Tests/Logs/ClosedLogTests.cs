using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>A log that the roster closed ends there: nothing beyond is taken, and what was taken before does not count.</summary>
public sealed class ClosedLogTests
{
    private static readonly string s_log = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Close_BelowWhatIsHeld_TheRestStaysAndDoesNotCount(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 500);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 400));
        await node.DigestAsync(s_log, 400);

        Close(node, writer, 300);
        await AssertEndsAsync(node, writer, 400, 300);
        await TestNode.UntilAsync(() => node.List.AppliedOf(s_log) == 300);
        Assert.Equal(WriterLog.DigestOf((s_log, writer.Entries.Take(300).ToList())), node.List.Current.Digest);

        foreach (var range in (LogRange[])[writer.Range(400, 500), writer.Range(250, 500), writer.Range(400, 400)])
        {
            Assert.Equal(
                new ExtendResult(ExtendOutcome.AlreadyHeld, 400, null, 300), await node.Log(s_log).ExtendAsync(range));
        }

        await AssertEndsAsync(node, writer, 400, 300);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(256)]
    [InlineData(300)]
    public async Task Extend_ClosedAboveWhatIsHeld_IsTakenUpToTheEnd(int end)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 500);
        Close(node, writer, end);

        // The only checkpoint at hand is one beyond the end.
        var result = await node.Log(s_log).ExtendAsync(writer.Range(0, 400, 500));

        Assert.Equal(
            new ExtendResult(end > 0 ? ExtendOutcome.Extended : ExtendOutcome.AlreadyHeld, end, null, end), result);
        await AssertEndsAsync(node, writer, end, end);
        if (end > 0)
        {
            Assert.Equal(
                WriterLog.DigestOf((s_log, writer.Entries.Take(end).ToList())), await node.DigestAsync(s_log, end));
        }
    }

    [Fact]
    public async Task Extend_UrgentRunBeyondTheEnd_IsNotKept()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 500);
        Close(node, writer, 300);

        Assert.Equal(ExtendOutcome.Gap, (await node.Log(s_log).ExtendAsync(writer.Range(299, 301, 500))).Outcome);
        Assert.Equal(ExtendOutcome.Overlaid, (await node.Log(s_log).ExtendAsync(writer.Range(299, 300, 500))).Outcome);
    }

    [Theory]
    [InlineData(200, 300)]
    [InlineData(300, 200)]
    public async Task Close_ForkedLog_EndsAtTheSmallerOfBoth(int freezeAt, int closedAt)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 400);
        var other = writer.Branch(freezeAt);
        other.AddListings(200, seed: 50_000);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 400));
        Close(node, writer, closedAt);

        Assert.Equal(ForkOutcome.Taken, await node.Log(s_log).TakeForkAsync(writer.ForkFrom(other, freezeAt).Encode()));

        await AssertEndsAsync(node, writer, 400, 200, freezeAt);
    }

    [Fact]
    public async Task Replicate_ClosedLog_IsFetchedToItsEndAndTheNodeIsCaughtUp()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 5_000);
        Close(node, writer, 4_500);
        PlayedPeer[] peers = [node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat)];
        Array.ForEach(peers, p => p.Hold(writer));

        await node.ReplicateAsync(peers, s_log);
        await node.AdvanceUntilAsync(() => node.Replication.CaughtUpAsync().IsCompleted);

        await AssertEndsAsync(node, writer, 4_500, 4_500);
        Assert.All(peers, p => Assert.Null(node.Links.Get(p.Name).Note));
    }

    private static void Close(TestNode node, WriterLog writer, int size) =>
        node.Roster.Put(TestCoalition.Roster(2).With("b", m => m with
        {
            Logs = [m.Logs[0] with { ClosedAt = new LogHead(s_log, size, writer.Root(size)) }, m.Logs[1]],
        }));

    private static async Task AssertEndsAsync(
        TestNode node, WriterLog writer, int held, int end, long? frozenAt = null)
    {
        for (var activation = 0; activation < 2; activation++)
        {
            var (status, entries) = await node.ReadAllAsync(s_log);
            Assert.Equal(
                (held, end, end == 0 ? MerkleHash.Empty : writer.Root(end), frozenAt),
                (status.Size, status.HeadSize, status.HeadRoot, status.FrozenAt));
            Assert.Equal(writer.Entries.Take(end).Select(WriterLog.Hex), entries.Select(WriterLog.Hex));
            Assert.Equal(status with { Checkpoint = [] }, node.Heads.Get(s_log)! with { Checkpoint = [] });
            var beyond = await node.Log(s_log).ReadAsync(end, 10, int.MaxValue);
            Assert.Empty(beyond.Entries);
            await AssertVerifiesAsync(node, writer, end);
            await TestNode.DeactivateAsync(node.Log(s_log));
        }
    }

    private static async Task AssertVerifiesAsync(TestNode node, WriterLog writer, int end)
    {
        foreach (var from in (int[])[0, end / 2, end - 1])
        {
            if (from >= 0 && from < end)
            {
                var range = await node.Log(s_log).ReadAsync(from, 4096, int.MaxValue);
                Assert.Equal(Math.Min(end - from, 4096), range.Entries.Count);
                Assert.True(RangeCheck.TryCheck(s_log, range, writer.Key.VerificationKey, out _, out var error), error);
            }
        }
    }
}
