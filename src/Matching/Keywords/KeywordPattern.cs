namespace FederationNode.Matching.Keywords;

/// <summary>
/// A text to look for and where it counts. Its rules are replaced as a whole.
/// </summary>
internal sealed class KeywordPattern(int number, string text, Boundaries boundaries)
{
    private const long HasOne = 1L << 32;

    private CompiledRule[] _rules = [];
    private long _only;

    /// <summary>Counts the patterns of an index, from 0.</summary>
    public int Number { get; } = number;

    /// <summary>The text in view V1, not empty.</summary>
    public string Text { get; } = text;

    /// <summary>Ends at which it needs a word boundary.</summary>
    public Boundaries Boundaries { get; } = boundaries;

    /// <summary>The rules that look for it.</summary>
    public CompiledRule[] Rules => Volatile.Read(ref _rules);

    /// <summary>
    /// Whether there is one rule only, and it holds wherever the text stands: the usual case, known without looking further.
    /// </summary>
    public bool HasOnly(out int ruleId)
    {
        var only = Volatile.Read(ref _only);
        ruleId = (int)only;
        return only != 0;
    }

    /// <summary>Writer only.</summary>
    public void AddRule(CompiledRule rule)
    {
        var isOnly = _rules.Length == 0 && rule.IsUnconditional;
        Volatile.Write(ref _rules, [.. _rules, rule]);
        Volatile.Write(ref _only, isOnly ? HasOne | (uint)rule.Id : 0);
    }
}
