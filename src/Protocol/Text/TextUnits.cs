namespace FederationNode.Protocol.Text;

/// <summary>
/// What matching must know of each UTF-16 unit, from the pinned tables, in one word: bits 0-2 <see cref="UnitKind"/>,
/// then the flags below, bits 16-31 the matching class. Two units that can ever stand for each other, by any view of
/// <c>wlnorm/1</c>, have the same class; docs/protocol.md section 13, "Views".
/// <para>
/// <see cref="Raw"/> speaks of text as it comes. As long as no unit of a text is <see cref="UnitKind.Complex"/>, view V1
/// of the text is <see cref="Folded"/> of its units, those left out that fold to nothing, so that matching needs no
/// normalised copy. <see cref="Normalized"/> speaks of text that is in view V1, where no unit is complex.
/// </para>
/// </summary>
public static class TextUnits
{
    /// <summary>The bits of the kind.</summary>
    public const uint KindMask = 7;

    /// <summary>A separator that may stand for a letter, such as <c>@</c>.</summary>
    public const uint LetterLike = 1 << 3;

    /// <summary>Punctuation or a line break between clauses or sentences.</summary>
    public const uint Clause = 1 << 4;

    /// <summary>An ignored unit that is there in view V1 all the same: a combining mark or a tatweel.</summary>
    public const uint Mark = 1 << 5;

    /// <summary>Bits 8 to 12: how many units more than one view V1 has of a separator.</summary>
    public const int ExtraShift = 8;

    /// <summary>Where the matching class begins.</summary>
    public const int ClassShift = 16;

    private const char Tatweel = 'ـ';

    private static readonly char[] FoldedUnits = new char[0x10000];
    private static readonly char[] BareUnits = new char[0x10000];
    private static readonly uint[] LetterMasks = new uint[0x10000];
    private static readonly uint[] RawUnits = new uint[0x10000];
    private static readonly uint[] NormalizedUnits = new uint[0x10000];
    private static readonly char[] ClassOfLetter = new char[26];

    static TextUnits()
    {
        for (var unit = 0; unit < 0x10000; unit++)
        {
            if (!char.IsSurrogate((char)unit))
            {
                FoldedUnits[unit] = Fold(unit);
                BareUnits[unit] = (char)unit;
            }
        }

        for (var unit = 0; unit < 0x10000; unit++)
        {
            if (KindOf(unit, normalized: true) == UnitKind.Letter)
            {
                BareUnits[unit] = Strip(unit);
            }
        }

        for (var unit = 0; unit < 0x10000; unit++)
        {
            var bare = BareUnits[unit];
            LetterMasks[unit] = bare is >= 'a' and <= 'z' ? 1u << (bare - 'a') : TextTables.Lookalikes[bare];
        }

        JoinClasses();
        for (var unit = 0; unit < 0x10000; unit++)
        {
            RawUnits[unit] = Describe(unit, normalized: false);
            NormalizedUnits[unit] = Describe(unit, normalized: true);
        }
    }

    /// <summary>The words of the units of text as it comes.</summary>
    public static ReadOnlySpan<uint> Raw => RawUnits;

    /// <summary>The words of the units of text in view V1.</summary>
    public static ReadOnlySpan<uint> Normalized => NormalizedUnits;

    /// <summary>View V1 of each unit that is not complex; U+0000 for those that fold to nothing.</summary>
    public static ReadOnlySpan<char> Folded => FoldedUnits;

    /// <summary>Each unit of view V1 without its marks, if it is a letter; else the unit.</summary>
    public static ReadOnlySpan<char> Bare => BareUnits;

    /// <summary>
    /// Of each unit of view V1: bit n if it is, or may stand for, the letter a + n, marks left aside.
    /// </summary>
    public static ReadOnlySpan<uint> Letters => LetterMasks;

    /// <summary>Units of view V1 that a unit stands for, if it is not complex; a run of spaces stands for one.</summary>
    public static int Length(uint word) => Kind(word) == UnitKind.Ignored && (word & Mark) == 0
        ? 0
        : 1 + (int)((word >> ExtraShift) & 31);

    /// <summary>The kind in a word.</summary>
    public static UnitKind Kind(uint word) => (UnitKind)(word & KindMask);

    /// <summary>
    /// The word of a code point above U+FFFF. Letters there count as <see cref="UnitKind.Unspaced"/>, whatever their
    /// script.
    /// </summary>
    public static uint OfSupplementary(int codePoint, bool normalized)
    {
        var kind = KindOf(codePoint, normalized);
        kind = kind is UnitKind.Letter or UnitKind.Hangul ? UnitKind.Unspaced : kind;
        var mark = normalized && kind == UnitKind.Ignored ? Mark : 0;
        return (uint)kind | mark | ((uint)((codePoint ^ (codePoint >> 4)) & 0xFFFF) << ClassShift);
    }

    private static uint Describe(int unit, bool normalized)
    {
        if (char.IsSurrogate((char)unit))
        {
            return (uint)UnitKind.Surrogate;
        }

        var kind = KindOf(unit, normalized);
        var folded = FoldedUnits[unit];
        var word = (uint)kind;
        if (kind == UnitKind.Separator && TextTables.Lookalikes[folded] != 0)
        {
            word |= LetterLike;
        }

        var mapping = new Mapping(TextTables.Folding[unit]);
        if (kind == UnitKind.Separator && !mapping.IsIdentity && !mapping.IsSingle)
        {
            word |= (uint)(mapping.Text.Length - 1) << ExtraShift;
        }

        if (IsClause(unit) || (kind == UnitKind.Separator && IsClause(folded)))
        {
            word |= Clause;
        }

        if (kind == UnitKind.Ignored && folded != 0)
        {
            word |= Mark;
        }

        return word | ((uint)ClassOf(folded, kind) << ClassShift);
    }

