using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// One pass over a text that finds every place where a keyword of a table may stand, evasions included, and lets
/// <see cref="KeywordAligner"/> decide. Words are hashed whole and looked up once; of scripts without spaces each pair
/// and triple of characters is. What people write apart is hashed on over the separators: pieces between which no white
/// space stands, and letters that all stand alone.
/// <para>
/// Linear in the text, but for stretches without spaces or of single letters: these take up to 64 times as long,
/// whatever the keywords are. Allocates nothing but room for hits.
/// </para>
/// </summary>
internal ref struct KeywordScan
{
    /// <summary>Classes up to which pieces are put together.</summary>
    private const int MaxJoined = 64;

    private readonly KeywordTable _table;
    private readonly ulong _seed;
    private readonly ScanText _text;
    private readonly List<PatternHit> _hits;
    private readonly int _maxJoined;

    private KeywordScan(KeywordTable table, ulong seed, ScanText text, List<PatternHit> hits)
    {
        _table = table;
        _seed = seed;
        _text = text;
        _hits = hits;
        _maxJoined = Math.Min(MaxJoined, table.MaxClasses);
    }

    /// <summary>Adds what is found, in no order, some of it more than once.</summary>
    /// <returns>False if the text must be normalised first; what was added does not count then.</returns>
    public static bool TryRun(KeywordTable table, ulong seed, ScanText text, List<PatternHit> hits) =>
        new KeywordScan(table, seed, text, hits).TryRun();

    private readonly bool TryRun()
    {
        var text = _text.Units;
        ref var first = ref MemoryMarshal.GetReference(text);
        ref var words = ref MemoryMarshal.GetReference(_text.IsNormalized ? TextUnits.Normalized : TextUnits.Raw);
        var table = _table;
        var parts = table.PrefixLengths | table.HangulPrefixLengths | table.InnerLengths;
        var hasSymbols = table.HasSymbols;
        var seed = _seed;

        var trail = new Trail(seed);

        // Of words: the group that may belong together, and the stretch without white space.
        var (groupStart, groupEnd, groupPieces, isSingle) = (0, 0, 0, false);
        var (chunkStart, chunkLetterLike, isSpaced) = (0, false, true);

        var i = 0;
        while (i < text.Length)
        {
            var word = Unsafe.Add(ref words, Unsafe.Add(ref first, i));
            switch ((UnitKind)(word & TextUnits.KindMask))
            {
                case UnitKind.Letter:
                case UnitKind.Hangul:
                    var start = i;
                    var kind = word & TextUnits.KindMask;
                    var hash = seed;
                    var previous = 0u;
                    do
                    {
                        var unitClass = word >> TextUnits.ClassShift;
                        var next = (hash ^ unitClass) * KeywordHash.Multiplier;
                        hash = unitClass == previous ? hash : next;
                        previous = unitClass;
                        if (++i == text.Length)
                        {
                            break;
                        }

                        word = Unsafe.Add(ref words, Unsafe.Add(ref first, i));
                        while ((word & TextUnits.KindMask) == (uint)UnitKind.Ignored && i + 1 < text.Length)
                        {
                            word = Unsafe.Add(ref words, Unsafe.Add(ref first, ++i));
                        }
                    }
                    while ((word & TextUnits.KindMask) == kind);

                    if (table.MayHave(hash))
                    {
                        Visit(hash, previous, start, i, letterLike: false);
                    }

                    if (parts != 0)
                    {
                        VisitParts(start, i, kind == (uint)UnitKind.Hangul);
                    }

                    var single = (seed ^ previous) * KeywordHash.Multiplier == hash;
                    if (isSpaced && !(isSingle && single))
                    {
                        if (groupPieces > 1)
                        {
                            Join(groupStart, groupEnd, letterLike: false);
                        }

                        groupStart = start;
                        groupPieces = 0;
                    }

                    groupPieces++;
                    groupEnd = i;
                    isSingle = single;
                    isSpaced = false;
                    trail = new Trail(seed);
                    break;

                case UnitKind.Unspaced:
                    do
                    {
                        VisitUnspaced(ref trail, word >> TextUnits.ClassShift, i, 1);
                        if (++i == text.Length)
                        {
                            break;
                        }

                        word = Unsafe.Add(ref words, Unsafe.Add(ref first, i));
                    }
                    while ((word & TextUnits.KindMask) == (uint)UnitKind.Unspaced);

                    isSpaced = true;
                    break;

                case UnitKind.Space:
                    if (chunkLetterLike)
                    {
                        Join(chunkStart, i, letterLike: true);
                        chunkLetterLike = false;
                    }

                    isSpaced = true;
                    chunkStart = ++i;
                    break;

                case UnitKind.Separator:
                    chunkLetterLike |= (word & TextUnits.LetterLike) != 0 && _text.IsInWord(i);
                    if (hasSymbols)
                    {
                        VisitSymbol(text[i], i);
                    }

                    i++;
                    break;

                case UnitKind.Ignored:
                    i++;
                    break;

                case UnitKind.Complex:
                    return false;

                default:
                    word = _text.WordAt(i, out var width);
                    switch (TextUnits.Kind(word))
                    {
                        case UnitKind.Complex:
                            return false;
                        case UnitKind.Unspaced:
                            VisitUnspaced(ref trail, word >> TextUnits.ClassShift, i, width);
                            isSpaced = true;
                            break;
                        case UnitKind.Separator when hasSymbols && width == 2:
                            VisitSymbol(char.ConvertToUtf32(text[i], text[i + 1]), i);
                            break;
                    }

                    i += width;
                    break;
            }
        }

        if (groupPieces > 1)
        {
            Join(groupStart, groupEnd, letterLike: false);
        }

        if (chunkLetterLike)
        {
            Join(chunkStart, text.Length, letterLike: true);
        }

        return true;
    }

    /// <summary>A character of a script without spaces: keywords may begin with it, or with the one or two before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void VisitUnspaced(ref Trail trail, uint unitClass, int at, int width)
    {
        if (trail.TryAdd(unitClass, _seed))
        {
            if (_table.MayHave(trail.Two) && trail.LastAt >= 0)
            {
                Visit(trail.Two, unitClass, trail.LastAt, at + width, letterLike: false);
            }

            if (_table.MayHave(trail.Three) && trail.SecondAt >= 0)
            {
                Visit(trail.Three, unitClass, trail.SecondAt, at + width, letterLike: false);
            }

            trail.SecondAt = trail.LastAt;
        }

        if (_table.HasSingles && _table.MayHave(trail.One))
        {
            Visit(trail.One, unitClass, at, at + width, letterLike: false);
        }

        trail.LastAt = at;
    }

    private readonly void VisitSymbol(int codePoint, int start)
    {
        var key = KeywordHash.Symbol(_seed, codePoint);
        if (_table.MayHave(key))
        {
            Try(_table.Find(key), start);
        }
    }

    /// <summary>A key that the filter knows: tries its patterns, and goes on to longer ones.</summary>
    private readonly void Visit(ulong key, uint last, int start, int end, bool letterLike)
    {
        var node = _table.Find(key);
        if (node == KeywordTable.None)
        {
            return;
        }

        Try(node, start);
        if (KeywordTable.IsInner(node))
        {
            var mayBeOther = GoOn(KeywordHash.Resume(key, last), start, end, letterLike);
            if (mayBeOther && !letterLike)
            {
                _ = GoOn(KeywordHash.Resume(key, last), start, end, letterLike: true);
            }
        }
    }

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

    private static UnitKind Piece(uint word, bool letterLike) =>
        letterLike && (word & TextUnits.LetterLike) != 0 ? UnitKind.Letter : TextUnits.Kind(word);

    /// <summary>Puts pieces of [from, to) together, from each one on.</summary>
    /// <param name="from">Where a piece may begin.</param>
    /// <param name="to">Where the last one ends.</param>
    /// <param name="letterLike">Whether symbols that may be letters are read so.</param>
    private readonly void Join(int from, int to, bool letterLike)
    {
        var start = NextPiece(from, to, letterLike);
        while (start < to)
        {
            var hash = new KeywordHash(_seed);
            var (index, classes, behindFirst) = (start, 0, to);
            for (var pieces = 1; index < to && classes <= _maxJoined; pieces++)
            {
                var end = AddPiece(ref hash, index, letterLike, out var added);
                behindFirst = pieces == 1 ? end : behindFirst;
                classes += added;
                if (_table.MayHave(hash.Value))
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
        while (index < to)
        {
            var kind = Piece(_text.WordAt(index, out var width), letterLike);
            if (kind is UnitKind.Letter or UnitKind.Hangul)
            {
                return index;
            }

            index += width;
        }

        return to;
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
                var key = isInner ? KeywordHash.Inner(hash.Value) : KeywordHash.Prefix(hash.Value);
                if (_table.MayHave(key))
                {
                    Try(_table.Find(key), start);
                }
            }
        }
    }

    private readonly void Try(ulong node, int start)
    {
        for (var number = KeywordTable.First(node); number > 0;)
        {
            ref readonly var entry = ref _table[number];
            if (KeywordAligner.TryAlign(_text, entry, start, out var place))
            {
                _hits.Add(new PatternHit(entry.Pattern, place));
            }

            number = entry.Next;
        }
    }

    /// <summary>The last characters of scripts without spaces, repetitions left out: their hashes, and where they stand.</summary>
    private struct Trail(ulong seed)
    {
        private uint _last;

        /// <summary>The hash of the last one.</summary>
        public ulong One { get; private set; } = ~seed;

        /// <summary>The hash of the last two.</summary>
        public ulong Two { get; private set; } = ~seed;

        /// <summary>The hash of the last three.</summary>
        public ulong Three { get; private set; }

        /// <summary>Where the last one stands; -1: there is none.</summary>
        public int LastAt { get; set; } = -1;

        /// <summary>Where the one before it stands; -1: there is none.</summary>
        public int SecondAt { get; set; } = -1;

        /// <summary>Takes the next one; false if it repeats the last.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool TryAdd(uint unitClass, ulong start)
        {
            if (unitClass == _last)
            {
                return false;
            }

            Three = (Two ^ unitClass) * KeywordHash.Multiplier;
            Two = (One ^ unitClass) * KeywordHash.Multiplier;
            One = (start ^ unitClass) * KeywordHash.Multiplier;
            _last = unitClass;
            return true;
        }
    }
}
