using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <content>What people write apart, and parts of words.</content>
internal ref partial struct KeywordScan
{
    /// <summary>Puts pieces of [from, to) together, from each one on.</summary>
    /// <param name="from">Where a piece may begin.</param>
    /// <param name="to">Where the last one ends.</param>
    /// <param name="last">From here on pieces stand alone: that has been looked at.</param>
    /// <param name="letterLike">Whether symbols that may be letters are read so.</param>
    private readonly void Join(int from, int to, int last, bool letterLike)
    {
        var start = NextPiece(from, to, letterLike);
        while (start < last)
        {
            var hash = new KeywordHash(_seed);
            var (index, classes, behindFirst) = (start, 0, to);
            for (var pieces = 1; index < to && classes <= _maxJoined; pieces++)
            {
                var added = 0;
                var end = letterLike ? -1 : AddLetters(ref hash, index, ref added);
                var isVisited = pieces == 1 && end >= 0;
                end = end >= 0 ? end : AddPiece(ref hash, index, letterLike, out added);
                behindFirst = pieces == 1 ? end : behindFirst;
                classes += added;
                if (!isVisited && _table.MayHave(hash.Value))
                {
                    Visit(hash.Value, hash.Last, start, end, letterLike);
                }

                index = NextPiece(end, to, letterLike);
            }

            if ((_table.PrefixLengths | _table.HangulPrefixLengths) != 0)
            {
                VisitPart(start, to, _table.PrefixLengths | _table.HangulPrefixLengths, isInner: false, letterLike);
            }

            start = NextPiece(behindFirst, to, letterLike);
        }

        if (_table.InnerLengths != 0)
        {
            VisitInner(from, to, letterLike);
        }
    }

    private readonly int NextPiece(int index, int to, bool letterLike)
    {
        // Nothing above U+FFFF is a letter here.
        while (index < to && Piece(_text.RawWordAt(index), letterLike) is not (UnitKind.Letter or UnitKind.Hangul))
        {
            index++;
        }

        return Math.Min(index, to);
    }

    private readonly void VisitParts(int start, int end, bool isHangul)
    {
        var prefixes = isHangul ? _table.HangulPrefixLengths : _table.PrefixLengths;
        if (prefixes != 0)
        {
            VisitPart(start, end, prefixes, isInner: false, letterLike: false);
        }

        if (_table.InnerLengths != 0)
        {
            VisitInner(start, end, letterLike: false);
        }
    }

    private readonly void VisitInner(int from, int to, bool letterLike)
    {
        for (var start = from; start < to; start++)
        {
            VisitPart(start, to, _table.InnerLengths, isInner: true, letterLike);
        }
    }

    /// <summary>Looks the first classes at a place up, separators left out.</summary>
    private readonly void VisitPart(int start, int end, int lengths, bool isInner, bool letterLike)
    {
        var hash = new KeywordHash(_seed);
        var length = 0;
        for (var index = start; index < end && length < KeywordTable.MaxPart;)
        {
            var word = _text.WordAt(index, out var width);
            var isPart = Piece(word, letterLike) is UnitKind.Letter or UnitKind.Hangul;
            if (index == start && !isPart)
            {
                return;
            }

            index += width;
            if (isPart && hash.Add(word >> TextUnits.ClassShift) && (lengths & (1 << ++length)) != 0)
            {
                VisitKey(isInner ? KeywordHash.Inner(hash.Value) : KeywordHash.Prefix(hash.Value), start);
            }
        }
    }
}
