namespace FederationNode.Matching.Keywords;

/// <summary>A rule that holds at a place of a text.</summary>
/// <param name="RuleId">The rule's <see cref="KeywordRule.Id"/>.</param>
/// <param name="Start">First UTF-16 unit in the original text.</param>
/// <param name="Length">Length in UTF-16 units of the original text; at least 1.</param>
/// <param name="Evasions">How the text hides the keyword there.</param>
public readonly record struct KeywordHit(int RuleId, int Start, int Length, KeywordEvasions Evasions);
