namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>A holder's answer to a batch, as it came: nothing of it is checked.</summary>
/// <param name="Elements">The evaluated elements in the order of the blinded ones, each meant to have 32 bytes.</param>
/// <param name="Proof">The proof for all of them, meant to have 64 bytes.</param>
public sealed record HolderAnswer(IReadOnlyList<byte[]> Elements, ReadOnlyMemory<byte> Proof);
