namespace FederationNode.Matching.Keywords;

/// <summary>
/// Patterns to look for, added one by one beside any number of readers; one writer at a time. A pattern is found by
/// every scan that starts after <see cref="Add"/> returned. Adding costs about a microsecond, and now and then a copy of
/// the table.
/// </summary>
internal sealed class KeywordIndex(ulong seed)
{
    private readonly Dictionary<(string Text, Boundaries Boundaries), KeywordPattern> _known = [];
    private readonly List<KeywordPattern> _all = [];
    private volatile KeywordTable _table = new(0, 0);

    /// <summary>What the hashes begin with.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>The patterns as they are now.</summary>
    public KeywordTable Table => _table;

    /// <summary>Number of patterns.</summary>
    public int Count => _all.Count;

    /// <summary>Writer only. The patterns, each at its number.</summary>
    public IReadOnlyList<KeywordPattern> All => _all;

    /// <summary>Writer only. Takes a rule from the pattern for a text, which stays, though without rules it says nothing.</summary>
    /// <returns>Whether the rule was there.</returns>
    public bool RemoveRule(string text, Boundaries boundaries, int rule)
    {
        if (!_known.TryGetValue((text, boundaries), out var pattern) || !pattern.RemoveRule(rule))
        {
            return false;
        }

        _table.Refresh(pattern);
        return true;
    }

    /// <summary>The pattern for a text, with a rule more.</summary>
    /// <param name="text">In view V1, not empty.</param>
    /// <param name="boundaries">Where it needs word boundaries.</param>
    /// <param name="rule">A rule of it, or null.</param>
    public KeywordPattern Add(string text, Boundaries boundaries, CompiledRule? rule)
    {
        if (_known.TryGetValue((text, boundaries), out var pattern))
        {
            if (rule is not null)
            {
                pattern.AddRule(rule);
                _table.Refresh(pattern);
            }

            return pattern;
        }

        pattern = new KeywordPattern(_all.Count, text, boundaries);
        if (rule is not null)
        {
            pattern.AddRule(rule);
        }

        var keys = KeywordKeys.Of(pattern, Seed);
        if (_table.IsFull(keys.Inner.Count + 1))
        {
            Grow(keys.Inner.Count + 1);
        }

        _table.Add(pattern, keys);
        _known.Add((text, boundaries), pattern);
        _all.Add(pattern);
        return pattern;
    }

    /// <summary>Readers of the old table go on in it.</summary>
    private void Grow(int more)
    {
        var larger = new KeywordTable(2 * (_table.NodeCount + more), 2 * (_all.Count + 1));
        foreach (var pattern in _all)
        {
            larger.Add(pattern, KeywordKeys.Of(pattern, Seed));
        }

        _table = larger;
    }
}
