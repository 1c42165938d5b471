using FederationNode.Contracts.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
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
        Assert.Equal(400, await log.NoteShownAsync(before.Checkpoint(400)));
        await AssertBehindAsync(node, 100);

        foreach (var end in (int[])[250, 300, 399])
        {
            var (status, _) = await node.ReadAllAsync(s_log);
            var result = await log.ExtendAsync(before.Range((int)status.Size, end, 400));
            Assert.Equal(new ExtendResult(ExtendOutcome.Extended, end, null, 100), result);
            await AssertBehindAsync(node, end);
            await TestNode.DeactivateAsync(log);
            await AssertBehindAsync(node, end);
        }

        Assert.Equal(ExtendOutcome.Extended, (await log.ExtendAsync(before.Range(399, 400))).Outcome);
        var whole = await log.GetStatusAsync();
        Assert.Equal((401, 401), (whole.Size, whole.SignedSize));
        var entries = await OwnLogTests.AppendAsync(node, 1);
        Assert.Equal(before.Root(400), WriterLog.RootOf(entries[..400]));

        async Task AssertBehindAsync(TestNode node, int size)
        {
            var (status, entries) = await node.ReadAllAsync(s_log);
            Assert.Equal((size, 100, before.Root(100)), (status.Size, status.SignedSize, status.SignedRoot));
            Assert.Equal(before.Checkpoint(100), status.Checkpoint);
            Assert.Equal(100, entries.Count);
            var range = await node.Log(s_log).ReadAsync(0, 60, int.MaxValue);
            var proof = new RangeProof(range.Before, range.After);
            Assert.True(proof.Verify(0, before.Leaves().AsSpan(0, 60), 100, before.Root(100)));
            await OwnLogTests.AssertDefersAsync(node);
        }
    }

    [Fact]
    public async Task NoteShown_WhatIsNoCheckpointUnderTheOwnKey_HoldsNothingUp()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await OwnLogTests.AppendAsync(node, 10);
        var other = WriterLog.WithListings(TestCoalition.Receipts("a"), 40);
        var stranger = SigningKey.FromSeed(s_log, Hash256.Of("another key under the same name"u8).Span);
        var text = new Checkpoint(s_log, 40, other.Root(40)).ToText();
        byte[][] claims =
        [
            [], [1, 2, 3], other.Checkpoint(40), SignedNote.Sign(text, stranger), SignedNote.Sign(text, other.Key),
            new Checkpoint(other.Origin, 40, other.Root(40)).Sign(other.Key),
        ];

        foreach (var claim in claims)
        {
            Assert.Null(await node.Log(s_log).NoteShownAsync(claim));
        }

        Assert.Null(await node.Log(TestCoalition.Indicators("b")).NoteShownAsync(other.Checkpoint(40)));
        await OwnLogTests.AppendAsync(node, 1);
    }

    [Fact]
    public async Task NoteShown_CheckpointsUpToWhatIsHeld_HoldNothingUp()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var log = await RestoredAsync(node, 100, 101);

        foreach (var size in (int[])[0, 1, 99, 100])
        {
            Assert.Equal(size, await node.Log(s_log).NoteShownAsync(log.Checkpoint(size)));
        }

        await OwnLogTests.AppendAsync(node, 1);
    }

    [Fact]
    public async Task NoteShown_CheckpointBeyondWhatIsHeldThenANewActivation_TheLogStillTakesNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var before = await RestoredAsync(node, 100, 400);
        await node.Log(s_log).NoteShownAsync(before.Checkpoint(400));

        await TestNode.DeactivateAsync(node.Log(s_log));

        await OwnLogTests.AssertDefersAsync(node);
        await node.Log(s_log).ExtendAsync(before.Range(100, 400));
        await OwnLogTests.AppendAsync(node, 1);
    }

    [Fact]
    public async Task NoteShown_CheckpointThatContradictsWhatIsHeld_FreezesTheLogForGood()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var before = await RestoredAsync(node, 100, 150);
        await OwnLogTests.AppendAsync(node, 60);

        Assert.Equal(150, await node.Log(s_log).NoteShownAsync(before.Checkpoint(150)));

        await AssertRefusedAsync(node, AppendRefusal.Frozen);
        await TestNode.DeactivateAsync(node.Log(s_log));
        await AssertRefusedAsync(node, AppendRefusal.Frozen);
        Assert.Equal(150, (await node.Log(s_log).GetStatusAsync()).FrozenAt);
    }

    [Fact]
    public async Task Append_NotConfirmedInThisRun_IsRefusedUntilItIs()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var first = await TestNode.StartAsync(sandbox))
        {
            await OwnLogTests.AppendAsync(first, 3);
        }

        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        await OwnLogTests.AssertDefersAsync(node);
        Assert.Equal(3, (await node.Log(s_log).GetStatusAsync()).SignedSize);

        await node.Log(TestCoalition.Receipts("a")).ConfirmAsync();
        await OwnLogTests.AssertDefersAsync(node);
        await node.Log(s_log).ConfirmAsync();
        await OwnLogTests.AppendAsync(node, 1);
        await TestNode.DeactivateAsync(node.Log(s_log));
        await OwnLogTests.AppendAsync(node, 1);
    }

    [Fact]
    public async Task Extend_CheckpointOfTheOwnLogBeyondWhatIsHeld_StopsAppendingForGood()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var before = await RestoredAsync(node, 100, 400);

        Assert.Equal(ExtendOutcome.Gap, (await node.Log(s_log).ExtendAsync(before.Range(300, 400))).Outcome);

        node.Clock.Advance(TimeSpan.FromDays(1));
        await OwnLogTests.AssertDefersAsync(node);
        Assert.Equal(ExtendOutcome.Extended, (await node.Log(s_log).ExtendAsync(before.Range(100, 400))).Outcome);
        Assert.Equal(402, (await OwnLogTests.AppendAsync(node, 1)).Count);
    }

    [Fact]
    public async Task Extend_OwnLogForkedByAnOldBackup_IsFrozenWhereTheHistoriesPart()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var before = await RestoredAsync(node, 100, 400);
        await OwnLogTests.AppendAsync(node, 50);

        Assert.Equal(ExtendOutcome.Fork, (await node.Log(s_log).ExtendAsync(before.Range(0, 150))).Outcome);

        var (status, entries) = await node.ReadAllAsync(s_log);
        Assert.Equal((150, 100L, 100), (status.Size, status.FrozenAt, entries.Count));
        Assert.Equal(before.Root(100), status.HeadRoot);
        await AssertRefusedAsync(node, AppendRefusal.Frozen);
    }

    private static async Task AssertRefusedAsync(TestNode node, AppendRefusal refusal)
    {
        var (status, _) = await node.ReadAllAsync(s_log);
        var result = Assert.Single(await node.Log(s_log).AppendAsync([Sample.Request(900, 1)]));
        Assert.Equal(refusal, result.Refusal);
        Assert.NotEmpty(result.Error!);
        Assert.Equal(status.Size, (await node.Log(s_log).GetStatusAsync()).Size);
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
