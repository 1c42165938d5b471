using System.Numerics;

namespace FederationNode.Protocol.Merkle;

/// <summary>
/// Shows that a tree is a prefix of a larger one (RFC 6962 section 2.1.2; verified as in RFC 9162 section 2.1.4.2).
/// </summary>
public static class ConsistencyProof
{
    /// <summary>Whether <paramref name="proof"/> shows that the first tree is a prefix of the second.</summary>
    /// <param name="size1">
    /// Leaves of the smaller tree, at least 1. The empty tree is a prefix of every tree, so a proof from it would say
    /// nothing about the larger root: it is refused, and the caller decides whether to start from nothing.
    /// </param>
    /// <param name="size2">Leaves of the larger tree.</param>
    /// <param name="root1">Root of the smaller tree.</param>
    /// <param name="root2">Root of the larger tree.</param>
    /// <param name="proof">The hashes, in the order of RFC 6962.</param>
    public static bool Verify(long size1, long size2, Hash256 root1, Hash256 root2, IReadOnlyList<Hash256> proof)
    {
        if (size1 < 1 || size1 > size2)
        {
            return false;
        }

        if (size1 == size2)
        {
            return proof.Count == 0 && root1 == root2;
        }

        if (proof.Count == 0)
        {
            return false;
        }

        // The seed is the largest complete subtree that ends where the smaller tree ends. If that is the whole
        // smaller tree, its root is known and the proof leaves it out.
        var shift = BitOperations.TrailingZeroCount(size1);
        var seedGiven = !BitOperations.IsPow2(size1);
        var seed = seedGiven ? proof[0] : root1;
        var start = seedGiven ? 1 : 0;
        var inner = 64 - BitOperations.LeadingZeroCount((ulong)((size1 - 1) ^ (size2 - 1))) - shift;
        var border = BitOperations.PopCount((ulong)(size1 - 1) >> (inner + shift));
        if (proof.Count != start + inner + border)
        {
            return false;
        }

        var mask = (size1 - 1) >> shift;
        var (hash1, hash2) = (seed, seed);
        for (var i = 0; i < inner; i++)
        {
            var sibling = proof[start + i];
            if (((mask >> i) & 1) == 0)
            {
                hash2 = MerkleHash.Node(hash2, sibling);
            }
            else
            {
                hash1 = MerkleHash.Node(sibling, hash1);
                hash2 = MerkleHash.Node(sibling, hash2);
            }
        }

        for (var i = start + inner; i < proof.Count; i++)
        {
            hash1 = MerkleHash.Node(proof[i], hash1);
            hash2 = MerkleHash.Node(proof[i], hash2);
        }

        return hash1 == root1 && hash2 == root2;
    }
}
