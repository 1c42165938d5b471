using FederationNode.Protocol.Merkle;

namespace FederationNode.Protocol.Replication;

/// <summary>
/// Shows that a run of leaves stands at its place in a tree, with nothing known of the tree but its root: the complete
/// subtrees before the run and those behind it, which together with the leaves make up the whole tree. So a range can
/// be verified in whatever order it comes and from whomever. docs/protocol.md, section 10.
/// </summary>
/// <param name="Before">Hashes of <see cref="CompactRange.Nodes"/> of <c>[0, from)</c>, from left to right.</param>
/// <param name="After">Hashes of <see cref="CompactRange.Nodes"/> of <c>[end, size)</c>, from left to right.</param>
public sealed record RangeProof(IReadOnlyList<Hash256> Before, IReadOnlyList<Hash256> After)
{
    /// <summary>The subtrees whose hashes make up the proof for <c>[from, end)</c> in a tree of this size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt;= from &lt;= end &lt;= size &lt;= 2^40.</exception>
    public static IReadOnlyList<NodeId> Nodes(long from, long end, long size) =>
        [.. CompactRange.Nodes(0, from), .. CompactRange.Nodes(end, size)];

    /// <summary>The proof, out of the hashes of <see cref="Nodes"/> in their order.</summary>
    public static RangeProof Of(long from, IReadOnlyList<Hash256> hashes)
    {
        var before = CompactRange.Nodes(0, from).Count;
        return new RangeProof([.. hashes.Take(before)], [.. hashes.Skip(before)]);
    }

    /// <summary>Whether the leaves stand at <paramref name="from"/> in the tree with this size and root.</summary>
    /// <param name="from">Index of the first leaf.</param>
    /// <param name="leafHashes">Their hashes, see <see cref="MerkleHash.Leaf"/>; may be none.</param>
    /// <param name="size">Leaves of the tree.</param>
    /// <param name="root">Its root.</param>
    public bool Verify(long from, ReadOnlySpan<Hash256> leafHashes, long size, Hash256 root)
    {
        if (from < 0 || size > ProtocolLimits.MaxLogSize || from > size - leafHashes.Length
            || !CompactRange.TryRestore(from, [.. Before], out var tree, out _))
        {
            return false;
        }

        tree.Append(leafHashes);
        return TryComplete(tree, size, After) && tree.Root() == root;
    }

    /// <summary>Joins the subtrees behind a prefix to it, or says that their number is wrong.</summary>
    internal static bool TryComplete(CompactRange prefix, long size, IReadOnlyList<Hash256> after)
    {
        if (prefix.Size > size)
        {
            return false;
        }

        var nodes = CompactRange.Nodes(prefix.Size, size);
        if (nodes.Count != after.Count)
        {
            return false;
        }

        for (var i = 0; i < nodes.Count; i++)
        {
            prefix.AppendSubtree(nodes[i].Level, after[i]);
        }

        return true;
    }
}
