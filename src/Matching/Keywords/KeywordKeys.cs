using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// Under which keys a pattern is found. A pattern falls into words (pieces of letters, or of Hangul) and single
/// characters of scripts without spaces; its keys are the hashes of the first of them, the first two, and so on. The
/// last piece may go on in the text, or words be written together with it: then the keys end with the characters before
/// the first word, or, if it begins with that, its first few classes are the key.
/// </summary>
internal readonly struct KeywordKeys
{
    /// <summary>Scans know of so many characters whether they stand twice.</summary>
    private const int MaxDoubled = 3;

    private KeywordKeys(ulong terminal, IReadOnlyList<ulong> inner)
    {
        Terminal = terminal;
        Inner = inner;
    }

    /// <summary>Where the pattern itself is found.</summary>
    public ulong Terminal { get; }

    /// <summary>Where a scan goes on to it.</summary>
    public IReadOnlyList<ulong> Inner { get; }

    /// <summary>Classes in the whole pattern, repetitions left out.</summary>
    public int Classes { get; private init; }

    /// <summary>Whether the first key is one character of a script without spaces.</summary>
    public bool StartsWithSingle { get; private init; }

    /// <summary>
    /// Whether characters stand twice in it, and its key says so: most places where they stand once are never looked at.
    /// </summary>
    public bool IsDoubled { get; private init; }

    /// <summary>Whether it begins with a symbol.</summary>
    public bool StartsWithSymbol { get; private init; }

    /// <summary>Bit n: its key is the first n classes at a word's start.</summary>
    public int PrefixLengths { get; private init; }

    /// <summary>Likewise of a word in Hangul.</summary>
    public int HangulPrefixLengths { get; private init; }

    /// <summary>Bit n: its key is n classes anywhere in a word.</summary>
    public int InnerLengths { get; private init; }

    /// <summary>The keys of a pattern.</summary>
    public static KeywordKeys Of(KeywordPattern pattern, ulong seed)
    {
        var text = pattern.Text;
        var pieces = Pieces(text, seed);
        var first = TextUnits.Kind(Word(text, 0, out var width));
        if (first is UnitKind.Separator || pieces.Count == 0)
        {
            return new KeywordKeys(KeywordHash.Symbol(seed, width == 2 ? char.ConvertToUtf32(text, 0) : text[0]), [])
            {
                StartsWithSymbol = true,
            };
        }

        var last = pieces[^1];
        var isOpen = last.Kind is UnitKind.Letter or UnitKind.Hangul
            && ((pattern.Boundaries & Boundaries.End) == 0 || (pattern.Boundaries & Boundaries.Particle) != 0);
        var isInner = pieces[0].Kind is UnitKind.Letter or UnitKind.Hangul && (pattern.Boundaries & Boundaries.Start) == 0;
        var classes = pieces[^1].Classes;
        if (isInner || (isOpen && pieces[0].Kind is not UnitKind.Unspaced))
        {
            var length = Math.Min(KeywordTable.MaxPart, pieces[0].Classes);
            var hash = Part(text, length, seed);
            return new KeywordKeys(isInner ? KeywordHash.Inner(hash) : KeywordHash.Prefix(hash), [])
            {
                Classes = classes,
                InnerLengths = isInner ? 1 << length : 0,
                PrefixLengths = !isInner && pieces[0].Kind == UnitKind.Letter ? 1 << length : 0,
                HangulPrefixLengths = !isInner && pieces[0].Kind == UnitKind.Hangul ? 1 << length : 0,
            };
        }

        // Scans of scripts without spaces begin with the pair, or with the triple of what goes on behind it.
        var unspaced = pieces.TakeWhile(p => p.Kind == UnitKind.Unspaced).Count();
        var keys = pieces.Take(isOpen ? unspaced : pieces.Count).ToList();
        var skipped = keys.Count == unspaced ? Math.Min(2, keys.Count - 1) : 0;
        var isDoubled = keys.Count == unspaced && keys.Count <= MaxDoubled && keys[^1].IsDoubled
            && !char.IsSurrogate(text[0]);
        return new KeywordKeys(
            isDoubled ? KeywordHash.Doubled(keys[^1].Hash) : keys[^1].Hash,
            [.. keys.Take(keys.Count - 1).Skip(skipped).Select(p => p.Hash)])
        {
            Classes = classes,
            IsDoubled = isDoubled,
            StartsWithSingle = keys[0].Kind == UnitKind.Unspaced && (keys.Count == 1 || skipped == 0),
        };
    }

    private static List<Piece> Pieces(string text, ulong seed)
    {
        var pieces = new List<Piece>();
        var hash = new KeywordHash(seed);
        var classes = 0;
        var isDoubled = false;
        var before = UnitKind.Separator;
        for (var index = 0; index < text.Length;)
        {
            var word = Word(text, index, out var width);
            var kind = TextUnits.Kind(word);
            index += width;
            if (kind == UnitKind.Ignored)
            {
                continue;
            }

            if (kind is UnitKind.Letter or UnitKind.Hangul or UnitKind.Unspaced)
            {
                var counts = hash.Add(word >> TextUnits.ClassShift);
                classes += counts ? 1 : 0;
                isDoubled |= !counts;
                if (kind == before && (kind != UnitKind.Unspaced || !counts))
                {
                    pieces[^1] = new Piece(hash.Value, kind, classes, isDoubled);
                }
                else if (counts || kind != UnitKind.Unspaced)
                {
                    pieces.Add(new Piece(hash.Value, kind, classes, isDoubled));
                }
                else
                {
                    pieces[^1] = pieces[^1] with { IsDoubled = isDoubled };
                }
            }

            before = kind;
        }

        return pieces;
    }

    private static ulong Part(string text, int length, ulong seed)
    {
        var hash = new KeywordHash(seed);
        var taken = 0;
        for (var index = 0; taken < length; index++)
        {
            var word = TextUnits.Normalized[text[index]];
            if (TextUnits.Kind(word) is UnitKind.Letter or UnitKind.Hangul)
            {
                taken += hash.Add(word >> TextUnits.ClassShift) ? 1 : 0;
            }
        }

        return hash.Value;
    }

    private static uint Word(string text, int index, out int width)
    {
        if (char.IsSurrogatePair(text, index))
        {
            width = 2;
            return TextUnits.OfSupplementary(char.ConvertToUtf32(text, index), normalized: true);
        }

        width = 1;
        return TextUnits.Normalized[text[index]];
    }

    /// <summary>What the pattern up to the end of a piece hashes to.</summary>
    private readonly record struct Piece(ulong Hash, UnitKind Kind, int Classes, bool IsDoubled);
}
