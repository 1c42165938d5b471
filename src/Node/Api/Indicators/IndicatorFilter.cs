using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Text;

namespace FederationNode.Node.Api.Indicators;

/// <summary>Which indicators somebody wants to see; null: no condition.</summary>
/// <param name="Kind">The indicator's kind.</param>
/// <param name="Category">A category in which a member lists it.</param>
/// <param name="Member">A member with a statement about it.</param>
/// <param name="State">The state of a statement.</param>
/// <param name="Query">Words in a keyword, or the first digits of another value.</param>
internal sealed record IndicatorFilter(string? Kind, string? Category, string? Member, string? State, string? Query)
{
    private readonly string? _words = Query is null ? null : Wlnorm.Normalize(Query);

    /// <summary>Member, category and state must hold of one and the same statement.</summary>
    public bool Matches(IndicatorState state, long now) =>
        (Kind is null || state.Indicator?.Kind == Kind)
        && (_words is null || MatchesWords(state.Indicator))
        && ((Category ?? Member ?? State) is null || state.Listings.Any(l => MatchesStatement(l, now)));

    private bool MatchesWords(Indicator? indicator)
    {
        if (indicator is null)
        {
            return false;
        }

        var value = IndicatorDescriber.ValueText(indicator);
        return indicator.Kind == IndicatorKind.Keyword
            ? value.Contains(_words!, StringComparison.Ordinal)
            : value.StartsWith(_words!, StringComparison.Ordinal);
    }

    private bool MatchesStatement(LogEntry statement, long now) =>
        (Member is null || statement.Member == Member)
        && (Category is null || (statement.Payload as ListingPayload)?.Category == Category)
        && (State is null || IndicatorDescriber.StateOf(statement, now) == State);
}
