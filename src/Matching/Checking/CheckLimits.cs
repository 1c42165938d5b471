namespace FederationNode.Matching.Checking;

/// <summary>How much of what is found in one item is reported.</summary>
/// <param name="Places">Places of one indicator, the gravest, then the first; at least 1.</param>
/// <param name="Matches">Matches in all, the gravest; at least 1.</param>
public readonly record struct CheckLimits(int Places, int Matches);
