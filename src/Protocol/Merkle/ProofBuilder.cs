using System.Numerics;

namespace FederationNode.Protocol.Merkle;

/// <summary>
/// Makes inclusion and consistency proofs (RFC 6962 sections 2.1.1 and 2.1.2) from the hashes of complete subtrees.
/// A caller that reads them asynchronously asks for the nodes, fetches them, and then builds; all three are pure.
/// </summary>
public static class ProofBuilder
{
    /// <summary>The nodes that <see cref="BuildInclusion"/> needs, in its order: at most 106.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt;= index &lt; size &lt;= 2^53.</exception>
    public static IReadOnlyList<NodeId> NodesForInclusion(long index, long size) =>
        NodesFor(PlanInclusion(index, size));

    /// <summary>The nodes that <see cref="BuildConsistency"/> needs, in its order: at most 107.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 1 &lt;= size1 &lt;= size2 &lt;= 2^53.</exception>
    public static IReadOnlyList<NodeId> NodesForConsistency(long size1, long size2) =>
        NodesFor(PlanConsistency(size1, size2));

    /// <summary>Proof that an entry is in the tree of the first <paramref name="size"/>.</summary>
    /// <param name="index">Index of the entry.</param>
    /// <param name="size">Number of entries of the tree.</param>
    /// <param name="hashes">The hashes of <see cref="NodesForInclusion"/> for the same arguments.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt;= index &lt; size &lt;= 2^53.</exception>
    /// <exception cref="ArgumentException">The number of hashes is wrong.</exception>
    public static Hash256[] BuildInclusion(long index, long size, IReadOnlyList<Hash256> hashes) =>
        Build(PlanInclusion(index, size), hashes);

    /// <summary>Proof that the tree of the first <paramref name="size1"/> entries begins the larger.</summary>
    /// <param name="size1">Number of entries of the older tree.</param>
    /// <param name="size2">Number of entries of the newer tree.</param>
    /// <param name="hashes">The hashes of <see cref="NodesForConsistency"/> for the same arguments.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not 1 &lt;= size1 &lt;= size2 &lt;= 2^53.</exception>
    /// <exception cref="ArgumentException">The number of hashes is wrong.</exception>
    public static Hash256[] BuildConsistency(long size1, long size2, IReadOnlyList<Hash256> hashes) =>
        Build(PlanConsistency(size1, size2), hashes);

    /// <summary>Asks for the nodes once and builds the inclusion proof.</summary>
    /// <inheritdoc cref="BuildInclusion"/>
    public static Hash256[] Inclusion(long index, long size, NodeReader nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        return BuildInclusion(index, size, nodes(NodesForInclusion(index, size)));
    }

    /// <summary>Asks for the nodes once and builds the consistency proof.</summary>
    /// <inheritdoc cref="BuildConsistency"/>
    public static Hash256[] Consistency(long size1, long size2, NodeReader nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        return BuildConsistency(size1, size2, nodes(NodesForConsistency(size1, size2)));
    }

    /// <summary>
    /// PATH(m, D[n]) of RFC 6962 section 2.1.1, from the root down; each element is the range of entries whose root
    /// stands in the proof.
    /// </summary>
    private static List<(long Begin, long End)> PlanInclusion(long index, long size)
    {
        MerkleTree.ThrowIfNotSize(size, nameof(size));
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var plan = new List<(long, long)>();
        long begin = 0;
        var end = size;
        while (end - begin > 1)
        {
            var middle = begin + SplitPoint(end - begin);
            if (index < middle)
            {
                plan.Add((middle, end));
                end = middle;
            }
            else
            {
                plan.Add((begin, middle));
                begin = middle;
            }
        }

        plan.Reverse();
        return plan;
    }

    /// <summary>SUBPROOF(m, D[n], true) of RFC 6962 section 2.1.2, in the same form.</summary>
    private static List<(long Begin, long End)> PlanConsistency(long size1, long size2)
    {
        MerkleTree.ThrowIfNotSize(size2, nameof(size2));
        ArgumentOutOfRangeException.ThrowIfLessThan(size1, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size1, size2);
        var plan = new List<(long, long)>();
        long begin = 0;
        var end = size2;
        while (end != size1)
        {
            var middle = begin + SplitPoint(end - begin);
            if (size1 <= middle)
            {
                plan.Add((middle, end));
                end = middle;
            }
            else
            {
                plan.Add((begin, middle));
                begin = middle;
            }
        }

        if (begin > 0)
        {
            // The older tree is not complete: the verifier cannot start from its root.
            plan.Add((begin, end));
        }

        plan.Reverse();
        return plan;
    }

    private static List<NodeId> NodesFor(List<(long Begin, long End)> plan)
    {
        var nodes = new List<NodeId>();
        foreach (var (begin, end) in plan)
        {
            CompactRange.AddNodes(begin, end, nodes);
        }

        return nodes;
    }

    private static Hash256[] Build(List<(long Begin, long End)> plan, IReadOnlyList<Hash256> hashes)
    {
        ArgumentNullException.ThrowIfNull(hashes);
        var proof = new Hash256[plan.Count];
        var next = 0;
        for (var i = 0; i < plan.Count; i++)
        {
            // A range starts at a multiple of its width rounded up, so it has one subtree for each set bit.
            var count = BitOperations.PopCount((ulong)(plan[i].End - plan[i].Begin));
            if (hashes.Count - next < count)
            {
                throw new ArgumentException($"The proof needs more than {hashes.Count} hashes.", nameof(hashes));
            }

            proof[i] = Fold(hashes, next, count);
            next += count;
        }

        return next == hashes.Count
            ? proof
            : throw new ArgumentException($"The proof needs {next} hashes, not {hashes.Count}.", nameof(hashes));
    }

    private static Hash256 Fold(IReadOnlyList<Hash256> hashes, int first, int count)
    {
        var hash = hashes[first + count - 1];
        for (var i = first + count - 2; i >= first; i--)
        {
            hash = MerkleHash.Node(hashes[i], hash);
        }

        return hash;
    }

    /// <summary>The largest power of two below n, for n of at least 2.</summary>
    private static long SplitPoint(long n) => 1L << BitOperations.Log2((ulong)(n - 1));
}
