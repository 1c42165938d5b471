namespace FederationNode.Matching.Keywords;

/// <summary>A pattern found at a place.</summary>
internal readonly record struct PatternHit(KeywordPattern Pattern, PatternPlace Place);

/// <summary>Where a pattern stands in the text that was scanned, in UTF-16 units, and how it is hidden.</summary>
internal readonly record struct PatternPlace(int Start, int End, KeywordEvasions Evasions);
