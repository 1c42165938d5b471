using System.Runtime.InteropServices;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>The working memory of one search, kept by a thread. Owned by the search that uses it.</summary>
internal sealed class KeywordScratch
{
    /// <summary>Moves a hit, on average, up to which sorting by insertion is the faster.</summary>
    private const int MovesPerHit = 8;

    private static readonly Comparison<PatternHit> s_inOrder = InOrder;

    private readonly NormalizationBuffer _normalized = new();
    private int[] _positions = [];
    private bool _hasPositions;

    /// <summary>What a scan found; sorted, each place once, after <see cref="Settle"/>.</summary>
    public List<PatternHit> Hits { get; } = [];

    /// <summary>Places of context terms: term number and place, sorted.</summary>
    public List<PatternHit> Terms { get; } = [];

    /// <summary>Bytes that stay with the thread.</summary>
    public long Capacity => Math.Max(_normalized.Capacity, _positions.Length);

    /// <summary>Starts over with another text.</summary>
    public void Clear()
    {
        Hits.Clear();
        Terms.Clear();
        _hasPositions = false;
    }

    /// <summary>The text in view V1.</summary>
    public ReadOnlySpan<char> Normalize(ReadOnlySpan<char> text)
    {
        _normalized.Load(text);
        return _normalized.Text;
    }

    /// <summary>The part of the original text that a place of the normalised one stands for.</summary>
    public SourceRange Source(PatternPlace place) => _normalized.Source(place.Start, place.End - place.Start);

    /// <summary>Sorts by end, the longest first, then by number; drops what was found twice.</summary>
    public static void Settle(List<PatternHit> hits)
    {
        if (hits.Count < 2)
        {
            return;
        }

        SortNearlySorted(CollectionsMarshal.AsSpan(hits));
        var kept = 1;
        for (var index = 1; index < hits.Count; index++)
        {
            var (hit, last) = (hits[index], hits[kept - 1]);
            if (hit.Number != last.Number || hit.Place.Start != last.Place.Start || hit.Place.End != last.Place.End)
            {
                hits[kept++] = hit;
            }
        }

        hits.RemoveRange(kept, hits.Count - kept);
    }

    /// <summary>Sorts the terms by number, then place.</summary>
    public void SortTerms() => Terms.Sort(static (a, b) => a.Number != b.Number
        ? a.Number.CompareTo(b.Number)
        : a.Place.Start.CompareTo(b.Place.Start));

    /// <summary>The places of one term, by start.</summary>
    public ReadOnlySpan<PatternHit> PlacesOf(int term)
    {
        var all = CollectionsMarshal.AsSpan(Terms);
        var (low, high) = (0, all.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = all[middle].Number < term ? (middle + 1, high) : (low, middle);
        }

        var end = low;
        while (end < all.Length && all[end].Number == term)
        {
            end++;
        }

        return all[low..end];
    }

    /// <summary>How many units of view V1 stand before an index of the text that was scanned.</summary>
    public int Position(in ScanText text, int index)
    {
        if (text.IsNormalized)
        {
            return index;
        }

        if (!_hasPositions)
        {
            CountPositions(text);
        }

        return _positions[index];
    }

    /// <summary>A scan finds nearly in order: what stands wrong moves a little. If it moves far, a real sort goes on.</summary>
    private static void SortNearlySorted(Span<PatternHit> hits)
    {
        var moves = MovesPerHit * hits.Length;
        for (var index = 1; index < hits.Length; index++)
        {
            var hit = hits[index];
            var to = index;
            while (to > 0 && InOrder(hit, hits[to - 1]) < 0)
            {
                hits[to] = hits[to - 1];
                to--;
            }

            hits[to] = hit;
            moves -= index - to;
            if (moves < 0)
            {
                hits.Sort(s_inOrder);
                return;
            }
        }
    }

    private static int InOrder(PatternHit a, PatternHit b) =>
        a.Place.End != b.Place.End ? a.Place.End.CompareTo(b.Place.End)
        : a.Place.Start != b.Place.Start ? a.Place.Start.CompareTo(b.Place.Start)
        : a.Number != b.Number ? a.Number.CompareTo(b.Number)
        : a.Place.Evasions.CompareTo(b.Place.Evasions);

    private void CountPositions(in ScanText text)
    {
        if (_positions.Length <= text.Length)
        {
            _positions = new int[Math.Max(text.Length + 1, 2 * _positions.Length)];
        }

        var count = 0;
        var isSpace = true;
        for (var index = 0; index < text.Length; index++)
        {
            _positions[index] = count;
            var word = TextUnits.Raw[text.Units[index]];
            var isAnother = TextUnits.Kind(word) == UnitKind.Space;
            count += isAnother && isSpace ? 0 : TextUnits.Length(word);
            isSpace = isAnother || (isSpace && TextUnits.Length(word) == 0);
        }

        _positions[text.Length] = count;
        _hasPositions = true;
    }
}
