namespace FederationNode.Protocol.Sellers.Quotas;

/// <summary>
/// How many elements one member may have evaluated under one key by one holder. Whoever can ask can test any identifier, and
/// nothing else than this bounds how many. docs/protocol.md, "Quotas".
/// </summary>
/// <param name="Day">Elements in a day of UTC, 1 to <see cref="Most"/>.</param>
/// <param name="Minute">Elements in a minute of UTC, 1 to <see cref="Most"/>.</param>
public sealed record TagQuota(long Day, long Minute)
{
    /// <summary>The largest limit: 2^40.</summary>
    public const long Most = 1L << 40;

    /// <summary>Where the roster says nothing: 100,000 a day and 40,000, ten full batches, a minute.</summary>
    public static TagQuota Default { get; } = new(100_000, 40_000);
}
