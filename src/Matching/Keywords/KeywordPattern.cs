namespace FederationNode.Matching.Keywords;

/// <summary>
/// A text to look for and where it counts. Its rules are replaced as a whole, and <see cref="Next"/> is set before the
/// pattern is published.
/// </summary>
internal sealed class KeywordPattern(int number, string text, Boundaries boundaries)
{
    private CompiledRule[] _rules = [];

    /// <summary>Counts the patterns of an index, from 0.</summary>
    public int Number { get; } = number;

    /// <summary>The text in view V1, not empty.</summary>
    public string Text { get; } = text;

    /// <summary>Ends at which it needs a word boundary.</summary>
    public Boundaries Boundaries { get; } = boundaries;

    /// <summary>The next pattern with the same key, or -1.</summary>
    public int Next { get; set; } = -1;

    /// <summary>The rules that look for it.</summary>
    public CompiledRule[] Rules => Volatile.Read(ref _rules);

    /// <summary>Writer only.</summary>
    public void AddRule(CompiledRule rule) => Volatile.Write(ref _rules, [.. _rules, rule]);
}
