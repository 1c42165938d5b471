namespace FederationNode.Grains.Erasure;

/// <summary>Orders to erase in one log that this node has applied and not yet carried out.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Orders">How many there are; at least 1.</param>
/// <param name="First">The first of them, by index.</param>
/// <param name="Since">When this node first came upon it, since its start, in unix seconds.</param>
/// <param name="Error">Why it could not be carried out when it was last tried; null if it was not tried yet.</param>
public sealed record OpenErasures(string Origin, long Orders, long First, long Since, string? Error);
