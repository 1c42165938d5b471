using System.Collections.Immutable;
using System.Globalization;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Policy;

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

    /// <summary>What disputes do.</summary>
    public DisputePolicy Disputes { get; init; } = DisputePolicy.Default;

    /// <summary>What never counts, whoever lists it.</summary>
    public Allowlist Allowed { get; init; } = Allowlist.Empty;

    /// <summary>How much a member may add at a time; null: as much as it likes.</summary>
    public FloodLimit? Flood { get; init; }

    /// <summary>What to answer while the list may be out of date.</summary>
    public StaleRule WhenStale { get; init; } = StaleRule.Open;

    /// <summary>Judges an indicator.</summary>
    /// <param name="state">What everybody says of it.</param>
    /// <param name="now">Unix seconds: listings that have expired do not count.</param>
    /// <param name="counts">Whether the roster lets a member's word count.</param>
    /// <param name="applies">Whether a listing speaks of the item at hand, by its context; null: all do.</param>
    /// <param name="quarantines">The logs in quarantine; null: none.</param>
    /// <param name="evasions">How a text hides the keyword at the place in question.</param>
    public Judgement Judge(
        IndicatorState state,
        long now,
        Func<string, bool> counts,
        Func<ListingPayload, bool>? applies = null,
        QuarantineTable? quarantines = null,
        KeywordEvasions evasions = KeywordEvasions.None)
    {
        return Judge(state, now, counts, applies, quarantines, evasions, null);
    }

    /// <inheritdoc cref="Judge(IndicatorState, long, Func{string, bool}, Func{ListingPayload, bool}?, QuarantineTable?, KeywordEvasions)"/>
    internal Judgement Judge(
        IndicatorState state,
        long now,
        Func<string, bool> counts,
        Func<ListingPayload, bool>? applies,
        QuarantineTable? quarantines,
        KeywordEvasions evasions,
        CountMemory? memory)
    {
        var heard = Muted.IsEmpty ? counts : WithoutMuted(counts);
        quarantines ??= QuarantineTable.Empty;
        state = quarantines.WithoutOpinions(state);
        var all = ThoseThatCount(state, now, heard, applies, out var tooOld);
        if (all.IsEmpty)
        {
            return new Judgement(Verdict.None, $"none: no listing in force{tooOld}", [], []);
        }

        var disputers = DisputersOf(state, all, heard);
        if (Allowed.ReasonFor(state.Id, ((ListingPayload)all[0].Payload).Indicator) is { } allowed)
        {
            return new Judgement(Verdict.None, allowed, all, disputers);
        }

        var count = memory is null || all is not [var only] || !state.Opinions.IsEmpty || quarantines.Of(only) is not null
            ? Gravest(state, all, heard, quarantines, evasions)
            : memory.Of(this, only, evasions) ?? memory.Add(Gravest(state, all, heard, quarantines, evasions));
        var verdict = Lower(count.Verdict, disputers, out var disputed);
        return new Judgement(
            verdict,
            verdict == count.Verdict && tooOld.Length + disputed.Length == 0
                ? count.Text
                : $"{verdict.ToText()}: {count.Reason}{tooOld}{disputed}",
            all,
            disputers);
    }

    private Func<string, bool> WithoutMuted(Func<string, bool> counts) => member => !Muted.Contains(member) && counts(member);

    /// <summary>The listings in force that speak of the item, by members that are heard.</summary>
    private ImmutableArray<LogEntry> ThoseThatCount(
        IndicatorState state, long now, Func<string, bool> heard, Func<ListingPayload, bool>? applies, out string tooOld)
    {
        ImmutableArray<LogEntry>.Builder? some = null;
        List<string>? old = null;
        for (var i = 0; i < state.Listings.Length; i++)
        {
            var entry = state.Listings[i];
            var isInForce = IndicatorState.IsActive(entry, now, heard, out var listing) && (applies is null || applies(listing));
            var isOld = isInForce && RuleOf(listing!).Rule.IsTooOld(entry.Issued, now);
            if (isOld)
            {
                (old ??= []).Add($"{entry.Member} ({RuleOf(listing!).Rule.MaxAgeDays} days)");
            }

            // Mostly all of them count, and the array is the state's own.
            if (isInForce && !isOld)
            {
                some?.Add(entry);
            }
            else if (some is null)
            {
                some = ImmutableArray.CreateBuilder<LogEntry>();
                some.AddRange(state.Listings, i);
            }
        }

        tooOld = old is null ? "" : $"; too old to count: {string.Join(", ", old)}";
        return some is null ? state.Listings : some.ToImmutable();
    }

    private static ImmutableArray<string> DisputersOf(
        IndicatorState state, ImmutableArray<LogEntry> listings, Func<string, bool> heard)
    {
        if (state.Opinions.IsEmpty)
        {
            return [];
        }

        var disputers = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var entry in listings)
        {
            disputers.UnionWith(state.DisputersOf(entry.Member, heard));
        }

        return [.. disputers];
    }

    /// <summary>The rule for a listing, and the category whose own rule it is, or empty.</summary>
    private (string Category, KindPolicy Rule) RuleOf(ListingPayload listing)
    {
        var kind = Kinds.GetValueOrDefault(listing.Indicator.Kind, UnknownKind);
        return kind.Categories.TryGetValue(listing.Category, out var own) ? (listing.Category, own) : ("", kind);
    }

    /// <summary>
    /// Listings of a category with a rule of its own are counted among themselves, so that a category that is easier to block
    /// lends nothing to a stricter one; the gravest outcome holds, of equal ones that of the kind.
    /// </summary>
    private PolicyCount Gravest(
        IndicatorState state,
        ImmutableArray<LogEntry> listings,
        Func<string, bool> heard,
        QuarantineTable quarantines,
        KeywordEvasions evasions)
    {
        if (listings is [{ Payload: ListingPayload listing }])
        {
            var (category, rule) = RuleOf(listing);
            return new PolicyCount(this, category, rule, state, heard, quarantines, evasions, listings);
        }

        PolicyCount? gravest = null;
        foreach (var group in listings
            .GroupBy(l => RuleOf((ListingPayload)l.Payload))
            .OrderBy(g => g.Key.Category, StringComparer.Ordinal))
        {
            var count = new PolicyCount(this, group.Key.Category, group.Key.Rule, state, heard, quarantines, evasions, [.. group]);
            gravest = gravest is null || count.Verdict > gravest.Verdict ? count : gravest;
        }

        return gravest!;
    }

    private Verdict Lower(Verdict verdict, ImmutableArray<string> disputers, out string disputed)
    {
        disputed = "";
        if (disputers.IsEmpty)
        {
            return verdict;
        }

        disputed = $"; disputed by {string.Join(", ", disputers)}";
        if (disputers.Length >= Disputes.Members)
        {
            verdict = verdict < Disputes.LowerTo ? verdict : Disputes.LowerTo;
        }
        else if (verdict > Disputes.LowerTo)
        {
            disputed += string.Create(
                CultureInfo.InvariantCulture, $" ({disputers.Length} of {Disputes.Members} members needed to lower it)");
        }

        return disputers.Contains(Self) && verdict > Disputes.Own ? Disputes.Own : verdict;
    }
}
