using System.Collections.Immutable;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// A keyword to look for, and what must or must not stand near it. A term of the context counts as a keyword with
/// <see cref="KeywordMatch.ByScript"/> does; it may overlap the keyword, so that "ivory" without "ivory coast" works.
/// </summary>
/// <param name="Id">The caller's number for the rule; comes back in the hits.</param>
/// <param name="Text">
/// The keyword, already normalised by <c>wlnorm/1</c>. One that is not, or is empty, is never found.
/// </param>
/// <param name="Match">Where the keyword counts.</param>
/// <param name="AnyOf">Terms of which at least one must be near; no condition when empty.</param>
/// <param name="AllOf">Terms that must all be near.</param>
/// <param name="NoneOf">Terms of which none may be near.</param>
/// <param name="Window">
/// What is near: the term lies wholly within this many UTF-16 units of normalised text before the keyword's start or
/// after its end. 0 is the whole text.
/// </param>
public sealed record KeywordRule(
    int Id,
    string Text,
    KeywordMatch Match,
    ImmutableArray<string> AnyOf,
    ImmutableArray<string> AllOf,
    ImmutableArray<string> NoneOf,
    int Window);
