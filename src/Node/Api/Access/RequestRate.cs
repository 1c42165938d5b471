using System.Threading.RateLimiting;

namespace FederationNode.Node.Api.Access;

/// <summary>How many requests a key may make: a token bucket that holds what two seconds bring, and at least one.</summary>
internal static class RequestRate
{
    /// <summary>Most requests a second that can be asked for.</summary>
    public const double Max = 1_000_000;

    /// <summary>Least, but for 0, which stands for no limit.</summary>
    public const double Min = 0.01;

    private const double TicksPerSecond = 10;

    /// <summary>The bucket of one key, or null without a limit.</summary>
    public static RateLimiter? LimiterFor(double perSecond)
    {
        if (perSecond == 0)
        {
            return null;
        }

        // A tenth of a second at a time, or as long as one request takes.
        var tokens = Math.Max(1, (int)Math.Round(perSecond / TicksPerSecond));
        return new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = Math.Max(tokens, (int)Math.Ceiling(2 * perSecond)),
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromSeconds(tokens / perSecond),
            QueueLimit = 0,
            AutoReplenishment = true,
        });
    }
}
