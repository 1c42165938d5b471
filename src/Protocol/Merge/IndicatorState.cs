using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Entries;

namespace FederationNode.Protocol.Merge;

/// <summary>What everybody says about one indicator: the newest statement of each member.</summary>
/// <param name="Id">The indicator's id.</param>
/// <param name="Listings">The newest listing or withdrawal of each member, by member name.</param>
/// <param name="Opinions">The newest opinion of each member about each lister, by member name.</param>
public sealed record IndicatorState(Hash256 Id, ImmutableArray<LogEntry> Listings, ImmutableArray<LogEntry> Opinions)
{
    /// <summary>The indicator itself, or null if nobody's listing of it is held.</summary>
    public Indicator? Indicator =>
        Listings.Select(e => (e.Payload as ListingPayload)?.Indicator).FirstOrDefault(i => i is not null);

    /// <summary>
    /// The listings in force at <paramref name="now"/>: not withdrawn and not expired, by members that
    /// <paramref name="isMember"/> accepts.
    /// </summary>
    /// <param name="now">Unix seconds.</param>
    /// <param name="isMember">Whether a member's word counts, by the roster.</param>
    public IEnumerable<LogEntry> Active(long now, Func<string, bool> isMember) =>
        Listings.Where(e => IsActive(e, now, isMember, out _));

    /// <summary>Whether an entry is a listing in force.</summary>
    /// <param name="entry">One of <see cref="Listings"/>.</param>
    /// <param name="now">Unix seconds.</param>
    /// <param name="isMember">Whether a member's word counts, by the roster.</param>
    /// <param name="listing">The listing, if it is in force.</param>
    public static bool IsActive(
        LogEntry entry, long now, Func<string, bool> isMember, [NotNullWhen(true)] out ListingPayload? listing)
    {
        listing = entry.Payload as ListingPayload;
        return listing is not null && entry.Ends > now && isMember(entry.Member);
    }

    /// <summary>
    /// The members that dispute the listing of <paramref name="lister"/> and whose word counts. A member that disputes
    /// everybody's listing disputes this one, unless it said otherwise of this lister.
    /// </summary>
    public IEnumerable<string> DisputersOf(string lister, Func<string, bool> isMember) =>
        StancesOn(lister, isMember).Where(s => s.Stance == OpinionPayload.Dispute).Select(s => s.Member);

    /// <summary>The members that confirm the listing of <paramref name="lister"/>, by the same rule.</summary>
    public IEnumerable<string> ConfirmersOf(string lister, Func<string, bool> isMember) =>
        StancesOn(lister, isMember).Where(s => s.Stance == OpinionPayload.Confirm).Select(s => s.Member);

    // An opinion on one lister goes before an opinion on all; nobody's opinion on the own listing counts.
    private IEnumerable<(string Member, string Stance)> StancesOn(string lister, Func<string, bool> isMember) =>
        Opinions
            .Where(e => e.Member != lister && isMember(e.Member))
            .Select(e => (e.Member, Opinion: (OpinionPayload)e.Payload))
            .Where(o => o.Opinion.Lister == lister || o.Opinion.Lister.Length == 0)
            .GroupBy(o => o.Member, StringComparer.Ordinal)
            .Select(g => (g.Key, g.MaxBy(o => o.Opinion.Lister.Length).Opinion.Stance));
}
