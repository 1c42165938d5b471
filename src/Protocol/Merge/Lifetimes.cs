using System.Collections.Immutable;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Roster;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// When listings end, by the roster: a pure function of a roster and of what the listing says. docs/protocol.md, "Lapsing".
/// </summary>
/// <remarks>
/// Rosters that follow one another only make it sooner (<see cref="RosterChain"/>), so what has lapsed once has lapsed by all
/// later ones.
/// </remarks>
public sealed class Lifetimes
{
    private readonly ImmutableSortedDictionary<string, long> _limits;
    private readonly ImmutableDictionary<string, long> _untils;

    private Lifetimes(long asOf, ImmutableSortedDictionary<string, long> limits, ImmutableDictionary<string, long> untils) =>
        (AsOf, _limits, _untils) = (asOf, limits, untils);

    /// <summary>What holds while no roster says anything else.</summary>
    public static Lifetimes Default { get; } = new(
        0, ImmutableSortedDictionary<string, long>.Empty, ImmutableDictionary<string, long>.Empty);

    /// <summary>The time at which the roster was issued, in unix seconds: that it has come is signed.</summary>
    public long AsOf { get; }

    /// <summary>What a roster says.</summary>
    /// <param name="roster">The roster in force; null: none yet.</param>
    public static Lifetimes Of(RosterDocument? roster) => roster is null
        ? Default
        : new Lifetimes(
            roster.Issued,
            roster.Lifetimes,
            roster.SellerKeys.Where(k => k.Until is not null)
                .ToImmutableDictionary(k => k.Scheme, k => k.Until!.Value, StringComparer.Ordinal));

    /// <summary>The longest time from a listing's issue to its end where no roster says otherwise, in seconds.</summary>
    /// <param name="kind">The indicator's kind.</param>
    public static long DefaultOf(string kind) => kind switch
    {
        // Words change their meaning; numbers and accounts get other owners.
        IndicatorKind.Keyword => 731L * 86_400,
        IndicatorKind.Seller => 366L * 86_400,
        _ => ProtocolLimits.MaxLifetime,
    };

    /// <summary>The longest time from a listing's issue to its end, in seconds.</summary>
    /// <param name="kind">The indicator's kind.</param>
    public long LimitOf(string kind) => _limits.TryGetValue(kind, out var limit) ? limit : DefaultOf(kind);

    /// <summary>When all listings of a scheme end, in unix seconds: the key of its tags counts no more; null: never.</summary>
    /// <param name="scheme">The scheme.</param>
    public long? UntilOf(string scheme) => _untils.TryGetValue(scheme, out var until) ? until : null;

    /// <summary>When a listing ends, in unix seconds: at its expiry, or sooner where it claims more than the roster lets it.</summary>
    /// <param name="term">What the listing says.</param>
    /// <param name="issued">When it was issued, in unix seconds, by its leaf.</param>
    public long EndOf(ListingTerm term, long issued)
    {
        ArgumentNullException.ThrowIfNull(term);
        var end = Math.Min(term.Expires, issued + LimitOf(term.Kind));
        return UntilOf(term.Scheme) is { } until ? Math.Min(end, until) : end;
    }

    /// <summary>
    /// When what a leaf stands for ends, as anybody can tell who has only the leaf; null: never. A listing's leaf without a
    /// term ends as late as any listing can.
    /// </summary>
    /// <param name="leaf">The leaf.</param>
    public long? EndOf(Leaf leaf)
    {
        ArgumentNullException.ThrowIfNull(leaf);
        return leaf.Kind != EntryKind.Listing ? null
            : leaf.Term is { } term ? EndOf(term, leaf.Issued)
            : leaf.Issued + ProtocolLimits.MaxLifetime;
    }

    /// <summary>Whether what ended at <paramref name="end"/> has lapsed when <paramref name="time"/> has come.</summary>
    /// <param name="end">Unix seconds.</param>
    /// <param name="time">Unix seconds, as a lapse entry or a roster says.</param>
    public static bool HasLapsed(long end, long time) => end + ProtocolLimits.LapseDelay <= time;
}
