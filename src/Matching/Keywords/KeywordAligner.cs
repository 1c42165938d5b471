using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// Decides whether a keyword stands at a place of a text, by the views of docs/protocol.md section 13: lays the
/// keyword's characters against the text's one after the other, notes what is not as in the keyword, and weighs it at
/// the end of each word.
/// </summary>
internal ref struct KeywordAligner
{
    /// <summary>A letter without the marks that the keyword has counts only in keywords of so many letters.</summary>
    public const int LettersForMissingMarks = 5;

    /// <summary>Letters that hardly any language doubles.</summary>
    private const string NeverDoubled = "hjqvwxy";

    private readonly ScanText _text;
    private readonly ReadOnlySpan<char> _keyword;
    private readonly Boundaries _boundaries;
    private KeywordEvasions _evasions;
    private KeywordWord _word;
    private int _at;
    private int _letters;
    private int _missingMarks;
    private bool _hasOtherMarks;
    private int _clauses;
    private bool _isSpelled;
    private bool _hasSymbols;

    private KeywordAligner(in ScanText text, ReadOnlySpan<char> keyword, Boundaries boundaries, int start)
    {
        _text = text;
        _keyword = keyword;
        _boundaries = boundaries;
        _at = start;
    }

    /// <summary>Whether a keyword stands at <paramref name="start"/>, and where it ends.</summary>
    public static bool TryAlign(
        in ScanText text, ReadOnlySpan<char> keyword, Boundaries boundaries, int start, out PatternPlace place)
    {
        if (StandsPlainly(text, keyword, boundaries, start))
        {
            place = new PatternPlace(start, start + keyword.Length, KeywordEvasions.None);
            return true;
        }

        return TryAlignWhatIsHidden(text, keyword, boundaries, start, out place);
    }

    /// <summary>Apart, so that the usual case does not have the room of an aligner cleared.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryAlignWhatIsHidden(
        in ScanText text, ReadOnlySpan<char> keyword, Boundaries boundaries, int start, out PatternPlace place)
    {
        place = default;
        var aligner = new KeywordAligner(text, keyword, boundaries, start);
        aligner.StepBack();
        var from = aligner._at;
        if (!aligner.TryAlign() || !aligner.HasBoundaries(from))
        {
            return false;
        }

        place = new PatternPlace(from, aligner._at, aligner._evasions);
        return true;
    }

    /// <summary>
    /// The usual case, in which nothing is hidden and the ends are beyond doubt; where this says no, the rest decides.
    /// </summary>
    private static bool StandsPlainly(in ScanText text, ReadOnlySpan<char> keyword, Boundaries boundaries, int start)
    {
        var end = start + keyword.Length;
        if (end > text.Length || (keyword.Length > 1 && keyword[1] == keyword[0]))
        {
            return false;
        }

        var units = text.Units.Slice(start, keyword.Length);
        ref var folded = ref MemoryMarshal.GetReference(TextUnits.Folded);
        for (var index = 0; index < keyword.Length && index < units.Length; index++)
        {
            // Half a pair folds to nothing.
            if (Unsafe.Add(ref folded, units[index]) != keyword[index])
            {
                return false;
            }
        }

        return IsSureEnd(text, end, (boundaries & Boundaries.End) != 0)
            && ((boundaries & Boundaries.Start) == 0 || start == 0 || IsSureEnd(text, start - 1, isNeeded: true));
    }

    /// <summary>Whether what stands at an index, if anything, leaves no doubt that a keyword beside it ends there.</summary>
    private static bool IsSureEnd(in ScanText text, int index, bool isNeeded) =>
        index >= text.Length
        || TextUnits.Kind(text.RawWordAt(index)) is var kind
            && (kind is UnitKind.Space or UnitKind.Unspaced
                || (!isNeeded && kind is UnitKind.Separator or UnitKind.Letter or UnitKind.Hangul));

    /// <summary>A scan names the last of equal characters; the keyword may begin with more than one.</summary>
    private void StepBack()
    {
        var first = _keyword[0];
        if (TextUnits.Kind(TextUnits.Normalized[first]) != UnitKind.Unspaced)
        {
            return;
        }

        for (var index = 1; index < _keyword.Length; index++)
        {
            if (_keyword[index] == first)
            {
                var before = BehindGap(_at);
                if (before < 0 || _text.FoldedAt(before) != first)
                {
                    return;
                }

                _at = before;
            }
            else if (KeywordKind(index, out _) is not (UnitKind.Separator or UnitKind.Space))
            {
                return;
            }
        }
    }

    /// <summary>The index of what stands before an index and is no separator, or -1.</summary>
    private readonly int BehindGap(int index)
    {
        while (index > 0)
        {
            if (_text.KindBefore(index, out index) is not (UnitKind.Separator or UnitKind.Space))
            {
                return index;
            }
        }

        return -1;
    }

    private bool TryAlign()
    {
        var before = UnitKind.Separator;
        var index = 0;
        while (index < _keyword.Length)
        {
            var kind = KeywordKind(index, out var width);
            if (kind is UnitKind.Separator or UnitKind.Space)
            {
                if (!TryGap(ref index))
                {
                    return false;
                }

                before = UnitKind.Separator;
                continue;
            }

            if (kind == UnitKind.Ignored)
            {
                // A mark at the very beginning: nothing that text can be laid against.
                index += width;
                continue;
            }

            if (index > 0 && before != UnitKind.Separator)
            {
                SkipInserted(index, before == UnitKind.Unspaced || kind == UnitKind.Unspaced);
            }

            if (!(kind == UnitKind.Letter ? TryLetter(ref index) : TryCharacter(ref index, kind, width)))
            {
                return false;
            }

            before = kind;
        }

        return EndWord() && (_missingMarks == 0 || (_letters >= LettersForMissingMarks && !_hasOtherMarks));
    }

    /// <summary>Separators of the keyword: at its ends they must stand there, inside they may be others, or none.</summary>
    private bool TryGap(ref int index)
    {
        var end = index;
        while (end < _keyword.Length && KeywordKind(end, out var width) is UnitKind.Separator or UnitKind.Space)
        {
            end += width;
        }

        var gap = _keyword[index..end];
        var isEnd = index == 0 || end == _keyword.Length;
        if (!EndWord())
        {
            return false;
        }

        index = end;
        var from = _at;
        if (TryLiterally(gap, isEnd))
        {
            SkipMarks();
            return true;
        }

        _at = from;
        if (isEnd)
        {
            return false;
        }

        _at = _text.SkipGap(from);
        _evasions |= KeywordEvasions.Separated;
        return !EndsSentence(from, _at);
    }

    /// <summary>Whether a sentence ends between two words of the keyword: then they only happen to stand side by side.</summary>
    private readonly bool EndsSentence(int from, int to)
    {
        for (var index = from; index < to; index++)
        {
            if (_text.Units[index] is '!' or '?' or '。' or '！' or '？' or '؟' or '।'
                || (_text.Units[index] is '.' or '．' && index + 1 < to && _text.KindAt(index + 1, out _) == UnitKind.Space))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Marks without a letter, which the keyword has not.</summary>
    private void SkipMarks()
    {
        var from = SkipInvisible(_at);
        SkipIgnored();
        _evasions |= _at > from ? KeywordEvasions.Separated : KeywordEvasions.None;
    }

    private bool TryLiterally(ReadOnlySpan<char> gap, bool isEnd)
    {
        foreach (var unit in gap)
        {
            _at = SkipInvisible(_at);
            if (_at >= _text.Length || (char.IsSurrogate(unit) ? _text.Units[_at] : _text.FoldedAt(_at)) != unit)
            {
                return false;
            }

            _at++;
            while (unit == ' ' && SkipInvisible(_at) is var next && next < _text.Length
                && _text.KindAt(next, out _) == UnitKind.Space)
            {
                _at = next + 1;
            }
        }

        // What else stands there is one gap with it, unless the keyword ends here.
        return isEnd || _at >= _text.Length
            || _text.KindFrom(_at, out _) is not (UnitKind.Separator or UnitKind.Space);
    }

    /// <summary>Separators where the keyword has none.</summary>
    private void SkipInserted(int index, bool isUnspaced)
    {
        SkipIgnored();
        var from = _at;
        var (isSpaced, isClause) = (false, false);
        while (_at < _text.Length)
        {
            var word = _text.WordAt(_at, out var width);
            var kind = TextUnits.Kind(word);
            if (kind is not (UnitKind.Separator or UnitKind.Space or UnitKind.Ignored)
                || ((word & TextUnits.LetterLike) != 0 && MayBeLetter(_at, _keyword[index])))
            {
                break;
            }

            isSpaced |= kind == UnitKind.Space;
            isClause |= (word & TextUnits.Clause) != 0;
            _at += width;
        }

        if (_at == from)
        {
            return;
        }

        _evasions |= KeywordEvasions.Separated;
        if (isUnspaced)
        {
            _clauses += isClause ? 1 : 0;
        }
        else
        {
            _word.Gaps++;
            _word.SpacedGaps += isSpaced ? 1 : 0;
        }
    }

    /// <summary>One letter of a script with spaces, or several equal ones, with their marks.</summary>
    private bool TryLetter(ref int index)
    {
        if (_at >= _text.Length)
        {
            return false;
        }

        var from = _at;
        var letter = _keyword[index];
        var likeness = LikenessOf(_at, letter);
        if (likeness == Likeness.None)
        {
            return false;
        }

        var wanted = 1;
        while (index + wanted < _keyword.Length && _keyword[index + wanted] == letter)
        {
            wanted++;
        }

        var isOpen = index + wanted == _keyword.Length && (_boundaries & Boundaries.End) == 0;
        var next = NextLetter(index + wanted);
        var found = CountEqual(letter, likeness, isOpen ? wanted : int.MaxValue, wanted, next);
        if (found > wanted && next == letter && _text.KindFrom(_at, out _) == UnitKind.Letter)
        {
            // The next word, written together with this one, begins with the same letter.
            _at = from;
            found = CountEqual(letter, likeness, wanted, wanted, next);
        }

        var taken = Math.Min(wanted, found);
        if (found > wanted && !_word.TryRepeat(found, wanted, letter, NeverDoubled.Contains(letter)))
        {
            return false;
        }

        _evasions |= found > wanted ? KeywordEvasions.Repeated : KeywordEvasions.None;
        _word.Runs++;
        _letters += taken;
        index += taken;
        Weigh(likeness, taken);
        _hasSymbols |= likeness == Likeness.Sign && _text.KindAt(from, out _) == UnitKind.Separator;
        return TryMarks(ref index);
    }

    /// <summary>Marks that did not combine with their letter.</summary>
    private bool TryMarks(ref int index)
    {
        var from = index;
        while (index < _keyword.Length && KeywordKind(index, out var width) == UnitKind.Ignored)
        {
            index += width;
        }

        var marks = _keyword[from..index];
        var matched = 0;
        var extra = 0;
        for (var at = _at; at < _text.Length && _text.WordAt(at, out var width) is var word
            && TextUnits.Kind(word) == UnitKind.Ignored;)
        {
            var unit = _text.Units[at];
            at += width;
            if ((word & TextUnits.Mark) != 0)
            {
                var isNext = matched < marks.Length && unit == marks[matched];
                matched += isNext ? 1 : 0;
                extra += isNext ? 0 : 1;
                _at = at;
            }
        }

        if (extra > 0 || matched < marks.Length)
        {
            _evasions |= KeywordEvasions.Lookalike;
            _missingMarks += matched < marks.Length ? 1 : 0;
            _hasOtherMarks |= extra > 0;
        }

        return true;
    }

    private void Weigh(Likeness likeness, int count)
    {
        switch (likeness)
        {
            case Likeness.Same:
                _word.Real += count;
                break;
            case Likeness.Letter:
                _word.Real += count;
                _evasions |= KeywordEvasions.Lookalike;
                break;
            case Likeness.WithMarks:
                _word.Real += count;
                _hasOtherMarks = true;
                _evasions |= KeywordEvasions.Lookalike;
                break;
            case Likeness.WithoutMarks:
                _word.Real += count;
                _missingMarks++;
                _evasions |= KeywordEvasions.Lookalike;
                break;
            default:
                _word.Signs += count;
                _evasions |= KeywordEvasions.Lookalike;
                break;
        }
    }

    /// <summary>The keyword's next letter, in this word or the next one; U+0000 at its end.</summary>
    private readonly char NextLetter(int index)
    {
        while (index < _keyword.Length && KeywordKind(index, out var width) is not (UnitKind.Letter or UnitKind.Hangul))
        {
            index += width;
        }

        return index < _keyword.Length ? _keyword[index] : '\0';
    }

    /// <summary>
    /// Takes equal units of the text, at most <paramref name="limit"/>, and returns how many. What is more than wanted
    /// must not be the letter <paramref name="next"/>, drawn with a capital I.
    /// </summary>
    private int CountEqual(char letter, Likeness likeness, int limit, int wanted, char next)
    {
        var first = _text.FoldedAt(_at);
        var count = 0;
        var at = _at;
        while (count < limit && at < _text.Length && _text.FoldedAt(at) == first
            && (count == 0 || LikenessOf(at, letter) == likeness)
            && !(count >= wanted && next == 'l' && IsSwappedStroke(at, _text.Units[at], next)))
        {
            count++;
            at++;
            _at = at;
            while (at < _text.Length && _text.WordAt(at, out var width) is var word
                && TextUnits.Kind(word) == UnitKind.Ignored && (word & TextUnits.Mark) == 0)
            {
                at += width;
            }
        }

        return count;
    }

    /// <summary>A syllable of Hangul, or a character of a script without spaces.</summary>
    private bool TryCharacter(ref int index, UnitKind kind, int width)
    {
        var wanted = 0;
        var character = _keyword.Slice(index, width);
        for (var next = index; next < _keyword.Length && _keyword[next..].StartsWith(character); next += width)
        {
            wanted++;
        }

        var isLast = index + (wanted * width) == _keyword.Length;
        var found = 0;
        var at = _at;
        while (at < _text.Length && StandsAt(at, character))
        {
            found++;
            at += width;
            _at = at;
            if (isLast && found == wanted && !(kind == UnitKind.Hangul && (_boundaries & Boundaries.End) != 0))
            {
                break;
            }

            at = SkipInvisible(at);
        }

        if (found == 0)
        {
            return false;
        }

        if (found > wanted && kind == UnitKind.Hangul && !_word.TryRepeat(found, wanted, character[0], isNeverDoubled: false))
        {
            return false;
        }

        _evasions |= found > wanted ? KeywordEvasions.Repeated : KeywordEvasions.None;
        _word.Runs++;
        _word.Real++;
        _letters++;
        index += Math.Min(found, wanted) * width;
        return TryMarks(ref index);
    }

    private bool StandsAt(int at, ReadOnlySpan<char> character) => character.Length == 2
        ? _text.Units[at..].StartsWith(character)
        : _text.FoldedAt(at) == character[0];

    private Likeness LikenessOf(int at, char letter)
    {
        var raw = _text.Units[at];
        var folded = TextUnits.Folded[raw];
        if (folded == letter)
        {
            return Likeness.Same;
        }

        var (bare, bareLetter) = (TextUnits.Bare[folded], TextUnits.Bare[letter]);
        if (bare == bareLetter)
        {
            return letter == bareLetter ? Likeness.WithMarks : folded == bare ? Likeness.WithoutMarks : Likeness.None;
        }

        if (IsAsciiLetter(bare) && IsAsciiLetter(bareLetter))
        {
            return IsSwappedStroke(at, raw, letter) ? Likeness.Letter : Likeness.None;
        }

        if ((TextUnits.Letters[folded] & TextUnits.Letters[letter]) == 0 || letter is >= '0' and <= '9')
        {
            // For a digit stands nothing else.
            return Likeness.None;
        }

        return TextUnits.Kind(TextUnits.Normalized[folded]) == UnitKind.Letter
            ? (folded is >= '0' and <= '9' ? Likeness.Sign : Likeness.Letter)
            : _text.IsInWord(at) ? Likeness.Sign
            : Likeness.None;
    }

    /// <summary>A small l that begins a word reads as a capital I, and a capital I within one as a small l.</summary>
    private bool IsSwappedStroke(int at, char raw, char letter) =>
        (raw == 'l' && letter == 'i' && _text.KindBefore(at, out _) != UnitKind.Letter)
        || (raw == 'I' && letter == 'l' && at > 0 && _text.Units[at - 1] is >= 'a' and <= 'z');

    private bool MayBeLetter(int at, char letter) =>
        (TextUnits.Letters[_text.FoldedAt(at)] & TextUnits.Letters[letter]) != 0 && _text.IsInWord(at);

    private bool EndWord()
    {
        var holds = _word.Holds;
        _isSpelled |= _word.SpacedGaps > 0;
        _word = default;
        return holds;
    }

    private bool HasBoundaries(int start)
    {
        if (_clauses > 0
            && (_text.KindBefore(start, out _) == UnitKind.Unspaced || _text.KindFrom(_at, out _) == UnitKind.Unspaced))
        {
            return false;
        }

        if (((_boundaries & Boundaries.Start) != 0 || _isSpelled) && Joins(start, isStart: true))
        {
            return false;
        }

        // What is spelled letter by letter stands alone as a whole.
        if (_isSpelled && Joins(_at, isStart: false))
        {
            return false;
        }

        var needed = _boundaries & (Boundaries.Start | Boundaries.End);
        if ((needed & Boundaries.End) != 0 && Joins(_at, isStart: false))
        {
            if ((_boundaries & Boundaries.Particle) == 0 || !KoreanParticles.StandsAt(_text, _at))
            {
                return false;
            }

            needed &= ~Boundaries.End;
        }

        if (_evasions == KeywordEvasions.None && !WordEnds.AreAt(_text, start, _at, needed))
        {
            _evasions = KeywordEvasions.Separated;
        }

        return true;
    }

    /// <summary>Whether a piece goes on over the start or end of a place; a symbol in the place is a letter there.</summary>
    private bool Joins(int index, bool isStart)
    {
        var before = _text.KindBefore(index, out var at);
        var behind = _text.KindFrom(index, out var next);
        before = IsSign(at) && (!isStart || _hasSymbols) ? UnitKind.Letter : before;
        behind = IsSign(next) && (isStart || _hasSymbols) ? UnitKind.Letter : behind;
        return before == behind
            && (before is UnitKind.Letter or UnitKind.Hangul
                || (before == UnitKind.Unspaced && IsKatakana(at) && IsKatakana(next)));
    }

    private bool IsSign(int index) => index < _text.Length && (_text.WordAt(index, out _) & TextUnits.LetterLike) != 0;

    private bool IsKatakana(int index) => Scripts.Of(_text.FoldedAt(index)) == Script.Katakana;

    private void SkipIgnored()
    {
        while (_at < _text.Length && _text.KindAt(_at, out var width) == UnitKind.Ignored)
        {
            _at += width;
        }
    }

    private int SkipInvisible(int at)
    {
        while (at < _text.Length && _text.WordAt(at, out var width) is var word
            && TextUnits.Kind(word) == UnitKind.Ignored && (word & TextUnits.Mark) == 0)
        {
            at += width;
        }

        return at;
    }

    private readonly UnitKind KeywordKind(int index, out int width)
    {
        if (index + 1 < _keyword.Length && char.IsSurrogatePair(_keyword[index], _keyword[index + 1]))
        {
            width = 2;
            var codePoint = char.ConvertToUtf32(_keyword[index], _keyword[index + 1]);
            return TextUnits.Kind(TextUnits.OfSupplementary(codePoint, normalized: true));
        }

        width = 1;
        return TextUnits.Kind(TextUnits.Normalized[_keyword[index]]);
    }

    private static bool IsAsciiLetter(char unit) => unit is >= 'a' and <= 'z';

    /// <summary>How a unit of the text stands for a letter.</summary>
    private enum Likeness
    {
        /// <summary>Not at all.</summary>
        None,

        /// <summary>It is the letter.</summary>
        Same,

        /// <summary>Another letter that looks like it.</summary>
        Letter,

        /// <summary>The letter with marks that the keyword has not.</summary>
        WithMarks,

        /// <summary>The letter without marks that the keyword has.</summary>
        WithoutMarks,

        /// <summary>A digit or symbol.</summary>
        Sign,
    }
}
