using CsCheck;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>However entries come into a log, and whenever it is loaded again, it is the same log in the same rows.</summary>
public sealed class StoredLogPropertyTests
{
    private const string Log = "demo/b/indicators/1";

    private static readonly StoredEntry[] s_entries =
        [.. Enumerable.Range(0, 1400).Select(i => i % 7 == 3
            ? new StoredEntry(BitConverter.GetBytes(i), null, null)
            : new StoredEntry([.. BitConverter.GetBytes(i), 1], BitConverter.GetBytes(i), BitConverter.GetBytes(-i)))];

    private static readonly Hash256[] s_leaves = [.. s_entries.Select(e => MerkleHash.Leaf(e.Leaf))];

    // Many steps of one entry, and steps that end at, before and after the border of a bundle.
    private static readonly Gen<int> s_step = Gen.OneOf(
        Gen.Int[0, 3],
        Gen.Int[-1, 1].Select(Gen.Int[1, 2], (offset, bundles) => (256 * bundles) + offset),
        Gen.Int[1, 600]);

    [Fact]
    public void Commit_AnySplitOfTheSameEntries_GivesTheSameRows() =>
        Gen.Select(s_step.Array[1, 12], Gen.Bool.Array[12]).Sample(
            (steps, reload) =>
            {
                var split = new MemoryStorage();
                var size = AppendAll(split, steps, reload);
                var atOnce = new MemoryStorage();
                AppendAll(atOnce, [size], [false]);
                Assert.Equal(atOnce.Dump(), split.Dump());
            },
            iter: 60);

    [Fact]
    public void Load_AfterAnyStep_IsTheLogAsItWas() =>
        s_step.Array[1, 8].Sample(
            steps =>
            {
                var rows = new MemoryStorage().ToRowStore();
                var log = Load(rows);
                foreach (var step in steps)
                {
                    var from = (int)log.Size;
                    var end = Math.Min(from + step, s_entries.Length);
                    Commit(log, from, end);
                    var again = Load(rows);
                    Assert.Equal((end, MerkleHash.Root(s_leaves.AsSpan(0, end))), ((int)again.Size, again.Root));
                    Assert.Equal(log.Root, again.Root);
                    AssertReads(again, end, Math.Max(0, from - 300));
                }
            },
            iter: 40);

    [Fact]
    public void ReadNodes_AnyCompleteSubtree_IsItsRoot() =>
        Gen.Int[1, 1400].SelectMany(size => Gen.Int[0, 10].SelectMany(
            level => Gen.Int[0, size >> level].Select(index => (size, level, index)))).Sample(
            node =>
            {
                var (size, level, index) = node;
                if ((index + 1) << level > size)
                {
                    return;
                }

                var log = Load(new MemoryStorage().ToRowStore());
                Commit(log, 0, size);
                var hash = log.ReadNodesAsync([new NodeId(level, index)]).GetAwaiter().GetResult();
                Assert.Equal(MerkleHash.Root(s_leaves.AsSpan(index << level, 1 << level)), Assert.Single(hash));
            },
            iter: 200);

    [Fact]
    public void Commit_HeadWriteFails_TheLogIsAsItWas()
    {
        var storage = new WatchedStorage(new MemoryStorage());
        using var rows = MemoryStorage.ToRowStore(storage);
        var log = Load(rows);
        Commit(log, 0, 250);
        storage.BeforeWrite = WatchedStorage.FailOnce(LogRowKind.Head);

        Assert.Throws<StorageException>(() => Commit(log, 250, 300));

        Assert.Equal((250, MerkleHash.Root(s_leaves.AsSpan(0, 250))), (log.Size, log.Root));
        AssertReads(log, 250, 0);
        Commit(log, 250, 700);
        AssertReads(Load(rows), 700, 0);
    }

    [Fact]
    public void Commit_RowsLeftByACrashedWriterWithOtherEntries_HaveNoEffect()
    {
        var storage = new WatchedStorage(new MemoryStorage());
        using var rows = MemoryStorage.ToRowStore(storage);
        var log = Load(rows);
        Commit(log, 0, 250);
        storage.BeforeWrite = WatchedStorage.FailOnce(LogRowKind.Head);
        var lost = log.Plan(s_entries[700..1000]);
        Assert.Throws<StorageException>(() => log.CommitAsync(lost, _ => { }).GetAwaiter().GetResult());

        var again = Load(rows);
        Commit(again, 250, 600);

        AssertReads(Load(rows), 600, 0);
    }

