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