    private static char ClassOf(char folded, UnitKind kind)
    {
        if (kind is not (UnitKind.Letter or UnitKind.Separator))
        {
            return folded;
        }

        var letters = LetterMasks[folded];
        return letters == 0 ? BareUnits[folded] : ClassOfLetter[System.Numerics.BitOperations.TrailingZeroCount(letters)];
    }

    private static UnitKind KindOf(int codePoint, bool normalized)
    {
        var mapping = new Mapping(TextTables.Folding[codePoint]);
        if (mapping.IsRemoval || codePoint == Tatweel)
        {
            return UnitKind.Ignored;
        }

        if (!mapping.StartsUnit)
        {
            return !normalized ? UnitKind.Complex
                : new Mapping(TextTables.Canonical[codePoint]).CombiningClass != 0 ? UnitKind.Ignored
                : KindOf(codePoint);
        }

        if (mapping.IsIdentity)
        {
            return KindOf(codePoint);
        }

        if (mapping.IsSingle)
        {
            return mapping.CodePoint > 0xFFFF || codePoint > 0xFFFF ? UnitKind.Complex : KindOf(mapping.CodePoint);
        }

        // Several characters: an ellipsis is as good a separator as its three dots.
        foreach (var unit in mapping.Text)
        {
            if (char.IsSurrogate(unit) || KindOf(unit) is not (UnitKind.Separator or UnitKind.Space))
            {
                return UnitKind.Complex;
            }
        }

        return UnitKind.Separator;
    }

    /// <summary>The kind of a code point of view V1 that does not combine.</summary>
    private static UnitKind KindOf(int codePoint)
    {
        if (codePoint == ' ')
        {
            return UnitKind.Space;
        }

        var script = Scripts.Of(codePoint);
        if (script != Script.Other)
        {
            return script == Script.Hangul ? UnitKind.Hangul : UnitKind.Unspaced;
        }

        var isWord = (WordBreakClass)(TextTables.Classes[codePoint] & 31) is WordBreakClass.AlphabeticLetter
            or WordBreakClass.HebrewLetter or WordBreakClass.Numeric or WordBreakClass.Katakana or WordBreakClass.Extend;
        return Scripts.IsLetter(codePoint) || (isWord && !IsSymbolPart(codePoint)) ? UnitKind.Letter : UnitKind.Separator;
    }

    /// <summary>What UAX #29 counts to the character before it, but people see as a symbol: keycaps, skin tones.</summary>
    private static bool IsSymbolPart(int codePoint) =>
        codePoint is (>= 0x20DD and <= 0x20E4) or (>= 0x1F3FB and <= 0x1F3FF);

    private static bool IsClause(int unit) => unit is '\n' or '\r' or 0x2028 or 0x2029
        or '。' or '、' or ',' or ';' or ':' or '!' or '?' or '،' or '؛' or '؟' or '।';

    private static char Fold(int unit)
    {
        var mapping = new Mapping(TextTables.Folding[unit]);
        return mapping.IsIdentity ? (char)unit
            : mapping.IsSingle && mapping.CodePoint <= 0xFFFF ? (char)mapping.CodePoint
            : '\0';
    }

    /// <summary>The base of a letter's decomposition, if all the rest of it are marks.</summary>
    private static char Strip(int unit)
    {
        var mapping = new Mapping(TextTables.Canonical[unit]);
        if (mapping.IsIdentity)
        {
            return (char)unit;
        }

        if (mapping.IsSingle)
        {
            return mapping.CodePoint <= 0xFFFF ? (char)mapping.CodePoint : (char)unit;
        }

        var text = mapping.Text;
        for (var index = 1; index < text.Length; index++)
        {
            if (char.IsSurrogate(text[index]) || new Mapping(TextTables.Canonical[text[index]]).CombiningClass == 0)
            {
                return (char)unit;
            }
        }

        return char.IsSurrogate(text[0]) ? (char)unit : text[0];
    }

    /// <summary>Letters for which one character may stand are one class, and so on from letter to letter.</summary>
    private static void JoinClasses()
    {
        for (var letter = 0; letter < ClassOfLetter.Length; letter++)
        {
            ClassOfLetter[letter] = (char)('a' + letter);
        }

        // l is read as I, and capital I as l.
        Join((1u << ('i' - 'a')) | (1u << ('l' - 'a')));
        foreach (var letters in LetterMasks)
        {
            Join(letters);
        }
    }

    private static void Join(uint letters)
    {
        if (System.Numerics.BitOperations.PopCount(letters) < 2)
        {
            return;
        }

        var to = ClassOfLetter[System.Numerics.BitOperations.TrailingZeroCount(letters)];
        for (var letter = 0; letter < ClassOfLetter.Length; letter++)
        {
            if ((letters & (1u << letter)) != 0 && ClassOfLetter[letter] is var from && from != to)
            {
                for (var other = 0; other < ClassOfLetter.Length; other++)
                {
                    ClassOfLetter[other] = ClassOfLetter[other] == from ? to : ClassOfLetter[other];
                }
            }
        }
    }
}
