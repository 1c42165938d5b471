using System.Collections.Immutable;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Policy;

/// <summary>How many members must stand behind an indicator of one kind before it counts.</summary>
/// <param name="BlockAt">Members that must suggest blocking; 0: this kind never blocks.</param>
/// <param name="ReviewAt">Members that must suggest at least a review; 0: never more than a signal.</param>
/// <param name="MinConfidence">Listings with less confidence, 0 to 100, only signal.</param>
public sealed record KindPolicy(int BlockAt, int ReviewAt, int MinConfidence);

/// <summary>What the policy makes of one indicator.</summary>
/// <param name="Verdict">The verdict on an item that matches it.</param>
/// <param name="Reason">Why, in words for an analyst.</param>
/// <param name="Listings">The listings in force, by member.</param>
/// <param name="Disputers">Members that dispute one of them, sorted.</param>
public sealed record Judgement(
    Verdict Verdict,
    string Reason,
    ImmutableArray<LogEntry> Listings,
    ImmutableArray<string> Disputers);

/// <summary>
/// A member's own rules that turn what others say into a verdict. Nothing that another company lists holds up a
/// member's users unless this policy agrees. Pure: the same evidence, policy and time give the same judgement.
/// </summary>
public sealed record VerdictPolicy
{
    private static readonly KindPolicy UnknownKind = new(0, 0, 100);

    /// <summary>The member whose policy it is: what it lists itself needs nobody else.</summary>
    public required string Self { get; init; }

    /// <summary>The rules for each kind of indicator; a kind that is missing never does more than signal.</summary>
    public ImmutableDictionary<string, KindPolicy> Kinds { get; init; } = Default;

    /// <summary>Members whose listing alone is enough, whatever the rules for the kind ask; it never lifts a ban on blocking.</summary>
    public ImmutableHashSet<string> Trusted { get; init; } = [];

    /// <summary>Members whose listings and opinions are left out.</summary>
    public ImmutableHashSet<string> Muted { get; init; } = [];

    /// <summary>
    /// Words alone never block; one member's image hash does; one member's word about a seller is looked at by a person,
    /// and two members' word blocks.
    /// </summary>
    public static ImmutableDictionary<string, KindPolicy> Default { get; } = ImmutableDictionary.CreateRange(
        StringComparer.Ordinal,
        [
            KeyValuePair.Create(IndicatorKind.Keyword, new KindPolicy(0, 1, 50)),
            KeyValuePair.Create(IndicatorKind.ImagePdq, new KindPolicy(1, 1, 50)),
            KeyValuePair.Create(IndicatorKind.ImageSha256, new KindPolicy(1, 1, 50)),
            KeyValuePair.Create(IndicatorKind.Seller, new KindPolicy(2, 1, 50)),
        ]);

    /// <summary>Judges an indicator.</summary>
    /// <param name="state">What everybody says of it.</param>
    /// <param name="now">Unix seconds: listings that have expired do not count.</param>
    /// <param name="counts">Whether the roster lets a member's word count.</param>
    /// <param name="applies">Whether a listing speaks of the item at hand, by its context; null: all do.</param>
    public Judgement Judge(
        IndicatorState state, long now, Func<string, bool> counts, Func<ListingPayload, bool>? applies = null)
    {
        bool Heard(string member) => counts(member) && !Muted.Contains(member);

        var listings = state.Active(now, Heard)
            .Where(l => applies is null || applies((ListingPayload)l.Payload))
            .ToImmutableArray();
        if (listings.IsEmpty)
        {
            return new Judgement(Verdict.None, "no listing in force", [], []);
        }

        var disputers = listings
            .SelectMany(l => state.DisputersOf(l.Member, Heard))
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToImmutableArray();
        var kind = ((ListingPayload)listings[0].Payload).Indicator.Kind;
        var rule = Kinds.GetValueOrDefault(kind, UnknownKind);
        var blocking = Supporters(state, listings, Verdict.Block, rule, Heard);
        var reviewing = Supporters(state, listings, Verdict.Review, rule, Heard);

        var (verdict, reason) =
            rule.BlockAt > 0 && Enough(blocking, rule.BlockAt) ? (Verdict.Block, Counted(blocking, rule.BlockAt))
            : rule.ReviewAt > 0 && Enough(reviewing, rule.ReviewAt) ? (Verdict.Review, ShortOfBlock(blocking, reviewing, rule))
            : (Verdict.Signal, $"{reviewing.Count} of {rule.ReviewAt} members needed to review");
        return Lower(verdict, reason, listings, disputers);
    }

    /// <summary>A dispute lowers a block to a review; this member's own dispute lowers anything to a signal.</summary>
    private Judgement Lower(
        Verdict verdict, string reason, ImmutableArray<LogEntry> listings, ImmutableArray<string> disputers)
    {
        if (disputers.IsEmpty)
        {
            return new Judgement(verdict, reason, listings, disputers);
        }

        var ceiling = disputers.Contains(Self) ? Verdict.Signal : Verdict.Review;
        return new Judgement(
            verdict < ceiling ? verdict : ceiling,
            $"{reason}; disputed by {string.Join(", ", disputers)}",
            listings,
            disputers);
    }

    /// <summary>
    /// The members that stand behind at least <paramref name="wanted"/>: those that list it so with enough
    /// confidence, and those that confirm such a listing.
    /// </summary>
    private static SortedSet<string> Supporters(
        IndicatorState state, ImmutableArray<LogEntry> listings, Verdict wanted, KindPolicy rule, Func<string, bool> heard)
    {
        var members = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var entry in listings)
        {
            var listing = (ListingPayload)entry.Payload;
            if (VerdictText.FromAction(listing.Action) >= wanted && listing.Confidence >= rule.MinConfidence)
            {
                members.Add(entry.Member);
                members.UnionWith(state.ConfirmersOf(entry.Member, heard));
            }
        }

        return members;
    }

    private bool Enough(SortedSet<string> members, int needed) =>
        members.Count >= needed || members.Contains(Self) || members.Overlaps(Trusted);

    private static string Counted(SortedSet<string> members, int needed) =>
        $"{string.Join(", ", members)} ({members.Count} of {needed} needed)";

    private static string ShortOfBlock(SortedSet<string> blocking, SortedSet<string> reviewing, KindPolicy rule) =>
        rule.BlockAt == 0 ? $"{Counted(reviewing, rule.ReviewAt)}; this kind never blocks"
        : $"{Counted(reviewing, rule.ReviewAt)}; {blocking.Count} of {rule.BlockAt} needed to block";
}
