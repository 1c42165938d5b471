namespace FederationNode.Protocol.Text;

/// <summary>The scripts that matching treats differently from the rest.</summary>
public enum Script
{
    /// <summary>Any other script, and everything that belongs to no script.</summary>
    Other = 0,

    /// <summary>Chinese characters, in any language.</summary>
    Han = 1,

    /// <summary>Japanese Hiragana.</summary>
    Hiragana = 2,

    /// <summary>Japanese Katakana.</summary>
    Katakana = 3,

    /// <summary>Korean, syllables and jamo; written with spaces.</summary>
    Hangul = 4,

    /// <summary>Thai.</summary>
    Thai = 5,

    /// <summary>Lao.</summary>
    Lao = 6,

    /// <summary>Khmer.</summary>
    Khmer = 7,

    /// <summary>Myanmar (Burmese and others).</summary>
    Myanmar = 8,
}
