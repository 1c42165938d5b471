using System.Numerics;

namespace FederationNode.Protocol.Merkle;

/// <summary>Shows that a leaf stands in a tree (RFC 6962 section 2.1.1; verified as in RFC 9162 section 2.1.3.2).</summary>
public static class InclusionProof
{
    /// <summary>Whether <paramref name="proof"/> leads from the leaf to the root.</summary>
    /// <param name="leafHash">RFC 6962 hash of the entry.</param>
    /// <param name="index">Index of the leaf, from 0, below <paramref name="size"/>.</param>
    /// <param name="size">Number of leaves of the tree.</param>
    /// <param name="proof">The siblings, from the leaf upwards.</param>
    /// <param name="root">The root of the tree.</param>
    public static bool Verify(Hash256 leafHash, long index, long size, IReadOnlyList<Hash256> proof, Hash256 root)
    {
        if (index < 0 || index >= size)
        {
            return false;
        }

        // Below the level where the paths to the leaf and to the last leaf part, siblings lie on either side; above it
        // the leaf's path is on the right border, and there are siblings on the left only.
        var inner = 64 - BitOperations.LeadingZeroCount((ulong)(index ^ (size - 1)));
        var border = BitOperations.PopCount((ulong)index >> inner);
        if (proof.Count != inner + border)
        {
            return false;
        }

        var hash = leafHash;
        for (var i = 0; i < inner; i++)
        {
            hash = ((index >> i) & 1) == 0 ? MerkleHash.Node(hash, proof[i]) : MerkleHash.Node(proof[i], hash);
        }

        for (var i = inner; i < proof.Count; i++)
        {
            hash = MerkleHash.Node(proof[i], hash);
        }

        return hash == root;
    }
}
