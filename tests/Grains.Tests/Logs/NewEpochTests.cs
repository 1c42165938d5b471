using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>The roster closes a log and opens its next epoch, while the member's node runs.</summary>
public sealed class NewEpochTests
{
    private const string NewLog = "demo/a/indicators/2";
    private const string NewReceipts = "demo/a/receipts/2";

    private static readonly string s_old = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_FrozenLog_OnlyTheNextEpochTakesEntries(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, s_old, 5);

        // The grain is awake before the node has the key, and takes entries as soon as it has.
        Assert.Equal(AppendRefusal.NotOurs, (await TryAppendAsync(node, NewLog)).Refusal);
        await FreezeAsync(node, 3);
        Assert.Equal(AppendRefusal.Frozen, (await TryAppendAsync(node, s_old)).Refusal);
        Open(node, 0, NewLog, (await node.Log(s_old).GetStatusAsync()) is { HeadSize: 3 } held ? held.HeadRoot : default);

        Assert.Equal(AppendRefusal.NotOurs, (await TryAppendAsync(node, s_old)).Refusal);
        await AppendAsync(node, NewLog, 2);
        Assert.Equal(NewLog, Identity(node).WrittenLog(node.Roster.Current, Origin.Indicators)!.Origin.Text);
        await node.DigestAsync(s_old, 3);
        await node.DigestAsync(NewLog, 2);
        Assert.Equal((3, 2), (node.List.AppliedOf(s_old), node.List.AppliedOf(NewLog)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Deferred_TheLogIsClosedBeforeItMaySign_GoesIntoTheNextEpochOnce(bool isOpenAtOnce)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        await node.FollowAsync();
        var urgent = Sample.Request(0, 2, "takedown") with { Urgent = true };
        AppendRequest amending = new([Sample.Entry(Sample.Listing(5)) with { Ref = 0 }]);
        Assert.All(await node.Log(s_old).AppendAsync([urgent, amending]), r => Assert.True(r.Deferred));

        Open(node, 0, NewLog, MerkleHash.Empty, at: 0, isConfirmed: isOpenAtOnce);
        await node.Log(s_old).GetStatusAsync();

        Assert.Empty((await node.Rows.ReadAsync<DeferredRow>(LogRowKind.Deferred, s_old))!.Value.Requests);
        Assert.Equal(3, node.List.Glance.Indicators);
        if (!isOpenAtOnce)
        {
            Assert.Equal(0, (await node.Log(NewLog).GetStatusAsync()).Size);
            await node.Log(NewLog).ConfirmAsync();
        }

        var (status, entries) = await node.ReadAllAsync(NewLog);
        Assert.Equal(3, status.Size);
        Assert.All(entries, e => Assert.True(Leaf.TryDecode(e.Leaf, out var leaf, out _) && leaf.Ref is null));
        Assert.True(Assert.Single(await node.Log(NewLog).AppendAsync([urgent])).Repeated);
        await node.DigestAsync(NewLog, 3);
        Assert.Equal(3, node.List.Current.Indicators);
    }

    [Fact]
    public async Task WrittenLog_RosterNamesAnotherKey_IsNone()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        Open(node, 0, NewLog, default, otherKey: true);

        Assert.Null(Identity(node).WrittenLog(node.Roster.Current, Origin.Indicators));
        Assert.Throws<ArgumentException>(() => Identity(node).Add(TestCoalition.KeyOf(NewLog)));
    }

    /// <summary>Where the old log was closed, what it said last may not count: so each log is receipted once more.</summary>
    [Fact]
    public async Task Receipts_InANewEpoch_AreSaidOnceMore()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var receipts = node.Grains.GetGrain<IReceiptsGrain>("a");
        HeldStatement[] held = [new(s_b, 5, Hash256.Of([5]), 5)];
        await receipts.HeldAsync(held);
        await receipts.FlushAsync();
        var old = await node.Log(TestCoalition.Receipts("a")).GetStatusAsync();
        Assert.Equal(1, old.Size);

        Open(node, 1, NewReceipts, old.Root);
        for (var activation = 0; activation < 2; activation++)
        {
            await receipts.HeldAsync(held);
            await receipts.FlushAsync();
            await TestNode.DeactivateAsync(receipts);
        }

        Assert.Equal(1, (await node.Log(TestCoalition.Receipts("a")).GetStatusAsync()).Size);
        var (status, entries) = await node.ReadAllAsync(NewReceipts);
        Assert.Equal(1, status.Size);
        Assert.True(LogEntry.TryInterpret(
            Origin.Parse(NewReceipts), 0, MerkleHash.Leaf(entries[0].Leaf), entries[0].Leaf, entries[0].Salt, entries[0].Payload, out var entry, out var reason), reason);
        Assert.Equal(5, Assert.Single(Assert.IsType<ReceiptPayload>(entry.Payload).Held).Head.Size);
    }

    private static NodeIdentity Identity(TestNode node) => node.Services.GetRequiredService<NodeIdentity>();

    /// <summary>Closes a log of a where it is, and opens its next epoch.</summary>
    private static void Open(TestNode node, int log, string next, Hash256 root, bool otherKey = false, long? at = null, bool isConfirmed = true)
    {
        var key = TestCoalition.KeyOf(next).VerificationKey;
        Identity(node).Add(otherKey ? OtherKey(next) : TestCoalition.KeyOf(next));
        node.Roster.Put(TestCoalition.Roster(2).With("a", m => m with
        {
            Logs =
            [
                .. m.Logs.Select((l, i) => i == log
                    ? l with { ClosedAt = new LogHead(l.Origin.Text, at ?? (log == 0 ? 3 : 1), root) }
                    : l),
                new RosterLog(Origin.Parse(next), key),
            ],
        }));
        if (isConfirmed)
        {
            node.Heads.Confirm(next);
        }
    }

    /// <summary>Another key of the same name, as if the request had been made in two folders.</summary>
    private static SigningKey OtherKey(string name) =>
        SigningKey.FromSeed(name, Hash256.Of("another"u8).Span);

    private static async Task FreezeAsync(TestNode node, int size)
    {
        var key = TestCoalition.KeyOf(s_old);
        byte[] Sign(byte root) => new Checkpoint(s_old, size, Hash256.Of([root])).Sign(key);
        var proof = ForkProof.Contradiction(Sign(1), Sign(2), [], []).Encode();
        Assert.Equal(ForkOutcome.Taken, await node.Log(s_old).TakeForkAsync(proof));
    }

    private static async Task<AppendResult> TryAppendAsync(TestNode node, string log) =>
        Assert.Single(await node.Log(log).AppendAsync([Sample.Request(0, 1)]));

    private static async Task AppendAsync(TestNode node, string log, int count) =>
        Assert.Equal(
            AppendRefusal.None, Assert.Single(await node.Log(log).AppendAsync([Sample.Request(100, count)])).Refusal);
}
