using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <content>Longer keywords, word by word from an inner key on.</content>
internal ref partial struct KeywordScan
{
    /// <summary>
    /// The usual case: no longer keyword goes on with the next word or character, which belongs together with nothing
    /// behind it. Where this says no, <see cref="GoOn"/> finds out.
    /// </summary>
    private readonly bool LeadsNowhere(KeywordHash hash, int index)
    {
        var text = _text;
        var word = text.WordOrEnd(index);
        while (index < text.Length && IsPlainGap(word))
        {
            word = text.WordOrEnd(++index);
        }

        switch (TextUnits.Kind(word))
        {
            case UnitKind.Unspaced:
                return hash.Add(word >> TextUnits.ClassShift) && !_table.MayHave(hash.Value);

            case UnitKind.Letter:
                var letters = 0;
                var behind = AddLetters(ref hash, index, ref letters);
                return behind >= 0 && letters > 1 && EndsPlainly(text.WordOrEnd(behind), behind) && !_table.MayHave(hash.Value);

            default:
                return index >= text.Length;
        }
    }

    private static bool IsPlainGap(uint word) =>
        TextUnits.Kind(word) == UnitKind.Space
        || (TextUnits.Kind(word) == UnitKind.Separator && (word & TextUnits.LetterLike) == 0);

    /// <summary>
    /// Follows longer keywords from an inner key on: piece by piece, and where a piece alone leads nowhere, with those
    /// that it may belong together with.
    /// </summary>
    /// <returns>Whether there were symbols on the way that may be letters.</returns>
    private readonly bool GoOn(KeywordHash hash, int start, int end, bool letterLike)
    {
        var (isKnown, isSingle, hasLetterLike) = (true, false, false);
        for (var classes = 0; classes <= _maxJoined;)
        {
            var next = SkipGap(end, letterLike, out var isSpaced, ref hasLetterLike);
            end = AddPiece(ref hash, next, letterLike, out var added);
            if (end < 0 || (!isKnown && isSpaced && !(isSingle && added <= 1)))
            {
                break;
            }

            var node = _table.MayHave(hash.Value) ? _table.Find(hash.Value) : KeywordTable.None;
            Try(node, start);
            classes += added;
            isKnown = node != KeywordTable.None && KeywordTable.IsInner(node);
            isSingle = added <= 1;
            if (!isKnown && TextUnits.Kind(_text.WordAt(next, out _)) == UnitKind.Unspaced)
            {
                // Each of these is a piece of its own, never a part of one.
                break;
            }
        }

        return hasLetterLike;
    }

    private readonly int SkipGap(int index, bool letterLike, out bool isSpaced, ref bool hasLetterLike)
    {
        isSpaced = false;
        while (index < _text.Length)
        {
            var word = _text.WordAt(index, out var width);
            var kind = Piece(word, letterLike);
            if (kind is not (UnitKind.Separator or UnitKind.Space or UnitKind.Ignored))
            {
                break;
            }

            isSpaced |= kind == UnitKind.Space;
            hasLetterLike |= (word & TextUnits.LetterLike) != 0 && _text.IsInWord(index);
            index += width;
        }

        return index;
    }

    /// <summary>
    /// Takes the piece at an index, where no gap is, into a hash; returns the index behind it, -1 at the end of the text.
    /// </summary>
    private readonly int AddPiece(ref KeywordHash hash, int index, bool letterLike, out int classes)
    {
        classes = 0;
        if (index >= _text.Length)
        {
            return -1;
        }

        var word = _text.WordAt(index, out var width);
        var kind = Piece(word, letterLike);
        if (kind is not (UnitKind.Letter or UnitKind.Hangul or UnitKind.Unspaced))
        {
            return -1;
        }

        var isUnspaced = kind == UnitKind.Unspaced;
        if (!isUnspaced && !letterLike && AddLetters(ref hash, index, ref classes) is >= 0 and var behind)
        {
            return behind;
        }

        do
        {
            classes += hash.Add(word >> TextUnits.ClassShift) ? 1 : 0;
            index += width;
            while (index < _text.Length && _text.KindAt(index, out width) == UnitKind.Ignored)
            {
                index += width;
            }

            if (index >= _text.Length)
            {
                return index;
            }

            word = _text.WordAt(index, out width);
        }
        while (Piece(word, letterLike) == kind && (!isUnspaced || hash.IsLast(word >> TextUnits.ClassShift)));
        return index;
    }

    /// <summary>The usual case: letters, and what ends them. Returns -1, and adds nothing, if there may be more.</summary>
    private readonly int AddLetters(ref KeywordHash hash, int index, ref int classes)
    {
        var text = _text;
        var word = text.WordOrEnd(index);
        var kind = TextUnits.Kind(word);
        var (to, count) = (hash, 0);
        do
        {
            count += to.Add(word >> TextUnits.ClassShift) ? 1 : 0;
            word = text.WordOrEnd(++index);
        }
        while (TextUnits.Kind(word) == kind);
        if (TextUnits.Kind(word) is UnitKind.Ignored or UnitKind.Surrogate)
        {
            return -1;
        }

        hash = to;
        classes = count;
        return index;
    }

    private static UnitKind Piece(uint word, bool letterLike) =>
        letterLike && (word & TextUnits.LetterLike) != 0 ? UnitKind.Letter : TextUnits.Kind(word);
}
