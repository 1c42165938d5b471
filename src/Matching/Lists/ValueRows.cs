using System.Collections.Concurrent;
using System.Collections.Immutable;
using FederationNode.Matching.Exact;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Matching.Lists;

/// <summary>
/// The 32-byte values of indicators, one a row, each with what it takes to name its indicators: 36 bytes a row. An
/// indicator's id is computed when it is asked for, since few rows ever match. Rows stand in chunks, so growing copies
/// nothing. One writer, any number of readers at the same time.
/// </summary>
internal sealed class ValueRows : IKeyRows
{
    private const int ChunkBits = 14;
    private const int ChunkSize = 1 << ChunkBits;

    private readonly Dictionary<(string Kind, string Scheme), int> _numbers = [];

    /// <summary>Of rows that stand for several indicators: the schemes of all of them.</summary>
    private readonly ConcurrentDictionary<int, ImmutableArray<int>> _more = new();

    /// <summary>Of these the schemes under which the value is no more wanted. Writer only.</summary>
    private readonly Dictionary<int, ImmutableArray<int>> _unwanted = [];

    // Readers take these once; the writer replaces them, or writes where no reader looks yet.
    private Chunk[] _chunks = [];
    private (string Kind, string Scheme)[] _schemes = [];
    private int _count;

    /// <summary>Adds a row; readers may ask for it once its number was given to them.</summary>
    public int Add(Indicator indicator)
    {
        var row = _count++;
        if (row >> ChunkBits == _chunks.Length)
        {
            Volatile.Write(ref _chunks, [.. _chunks, new Chunk(FreshArray.Of<Hash256>(ChunkSize), FreshArray.Of<int>(ChunkSize))]);
        }

        var (values, schemes) = _chunks[row >> ChunkBits];
        values[row & (ChunkSize - 1)] = new Hash256(indicator.Value.Span);
        schemes[row & (ChunkSize - 1)] = NumberOf(indicator);
        return row;
    }

    /// <summary>Puts another indicator of the same value behind a row, unless it is there.</summary>
    public void AddTo(int row, Indicator indicator)
    {
        var there = SchemesOf(row);
        var number = NumberOf(indicator);
        if (!there.Contains(number))
        {
            _more[row] = there.Add(number);
        }
        else if (_unwanted.TryGetValue(row, out var unwanted))
        {
            _unwanted[row] = unwanted.Remove(number);
        }
    }

    /// <summary>Whether a row stands for this indicator and otherwise for none that is wanted.</summary>
    public bool IsLast(int row, Indicator indicator) =>
        UnwantedWith(row, indicator) is var unwanted && SchemesOf(row).All(unwanted.Contains);

    /// <summary>Takes an indicator from a row of several, which goes on naming it; that harms nobody.</summary>
    public void Unwant(int row, Indicator indicator) => _unwanted[row] = UnwantedWith(row, indicator);

    /// <summary>Overwrites the value of a row that no index names any more. A reader that still has its number finds nothing.</summary>
    public void Wipe(int row)
    {
        _chunks[row >> ChunkBits].Values[row & (ChunkSize - 1)] = default;
        _unwanted.Remove(row);
    }

    private ImmutableArray<int> UnwantedWith(int row, Indicator indicator)
    {
        var unwanted = _unwanted.GetValueOrDefault(row, []);
        return NumberOf(indicator) is var number && unwanted.Contains(number) ? unwanted : unwanted.Add(number);
    }

    /// <inheritdoc/>
    public ref readonly Hash256 KeyOf(int row) =>
        ref Volatile.Read(ref _chunks)[row >> ChunkBits].Values[row & (ChunkSize - 1)];

    /// <summary>How many indicators are behind a row.</summary>
    public int CountOf(int row) => _more.TryGetValue(row, out var all) ? all.Length : 1;

    /// <summary>The id of an indicator behind a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="number">Below <see cref="CountOf"/>.</param>
    public Hash256 IdOf(int row, int number)
    {
        var scheme = _more.TryGetValue(row, out var all) ? all[number] : FirstSchemeOf(row);
        var known = Volatile.Read(ref _schemes)[scheme];
        return Indicator.IdOf(known.Kind, known.Scheme, KeyOf(row).Span);
    }

    private ImmutableArray<int> SchemesOf(int row) => _more.TryGetValue(row, out var all) ? all : [FirstSchemeOf(row)];

    private int FirstSchemeOf(int row) => Volatile.Read(ref _chunks)[row >> ChunkBits].Schemes[row & (ChunkSize - 1)];

    private int NumberOf(Indicator indicator)
    {
        var key = (indicator.Kind, indicator.Scheme);
        if (_numbers.TryGetValue(key, out var number))
        {
            return number;
        }

        // Readers never look behind the numbers of rows, so they may see the longer array with its end not yet written.
        number = _numbers.Count;
        if (number == _schemes.Length)
        {
            var longer = new (string, string)[Math.Max(2 * number, 4)];
            _schemes.CopyTo(longer, 0);
            Volatile.Write(ref _schemes, longer);
        }

        _schemes[number] = key;
        _numbers.Add(key, number);
        return number;
    }

    private readonly record struct Chunk(Hash256[] Values, int[] Schemes);
}
