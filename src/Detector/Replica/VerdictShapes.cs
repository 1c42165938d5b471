using FederationNode.Contracts.Api;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Keywords;
using FederationNode.Matching.Policy;
using FederationNode.Protocol.Entries;

namespace FederationNode.Detector.Replica;

/// <summary>Puts verdicts into the shapes of the local API, so that a program may ask either.</summary>
internal static class VerdictShapes
{
    public const string Text = "text";

    public static CheckVerdict Of(ItemVerdict verdict, CheckItem item) => new(
        item.Id,
        verdict.Verdict.ToText(),
        verdict.Matches.IsEmpty ? [] : [.. verdict.Matches.Select(m => Of(m, item.Kind))],
        verdict.Reason);

    private static CheckMatch Of(JudgedMatch match, string itemKind)
    {
        var (place, judgement, newest) = (match.Match, match.Judgement, match.Newest);
        var isText = itemKind == Text;
        return new CheckMatch(
            place.IndicatorId.ToString(),
            newest.Indicator.Kind,
            newest.Category,
            judgement.Verdict.ToText(),
            judgement.Reason,
            [.. judgement.Listings.Select(l => new Lister(l.Member, l.Issued))],
            judgement.Disputers,
            match.Confidence,
            isText ? place.Start : null,
            isText ? place.Length : null,
            itemKind == IndicatorKind.ImagePdq ? place.Distance : null,
            isText ? place.Evasions.ToText() : null);
    }
}
