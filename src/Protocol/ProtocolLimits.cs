namespace FederationNode.Protocol;

/// <summary>
/// The sizes that every node enforces before it decodes. They are part of the protocol: what one node accepts,
/// all accept. docs/protocol.md, "Limits".
/// </summary>
public static class ProtocolLimits
{
    /// <summary>Longest leaf that has a meaning, in bytes. A longer one is kept and replicated, and does nothing.</summary>
    public const int MaxLeaf = 1024;

    /// <summary>Longest log entry that can be stored at all (C2SP tlog-tiles), in bytes.</summary>
    public const int MaxEntry = 65_535;

    /// <summary>Longest payload of an entry, in bytes.</summary>
    public const int MaxPayload = 64 * 1024;

    /// <summary>Longest payload of a roster entry, in bytes.</summary>
    public const int MaxRosterPayload = 1024 * 1024;

    /// <summary>Most entries that one log can hold: 2^40.</summary>
    public const long MaxLogSize = 1L << 40;

    /// <summary>Length of the random salt kept beside each payload, in bytes.</summary>
    public const int SaltSize = 16;

    /// <summary>Longest time from an entry's issue to its expiry, in seconds: five years of 366 days.</summary>
    public const long MaxLifetime = 5L * 366 * 86_400;

    /// <summary>
    /// How long after its end a listing's payload stays, in seconds: seven days, for what is disputed late.
    /// docs/protocol.md, "Lapsing".
    /// </summary>
    public const long LapseDelay = 7L * 86_400;

    /// <summary>
    /// Within what time a node carries out an order to erase, from when it holds the order, in seconds: a day.
    /// </summary>
    public const long ErasureTime = 86_400;

    /// <summary>Entries of kind <c>ceremony</c> of one log that count, from its beginning.</summary>
    public const int MaxCeremonyEntries = 1_024;

    /// <summary>Latest time that an entry can name, in unix seconds: 9999-12-31T23:59:59Z.</summary>
    public const long MaxTime = 253_402_300_799;
}
