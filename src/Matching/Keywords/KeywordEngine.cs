namespace FederationNode.Matching.Keywords;

/// <summary>
/// Finds all rules that hold in a text, in one pass over the text normalised by <c>wlnorm/1</c>, however many rules
/// there are. An immutable snapshot: any number of threads may search it at once; a changed list is a new engine.
/// The time grows with the length of the text and the number of occurrences; the caller bounds the text. A search
/// allocates nothing but what <c>hits</c> needs, once the calling thread has searched a text as long before.
/// </summary>
public sealed class KeywordEngine
{
    /// <summary>A thread gives back the memory of longer texts than this, in UTF-16 units.</summary>
    private const int KeptCapacity = 1 << 18;

    [ThreadStatic]
    private static KeywordScratch? s_scratch;

    private readonly PatternAutomaton? _automaton;
    private readonly CompiledPattern[] _patterns;
    private readonly CompiledRule[] _rules;
    private readonly int[] _terms;

    internal KeywordEngine(
        PatternAutomaton? automaton, CompiledPattern[] patterns, CompiledRule[] rules, int[] terms)
    {
        _automaton = automaton;
        _patterns = patterns;
        _rules = rules;
        _terms = terms;
    }

    /// <summary>Number of rules that can be found at all.</summary>
    public int RuleCount => _rules.Length;

    /// <summary>Number of different keywords and context terms.</summary>
    public int PatternCount => _patterns.Length;

    /// <summary>Bytes that the automaton's tables take.</summary>
    public long MemoryBytes => _automaton?.MemoryBytes ?? 0;

    /// <summary>
    /// Builds an engine. A rule whose text is empty or not normalised, or whose context can never hold (a required term
    /// that normalises to nothing), is left out: it is the same on every node, so it is no error here.
    /// </summary>
    /// <exception cref="ArgumentException">A window is negative, or a match mode is not defined.</exception>
    public static KeywordEngine Build(IEnumerable<KeywordRule> rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        return new KeywordEngineBuilder().Build(rules);
    }

    /// <summary>
    /// Adds a hit for every rule and every place where it holds, overlapping ones too: in the order in which they end
    /// in the normalised text, at the same end the longest first, then in the order of the rules.
    /// </summary>
    /// <param name="originalText">UTF-16, may be ill-formed, not normalised.</param>
    /// <param name="hits">Takes the hits; what it holds already stays.</param>
    public void Find(ReadOnlySpan<char> originalText, List<KeywordHit> hits)
    {
        ArgumentNullException.ThrowIfNull(hits);
        if (_automaton is null)
        {
            return;
        }

        var scratch = s_scratch ??= new KeywordScratch();
        scratch.Load(originalText);
        Collect(_automaton, scratch);
        foreach (var occurrence in scratch.Occurrences)
        {
            AddHits(occurrence, scratch, hits);
        }

        if (scratch.Text.Capacity > KeptCapacity)
        {
            s_scratch = null;
        }
    }

    /// <summary>One pass: keeps the occurrences that at least one rule or term could use.</summary>
    private void Collect(PatternAutomaton automaton, KeywordScratch scratch)
    {
        var text = scratch.Text.Text;
        var end = 0;
        var state = PatternAutomaton.Root;
        while (true)
        {
            var pattern = automaton.Next(text, ref end, ref state);
            if (pattern == PatternAutomaton.None)
            {
                return;
            }

            for (; pattern != PatternAutomaton.None; pattern = automaton.Suffix(pattern))
            {
                ref readonly var compiled = ref _patterns[pattern];
                var start = end - automaton.Length(pattern);
                if (!scratch.Holds(compiled.Weakest, start, end))
                {
                    continue;
                }

                if (compiled.RuleStart < compiled.RuleEnd)
                {
                    scratch.AddOccurrence(pattern, start, end);
                }

                if (compiled.IsTerm && scratch.Holds(compiled.ByScript, start, end))
                {
                    scratch.AddTerm(pattern, start);
                }
            }
        }
    }

    private void AddHits(PatternOccurrence occurrence, KeywordScratch scratch, List<KeywordHit> hits)
    {
        ref readonly var pattern = ref _patterns[occurrence.Pattern];
        for (var index = pattern.RuleStart; index < pattern.RuleEnd; index++)
        {
            ref readonly var rule = ref _rules[index];
            if (scratch.Holds(rule.Boundaries, occurrence.Start, occurrence.End)
                && (rule.TermStart == rule.NoneEnd || ContextHolds(rule, occurrence, scratch)))
            {
                var source = scratch.Text.Source(occurrence.Start, occurrence.End - occurrence.Start);
                hits.Add(new KeywordHit(rule.Id, source.Start, source.Length));
            }
        }
    }

    private bool ContextHolds(in CompiledRule rule, PatternOccurrence occurrence, KeywordScratch scratch)
    {
        var from = rule.Window == 0 ? 0 : Math.Max(0, occurrence.Start - rule.Window);
        var to = rule.Window == 0 ? int.MaxValue : (int)Math.Min(int.MaxValue, (long)occurrence.End + rule.Window);
        var any = rule.TermStart == rule.AnyEnd;
        for (var index = rule.TermStart; index < rule.AnyEnd && !any; index++)
        {
            any = IsNear(_terms[index], from, to, scratch);
        }

        if (!any)
        {
            return false;
        }

        for (var index = rule.AnyEnd; index < rule.NoneEnd; index++)
        {
            if (IsNear(_terms[index], from, to, scratch) != index < rule.AllEnd)
            {
                return false;
            }
        }

        return true;
    }

    private bool IsNear(int term, int from, int to, KeywordScratch scratch)
    {
        var start = scratch.FirstTerm(term, from);
        return start >= 0 && start <= to - _automaton!.Length(term);
    }
}
