namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>What became of an answer.</summary>
public enum AnswerOutcome
{
    /// <summary>It is good and counts.</summary>
    Good,

    /// <summary>It is wrong; the holder stands among the faults.</summary>
    Bad,

    /// <summary>This holder has answered before; the first answer counts.</summary>
    Repeated,

    /// <summary>There are enough good answers already; it was not looked at.</summary>
    NotNeeded,
}
