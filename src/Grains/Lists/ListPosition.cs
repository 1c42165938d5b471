namespace FederationNode.Grains.Lists;

/// <summary>How far somebody has followed what changes the list beside the entries applied in their turn.</summary>
/// <param name="Run">The run of the list; positions of another run mean nothing.</param>
/// <param name="Aside">Changes of that kind before it.</param>
public readonly record struct ListPosition(ulong Run, long Aside);
