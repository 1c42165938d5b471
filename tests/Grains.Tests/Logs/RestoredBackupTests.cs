using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>
/// A member whose node was set back to an old backup: what it had signed before is with its peers, and it must not sign
/// anything else for the same sizes.
/// </summary>
public sealed class RestoredBackupTests
{
    private static readonly string s_log = TestCoalition.Indicators("a");

    [Theory, OnSqlite, OnPostgres]
    public async Task Extend_OwnLogFetchedBack_IsSignedAndAppendedToOnlyWhenItIsWhole(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var before = await RestoredAsync(node, 100, 400);
        var log = node.Log(s_log);
        await log.NotePeerSizeAsync(400);
        await AssertBehindAsync(node, 100);

        foreach (var end in (int[])[250, 300, 399])
        {
            var (status, _) = await node.ReadAllAsync(s_log);
            var result = await log.ExtendAsync(before.Range((int)status.Size, end, 400));
            Assert.Equal(new ExtendResult(ExtendOutcome.Extended, end, null), result);
            await AssertBehindAsync(node, end);
            await TestNode.DeactivateAsync(log);
            await AssertBehindAsync(node, end);
        }

        Assert.Equal(ExtendOutcome.Extended, (await log.ExtendAsync(before.Range(399, 400))).Outcome);
        var whole = await log.GetStatusAsync();
        Assert.Equal((400, 400, before.Root(400)), (whole.Size, whole.SignedSize, whole.SignedRoot));
        Assert.Equal(before.Checkpoint(400), whole.Checkpoint);
        var appended = Assert.Single(await log.AppendAsync([Sample.Request(400, 1)]));
        Assert.Equal((400, AppendRefusal.None), (appended.First, appended.Refusal));

        async Task AssertBehindAsync(TestNode node, int size)
        {
            var (status, entries) = await node.ReadAllAsync(s_log);
            Assert.Equal((size, 100, before.Root(100)), (status.Size, status.SignedSize, status.SignedRoot));
            Assert.Equal(before.Checkpoint(100), status.Checkpoint);
            Assert.Equal(100, entries.Count);
            var range = await node.Log(s_log).ReadAsync(0, 60, int.MaxValue);
            Assert.True(ConsistencyProof.Verify(60, 100, before.Root(60), before.Root(100), range.Proof));
            var refused = Assert.Single(await node.Log(s_log).AppendAsync([Sample.Request(900, 1)]));
            Assert.Equal(AppendRefusal.Behind, refused.Refusal);
        }
    }

    [Fact]
    public async Task NotePeerSize_PeerThatCannotProveIt_HoldsTheLogUpOnceAndNotForLong()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await OwnLogTests.AppendAsync(node, 10);
        var log = node.Log(s_log);

        await log.NotePeerSizeAsync(10);
        Assert.Equal(AppendRefusal.None, Assert.Single(await log.AppendAsync([Sample.Request(10, 1)])).Refusal);
        await log.NotePeerSizeAsync(1L << 40);
        Assert.Equal(AppendRefusal.Behind, Assert.Single(await log.AppendAsync([Sample.Request(11, 1)])).Refusal);
        node.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(AppendRefusal.None, Assert.Single(await log.AppendAsync([Sample.Request(11, 1)])).Refusal);
        await log.NotePeerSizeAsync(1L << 40);
        Assert.Equal(AppendRefusal.None, Assert.Single(await log.AppendAsync([Sample.Request(12, 1)])).Refusal);
    }

    [Fact]
    public async Task Extend_CheckpointOfTheOwnLogBeyondWhatIsHeld_StopsAppendingForGood()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var before = await RestoredAsync(node, 100, 400);

        Assert.Equal(ExtendOutcome.Gap, (await node.Log(s_log).ExtendAsync(before.Range(300, 400))).Outcome);

        node.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(
            AppendRefusal.Behind, Assert.Single(await node.Log(s_log).AppendAsync([Sample.Request(100, 1)])).Refusal);
        Assert.Equal(ExtendOutcome.Extended, (await node.Log(s_log).ExtendAsync(before.Range(100, 400))).Outcome);
        Assert.Equal(
            AppendRefusal.None, Assert.Single(await node.Log(s_log).AppendAsync([Sample.Request(400, 1)])).Refusal);
    }

    [Fact]
    public async Task Extend_OwnLogForkedByAnOldBackup_IsAForkWithEvidence()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var before = await RestoredAsync(node, 100, 400);
        await OwnLogTests.AppendAsync(node, 50);
        var snapshot = await HeldSnapshot.TakeAsync(node, s_log);

        Assert.Equal(ExtendOutcome.Fork, (await node.Log(s_log).ExtendAsync(before.Range(0, 150))).Outcome);

        await snapshot.AssertUnchangedAsync(node, s_log);
        Assert.Equal(before.Checkpoint(150), (await node.Rows.ReadAsync<ForkRow>(LogRowKind.Fork, s_log))!.Value.Other);
    }

    /// <summary>A node that holds the first entries of its own log, and the whole log as its peers hold it.</summary>
    private static async Task<WriterLog> RestoredAsync(TestNode node, int held, int size)
    {
        var log = new WriterLog(s_log);
        foreach (var entry in await OwnLogTests.AppendAsync(node, held))
        {
            log.AddRaw(entry);
        }

        log.AddListings(size - held, seed: 3000);
        return log;
    }
}
