namespace FederationNode.Matching.Policy;

/// <summary>What to answer while the list may be out of date.</summary>
public enum StaleRule
{
    /// <summary>What the list says, marked as stale.</summary>
    Open,

    /// <summary>Likewise, but what it does not call for a review is reviewed: what is missing might have done so.</summary>
    Closed,
}
