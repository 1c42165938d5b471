using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>Two activations of one log over the same rows, as a partition of the cluster may leave them behind.</summary>
public sealed class TwoWritersTests
{
    private static readonly string s_log = TestCoalition.Indicators("a");

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_OtherActivationWasFaster_StepsDownSignsNothingAndGoesOn(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var first = await TestNode.StartAsync(sandbox);
        await using var second = await TestNode.StartAsync(sandbox);
        var shown = new ShownHeads(first, second);
        await OwnLogTests.AppendAsync(first, 250);
        Assert.Equal(250, (await second.Log(s_log).GetStatusAsync()).Size);
        await OwnLogTests.AppendAsync(first, 20);

        // Both seal the first bundle, each with other entries in it.
        var late = Assert.Single(await second.Log(s_log).AppendAsync([Sample.Request(5000, 30, "late")]));

        Assert.Equal(AppendRefusal.StorageUnavailable, late.Refusal);
        Assert.Equal(250, second.Heads.Get(s_log)!.Size);
        var again = Assert.Single(await second.Log(s_log).AppendAsync([Sample.Request(5000, 30, "late")]));
        Assert.Equal((270, 30, false, AppendRefusal.None), (again.First, again.Count, again.Repeated, again.Refusal));

        // Now the first one is behind, and finds what the other appended under the same key.
        Assert.Equal(
            AppendRefusal.StorageUnavailable,
            Assert.Single(await first.Log(s_log).AppendAsync([Sample.Request(6000, 1)])).Refusal);
        var found = Assert.Single(await first.Log(s_log).AppendAsync([Sample.Request(5000, 30, "late")]));
        Assert.Equal((270, true), (found.First, found.Repeated));
        var entries = await OwnLogTests.AppendAsync(first, 1);
        shown.AssertOneHistory(entries);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_BothAtOnceAgainAndAgain_NothingAcknowledgedIsLostAndNoSizeHasTwoRoots(string backend)
    {
        const int Each = 25;
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var first = await TestNode.StartAsync(sandbox);
        await using var second = await TestNode.StartAsync(sandbox);
        await OwnLogTests.AppendAsync(first, 240);
        var shown = new ShownHeads(first, second);

        var acknowledged = await Task.WhenAll(
            Task.Run(() => WriteAsync(first, 10_000)), Task.Run(() => WriteAsync(second, 20_000)));

        await TestNode.DeactivateAsync(first.Log(s_log));
        var (status, entries) = await first.ReadAllAsync(s_log);
        Assert.Equal(240 + (2 * Each), status.Size);
        foreach (var (number, index) in acknowledged.SelectMany(a => a))
        {
            Assert.Equal(Sample.Listing(number).Encode(), entries[(int)index].Payload);
        }

        shown.AssertOneHistory(entries);

        static async Task<List<(int Number, long Index)>> WriteAsync(TestNode node, int seed)
        {
            var done = new List<(int, long)>();
            for (var i = 0; i < Each;)
            {
                var request = Sample.Request(seed + i, 1, $"{seed}-{i}");
                var result = Assert.Single(await node.Log(s_log).AppendAsync([request]));
                if (result.Refusal == AppendRefusal.None)
                {
                    done.Add((seed + i, result.First));
                    i++;
                }
                else
                {
                    Assert.Equal(AppendRefusal.StorageUnavailable, result.Refusal);
                }
            }

            return done;
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Extend_OtherActivationWasFaster_StepsDownAndGoesOn(string backend)
    {
        var log = TestCoalition.Indicators("b");
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var first = await TestNode.StartAsync(sandbox);
        await using var second = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(log, 600);
        await first.Log(log).ExtendAsync(writer.Range(0, 100));
        Assert.Equal(100, (await second.Log(log).GetStatusAsync()).Size);
        await first.Log(log).ExtendAsync(writer.Range(100, 400));

        var late = await second.Log(log).ExtendAsync(writer.Range(100, 300));

        Assert.Equal((ExtendOutcome.StorageUnavailable, 100), (late.Outcome, late.Size));
        Assert.Equal(
            new ExtendResult(ExtendOutcome.AlreadyHeld, 400, null, 400),
            await second.Log(log).ExtendAsync(writer.Range(100, 300)));
        Assert.Equal(ExtendOutcome.Extended, (await second.Log(log).ExtendAsync(writer.Range(400, 600))).Outcome);
        var (status, entries) = await second.ReadAllAsync(log);
        Assert.Equal((600, writer.Root(600)), (status.Size, status.Root));
        Assert.Equal(writer.Entries.Select(WriterLog.Hex), entries.Select(WriterLog.Hex));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Commit_TwoPlansOnOneHead_TheSecondConflictsAndLeavesTheFirstWhole(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var writer = WriterLog.WithListings(s_log, 700);
        var loser = await StoredLog.LoadAsync(storage.Rows, s_log);
        var winner = await StoredLog.LoadAsync(storage.Rows, s_log);
        for (var size = 0; size < 600; size += 300)
        {
            var lost = loser.Plan([.. writer.Entries.Skip(size + 50).Take(300)]);
            await winner.CommitAsync(winner.Plan([.. writer.Entries.Skip(size).Take(300)]), h => h.SignedSize = h.Size);

            await Assert.ThrowsAsync<RowConflictException>(() => loser.CommitAsync(lost, h => h.SignedSize = h.Size));

            Assert.Equal(size, loser.Size);
            loser = await StoredLog.LoadAsync(storage.Rows, s_log);
            Assert.Equal((size + 300, writer.Root(size + 300)), (loser.Size, loser.Root));
            var entries = await loser.ReadAsync(0, loser.Size, 4096, int.MaxValue);
            Assert.Equal(writer.Entries.Take(size + 300).Select(WriterLog.Hex), entries.Select(WriterLog.Hex));
        }
    }

    /// <summary>Every checkpoint that either node ever showed.</summary>
    private sealed class ShownHeads
    {
        private readonly List<(long Size, Hash256 Root)> _heads = [];

        public ShownHeads(params TestNode[] nodes)
        {
            foreach (var node in nodes)
            {
                node.Heads.Grew += head =>
                {
                    var checkpoint = OwnLogTests.OpenCheckpoint(head.Checkpoint);
                    lock (_heads)
                    {
                        _heads.Add((checkpoint.Size, checkpoint.Root));
                    }
                };
            }
        }

        public void AssertOneHistory(List<StoredEntry> entries)
        {
            var leaves = entries.Select(e => MerkleHash.Leaf(e.Leaf)).ToArray();
            Assert.NotEmpty(_heads);
            Assert.All(_heads, h => Assert.Equal(MerkleHash.Root(leaves.AsSpan(0, (int)h.Size)), h.Root));
        }
    }
}
