using FederationNode.Contracts.Api;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Keywords;
using FederationNode.Matching.Policy;
using FederationNode.Protocol.Entries;

namespace FederationNode.Detector.Replica;

/// <summary>
/// Puts verdicts into the shapes of the local API: for the node, and for the replica, so that a program may ask either.
/// </summary>
internal static class VerdictShapes
{
    /// <summary>The kind of an item that is a text.</summary>
    public const string Text = "text";

    /// <summary>The verdict on an item.</summary>
    /// <param name="verdict">The verdict.</param>
    /// <param name="kind">The item's kind.</param>
    /// <param name="id">The caller's name for it.</param>
    public static CheckVerdict Of(ItemVerdict verdict, string kind, string? id) => new(
        id,
        verdict.Verdict.ToText(),
        verdict.Matches.IsEmpty ? [] : [.. verdict.Matches.Select(m => Of(m, kind))],
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
