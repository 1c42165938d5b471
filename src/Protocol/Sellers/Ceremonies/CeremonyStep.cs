namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>How far a ceremony has come. A step ends when everybody who is asked in it has spoken.</summary>
public enum CeremonyStep
{
    /// <summary>Participants announce the keys to which shares are encrypted.</summary>
    Keys,

    /// <summary>Dealers deal.</summary>
    Dealings,

    /// <summary>Holders say which dealings gave them no good share.</summary>
    Verdicts,

    /// <summary>The key is there; holders confirm that they have their shares.</summary>
    Confirmations,

    /// <summary>All holders have confirmed.</summary>
    Done,

    /// <summary>There is no key; another attempt is needed, without whom the faults name.</summary>
    Failed,
}
