using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using FederationNode.Grains;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Sellers;

/// <summary>
/// Who has gone beyond its quota at this holder within a day, for alarms, and the meter <c>fednode.seller.evaluated</c>. In
/// memory: after a start it begins empty, the counts themselves do not. Safe from any thread.
/// </summary>
internal sealed class QuotaBoard([FromKeyedServices(FederationClock.Key)] TimeProvider clock)
{
    private static readonly Meter s_meter = new("FederationNode.Sellers");
    private static readonly Counter<long> s_elements = s_meter.CreateCounter<long>(
        "fednode.seller.evaluated", "{element}", "Elements that members asked this holder for, by member and outcome.");

    private static readonly TimeSpan s_memory = TimeSpan.FromDays(1);

    // Keyed by names and keys that the roster vouches for.
    private readonly ConcurrentDictionary<(string Member, SellerScheme Scheme, string Limit), Burst> _bursts = [];

    /// <summary>Elements were counted.</summary>
    public static void Granted(string member, int elements) => Count(member, "granted", elements);

    /// <summary>Elements were refused.</summary>
    /// <param name="member">Who asked.</param>
    /// <param name="scheme">For what.</param>
    /// <param name="limit"><c>day</c> or <c>minute</c>.</param>
    /// <param name="most">The limit.</param>
    /// <param name="elements">How many.</param>
    public void Refused(string member, SellerScheme scheme, string limit, long most, int elements)
    {
        Count(member, "refused", elements);
        var now = clock.GetUtcNow();
        _bursts.AddOrUpdate(
            (member, scheme, limit),
            _ => new Burst(now, most, elements),
            (_, burst) => now - burst.Last < s_memory
                ? new Burst(now, most, burst.Refused + elements)
                : new Burst(now, most, elements));
    }

    /// <summary>A sentence for each member, key and limit that was gone beyond within a day.</summary>
    public IEnumerable<string> Alarms()
    {
        var now = clock.GetUtcNow();
        return _bursts.Where(b => now - b.Value.Last < s_memory)
            .OrderBy(b => b.Key.Member, StringComparer.Ordinal)
            .ThenBy(b => b.Key.Scheme.ToString(), StringComparer.Ordinal)
            .ThenBy(b => b.Key.Limit, StringComparer.Ordinal)
            .Select(b => string.Create(
                CultureInfo.InvariantCulture,
                $"{b.Key.Member} asked for more tags {b.Key.Scheme} than the {b.Value.Most} a {b.Key.Limit} that it may have: "
                    + $"{b.Value.Refused} were refused, the last at {b.Value.Last:yyyy-MM-dd HH:mm:ss} UTC. Ask it what it does: whoever "
                    + $"may ask much can try all numbers out."));
    }

    private static void Count(string member, string outcome, int elements) =>
        s_elements.Add(elements, new KeyValuePair<string, object?>("member", member), new("outcome", outcome));

    private sealed record Burst(DateTimeOffset Last, long Most, long Refused);
}
