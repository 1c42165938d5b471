using System.Globalization;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Policy;

/// <summary>Counts who stands behind listings that fall under one rule, and says what counted and what is missing.</summary>
internal sealed class PolicyCount
{
    private readonly VerdictPolicy _policy;
    private readonly string _scope;
    private readonly KindPolicy _rule;
    private readonly SortedSet<string> _blocking = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _reviewing = new(StringComparer.Ordinal);
    private readonly List<string> _unsure = [];
    private readonly SortedSet<string> _quarantined = new(StringComparer.Ordinal);

    /// <summary>Counts.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="category">The category whose own rule it is, or empty.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="state">What everybody says of the indicator.</param>
    /// <param name="heard">Whether a member's word counts.</param>
    /// <param name="quarantines">The logs in quarantine.</param>
    /// <param name="evasions">How the text hides the keyword at the place in question.</param>
    /// <param name="listings">The listings under the rule; one at least.</param>
    public PolicyCount(
        VerdictPolicy policy,
        string category,
        KindPolicy rule,
        IndicatorState state,
        Func<string, bool> heard,
        QuarantineTable quarantines,
        KeywordEvasions evasions,
        IReadOnlyList<LogEntry> listings)
    {
        (_policy, _rule) = (policy, rule);
        _scope = category.Length > 0 ? $"category {category}" : $"kind {((ListingPayload)listings[0].Payload).Indicator.Kind}";
        foreach (var entry in listings)
        {
            Add(entry, (ListingPayload)entry.Payload, state, heard, quarantines);
        }

        (Verdict, var counted) =
            rule.BlockAt > 0 && Enough(_blocking, rule.BlockAt) ? (Verdict.Block, Enough(_blocking, rule.BlockAt, "block"))
            : rule.ReviewAt > 0 && Enough(_reviewing, rule.ReviewAt)
                ? (Verdict.Review, Enough(_reviewing, rule.ReviewAt, "review") + ShortOf(Verdict.Block))
            : (Verdict.Signal, ShortOf(Verdict.Review)[2..]);
        var ceiling = rule.Hidden.Of(evasions);
        if (Verdict > ceiling)
        {
            counted += $"; at most {ceiling.ToText()}, since the text hides the keyword "
                + $"({string.Join(", ", rule.Hidden.LoweringTo(ceiling, evasions))})";
            Verdict = ceiling;
        }

        Reason = counted
            + (_unsure.Count > 0 && Verdict < Verdict.Block ? $"; too unsure to count: {string.Join(", ", _unsure)}" : "")
            + (_quarantined.Count > 0 ? $"; quarantined: {string.Join(", ", _quarantined)}" : "");
    }

    /// <summary>The verdict, before disputes.</summary>
    public Verdict Verdict { get; }

    /// <summary>What counted and what is missing, without the verdict.</summary>
    public string Reason { get; }

    /// <summary>The verdict and the reason.</summary>
    public string Text => field ??= $"{Verdict.ToText()}: {Reason}";

    private void Add(
        LogEntry entry, ListingPayload listing, IndicatorState state, Func<string, bool> heard, QuarantineTable quarantines)
    {
        var wanted = VerdictText.FromAction(listing.Action);
        if (wanted < Verdict.Review)
        {
            return;
        }

        if (quarantines.Of(entry) is { } quarantine)
        {
            _quarantined.Add(quarantine.Excess);
            return;
        }

        if (listing.Confidence < _rule.MinConfidence)
        {
            _unsure.Add(string.Create(
                CultureInfo.InvariantCulture, $"{entry.Member} ({listing.Confidence} of {_rule.MinConfidence})"));
            return;
        }

        foreach (var members in wanted == Verdict.Block ? (SortedSet<string>[])[_blocking, _reviewing] : [_reviewing])
        {
            members.Add(entry.Member);
            members.UnionWith(state.ConfirmersOf(entry.Member, heard));
        }
    }

    private bool Enough(SortedSet<string> members, int needed) =>
        members.Count >= needed || members.Contains(_policy.Self) || members.Overlaps(_policy.Trusted);

    private string Enough(SortedSet<string> members, int needed, string what) =>
        members.Count >= needed ? Counted(members, needed, what)
        : members.Contains(_policy.Self) ? $"{_policy.Self} itself stands behind it"
        : $"{members.First(_policy.Trusted.Contains)} is trusted";

    /// <summary>What is missing for a graver verdict.</summary>
    private string ShortOf(Verdict verdict) =>
        verdict == Verdict.Block
            ? _rule.BlockAt == 0 ? $"; {_scope} never blocks" : "; " + Counted(_blocking, _rule.BlockAt, "block")
            : _rule.ReviewAt > 0 ? "; " + Counted(_reviewing, _rule.ReviewAt, "review")
            : _rule.BlockAt > 0 ? "; " + Counted(_blocking, _rule.BlockAt, "block")
            : $"; {_scope} only signals";

    private static string Counted(SortedSet<string> members, int needed, string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"{members.Count} of {needed} members needed to {what}{(members.Count > 0 ? $" ({string.Join(", ", members)})" : "")}");
}
