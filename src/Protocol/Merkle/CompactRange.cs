using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace FederationNode.Protocol.Merkle;

/// <summary>
/// The right border of a growing tree over <c>[0, Size)</c>: the hashes of its complete subtrees, largest first, one
/// for each set bit of the size. Enough to append and to give the root; at most 40 hashes. Not thread-safe.
/// </summary>
public sealed class CompactRange
{
    private static readonly int s_maxLevel = BitOperations.Log2((ulong)ProtocolLimits.MaxLogSize);

    private Hash256[] _hashes;
    private int _count;

    /// <summary>Starts with the empty tree.</summary>
    public CompactRange() => _hashes = new Hash256[8];

    private CompactRange(long size, ReadOnlySpan<Hash256> hashes)
    {
        Size = size;
        _hashes = hashes.ToArray();
        _count = hashes.Length;
    }

    /// <summary>Number of entries.</summary>
    public long Size { get; private set; }

    /// <summary>The hashes to store, largest subtree first; valid until the next append.</summary>
    public ReadOnlySpan<Hash256> Hashes => _hashes.AsSpan(0, _count);

    /// <summary>Goes on from stored hashes. Only their number is checked: compare the root afterwards.</summary>
    public static bool TryRestore(
        long size,
        ReadOnlySpan<Hash256> hashes,
        [NotNullWhen(true)] out CompactRange? range,
        [NotNullWhen(false)] out string? error)
    {
        range = null;
        error = size is < 0 or > ProtocolLimits.MaxLogSize
                ? $"The size {size} is not from 0 to {ProtocolLimits.MaxLogSize}."
            : BitOperations.PopCount((ulong)size) != hashes.Length
                ? $"A tree of {size} entries has {BitOperations.PopCount((ulong)size)} complete subtrees, "
                    + $"but {hashes.Length} hashes are given."
            : null;
        if (error is not null)
        {
            return false;
        }

        range = new CompactRange(size, hashes);
        return true;
    }

    /// <summary>
    /// The complete subtrees that make up the entries <c>[begin, end)</c>, from left to right: the fewest there are,
    /// at most 80. For begin 0 they are the nodes of <see cref="Hashes"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt;= begin &lt;= end &lt;= 2^40.</exception>
    public static IReadOnlyList<NodeId> Nodes(long begin, long end)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(begin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(begin, end);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, ProtocolLimits.MaxLogSize);
        var nodes = new List<NodeId>();
        while (begin < end)
        {
            var level = Math.Min(BitOperations.TrailingZeroCount(begin), BitOperations.Log2((ulong)(end - begin)));
            nodes.Add(new NodeId(level, begin >> level));
            begin += 1L << level;
        }

        return nodes;
    }

    /// <summary>Appends the hash of an entry, see <see cref="MerkleHash.Leaf"/>.</summary>
    /// <exception cref="InvalidOperationException">The tree has 2^40 entries already.</exception>
    public void Append(Hash256 leafHash) => AppendSubtree(0, leafHash);

    /// <summary>Appends the hashes of entries in order.</summary>
    /// <exception cref="InvalidOperationException">The tree would exceed 2^40 entries; some are appended.</exception>
    public void Append(ReadOnlySpan<Hash256> leafHashes)
    {
        foreach (ref readonly var leafHash in leafHashes)
        {
            AppendSubtree(0, leafHash);
        }
    }

    /// <summary>
    /// Appends a complete subtree of 2^level entries at once. With the nodes of <see cref="Nodes"/> in their order a
    /// range joins the tree without its entries.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The level is not 0 to 40.</exception>
    /// <exception cref="InvalidOperationException">The size is no multiple of 2^level or would exceed 2^40.</exception>
    public void AppendSubtree(int level, Hash256 hash)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, s_maxLevel);
        var width = 1L << level;
        if ((Size & (width - 1)) != 0 || Size + width > ProtocolLimits.MaxLogSize)
        {
            throw new InvalidOperationException($"A subtree of level {level} cannot follow {Size} entries.");
        }

        // Like a carry in binary addition: equal neighbours join until a free place is found.
        for (var bit = width; (Size & bit) != 0; bit <<= 1)
        {
            hash = MerkleHash.Node(_hashes[--_count], hash);
        }

        if (_count == _hashes.Length)
        {
            Array.Resize(ref _hashes, Math.Max(8, 2 * _count));
        }

        _hashes[_count++] = hash;
        Size += width;
    }

    /// <summary>The root hash of the tree (RFC 6962 section 2.1).</summary>
    public Hash256 Root() => ProofBuilder.BuildRoot(new ArraySegment<Hash256>(_hashes, 0, _count));

    /// <summary>An independent copy, to try an append without losing the present state.</summary>
    public CompactRange Clone() => new(Size, Hashes);
}
