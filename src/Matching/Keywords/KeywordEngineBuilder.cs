using System.Collections.Immutable;
using System.Text;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>Turns rules into an automaton over the different texts, and tables of who uses which.</summary>
internal sealed class KeywordEngineBuilder
{
    private readonly List<UsableRule> _rules = [];

    /// <summary>Builds the engine; see <see cref="KeywordEngine.Build"/>.</summary>
    public KeywordEngine Build(IEnumerable<KeywordRule> rules)
    {
        foreach (var rule in rules)
        {
            Add(rule);
        }

        if (_rules.Count == 0)
        {
            return new KeywordEngine(null, [], [], []);
        }

        string[] patterns =
        [
            .. _rules.SelectMany(rule => rule.Terms.Prepend(rule.Rule.Text)).Distinct(StringComparer.Ordinal),
        ];
        Array.Sort(patterns, StringComparer.Ordinal);

        // Rules in the order of their patterns; those of one pattern stay in the order in which they came.
        var ordered = _rules
            .Select(rule => (Rule: rule, Pattern: IndexOf(patterns, rule.Rule.Text)))
            .OrderBy(entry => entry.Pattern)
            .ToArray();
        var terms = ordered.SelectMany(entry => entry.Rule.Terms).Select(term => IndexOf(patterns, term)).ToArray();
        var compiled = CompileRules([.. ordered.Select(entry => entry.Rule)]);
        return new KeywordEngine(
            PatternAutomatonBuilder.Build(patterns),
            CompilePatterns(patterns, [.. ordered.Select(entry => entry.Pattern)], compiled, terms),
            compiled,
            terms);
    }

    private static int IndexOf(string[] patterns, string text) =>
        Array.BinarySearch(patterns, text, StringComparer.Ordinal);

    private static string[] Normalize(ImmutableArray<string> terms) =>
        terms.IsDefaultOrEmpty ? [] : [.. terms.Select(term => Wlnorm.Normalize(term))];

    private static CompiledRule[] CompileRules(UsableRule[] rules)
    {
        var compiled = new CompiledRule[rules.Length];
        var term = 0;
        for (var index = 0; index < rules.Length; index++)
        {
            var (rule, any, all, none) = rules[index];
            var anyEnd = term + any.Length;
            var allEnd = anyEnd + all.Length;
            var noneEnd = allEnd + none.Length;
            var needed = Needed(rule.Match, rule.Text);
            compiled[index] = new CompiledRule(rule.Id, needed, rule.Window, term, anyEnd, allEnd, noneEnd);
            term = noneEnd;
        }

        return compiled;
    }

    private static CompiledPattern[] CompilePatterns(
        string[] patterns, int[] patternOfRule, CompiledRule[] rules, int[] terms)
    {
        var isTerm = new bool[patterns.Length];
        foreach (var term in terms)
        {
            isTerm[term] = true;
        }

        var compiled = new CompiledPattern[patterns.Length];
        var rule = 0;
        for (var pattern = 0; pattern < patterns.Length; pattern++)
        {
            var byScript = Needed(KeywordMatch.ByScript, patterns[pattern]);
            var weakest = isTerm[pattern] ? byScript : Boundaries.Start | Boundaries.End;
            var start = rule;
            for (; rule < rules.Length && patternOfRule[rule] == pattern; rule++)
            {
                weakest &= rules[rule].Boundaries;
            }

            compiled[pattern] = new CompiledPattern(start, rule, isTerm[pattern], byScript, weakest);
        }

        return compiled;
    }

    private static Boundaries Needed(KeywordMatch match, string text) => match switch
    {
        KeywordMatch.Word => Boundaries.Start | Boundaries.End,
        KeywordMatch.Substring => Boundaries.None,
        KeywordMatch.Prefix => Boundaries.Start,
        _ => NeededByScript(text),
    };

    private static Boundaries NeededByScript(string text)
    {
        Rune.DecodeFromUtf16(text, out var first, out _);
        Rune.DecodeLastFromUtf16(text, out var last, out _);
        return (Scripts.IsWrittenWithoutSpaces(first.Value) ? Boundaries.None : Boundaries.Start)
            | (Scripts.IsWrittenWithoutSpaces(last.Value) ? Boundaries.None : Boundaries.End);
    }

    private void Add(KeywordRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        if (rule.Window < 0)
        {
            throw new ArgumentException($"Rule {rule.Id} has the window {rule.Window}; it must be 0 or more.");
        }

        if (!Enum.IsDefined(rule.Match))
        {
            throw new ArgumentException($"Rule {rule.Id} has the match mode {(int)rule.Match}, which is not defined.");
        }

        var any = Normalize(rule.AnyOf);
        var all = Normalize(rule.AllOf);
        var anyUsable = any.Where(term => term.Length > 0).ToArray();
        var canHold = (any.Length == 0 || anyUsable.Length > 0) && !all.Contains("");
        if (canHold && rule.Text.Length > 0 && Wlnorm.Normalize(rule.Text) == rule.Text)
        {
            string[] none = [.. Normalize(rule.NoneOf).Where(term => term.Length > 0)];
            _rules.Add(new UsableRule(rule, anyUsable, all, none));
        }
    }

    /// <summary>A rule that can hold, with its context terms normalised.</summary>
    private sealed record UsableRule(KeywordRule Rule, string[] AnyOf, string[] AllOf, string[] NoneOf)
    {
        public IEnumerable<string> Terms => [.. AnyOf, .. AllOf, .. NoneOf];
    }
}
