using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace FederationNode.Protocol.Merkle;

/// <summary>The hashes of RFC 6962 section 2.1 with SHA-256.</summary>
public static class MerkleHash
{
    private const byte LeafPrefix = 0x00;
    private const byte NodePrefix = 0x01;

    /// <summary>Longest entry that is hashed on the stack; log entries have at most a few hundred bytes.</summary>
    private const int StackEntry = 1023;

    /// <summary>Root of the tree without entries: SHA-256 of no bytes.</summary>
    public static Hash256 Empty { get; } = Hash256.Of([]);

    /// <summary>Hash of an entry, SHA-256(0x00 || entry).</summary>
    [SkipLocalsInit]
    public static Hash256 Leaf(ReadOnlySpan<byte> entry)
    {
        if (entry.Length > StackEntry)
        {
            return LongLeaf(entry);
        }

        Span<byte> input = stackalloc byte[StackEntry + 1];
        input[0] = LeafPrefix;
        entry.CopyTo(input[1..]);
        return Hash256.Of(input[..(entry.Length + 1)]);
    }

    /// <summary>Hash of an inner node, SHA-256(0x01 || left || right).</summary>
    [SkipLocalsInit]
    public static Hash256 Node(in Hash256 left, in Hash256 right)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Hash256.Size)];
        input[0] = NodePrefix;
        left.Span.CopyTo(input[1..]);
        right.Span.CopyTo(input[(1 + Hash256.Size)..]);
        return Hash256.Of(input);
    }

    /// <summary>
    /// Root of the tree over the given leaf hashes, which are not copied; also the hash of a complete subtree from a
    /// run of equal nodes below it. No hashes give <see cref="Empty"/>.
    /// </summary>
    public static Hash256 Root(ReadOnlySpan<Hash256> leafHashes)
    {
        if (leafHashes.Length <= 1)
        {
            return leafHashes.IsEmpty ? Empty : leafHashes[0];
        }

        // The largest power of two below n; the recursion is at most 31 deep.
        var split = 1 << BitOperations.Log2((uint)leafHashes.Length - 1);
        return Node(Root(leafHashes[..split]), Root(leafHashes[split..]));
    }

    private static Hash256 LongLeaf(ReadOnlySpan<byte> entry)
    {
        var input = ArrayPool<byte>.Shared.Rent(entry.Length + 1);
        input[0] = LeafPrefix;
        entry.CopyTo(input.AsSpan(1));
        var hash = Hash256.Of(input.AsSpan(0, entry.Length + 1));
        ArrayPool<byte>.Shared.Return(input);
        return hash;
    }
}
