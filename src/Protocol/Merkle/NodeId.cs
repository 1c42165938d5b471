namespace FederationNode.Protocol.Merkle;

/// <summary>
/// A complete subtree: the node over the leaves <c>[Index * 2^Level, (Index + 1) * 2^Level)</c>. Level 0 are leaf hashes.
/// </summary>
/// <param name="Level">0 to 62.</param>
/// <param name="Index">From 0.</param>
public readonly record struct NodeId(int Level, long Index);
