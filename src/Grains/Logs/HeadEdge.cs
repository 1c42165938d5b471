using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Grains.Logs;

/// <summary>
/// The right edge of a log's tree as its head row keeps it: for each tile level the hashes that do not yet fill a
/// tile. Growing it is pure; what it seals on the way comes back as rows to write.
/// </summary>
internal sealed class HeadEdge
{
    /// <summary>Entries in a bundle, hashes in a tile.</summary>
    public const int Width = 256;

    private const int WidthBits = 8;

    // 256^5 = 2^40 entries are the most that a log can have.
    private const int MaxLevel = 5;

    // Item l: hashes of level l that do not fill a tile; item 0 are leaf hashes.
    private readonly List<List<Hash256>> _levels;

    private HeadEdge(List<List<Hash256>> levels, long size)
    {
        _levels = levels;
        Size = size;
    }

    public long Size { get; private set; }

    /// <summary>
    /// Takes the edge out of a head row, whose tail's leaves are hashed again, without asking whether it fits.
    /// </summary>
    /// <exception cref="InvalidDataException">A part of the row is not even a list of hashes.</exception>
    public static HeadEdge Restore(HeadRow head)
    {
        var levels = new List<List<Hash256>> { new(Width) };
        levels[0].AddRange(head.Tail.Select(e => MerkleHash.Leaf(e.Leaf)));
        foreach (var joined in head.Edge)
        {
            levels.Add(Split(joined));
        }

        return new HeadEdge(levels, head.Size);
    }

    /// <summary>What in the row that this edge was taken from contradicts itself, or null.</summary>
    public string? Contradiction(HeadRow head)
    {
        if (head.Edge.Length > MaxLevel || head.Size is < 0 or > ProtocolLimits.MaxLogSize
            || head.Size >> (WidthBits * _levels.Count) != 0)
        {
            return $"It says {head.Size} entries, but its edge has {head.Edge.Length} levels.";
        }

        for (var level = 0; level < _levels.Count; level++)
        {
            if (_levels[level].Count != (Size >> (WidthBits * level)) % Width)
            {
                return $"It says {Size} entries, but level {level} of its edge has {_levels[level].Count} hashes.";
            }
        }

        return Root().Span.SequenceEqual(head.Root) ? null : $"Its root is not the root of its {Size} entries.";
    }

    public static HeadEdge Empty() => new([new(Width)], 0);

    /// <summary>A copy to grow, so that a failed write leaves the original as it was.</summary>
    public HeadEdge Clone() => new([.. _levels.Select(l => new List<Hash256>(l))], Size);

    /// <summary>
    /// Adds a leaf hash. Whenever that fills a tile, <paramref name="onFull"/> gets level, number, root and hashes:
    /// level 0 is a bundle to seal, a higher level a tile to store.
    /// </summary>
    public void Add(Hash256 leafHash, Action<int, long, Hash256, IReadOnlyList<Hash256>> onFull)
    {
        Size++;
        _levels[0].Add(leafHash);
        for (var level = 0; _levels[level].Count == Width; level++)
        {
            var full = _levels[level];
            var root = RootOfFull(full);
            onFull(level, (Size >> (WidthBits * (level + 1))) - 1, root, full);
            _levels[level] = new List<Hash256>(Width);
            if (_levels.Count == level + 1)
            {
                _levels.Add(new List<Hash256>(Width));
            }

            _levels[level + 1].Add(root);
        }
    }

    /// <summary>The hashes of a level that do not fill a tile; empty above the edge's top.</summary>
    public IReadOnlyList<Hash256> Level(int level) => level < _levels.Count ? _levels[level] : [];

    /// <summary>The levels above 0, joined, as the head row stores them.</summary>
    public byte[][] ToRows() => [.. _levels.Skip(1).Select(Join)];

    /// <summary>The RFC 6962 root over all entries.</summary>
    public Hash256 Root()
    {
        Hash256? root = null;
        foreach (var level in _levels)
        {
            // The lowest bits are the rightmost subtrees; each one to the left is at least as high.
            var end = level.Count;
            for (var bit = 0; bit < WidthBits; bit++)
            {
                if ((level.Count & (1 << bit)) == 0)
                {
                    continue;
                }

                var subtree = RootOf(level, end - (1 << bit), 1 << bit);
                end -= 1 << bit;
                root = root is { } right ? MerkleHash.Node(subtree, right) : subtree;
            }
        }

        return root ?? MerkleHash.Empty;
    }

    /// <summary>The root of a complete subtree: <paramref name="count"/> hashes, a power of two.</summary>
    public static Hash256 RootOf(IReadOnlyList<Hash256> hashes, int start, int count)
    {
        if (count == 1)
        {
            return hashes[start];
        }

        var layer = new Hash256[count];
        for (var i = 0; i < count; i++)
        {
            layer[i] = hashes[start + i];
        }

        for (var width = count / 2; width >= 1; width /= 2)
        {
            for (var i = 0; i < width; i++)
            {
                layer[i] = MerkleHash.Node(layer[2 * i], layer[(2 * i) + 1]);
            }
        }

        return layer[0];
    }

    public static byte[] Join(IReadOnlyList<Hash256> hashes)
    {
        var joined = new byte[hashes.Count * Hash256.Size];
        for (var i = 0; i < hashes.Count; i++)
        {
            hashes[i].CopyTo(joined.AsSpan(i * Hash256.Size));
        }

        return joined;
    }

    public static List<Hash256> Split(byte[] joined)
    {
        if (joined.Length % Hash256.Size != 0)
        {
            throw new InvalidDataException("A row of hashes is not a multiple of 32 bytes long.");
        }

        var hashes = new List<Hash256>(joined.Length / Hash256.Size);
        for (var i = 0; i < joined.Length; i += Hash256.Size)
        {
            hashes.Add(new Hash256(joined.AsSpan(i, Hash256.Size)));
        }

        return hashes;
    }

    private static Hash256 RootOfFull(List<Hash256> hashes) => RootOf(hashes, 0, Width);
}
