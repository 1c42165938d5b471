using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Node.Sellers;

/// <summary>What members may ask this holder for. Safe for concurrent use.</summary>
internal interface ITagAllowance
{
    /// <summary>Counts elements before they are evaluated, all or none; counted is counted, whatever becomes of them.</summary>
    /// <param name="member">Who asks.</param>
    /// <param name="key">The key.</param>
    /// <param name="elements">How many.</param>
    /// <returns>Why they must not be evaluated; null: they may.</returns>
    Task<BeyondQuota?> TakeAsync(string member, SharedKey key, int elements);
}

/// <summary>A request went beyond a member's quota.</summary>
/// <param name="Reason">In words for the member, with the time from which on there is more.</param>
/// <param name="RetryAfter">How long until then.</param>
internal sealed record BeyondQuota(string Reason, TimeSpan RetryAfter);

/// <summary>The own share of a stopped node, whose operator can do with it what he likes: nothing is counted.</summary>
internal sealed class NoAllowance : ITagAllowance
{
    /// <inheritdoc/>
    public Task<BeyondQuota?> TakeAsync(string member, SharedKey key, int elements) => Task.FromResult<BeyondQuota?>(null);
}