    /// <summary>Beyond 65,536 entries the tree has a third level of tiles.</summary>
    [Theory]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(65_792)]
    [InlineData(70_001)]
    public void Add_LargeLog_EdgeTilesAndRootAreThoseOfTheTree(int size)
    {
        var edge = HeadEdge.Empty();
        var tree = new CompactRange();
        var tiles = new Dictionary<(int Level, long Number), Hash256>();
        for (var i = 0; i < size; i++)
        {
            var leaf = MerkleHash.Leaf(BitConverter.GetBytes(i));
            tree.Append(leaf);
            edge.Add(leaf, (level, number, root, hashes) =>
            {
                Assert.Equal(256, hashes.Count);
                Assert.Equal(HeadEdge.RootOf(hashes, 0, 256), root);
                tiles.Add((level, number), root);
            });
        }

        Assert.Equal(tree.Root(), edge.Root());
        Assert.Equal(size / 256, tiles.Count(t => t.Key.Level == 0));
        Assert.Equal(size / 65_536, tiles.Count(t => t.Key.Level == 1));
        Assert.Equal(
            [size % 256, (size >> 8) % 256, size >> 16, 0], Enumerable.Range(0, 4).Select(l => edge.Level(l).Count));
        var head = HeadOf(edge, size);
        var restored = HeadEdge.Restore(head);
        Assert.Equal(head.Edge, restored.ToRows());
        Assert.Equal(edge.Root(), restored.Root());
    }

    [Fact]
    public void Restore_RowThatContradictsItself_IsRefused()
    {
        var edge = HeadEdge.Empty();
        for (var i = 0; i < 700; i++)
        {
            edge.Add(MerkleHash.Leaf(BitConverter.GetBytes(i)), (_, _, _, _) => { });
        }

        HeadEdge.Restore(HeadOf(edge, 700));
        (string Name, Action<HeadRow> Damage)[] damages =
        [
            ("size", h => h.Size++), ("negative size", h => h.Size = -700), ("size by a tile", h => h.Size += 256),
            ("size by 2^56", h => h.Size += 1L << 56),
            ("root", h => h.Root[3] ^= 1), ("short root", h => h.Root = h.Root[1..]), ("no root", h => h.Root = []),
            ("tail too short", h => h.Tail = h.Tail[1..]), ("tail too long", h => h.Tail = [.. h.Tail, h.Tail[0]]),
            ("leaf", h => h.Tail[5].Leaf[0] ^= 1), ("order", h => Array.Reverse(h.Tail)),
            ("edge", h => h.Edge[0][40] ^= 1), ("torn edge", h => h.Edge[0] = h.Edge[0][1..]),
            ("no edge", h => h.Edge = []), ("long edge", h => h.Edge = [.. h.Edge, new byte[32]]),
        ];
        foreach (var (name, damage) in damages)
        {
            var head = HeadOf(edge, 700);
            damage(head);
            Assert.True(IsRefused(head), name);
        }
    }

    private static bool IsRefused(HeadRow head)
    {
        try
        {
            return HeadEdge.Restore(head).Contradiction(head) is not null;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }

    private static HeadRow HeadOf(HeadEdge edge, int size) => new()
    {
        Size = size,
        Root = edge.Root().ToArray(),
        Tail =
        [
            .. Enumerable.Range(size - (size % 256), size % 256)
                .Select(i => new TailEntry { Leaf = BitConverter.GetBytes(i) }),
        ],
        Edge = edge.ToRows(),
    };

    private static int AppendAll(MemoryStorage storage, int[] steps, bool[] reload)
    {
        var rows = storage.ToRowStore();
        var log = Load(rows);
        for (var i = 0; i < steps.Length; i++)
        {
            log = reload[i] ? Load(rows) : log;
            Commit(log, (int)log.Size, Math.Min((int)log.Size + steps[i], s_entries.Length));
        }

        Assert.Equal(MerkleHash.Root(s_leaves.AsSpan(0, (int)log.Size)), log.Root);
        return (int)log.Size;
    }

    private static StoredLog Load(RowStore rows) => StoredLog.LoadAsync(rows, Log).GetAwaiter().GetResult();

    private static void Commit(StoredLog log, int from, int end) =>
        log.CommitAsync(log.Plan(s_entries[from..end]), head => head.SignedSize = head.Size).GetAwaiter().GetResult();

    private static void AssertReads(StoredLog log, int end, int from)
    {
        while (from < end)
        {
            var read = log.ReadAsync(from, end, 4096, int.MaxValue).GetAwaiter().GetResult();
            Assert.NotEmpty(read);
            Assert.Equal(s_entries.Skip(from).Take(read.Count).Select(WriterLog.Hex), read.Select(WriterLog.Hex));
            from += read.Count;
        }
    }
}
