namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// Somebody who broke the rules. The evidence are the entries in the signed logs from which everybody finds the same.
/// </summary>
/// <param name="Member">Who.</param>
/// <param name="Kind">How.</param>
/// <param name="Text">The same in words.</param>
public sealed record CeremonyFault(string Member, CeremonyFaultKind Kind, string Text);
