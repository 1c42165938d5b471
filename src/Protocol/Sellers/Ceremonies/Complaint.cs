namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// A holder's evidence that a dealer's box for it holds no share that fits the commitments: the secret that both have in
/// common, with which everybody opens the box. It also opens the box that the holder dealt to the dealer, and nothing else: one
/// of the two has lied, so both shares were known to somebody who lies.
/// </summary>
/// <param name="Dealer">The place of the dealer among the dealers, from 1.</param>
/// <param name="Secret">The holder's secret times the dealer's point.</param>
/// <param name="Proof">That it is: RFC 9497 section 2.2 for the holder's point, with the dealer's point as the one blinded
/// element and <paramref name="Secret"/> as the evaluated one.</param>
public sealed record Complaint(int Dealer, RistrettoPoint Secret, DleqProof Proof);
