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
internal ref partial struct KeywordScan
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
        var (groupStart, groupLast, groupEnd, groupPieces, isSingle) = (0, 0, 0, 0, false);
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
                        _candidates[pending].EndHere();
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
                            Join(groupStart, groupEnd, groupLast, letterLike: false);
                        }

                        groupStart = start;
                        groupPieces = 0;
                    }

                    groupPieces++;
                    groupLast = start;
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
                        Join(chunkStart, i, i, letterLike: true);
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
            Join(groupStart, groupEnd, groupLast, letterLike: false);
        }

        if (chunkLetterLike)
        {
            Join(chunkStart, text.Length, text.Length, letterLike: true);
        }

        VisitCandidates();
        return true;
    }
}
