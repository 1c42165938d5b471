namespace FederationNode.Matching.Keywords;

/// <summary>
/// A text to look for and where it counts. Its rules are replaced as a whole.
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

    /// <summary>The rules that look for it.</summary>
    public CompiledRule[] Rules => Volatile.Read(ref _rules);

    /// <summary>Writer only. The one rule, if there is no other and it holds wherever the text stands; else null.</summary>
    public int? OnlyRule => _rules is [{ IsUnconditional: true } rule] ? rule.Id : null;

    /// <summary>Writer only. Takes a rule out; false if it is not there.</summary>
    public bool RemoveRule(int id)
    {
        var rest = Array.FindAll(_rules, rule => rule.Id != id);
        var isThere = rest.Length < _rules.Length;
        Volatile.Write(ref _rules, rest);
        return isThere;
    }

    /// <summary>Writer only.</summary>
    public void AddRule(CompiledRule rule) => Volatile.Write(ref _rules, [.. _rules, rule]);
}
