using System.Collections.Immutable;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Rosters;
using FederationNode.Matching.Images;
using FederationNode.Matching.Lists;
using FederationNode.Matching.Policy;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Api.Checking;

/// <summary>Asks the list about one item. Safe from any thread.</summary>
internal sealed class ItemChecker(MergedList list, RosterBoard roster, LocalApiOptions options)
{
    public const string Text = "text";

    /// <summary>What is wrong with an item, without its value, or null.</summary>
    public static string? FaultOf(CheckItem? item) =>
        item is null ? "must be an object"
        : item.Id is { Length: > 128 } ? ".id must have at most 128 characters"
        : item.Kind switch
        {
            Text => item.Value.Length is > 0 and <= Limits.MaxCheckText
                ? null
                : $".value must have 1 to {Limits.MaxCheckText} UTF-16 code units",
            IndicatorKind.ImagePdq or IndicatorKind.ImageSha256 or IndicatorKind.Seller =>
                LowerHex.TryParse(item.Value, out _) ? null
                : ".value must be 64 lower-case hexadecimal digits",
            _ => $".kind must be {Text}, "
                + $"{IndicatorKind.ImagePdq}, {IndicatorKind.ImageSha256} or {IndicatorKind.Seller}",
        };

    /// <summary>Checks an item that has no fault.</summary>
    /// <param name="item">The item.</param>
    /// <param name="now">Unix seconds.</param>
    /// <param name="hits">Takes the indicators that it matches.</param>
    public CheckVerdict Check(CheckItem item, long now, List<Hash256> hits)
    {
        var found = new List<IndicatorMatch>();
        switch (item.Kind)
        {
            case Text:
                list.Matcher.MatchText(item.Value, found);
                break;
            case IndicatorKind.ImagePdq when PdqHash.TryParse(item.Value, out var hash, out _):
                list.Matcher.MatchPdq(hash, found);
                break;
            case IndicatorKind.ImageSha256 when LowerHex.TryParse(item.Value, out var sha256):
                list.Matcher.MatchImage(sha256, found);
                break;
            case IndicatorKind.Seller when LowerHex.TryParse(item.Value, out var tag):
                list.Matcher.MatchSeller(tag, found);
                break;
        }

        // One roster for the whole item: it must not change between two of its matches.
        var document = roster.Current;
        var matches = new List<(Verdict Verdict, CheckMatch Match)>();
        foreach (var places in found.GroupBy(m => m.IndicatorId))
        {
            var judged = Judge(places.Key, places, item.Kind, now, document);
            if (judged.Count > 0)
            {
                hits.Add(places.Key);
                matches.AddRange(judged);
            }
        }

        var sorted = matches
            .OrderByDescending(m => m.Verdict)
            .ThenByDescending(m => m.Match.Confidence)
            .ThenBy(m => m.Match.IndicatorId, StringComparer.Ordinal)
            .ThenBy(m => m.Match.Start)
            .Take(Limits.MaxCheckMatches)
            .ToList();
        var verdict = sorted.Count == 0 ? Verdict.None : sorted[0].Verdict;
        return new CheckVerdict(item.Id, verdict.ToText(), [.. sorted.Select(m => m.Match)]);
    }

    /// <summary>The places of one indicator that speak of a listing in force: the gravest, then the first.</summary>
    private List<(Verdict Verdict, CheckMatch Match)> Judge(
        Hash256 id, IEnumerable<IndicatorMatch> places, string kind, long now, RosterDocument? document)
    {
        if (!list.TryGet(id, out var state))
        {
            return [];
        }

        var known = new List<(ImmutableArray<KeywordContext> Contexts, Judgement Judgement)>();
        return [.. places
            .Select(place => (Place: place, Judgement: JudgeOnce(known, state, place, now, document)))
            .Where(p => !p.Judgement.Listings.IsEmpty)
            .OrderByDescending(p => p.Judgement.Verdict)
            .ThenBy(p => p.Place.Start)
            .Take(Limits.MaxCheckPlaces)
            .Select(p => (p.Judgement.Verdict, Describe(p.Place, p.Judgement, kind)))];
    }

    /// <summary>Places at which the same contexts hold have the same judgement.</summary>
    private Judgement JudgeOnce(
        List<(ImmutableArray<KeywordContext> Contexts, Judgement Judgement)> known,
        IndicatorState state,
        IndicatorMatch place,
        long now,
        RosterDocument? document)
    {
        foreach (var (contexts, earlier) in known)
        {
            if (contexts.SequenceEqual(place.Contexts))
            {
                return earlier;
            }
        }

        var judgement = options.Policy.Judge(state, now, member => document?.Counts(member) ?? false, place.Applies);
        known.Add((place.Contexts, judgement));
        return judgement;
    }

    private static CheckMatch Describe(IndicatorMatch place, Judgement judgement, string itemKind)
    {
        var newest = (ListingPayload)judgement.Listings.MaxBy(l => l.Issued)!.Payload;
        var isText = itemKind == Text;
        return new CheckMatch(
            place.IndicatorId.ToString(),
            newest.Indicator.Kind,
            newest.Category,
            judgement.Verdict.ToText(),
            judgement.Reason,
            [.. judgement.Listings.Select(l => new Lister(l.Member, l.Issued))],
            judgement.Disputers,
            judgement.Listings.Max(l => ((ListingPayload)l.Payload).Confidence),
            isText ? place.Start : null,
            isText ? place.Length : null,
            itemKind == IndicatorKind.ImagePdq ? place.Distance : null);
    }
}
