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

    /// <summary>Candidates that are visited together: their cache misses overlap.</summary>
    private const int MaxCandidates = 64;

    /// <summary>Candidates that end with one character, at most.</summary>
    private const int CandidatesAtOnce = 6;

    private readonly KeywordTable _table;
    private readonly ulong _seed;
    private readonly ScanText _text;
    private readonly List<PatternHit> _hits;
    private readonly int _maxJoined;
    private readonly Span<KeywordCandidate> _candidates;
    private int _count;

    private KeywordScan(
        KeywordTable table, ulong seed, ScanText text, List<PatternHit> hits, Span<KeywordCandidate> candidates)
    {
        _candidates = candidates;
        _table = table;
        _seed = seed;
        _text = text;
        _hits = hits;
        _maxJoined = Math.Min(MaxJoined, table.MaxClasses);
    }

    /// <summary>Adds what is found, in no order, some of it more than once.</summary>
    /// <returns>False if the text must be normalised first; what was added does not count then.</returns>
    [SkipLocalsInit]
    public static bool TryRun(KeywordTable table, ulong seed, ScanText text, List<PatternHit> hits)
    {
        Span<KeywordCandidate> candidates = stackalloc KeywordCandidate[MaxCandidates];
        return new KeywordScan(table, seed, text, hits, candidates).TryRun();
    }

    private bool TryRun()
    {
        var text = _text.Units;
        ref var first = ref MemoryMarshal.GetReference(text);
        ref var words = ref MemoryMarshal.GetReference(_text.IsNormalized ? TextUnits.Normalized : TextUnits.Raw);
        var table = _table;
        var filter = table.Filter;
        var parts = table.PrefixLengths | table.HangulPrefixLengths | table.InnerLengths;
        var hasSymbols = table.HasSymbols;
        var seed = _seed;

        var trail = new Trail(seed);

        // Of words: the group that may belong together, and the stretch without white space.
        var (groupStart, groupEnd, groupPieces, isSingle) = (0, 0, 0, false);
        var (chunkStart, chunkLetterLike, isSpaced) = (0, false, true);

        // The last word and its candidate, if it is one: the next word shows at once whether a longer keyword goes on.
        var (wordHash, wordLast, pending) = (seed, 0u, -1);

        var i = 0;
        while (i < text.Length)
        {
            var word = Unsafe.Add(ref words, Unsafe.Add(ref first, i));
            var width = 1;
            switch ((UnitKind)(word & TextUnits.KindMask))
            {
                case UnitKind.Letter:
                case UnitKind.Hangul:
                    var start = i;
                    var kind = word & TextUnits.KindMask;
                    var hash = seed;
                    var joined = wordHash;
                    var previous = 0u;
                    var isRepeated = word >> TextUnits.ClassShift == wordLast;
                    do
                    {
                        var unitClass = word >> TextUnits.ClassShift;
                        var next = (hash ^ unitClass) * KeywordHash.Multiplier;
                        var nextJoined = (joined ^ unitClass) * KeywordHash.Multiplier;
                        hash = unitClass == previous ? hash : next;
                        joined = unitClass == previous ? joined : nextJoined;
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

                    var single = (seed ^ previous) * KeywordHash.Multiplier == hash;
                    if (pending >= 0 && start == groupEnd + 1 && isSpaced && !isRepeated && !single
                        && !filter.MayHave(joined) && EndsPlainly(word, i))
                    {
                        _candidates[pending].LeadsNowhere = true;
                    }

                    pending = -1;
                    if (filter.MayHave(hash))
                    {
                        pending = AddCandidate(hash, previous, start, i);
                    }

                    (wordHash, wordLast) = (hash, previous);

                    if (parts != 0)
                    {
                        VisitParts(start, i, kind == (uint)UnitKind.Hangul);
                    }

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
                    pending = -1;
                    i = ScanUnspaced(ref trail, word >> TextUnits.ClassShift, i, width);
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
                    word = _text.WordAt(i, out width);
                    if (TextUnits.Kind(word) == UnitKind.Complex)
                    {
                        return false;
                    }

                    if (TextUnits.Kind(word) == UnitKind.Unspaced)
                    {
                        goto case UnitKind.Unspaced;
                    }

                    if (hasSymbols && width == 2 && TextUnits.Kind(word) == UnitKind.Separator)
                    {
                        VisitSymbol(char.ConvertToUtf32(text[i], text[i + 1]), i);
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

        VisitCandidates();
        return true;
    }

    /// <summary>
    /// Characters of scripts without spaces, one after the other: keywords may begin with each, or with the one or two
    /// before it.
    /// </summary>
    /// <returns>The index behind them.</returns>
    private int ScanUnspaced(ref Trail trail, uint unitClass, int i, int width)
    {
        ref var first = ref MemoryMarshal.GetReference(_text.Units);
        ref var words = ref MemoryMarshal.GetReference(_text.IsNormalized ? TextUnits.Normalized : TextUnits.Raw);
        ref var candidates = ref MemoryMarshal.GetReference(_candidates);
        var filter = _table.Filter;
        var (seed, length, count) = (_seed, _text.Length, _count);
        var singles = _table.HasSingles ? 1 : 0;
        var (one, two, three, last) = (trail.One, trail.Two, trail.Three, trail.Last);
        var (at, atTwo, atThree, doubled) = (trail.At, trail.AtTwo, trail.AtThree, trail.Doubled);
        while (true)
        {
            if (unitClass == last)
            {
                at = i;
                doubled |= 1;
            }
            else
            {
                last = unitClass;
                three = (two ^ unitClass) * KeywordHash.Multiplier;
                two = (one ^ unitClass) * KeywordHash.Multiplier;
                one = (seed ^ unitClass) * KeywordHash.Multiplier;
                (atThree, atTwo, at) = (atTwo, at, i);
                doubled <<= 1;
                Unsafe.Add(ref candidates, count) = new KeywordCandidate(three, unitClass, atThree, i + width);
                count += filter.MayHave(three) ? 1 : 0;
                Unsafe.Add(ref candidates, count) = new KeywordCandidate(two, unitClass, atTwo, i + width);
                count += filter.MayHave(two) ? 1 : 0;
            }

            i += width;
            if (((doubled & 7) | singles) != 0 || count > MaxCandidates - CandidatesAtOnce)
            {
                _count = count;
                trail = new Trail(one, two, three, last, at, atTwo, atThree, doubled);
                AddRare(trail, i);
                count = _count;
            }

            if (i >= length)
            {
                break;
            }

            var word = Unsafe.Add(ref words, Unsafe.Add(ref first, i));
            if ((word & TextUnits.KindMask) != (uint)UnitKind.Unspaced)
            {
                break;
            }

            unitClass = word >> TextUnits.ClassShift;
            width = 1;
        }

        _count = count;
        trail = new Trail(one, two, three, last, at, atTwo, atThree, doubled);
        return i;
    }

    /// <summary>Candidates that few keywords make, and room for more.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddRare(in Trail trail, int end)
    {
        var table = _table;
        if (table.HasSingles && table.MayHave(trail.One))
        {
            _ = AddCandidate(trail.One, trail.Last, trail.At, end);
        }

        if (table.HasDoubled && (trail.Doubled & 7) != 0)
        {
            if ((trail.Doubled & 1) != 0)
            {
                AddDoubled(trail.One, trail.At, end);
            }

            if ((trail.Doubled & 3) != 0)
            {
                AddDoubled(trail.Two, trail.AtTwo, end);
            }

            AddDoubled(trail.Three, trail.AtThree, end);
        }

        if (_count > MaxCandidates - CandidatesAtOnce)
        {
            VisitCandidates();
        }
    }

    private void AddDoubled(ulong hash, int start, int end)
    {
        var key = KeywordHash.Doubled(hash);
        if (_table.MayHave(key))
        {
            _ = AddCandidate(key, 0, start, end);
        }
    }

    /// <summary>Returns the candidate's index, -1 if it was visited at once.</summary>
    private int AddCandidate(ulong key, uint last, int start, int end)
    {
        var index = _count++;
        _candidates[index] = new KeywordCandidate(key, last, start, end);
        if (_count <= MaxCandidates - CandidatesAtOnce)
        {
            return index;
        }

        VisitCandidates();
        return -1;
    }

    /// <summary>Whether what ends a word lets nothing belong together with it.</summary>
    private readonly bool EndsPlainly(uint word, int index)
    {
        if (index >= _text.Length)
        {
            return true;
        }

        var isSeparator = TextUnits.Kind(word) == UnitKind.Separator && (word & TextUnits.LetterLike) == 0;
        return TextUnits.Kind(isSeparator ? _text.WordOrEnd(index + 1) : word) == UnitKind.Space;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void VisitCandidates()
    {
        var candidates = _candidates[.._count];
        _count = 0;
        foreach (ref var candidate in candidates)
        {
            candidate.Node = _table.Find(candidate.Key);
            _table.Prefetch(candidate.Node);
        }

        foreach (ref readonly var candidate in candidates)
        {
            if (candidate.Node != KeywordTable.None && candidate.Start >= 0)
            {
                Try(candidate.Node, candidate.Start);
                if (KeywordTable.IsInner(candidate.Node) && !candidate.LeadsNowhere)
                {
                    GoOnBoth(KeywordHash.Resume(candidate.Key, candidate.Last), candidate.Start, candidate.End, letterLike: false);
                }
            }
        }
    }

    private readonly void VisitKey(ulong key, int start)
    {
        if (_table.MayHave(key))
        {
            Try(_table.Find(key), start);
        }
    }

    private readonly void VisitSymbol(int codePoint, int start) => VisitKey(KeywordHash.Symbol(_seed, codePoint), start);

    /// <summary>A key that the filter knows: tries its patterns, and goes on to longer ones.</summary>
    private readonly void Visit(ulong key, uint last, int start, int end, bool letterLike)
    {
        var node = _table.Find(key);
        Try(node, start);
        if (KeywordTable.IsInner(node))
        {
            GoOnBoth(KeywordHash.Resume(key, last), start, end, letterLike);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void GoOnBoth(KeywordHash hash, int start, int end, bool letterLike)
    {
        if (letterLike)
        {
            _ = GoOn(hash, start, end, letterLike: true);
        }
        else if (!LeadsNowhere(hash, end) && GoOn(hash, start, end, letterLike: false))
        {
            _ = GoOn(hash, start, end, letterLike: true);
        }
    }

    /// <summary>
    /// The usual case: no longer keyword goes on with the next word or character, which belongs together with nothing
    /// behind it. Where this says no, <see cref="GoOn"/> finds out.
    /// </summary>
    private readonly bool LeadsNowhere(KeywordHash hash, int index)
    {
        var text = _text;
        var word = text.WordOrEnd(index);
        if (TextUnits.Kind(word) == UnitKind.Space)
        {
            word = text.WordOrEnd(++index);
        }

        switch (TextUnits.Kind(word))
        {
            case UnitKind.Unspaced:
                return hash.Add(word >> TextUnits.ClassShift) && !_table.MayHave(hash.Value);

            case UnitKind.Letter:
                var letters = 0;
                do
                {
                    letters += hash.Add(word >> TextUnits.ClassShift) ? 1 : 0;
                    word = text.WordOrEnd(++index);
                }
                while (TextUnits.Kind(word) == UnitKind.Letter);
                var isSeparated = TextUnits.Kind(word) == UnitKind.Separator && (word & TextUnits.LetterLike) == 0;
                return letters > 1
                    && TextUnits.Kind(isSeparated ? text.WordOrEnd(index + 1) : word) == UnitKind.Space
                    && !_table.MayHave(hash.Value);

            default:
                return index >= text.Length;
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
                VisitKey(isInner ? KeywordHash.Inner(hash.Value) : KeywordHash.Prefix(hash.Value), start);
            }
        }
    }

    private readonly void Try(ulong node, int start)
    {
        for (var next = KeywordTable.First(node); next > 0;)
        {
            var number = next - 1;
            ref readonly var entry = ref _table[number];
            var keyword = entry.Text;
            keyword = keyword.IsEmpty ? _table.PatternOf(number).Text : keyword;
            if (KeywordAligner.TryAlign(_text, keyword, entry.Boundaries, start, out var place))
            {
                _hits.Add(new PatternHit(number, place));
            }

            next = entry.Next;
        }
    }

    /// <summary>
    /// The last characters of scripts without spaces, repetitions left out: the hashes of the last one, two and three,
    /// where each stands last (-1: nowhere), and bit n: the nth before the last stands more than once.
    /// </summary>
    private readonly record struct Trail(
        ulong One, ulong Two, ulong Three, uint Last, int At, int AtTwo, int AtThree, int Doubled)
    {
        /// <summary>Nothing has come yet.</summary>
        public Trail(ulong seed)
            : this(~seed, ~seed, ~seed, 0, -1, -1, -1, 0)
        {
        }
    }
}
