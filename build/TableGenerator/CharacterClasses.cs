namespace FederationNode.TableGenerator;

/// <summary>
/// The 16-bit class of a code point: bits 0-4 Word_Break, bit 5 Extended_Pictographic, bit 6 letter (general
/// category L*), bits 8-11 script. The numbers are those of WordBreakClass and Script in src/Protocol/Text.
/// </summary>
internal static class CharacterClasses
{
    private const uint Pictographic = 1u << 5;
    private const uint Letter = 1u << 6;
    private const int ScriptShift = 8;

    private static readonly string[] WordBreakNames =
    [
        "Other", "CR", "LF", "Newline", "Extend", "ZWJ", "Format", "Regional_Indicator", "Katakana", "Hebrew_Letter",
        "ALetter", "Single_Quote", "Double_Quote", "MidNumLet", "MidLetter", "MidNum", "Numeric", "ExtendNumLet",
        "WSegSpace",
    ];

    /// <summary>Name prefixes by script number; the first entry, "none", is empty.</summary>
    private static readonly string[][] ScriptNames =
    [
        [],
        ["CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "<CJK Ideograph", "CJK RADICAL", "KANGXI RADICAL",
            "IDEOGRAPHIC ITERATION MARK", "VERTICAL IDEOGRAPHIC ITERATION MARK", "IDEOGRAPHIC NUMBER ZERO",
            "HANGZHOU NUMERAL"],
        ["HIRAGANA ", "HENTAIGANA "],
        ["KATAKANA ", "KATAKANA-HIRAGANA PROLONGED SOUND MARK", "HALFWIDTH KATAKANA"],
        ["<Hangul Syllable", "HANGUL "],
        ["THAI "],
        ["LAO "],
        ["KHMER "],
        ["MYANMAR "],
    ];

    /// <summary>The class of one code point.</summary>
    public static uint Of(CharacterDatabase characters, int codePoint)
    {
        var name = characters.WordBreak.GetValueOrDefault(codePoint, "Other");
        var wordBreak = Array.IndexOf(WordBreakNames, name);
        if (wordBreak < 0)
        {
            throw new InvalidDataException($"Unknown Word_Break value '{name}'.");
        }

        return (uint)wordBreak
            | (IsPictographic(characters, codePoint) ? Pictographic : 0)
            | (characters.Category[codePoint]?[0] == 'L' ? Letter : 0)
            | (uint)(ScriptOf(characters, codePoint) << ScriptShift);
    }

    private static int ScriptOf(CharacterDatabase characters, int codePoint)
    {
        var name = characters.Name[codePoint];
        if (name is null || !IsWriting(characters.Category[codePoint]!, name))
        {
            return 0;
        }

        return Math.Max(0, Array.FindIndex(
            ScriptNames,
            prefixes => Array.Exists(prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal))));
    }

    /// <summary>Letters, marks, letter numbers and radicals; not punctuation, digits or symbols.</summary>
    private static bool IsWriting(string category, string name) =>
        category[0] is 'L' or 'M' || category == "Nl" || name.Contains(" RADICAL ", StringComparison.Ordinal);

    /// <summary>Stands in for Extended_Pictographic; see data/README.md.</summary>
    private static bool IsPictographic(CharacterDatabase characters, int codePoint)
    {
        if (codePoint is >= 0x1F1E6 and <= 0x1F1FF)
        {
            return false;
        }

        var category = characters.Category[codePoint];
        return (codePoint is (>= 0x2300 and <= 0x27BF) or (>= 0x2B00 and <= 0x2BFF) && category == "So")
            || (codePoint is >= 0x1F000 and <= 0x1FAFF && category is "So" or null);
    }
}
