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
