namespace FederationNode.Protocol.Sellers;

/// <summary>A holder's answer to a batch.</summary>
/// <param name="Elements">The evaluated elements, in the order of the blinded ones.</param>
/// <param name="Proof">The proof that one key, the published one, evaluated them all.</param>
public sealed record VoprfEvaluation(RistrettoPoint[] Elements, DleqProof Proof);
