namespace FederationNode.Protocol.Merkle;

/// <summary>Gives the hashes of complete subtrees, in the order asked for, all in one call.</summary>
/// <param name="nodes">Nodes that lie wholly inside the tree.</param>
/// <returns>One hash for each node.</returns>
public delegate IReadOnlyList<Hash256> NodeReader(IReadOnlyList<NodeId> nodes);
