namespace FederationNode.Matching.Keywords;

/// <summary>In what way a text hides a keyword; docs/protocol.md section 13, "Views".</summary>
[Flags]
public enum KeywordEvasions
{
    /// <summary>Not at all: the keyword stands there in view V1, at word boundaries where it needs them.</summary>
    None = 0,

    /// <summary>Other characters stand for some letters: homoglyphs, leet, letters with other marks.</summary>
    Lookalike = 1,

    /// <summary>Separators stand where the keyword has none, others than it has, or none where it has some.</summary>
    Separated = 2,

    /// <summary>Letters are repeated.</summary>
    Repeated = 4,
}
