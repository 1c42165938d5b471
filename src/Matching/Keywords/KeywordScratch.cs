using System.Runtime.InteropServices;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>The working memory of one search, kept by a thread. Owned by the search that loaded it last.</summary>
internal sealed class KeywordScratch
{
    private readonly List<PatternOccurrence> _occurrences = [];

    // Pattern in the upper, start in the lower 32 bits.
    private readonly List<ulong> _terms = [];
    private bool[] _boundaries = [];
    private bool _boundariesKnown;
    private bool _termsSorted;

    /// <summary>The normalised text.</summary>
    public NormalizationBuffer Text { get; } = new();

    /// <summary>What was added since the text was loaded, in that order.</summary>
    public ReadOnlySpan<PatternOccurrence> Occurrences => CollectionsMarshal.AsSpan(_occurrences);

    /// <summary>Starts over with another text.</summary>
    public void Load(ReadOnlySpan<char> originalText)
    {
        Text.Load(originalText);
        _occurrences.Clear();
        _terms.Clear();
        _boundariesKnown = false;
        _termsSorted = false;
    }

    /// <summary>Whether the word boundaries that are needed at [start, end) are there.</summary>
    public bool Holds(Boundaries needed, int start, int end)
    {
        if (needed == Boundaries.None)
        {
            return true;
        }

        if (!_boundariesKnown)
        {
            FindBoundaries();
        }

        return ((needed & Boundaries.Start) == 0 || _boundaries[start])
            && ((needed & Boundaries.End) == 0 || _boundaries[end]);
    }

    /// <summary>Remembers a place of a keyword.</summary>
    public void AddOccurrence(int pattern, int start, int end) =>
        _occurrences.Add(new PatternOccurrence(pattern, start, end));

    /// <summary>Remembers a place of a context term.</summary>
    public void AddTerm(int pattern, int start) => _terms.Add(Key(pattern, start));

    /// <summary>The first start of a context term that is not before <paramref name="from"/>, or -1.</summary>
    public int FirstTerm(int pattern, int from)
    {
        var terms = CollectionsMarshal.AsSpan(_terms);
        if (!_termsSorted)
        {
            terms.Sort();
            _termsSorted = true;
        }

        var index = terms.BinarySearch(Key(pattern, from));
        index = index < 0 ? ~index : index;
        return index < terms.Length && (int)(terms[index] >> 32) == pattern ? (int)(uint)terms[index] : -1;
    }

    private static ulong Key(int pattern, int start) => ((ulong)(uint)pattern << 32) | (uint)start;

    private void FindBoundaries()
    {
        var length = Text.Text.Length + 1;
        if (_boundaries.Length < length)
        {
            _boundaries = new bool[Math.Max(length, 2 * _boundaries.Length)];
        }

        WordBreaks.Mark(Text.Text, _boundaries.AsSpan(0, length));
        _boundariesKnown = true;
    }
}
