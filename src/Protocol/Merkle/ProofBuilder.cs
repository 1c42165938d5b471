using System.Numerics;

namespace FederationNode.Protocol.Merkle;

/// <summary>
/// Makes RFC 6962 proofs in two pure steps: which complete subtrees are needed, and, once the caller has fetched their
/// hashes from wherever they lie, the proof. Subtrees of a tree's right border are not complete; they are put together
/// out of complete ones here.
/// </summary>
public static class ProofBuilder
{
    /// <summary>The subtrees needed to prove that leaf <paramref name="index"/> is in the tree of this size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not below the size.</exception>
    public static IReadOnlyList<NodeId> NodesForInclusion(long index, long size) =>
        [.. InclusionPath(index, size).SelectMany(r => r.Nodes())];

    /// <summary>The inclusion proof.</summary>
    /// <param name="index">The leaf.</param>
    /// <param name="size">Leaves of the tree.</param>
    /// <param name="hashes">The hashes of <see cref="NodesForInclusion"/>, in that order.</param>
    public static IReadOnlyList<Hash256> BuildInclusion(long index, long size, IReadOnlyList<Hash256> hashes) =>
        Build(InclusionPath(index, size), hashes);

    /// <summary>The subtrees needed to prove that the tree of the first size is a prefix of that of the second.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The first size is negative or above the second.</exception>
    public static IReadOnlyList<NodeId> NodesForConsistency(long size1, long size2) =>
        [.. ConsistencyPath(size1, size2).SelectMany(r => r.Nodes())];

    /// <summary>The consistency proof; empty if the sizes are equal or the first is 0.</summary>
    /// <param name="size1">Leaves of the smaller tree.</param>
    /// <param name="size2">Leaves of the larger tree.</param>
    /// <param name="hashes">The hashes of <see cref="NodesForConsistency"/>, in that order.</param>
    public static IReadOnlyList<Hash256> BuildConsistency(long size1, long size2, IReadOnlyList<Hash256> hashes) =>
        Build(ConsistencyPath(size1, size2), hashes);

    /// <summary>The complete subtrees that a tree of this size is made of, from left to right.</summary>
    public static IReadOnlyList<NodeId> NodesForRoot(long size) => [.. new LeafRange(0, size).Nodes()];

    /// <summary>The root, out of the hashes of <see cref="NodesForRoot"/>; of no hashes, the empty tree's.</summary>
    public static Hash256 BuildRoot(IReadOnlyList<Hash256> hashes) =>
        hashes.Count == 0 ? MerkleHash.Empty : Fold(hashes, 0, hashes.Count);

    /// <summary>PATH(m, D[n]) of RFC 6962 section 2.1.1, as ranges of leaves, from the leaf upwards.</summary>
    private static List<LeafRange> InclusionPath(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var path = new List<LeafRange>();
        var (begin, end) = (0L, size);
        while (end - begin > 1)
        {
            var split = begin + SplitPoint(end - begin);
            if (index < split)
            {
                path.Add(new LeafRange(split, end));
                end = split;
            }
            else
            {
                path.Add(new LeafRange(begin, split));
                begin = split;
            }
        }

        path.Reverse();
        return path;
    }

    /// <summary>PROOF(m, D[n]) of RFC 6962 section 2.1.2, as ranges of leaves, in the order of the proof.</summary>
    private static List<LeafRange> ConsistencyPath(long size1, long size2)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size1, size2);
        var path = new List<LeafRange>();
        if (size1 == 0 || size1 == size2)
        {
            return path;
        }

        var (begin, end) = (0L, size2);
        while (size1 != end)
        {
            var split = begin + SplitPoint(end - begin);
            if (size1 <= split)
            {
                path.Add(new LeafRange(split, end));
                end = split;
            }
            else
            {
                path.Add(new LeafRange(begin, split));
                begin = split;
            }
        }

        // SUBPROOF(m, D[m], b): the smaller tree's own root is known to the verifier and left out.
        if (begin != 0)
        {
            path.Add(new LeafRange(begin, end));
        }

        path.Reverse();
        return path;
    }

    /// <summary>The largest power of two below <paramref name="count"/>, which is above 1.</summary>
    private static long SplitPoint(long count) => 1L << BitOperations.Log2((ulong)(count - 1));

    private static List<Hash256> Build(List<LeafRange> path, IReadOnlyList<Hash256> hashes)
    {
        var proof = new List<Hash256>(path.Count);
        var at = 0;
        foreach (var range in path)
        {
            var count = range.Nodes().Count();
            proof.Add(Fold(hashes, at, count));
            at += count;
        }

        return at == hashes.Count
            ? proof
            : throw new ArgumentException($"The proof takes {at} hashes, not {hashes.Count}.", nameof(hashes));
    }

    /// <summary>Joins neighbouring subtrees, each lower than the one to its left, from the right.</summary>
    private static Hash256 Fold(IReadOnlyList<Hash256> hashes, int start, int count)
    {
        var root = hashes[start + count - 1];
        for (var i = start + count - 2; i >= start; i--)
        {
            root = MerkleHash.Node(hashes[i], root);
        }

        return root;
    }

    /// <summary>The leaves below one node of a tree; only on the right border is their number no power of two.</summary>
    private readonly record struct LeafRange(long Begin, long End)
    {
        public IEnumerable<NodeId> Nodes()
        {
            var begin = Begin;
            while (begin < End)
            {
                var level = BitOperations.Log2((ulong)(End - begin));
                yield return new NodeId(level, begin >> level);
                begin += 1L << level;
            }
        }
    }
}
