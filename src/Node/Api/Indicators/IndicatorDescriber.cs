using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Indicators;
using FederationNode.Grains;
using FederationNode.Grains.Rosters;
using FederationNode.Matching.Policy;
using FederationNode.Node.Policies;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Node.Api.Indicators;

/// <summary>Puts into JSON shapes what the list says of an indicator. Safe from any thread.</summary>
internal sealed class IndicatorDescriber(
    RosterBoard roster,
    PolicyBoard policy,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock)
{
    public const string Listed = "listed";
    public const string Withdrawn = "withdrawn";
    public const string Expired = "expired";

    private static readonly string[] Severities = ["low", "medium", "high", "critical"];

    public long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    public IndicatorSummary Summarise(IndicatorState state) => Summarise(state, Now);

    public IndicatorSummary Summarise(IndicatorState state, long now) => Summarise(state, now, withdrawnOpinions: false);

    /// <summary>
    /// With everything that a judgement takes, for who keeps the list: also opinions that were taken back, since one on a
    /// single lister holds against the same member's opinion on everybody.
    /// </summary>
    public IndicatorSummary SummariseWhole(IndicatorState state, long now) => Summarise(state, now, withdrawnOpinions: true);

    private IndicatorSummary Summarise(IndicatorState state, long now, bool withdrawnOpinions)
    {
        var judgement = policy.Verdicts.Judge(state, now, roster.Counts, quarantines: policy.Quarantines);
        var indicator = state.Indicator;
        return new IndicatorSummary(
            state.Id.ToString(),
            indicator?.Kind ?? "",
            indicator?.Scheme ?? "",
            indicator is null ? "" : ValueText(indicator),
            CategoryOf(state, judgement),
            judgement.Verdict.ToText(),
            judgement.Reason,
            [.. state.Listings.Select(l => DescribeListing(l, now))],
            [.. state.Opinions
                .Where(o => withdrawnOpinions || o.Payload is OpinionPayload { Stance: not OpinionPayload.None })
                .Select(DescribeOpinion)]);
    }

    /// <summary>A signed statement with everything that proves it.</summary>
    public EvidenceDocument Describe(SignedStatement statement)
    {
        var evidence = statement.Evidence;
        var vkey = roster.Current is { } document && document.TryFindLog(statement.Origin, out var log, out _)
            ? log.Key.ToString()
            : "";
        return new EvidenceDocument(
            statement.Origin,
            evidence.Index,
            Convert.ToBase64String(evidence.Entry.Leaf),
            evidence.Entry.Salt is { } salt ? Convert.ToBase64String(salt) : null,
            evidence.Entry.Payload is { } payload ? Convert.ToBase64String(payload) : null,
            [.. evidence.Proof.Select(h => h.ToBase64())],
            Encoding.UTF8.GetString(evidence.Checkpoint),
            vkey);
    }

    /// <summary>A keyword as text, anything else in hexadecimal.</summary>
    public static string ValueText(Indicator indicator) => indicator.Kind == IndicatorKind.Keyword
        ? Encoding.UTF8.GetString(indicator.Value.Span)
        : Convert.ToHexStringLower(indicator.Value.Span);

    public static string StateOf(LogEntry statement, long now) => statement.Payload switch
    {
        ListingPayload when statement.Ends > now => Listed,
        ListingPayload => Expired,
        _ => Withdrawn,
    };

    private static string CategoryOf(IndicatorState state, Judgement judgement)
    {
        var newest = judgement.Listings.MaxBy(l => l.Issued)
            ?? state.Listings.Where(l => l.Payload is ListingPayload).MaxBy(l => l.Issued);
        return (newest?.Payload as ListingPayload)?.Category ?? "";
    }

    private static ListingSummary DescribeListing(LogEntry entry, long now)
    {
        var listing = entry.Payload as ListingPayload;
        return new ListingSummary(
            entry.Member,
            StateOf(entry, now),
            entry.Issued,
            listing is null ? null : entry.Ends,
            listing?.Category,
            listing?.Taxon,
            listing?.Cites,
            listing is null ? null : Severities[listing.Severity],
            listing?.Confidence,
            listing?.Action,
            (entry.Payload as WithdrawalPayload)?.Reason,
            listing?.Context is { } c
                ? new KeywordRuleRequest(c.Language, c.Match, c.AnyOf, c.AllOf, c.NoneOf, c.Window)
                : null,
            entry.Origin.Text,
            entry.Index,
            listing?.Jurisdictions,
            listing?.Exceptions,
            listing?.Tlp);
    }

    private static OpinionSummary DescribeOpinion(LogEntry entry)
    {
        var opinion = (OpinionPayload)entry.Payload;
        return new OpinionSummary(
            entry.Member,
            opinion.Stance,
            opinion.Lister,
            opinion.Reason,
            entry.Issued,
            entry.Origin.Text,
            entry.Index);
    }
}
