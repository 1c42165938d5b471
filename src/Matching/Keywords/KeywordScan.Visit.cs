using System.Runtime.CompilerServices;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <content>What is done with a key that may be there.</content>
internal ref partial struct KeywordScan
{
    /// <summary>Returns the candidate's index, -1 if it was visited at once.</summary>
    private int AddCandidate(ulong key, uint last, int start, int end)
    {
        var index = _count++;
        _candidates[index].Set(key, last, start, end);
        if (_count <= MaxCandidates - CandidatesAtOnce)
        {
            return index;
        }

        VisitCandidates();
        return -1;
    }

    /// <summary>Whether what ends a word lets nothing belong together with it.</summary>
    private readonly bool EndsPlainly(uint word, int index) =>
        index >= _text.Length
        || TextUnits.Kind(word) == UnitKind.Space
        || (IsPlainGap(word) && TextUnits.Kind(_text.WordOrEnd(index + 1)) == UnitKind.Space);

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private void VisitCandidates()
    {
        var candidates = _candidates[.._count];
        Span<ulong> nodes = stackalloc ulong[MaxCandidates];
        _count = 0;
        foreach (ref readonly var candidate in candidates)
        {
            _table.PrefetchSlot(candidate.Key);
        }

        for (var index = 0; index < candidates.Length; index++)
        {
            nodes[index] = _table.Find(candidates[index].Key);
            _table.Prefetch(nodes[index]);
        }

        for (var index = 0; index < candidates.Length; index++)
        {
            ref readonly var candidate = ref candidates[index];
            var node = nodes[index];
            if (node == KeywordTable.None || candidate.Start < 0)
            {
                continue;
            }

            Try(node, candidate.Start);
            if (KeywordTable.IsInner(node) && !candidate.LeadsNowhere)
            {
                var hash = KeywordHash.Resume(candidate.Key, candidate.Last);
                GoOnBoth(hash, candidate.Start, candidate.End, letterLike: false);
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
}
