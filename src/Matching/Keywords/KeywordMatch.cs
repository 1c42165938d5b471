namespace FederationNode.Matching.Keywords;

/// <summary>Where in a text a keyword counts.</summary>
public enum KeywordMatch
{
    /// <summary>
    /// Decided at each end of the keyword: a word boundary is needed there, unless the keyword begins (or ends) with a
    /// character of a script that is written without spaces. So "ivory" is a whole word and "象牙" is found anywhere.
    /// </summary>
    ByScript = 0,

    /// <summary>A word boundary (UAX #29) is needed at both ends.</summary>
    Word = 1,

    /// <summary>Anywhere, also inside a word.</summary>
    Substring = 2,

    /// <summary>A word boundary is needed before the keyword only.</summary>
    Prefix = 3,
}
