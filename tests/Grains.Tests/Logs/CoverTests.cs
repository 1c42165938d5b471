using CsCheck;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>Entries held beyond the newest signed head: the checkpoint that they came with proves them to others.</summary>
public sealed class CoverTests
{
    private static readonly string s_log = TestCoalition.Indicators("b");

    private static readonly WriterLog s_writer = WriterLog.WithListings(s_log, 900);

    private static readonly Gen<(int Size, int Cover)> s_sizes =
        Gen.Int[1, 899].SelectMany(size => Gen.Int[size + 1, 900].Select(cover => (size, cover)));

    [Fact]
    public void ReadNodes_WithACover_KnowsItsTreeAsFarAsItCanBeKnown() =>
        Gen.Select(s_sizes, Gen.Int[0, 9], Gen.Double.Unit).Sample(
            (sizes, level, place) =>
            {
                var log = Covered(sizes.Size, sizes.Cover);
                var node = new NodeId(level, (long)(place * (900 >> level)));
                var behind = CompactRange.Nodes(sizes.Size, sizes.Cover);
                var within = behind.Any(b => b != node && b.Begin <= node.Begin && node.End <= b.End);
                if (node.End > sizes.Cover || within)
                {
                    Assert.Throws<ArgumentException>(() => Read(log, [node]));
                }
                else
                {
                    Assert.Equal(s_writer.Nodes([node]), Read(log, [node]));
                }
            },
            iter: 300);

    [Fact]
    public void ReadNodes_WithACover_ProveAnyRangeOfWhatIsHeld() =>
        Gen.Select(s_sizes, Gen.Double.Unit, Gen.Int[1, 300]).Sample(
            (sizes, place, count) =>
            {
                var log = Covered(sizes.Size, sizes.Cover);
                var from = (int)(place * sizes.Size);
                var end = Math.Min(sizes.Size, from + count);
                var proof = RangeProof.Of(from, Read(log, RangeProof.Nodes(from, end, sizes.Cover)));
                Assert.True(proof.Verify(
                    from, s_writer.Leaves().AsSpan(from, end - from), sizes.Cover, s_writer.Root(sizes.Cover)));
            },
            iter: 100);

    [Fact]
    public async Task Load_CoverThatDoesNotFit_IsRefused()
    {
        (string Name, Action<HeadRow> Damage)[] damages =
        [
            ("no cover", h => h.Cover = null!), ("no hashes", h => h.CoverAfter = null!),
            ("hashes without a cover", h => h.Cover = []), ("a cover without hashes", h => h.CoverAfter = []),
            ("no note", h => h.Cover = [1, 2, 3]), ("a hash too few", h => h.CoverAfter = h.CoverAfter[32..]),
            ("a hash too many", h => h.CoverAfter = [.. h.CoverAfter, .. new byte[32]]),
            ("half a hash", h => h.CoverAfter = h.CoverAfter[16..]),
            ("a cover of what is held", h => h.Cover = s_writer.Checkpoint(600)),
            ("a cover of less", h => h.Cover = s_writer.Checkpoint(599)),
        ];
        foreach (var (name, damage) in damages)
        {
            var rows = new MemoryStorage().ToRowStore();
            await CommitAsync(await StoredLog.LoadAsync(rows, s_log), 600, 900);
            var row = (await rows.ReadAsync<HeadRow>(LogRowKind.Head, s_log))!;
            damage(row.Value);
            await rows.WriteAsync(LogRowKind.Head, s_log, row.Value, row.ETag);
            var refused = await Record.ExceptionAsync(() => StoredLog.LoadAsync(rows, s_log));
            Assert.True(refused is CorruptStateException, $"{name}: {refused}");
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Read_TransferBrokenOff_ServesWhatIsHeldUnderTheCheckpointThatItCameWith(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var log = node.Log(s_log);
        await log.ExtendAsync(s_writer.Range(0, 100));
        (int From, int End, int Under)[] steps = [(100, 300, 900), (300, 301, 700), (301, 640, 640 + 2)];
        foreach (var (from, end, under) in steps)
        {
            Assert.Equal(
                new ExtendResult(ExtendOutcome.Extended, end, null, 100), await log.ExtendAsync(s_writer.Range(from, end, under)));
            for (var activation = 0; activation < 2; activation++)
            {
                await AssertServesAsync(log, 0, 100, 100);
                await AssertServesAsync(log, 99, 100, 100);
                await AssertServesAsync(log, 100, end, under);
                await AssertServesAsync(log, end - 1, end, under);
                Assert.Empty((await log.ReadAsync(end, 10, int.MaxValue)).Entries);
                await TestNode.DeactivateAsync(log);
            }
        }

        // With a whole head there is no need of a cover, in the rows either.
        await log.ExtendAsync(s_writer.Range(640, 640));
        await AssertServesAsync(log, 0, 640, 640);
        var row = (await node.Rows.ReadAsync<HeadRow>(LogRowKind.Head, s_log))!.Value;
        Assert.Equal((640L, 0, 0), (row.SignedSize, row.Cover.Length, row.CoverAfter.Length));
    }

    private static async Task AssertServesAsync(IMemberLogGrain log, int from, int end, int under)
    {
        var range = await log.ReadAsync(from, 4096, int.MaxValue);
        Assert.Equal((from, end), (range.From, range.End));
        Assert.Equal(s_writer.Checkpoint(under), range.Checkpoint);
        Assert.True(RangeCheck.TryCheck(s_log, range, s_writer.Key.VerificationKey, out _, out var error), error);
    }

    /// <summary>The log as it is after it was loaded again.</summary>
    private static StoredLog Covered(int size, int cover)
    {
        var rows = new MemoryStorage().ToRowStore();
        CommitAsync(StoredLog.LoadAsync(rows, s_log).GetAwaiter().GetResult(), size, cover).GetAwaiter().GetResult();
        return StoredLog.LoadAsync(rows, s_log).GetAwaiter().GetResult();
    }

    private static Task CommitAsync(StoredLog log, int size, int cover) =>
        log.CommitAsync(log.Plan([.. s_writer.Entries.Take(size)]), head =>
        {
            head.Cover = s_writer.Checkpoint(cover);
            head.CoverAfter = HeadEdge.Join(s_writer.Nodes(CompactRange.Nodes(size, cover)));
        });

    private static IReadOnlyList<Protocol.Hash256> Read(StoredLog log, IReadOnlyList<NodeId> nodes) =>
        log.ReadNodesAsync(nodes).GetAwaiter().GetResult();
}
