namespace FederationNode.Protocol.Merkle;

/// <summary>
/// A complete subtree: the node over the entries <c>[Index * 2^Level, (Index + 1) * 2^Level)</c>. Its hash never
/// changes once all these entries are in the log.
/// </summary>
/// <param name="Level">0 for a leaf, at most 40.</param>
/// <param name="Index">Number of the node on its level, from the left, from 0.</param>
public readonly record struct NodeId(int Level, long Index)
{
    /// <summary>Index of the first entry below the node.</summary>
    public long Begin => Index << Level;

    /// <summary>Index after the last entry below the node.</summary>
    public long End => (Index + 1) << Level;
}
