using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace FederationNode.Protocol.Merkle;

/// <summary>Which tiles a tree has, and where a node stands in them (C2SP tlog-tiles v0.1.0).</summary>
public static class Tiles
{
    /// <summary>
    /// Width of the partial tile at the right end of a level: floor(size / 256^level) mod 256. 0 if there is none.
    /// </summary>
    /// <param name="level">0 to 6, or -1 for entries.</param>
    /// <param name="size">Number of entries, 0 to 2^53.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level or size is out of range.</exception>
    public static int PartialWidth(int level, long size) => (int)(NodesAt(level, size) % MerkleTree.TileWidth);

    /// <summary>Number of full tiles on a level: floor(size / 256^(level + 1)).</summary>
    /// <inheritdoc cref="PartialWidth"/>
    public static long FullCount(int level, long size) => NodesAt(level, size) / MerkleTree.TileWidth;

    /// <summary>
    /// All hash tiles of a tree, level by level, each level from the left, its partial tile last. With
    /// <paramref name="oldSize"/> only the tiles that the smaller tree does not have.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt;= oldSize &lt;= size &lt;= 2^53.</exception>
    public static IEnumerable<TileId> Hashes(long size, long oldSize = 0)
    {
        ThrowIfNotGrowth(size, oldSize);
        return Enumerable.Range(0, TileId.MaxLevel + 1).SelectMany(level => OfLevel(level, size, oldSize));
    }

    /// <summary>All entry bundles of a tree from the left, the partial one last; see <see cref="Hashes"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt;= oldSize &lt;= size &lt;= 2^53.</exception>
    public static IEnumerable<TileId> Entries(long size, long oldSize = 0)
    {
        ThrowIfNotGrowth(size, oldSize);
        return OfLevel(TileId.EntriesLevel, size, oldSize);
    }

    /// <summary>
    /// The tile of a tree that holds a node or, if the node's level is no multiple of 8, the nodes right below it:
    /// <see cref="MerkleHash.Root"/> of <paramref name="count"/> hashes from <paramref name="first"/> is the node.
    /// </summary>
    /// <param name="node">A node that lies wholly inside the tree.</param>
    /// <param name="size">Number of entries, 1 to 2^53.</param>
    /// <param name="first">Place of the first hash in the tile, 0 to 255.</param>
    /// <param name="count">Number of hashes, a power of two, 1 to 128.</param>
    /// <exception cref="ArgumentOutOfRangeException">The node is not wholly inside the tree.</exception>
    public static TileId Holding(NodeId node, long size, out int first, out int count)
    {
        MerkleTree.ThrowIfNotSize(size, nameof(size));
        if (node.Level is < 0 or > MerkleTree.MaxLevel || node.Index < 0 || node.Index >= size >> node.Level)
        {
            throw new ArgumentOutOfRangeException(nameof(node), node, $"The node is not inside {size} entries.");
        }

        var level = node.Level / MerkleTree.TileHeight;
        count = 1 << (node.Level % MerkleTree.TileHeight);
        var at = node.Index * count;
        first = (int)(at % MerkleTree.TileWidth);
        var index = at / MerkleTree.TileWidth;
        var width = index < FullCount(level, size) ? MerkleTree.TileWidth : PartialWidth(level, size);
        return new TileId(level, index, width);
    }

    /// <summary>Reads a hash tile: its hashes, each 32 bytes, in the caller's memory.</summary>
    /// <param name="bytes">Exactly 32 times the width.</param>
    /// <param name="width">Hashes expected, 1 to 256.</param>
    /// <param name="hashes">The hashes, in the same memory.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes,
        int width,
        out ReadOnlySpan<Hash256> hashes,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, MerkleTree.TileWidth);
        hashes = default;
        if (bytes.Length != width * Hash256.Size)
        {
            error = $"A tile of {width} hashes has {width * Hash256.Size} bytes, not {bytes.Length}.";
            return false;
        }

        // Hash256 is 32 bytes without alignment, so the bytes can be seen as hashes in place.
        hashes = MemoryMarshal.Cast<byte, Hash256>(bytes);
        error = null;
        return true;
    }

    /// <summary>The bytes of a hash tile, in the caller's memory: each hash 32 bytes, in order.</summary>
    public static ReadOnlySpan<byte> Encode(ReadOnlySpan<Hash256> hashes) => MemoryMarshal.AsBytes(hashes);

    private static IEnumerable<TileId> OfLevel(int level, long size, long oldSize)
    {
        var full = FullCount(level, size);
        for (var index = FullCount(level, oldSize); index < full; index++)
        {
            yield return new TileId(level, index, MerkleTree.TileWidth);
        }

        var partial = PartialWidth(level, size);
        if (partial > 0 && NodesAt(level, size) != NodesAt(level, oldSize))
        {
            yield return new TileId(level, full, partial);
        }
    }

    private static long NodesAt(int level, long size)
    {
        MerkleTree.ThrowIfNotSize(size, nameof(size));
        ArgumentOutOfRangeException.ThrowIfLessThan(level, TileId.EntriesLevel);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, TileId.MaxLevel);
        return size >> (MerkleTree.TileHeight * Math.Max(level, 0));
    }

    private static void ThrowIfNotGrowth(long size, long oldSize)
    {
        MerkleTree.ThrowIfNotSize(size, nameof(size));
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, size);
    }
}
