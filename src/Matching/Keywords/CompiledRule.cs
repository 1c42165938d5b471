namespace FederationNode.Matching.Keywords;

/// <summary>Ends of a pattern at which a word boundary is needed.</summary>
[Flags]
internal enum Boundaries : byte
{
    None = 0,
    Start = 1,
    End = 2,
}

/// <summary>
/// A rule as the search needs it. Its terms are patterns in the engine's list of terms: any-of in
/// [TermStart, AnyEnd), all-of in [AnyEnd, AllEnd), none-of in [AllEnd, NoneEnd).
/// </summary>
internal readonly record struct CompiledRule(
    int Id, Boundaries Boundaries, int Window, int TermStart, int AnyEnd, int AllEnd, int NoneEnd);

/// <summary>
/// What a pattern is used for: the rules [RuleStart, RuleEnd), and context terms. Weakest is what all uses need.
/// </summary>
internal readonly record struct CompiledPattern(
    int RuleStart, int RuleEnd, bool IsTerm, Boundaries ByScript, Boundaries Weakest);

/// <summary>A pattern found in the normalised text, in UTF-16 units.</summary>
internal readonly record struct PatternOccurrence(int Pattern, int Start, int End);
