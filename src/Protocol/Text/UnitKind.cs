namespace FederationNode.Protocol.Text;

/// <summary>What a UTF-16 unit is to matching. The numbers fit into three bits.</summary>
public enum UnitKind
{
    /// <summary>Punctuation, symbols, emoji: stands between pieces of text.</summary>
    Separator = 0,

    /// <summary>White space.</summary>
    Space = 1,

    /// <summary>A letter, digit or vowel sign of a script that is written with spaces, Hangul left aside.</summary>
    Letter = 2,

    /// <summary>A Hangul syllable or jamo: words are written with spaces, particles without.</summary>
    Hangul = 3,

    /// <summary>A character of a script that is written without spaces: each is a piece of its own.</summary>
    Unspaced = 4,

    /// <summary>Of no consequence: default-ignorable characters, the tatweel, combining marks.</summary>
    Ignored = 5,

    /// <summary>Half of a code point above U+FFFF: ask for the code point.</summary>
    Surrogate = 6,

    /// <summary>Normalising this needs what stands around it, or gives several letters; not in normalised text.</summary>
    Complex = 7,
}
