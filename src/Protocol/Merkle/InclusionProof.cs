using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Merkle;

/// <summary>Verifies that an entry is in a tree (RFC 9162 section 2.1.3.2; RFC 6962 calls it audit path).</summary>
public static class InclusionProof
{
    /// <summary>Whether the proof holds.</summary>
    /// <inheritdoc cref="Verify(Hash256, long, long, ReadOnlySpan{Hash256}, Hash256, out string?)"/>
    public static bool Verify(
        Hash256 leafHash, long index, long size, ReadOnlySpan<Hash256> proof, Hash256 root) =>
        Verify(leafHash, index, size, proof, root, out _);

    /// <summary>Whether the proof holds; if not, says why. Takes any values; makes at most 53 hashes.</summary>
    /// <param name="leafHash">Hash of the entry, see <see cref="MerkleHash.Leaf"/>.</param>
    /// <param name="index">Index of the entry, 0 to size - 1.</param>
    /// <param name="size">Number of entries in the tree, 1 to 2^53.</param>
    /// <param name="proof">Sibling hashes from the entry up to the root.</param>
    /// <param name="root">Root hash of the tree of this size.</param>
    /// <param name="error">What is wrong.</param>
    public static bool Verify(
        Hash256 leafHash,
        long index,
        long size,
        ReadOnlySpan<Hash256> proof,
        Hash256 root,
        [NotNullWhen(false)] out string? error)
    {
        if (!MerkleTree.IsSize(size) || index < 0 || index >= size)
        {
            error = $"Entry {index} is not in a tree of {size} entries (at most {MerkleTree.MaxSize}).";
            return false;
        }

        if (proof.Length != ExpectedLength(index, size))
        {
            error = $"The inclusion proof has {proof.Length} hashes; entry {index} of {size} needs "
                + $"{ExpectedLength(index, size)}.";
            return false;
        }

        error = RootFrom(leafHash, index, size, proof) == root
            ? null
            : $"The inclusion proof of entry {index} does not lead to the root of size {size}.";
        return error is null;
    }

    /// <summary>Number of hashes in the one proof for an entry of a tree: 0 to 53.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size or index is out of range.</exception>
    public static int ExpectedLength(long index, long size)
    {
        MerkleTree.ThrowIfNotSize(size, nameof(size));
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var length = 0;
        for (var last = size - 1; last > 0; last >>= 1, index >>= 1)
        {
            // On the right border a node without a sibling moves up unchanged.
            length += (index & 1) == 1 || index < last ? 1 : 0;
        }

        return length;
    }

    private static Hash256 RootFrom(Hash256 hash, long index, long size, ReadOnlySpan<Hash256> proof)
    {
        var last = size - 1;
        foreach (var sibling in proof)
        {
            while ((index & 1) == 0 && index == last)
            {
                index >>= 1;
                last >>= 1;
            }

            hash = (index & 1) == 1 ? MerkleHash.Node(sibling, hash) : MerkleHash.Node(hash, sibling);
            index >>= 1;
            last >>= 1;
        }

        return hash;
    }
}
