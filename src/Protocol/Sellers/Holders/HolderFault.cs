namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>
/// A holder that answered wrongly. The answer is kept as it came, so that the finding can be repeated with
/// <see cref="HolderAnswerCheck"/>; it is no proof for others unless the holder signed it.
/// </summary>
/// <param name="Number">The holder's number, from 1.</param>
/// <param name="Holder">The name of the member.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Text">The same in words, with the position of a bad element.</param>
/// <param name="Answer">The answer.</param>
public sealed record HolderFault(int Number, string Holder, HolderFaultKind Kind, string Text, HolderAnswer Answer);
