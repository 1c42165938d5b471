namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>What became of a message.</summary>
public enum TakeOutcome
{
    /// <summary>It is the member's word in its step.</summary>
    Taken,

    /// <summary>It belongs to another ceremony.</summary>
    OtherCeremony,

    /// <summary>The member has no part in this step of this ceremony.</summary>
    NotAsked,

    /// <summary>The member has spoken in this step; the first word counts.</summary>
    Repeated,
}
