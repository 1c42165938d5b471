using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace FederationNode.Protocol.Merkle;

/// <summary>Verifies that a tree is a prefix of a larger one (RFC 9162 section 2.1.4.2).</summary>
public static class ConsistencyProof
{
    /// <summary>Whether the proof holds.</summary>
    /// <inheritdoc cref="Verify(long, long, Hash256, Hash256, ReadOnlySpan{Hash256}, out string?)"/>
    public static bool Verify(
        long size1, long size2, Hash256 root1, Hash256 root2, ReadOnlySpan<Hash256> proof) =>
        Verify(size1, size2, root1, root2, proof, out _);

    /// <summary>Whether the proof holds; if not, says why. Takes any values; makes at most 108 hashes.</summary>
    /// <param name="size1">
    /// Entries of the older tree, 1 to <paramref name="size2"/>. The empty tree is a prefix of every tree, so there is
    /// nothing to prove and 0 is refused: the caller decides whether to start from nothing.
    /// </param>
    /// <param name="size2">Entries of the newer tree, at most 2^53.</param>
    /// <param name="root1">Root of the older tree.</param>
    /// <param name="root2">Root of the newer tree.</param>
    /// <param name="proof">The hashes; none if the sizes are equal.</param>
    /// <param name="error">What is wrong.</param>
    public static bool Verify(
        long size1,
        long size2,
        Hash256 root1,
        Hash256 root2,
        ReadOnlySpan<Hash256> proof,
        [NotNullWhen(false)] out string? error)
    {
        if (!MerkleTree.IsSize(size2) || size1 < 1 || size1 > size2)
        {
            error = $"A consistency proof leads from 1 or more entries to no fewer (at most {MerkleTree.MaxSize}), "
                + $"not from {size1} to {size2}.";
            return false;
        }

        if (size1 == size2)
        {
            error = root1 != root2 ? $"There are two roots for size {size1}: the log has forked."
                : proof.IsEmpty ? null
                : "A consistency proof between equal sizes must be empty.";
            return error is null;
        }

        if (proof.Length is 0 or > MerkleTree.MaxConsistencyProof
            || !LeadsToRoots(size1, size2, root1, root2, proof))
        {
            error = $"The consistency proof does not lead from the root of size {size1} to that of size {size2}.";
            return false;
        }

        error = null;
        return true;
    }

    private static bool LeadsToRoots(
        long size1, long size2, Hash256 root1, Hash256 root2, ReadOnlySpan<Hash256> proof)
    {
        // A complete older tree is itself a node of the newer one, and the proof leaves it out.
        var start = root1;
        if (!BitOperations.IsPow2(size1))
        {
            start = proof[0];
            proof = proof[1..];
        }

        var skip = BitOperations.TrailingZeroCount(size1);
        var index = (size1 - 1) >> skip;
        var last = (size2 - 1) >> skip;
        var hash1 = start;
        var hash2 = start;
        foreach (var sibling in proof)
        {
            if (last == 0)
            {
                return false;
            }

            if ((index & 1) == 1 || index == last)
            {
                hash1 = MerkleHash.Node(sibling, hash1);
                hash2 = MerkleHash.Node(sibling, hash2);
                while ((index & 1) == 0 && index != 0)
                {
                    index >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                hash2 = MerkleHash.Node(hash2, sibling);
            }

            index >>= 1;
            last >>= 1;
        }

        return last == 0 && hash1 == root1 && hash2 == root2;
    }
}
