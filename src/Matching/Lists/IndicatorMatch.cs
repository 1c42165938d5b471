using System.Collections.Immutable;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Matching.Lists;

/// <summary>An item matches an indicator.</summary>
/// <param name="IndicatorId">The indicator.</param>
/// <param name="Start">Where in the text, in UTF-16 code units; -1 if the item is no text.</param>
/// <param name="Length">How long, in UTF-16 code units; 0 if the item is no text.</param>
/// <param name="Distance">Hamming distance of PDQ hashes; 0 for other kinds.</param>
/// <param name="Evasions">How a text hides the keyword; none for other kinds.</param>
/// <param name="Contexts">The contexts that hold, of a keyword: only listings with one of them apply. Else empty.</param>
public sealed record IndicatorMatch(
    Hash256 IndicatorId,
    int Start,
    int Length,
    int Distance,
    KeywordEvasions Evasions,
    ImmutableArray<KeywordContext> Contexts)
{
    /// <summary>Whether a listing of the indicator is one of those that this match speaks of.</summary>
    public bool Applies(ListingPayload listing) => listing.Context is null || Contexts.Contains(listing.Context);
}
