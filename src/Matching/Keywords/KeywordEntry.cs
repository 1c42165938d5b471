using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// What a scan must know of a pattern, in one cache line: most patterns are looked at without following a reference.
/// </summary>
internal struct KeywordEntry
{
    /// <summary>Units of text that an entry holds itself.</summary>
    private const int InlineUnits = 24;

    private const long HasOnlyRule = 1L << 32;

    private readonly int _length;
    private readonly InlineText _text;
    private long _onlyRule;

    /// <summary>The entry of a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="next">See <see cref="Next"/>.</param>
    public KeywordEntry(KeywordPattern pattern, int next)
    {
        Next = next;
        Boundaries = pattern.Boundaries;
        _length = pattern.Text.Length;
        if (_length <= InlineUnits)
        {
            pattern.Text.CopyTo(_text);
        }

        Refresh(pattern);
    }

    /// <summary>The next pattern with the same key, its number plus one; 0: there is none.</summary>
    public int Next { get; }

    /// <summary>Ends at which it needs a boundary.</summary>
    public Boundaries Boundaries { get; }

    /// <summary>The pattern's text, or nothing if it is too long to be held.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<char> Text => _length <= InlineUnits ? _text[.._length] : default;

    /// <summary>Whether there is one rule only, and it holds wherever the text stands: the usual case.</summary>
    public bool HasOnly(out int ruleId)
    {
        var only = Volatile.Read(ref _onlyRule);
        ruleId = (int)only;
        return only != 0;
    }

    /// <summary>Writer only. Takes note of the pattern's rules.</summary>
    public void Refresh(KeywordPattern pattern) =>
        Volatile.Write(ref _onlyRule, pattern.OnlyRule is { } rule ? HasOnlyRule | (uint)rule : 0);

    [InlineArray(InlineUnits)]
    private struct InlineText
    {
        private char _first;
    }
}
