namespace FederationNode.Matching.Keywords;

/// <summary>A pattern found at a place.</summary>
/// <param name="Number">The pattern's <see cref="KeywordPattern.Number"/>.</param>
/// <param name="Place">Where.</param>
internal readonly record struct PatternHit(int Number, PatternPlace Place);

/// <summary>Where a pattern stands in the text that was scanned, in UTF-16 units, and how it is hidden.</summary>
internal readonly record struct PatternPlace(int Start, int End, KeywordEvasions Evasions);
