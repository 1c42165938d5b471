namespace FederationNode.Protocol.Sellers.Quotas;

/// <summary>Which limit a request went beyond.</summary>
public enum QuotaLimit
{
    /// <summary>None: it was counted.</summary>
    None,

    /// <summary>That of the minute; in the next there is more.</summary>
    Minute,

    /// <summary>That of the day; on the next there is more.</summary>
    Day,
}
