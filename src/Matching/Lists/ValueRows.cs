using System.Collections.Concurrent;
using System.Collections.Immutable;
using FederationNode.Protocol;

namespace FederationNode.Matching.Lists;

/// <summary>
/// The indicators behind the rows of the value indexes: one a row, 32 bytes, and the few others of rows that have more.
/// Rows stand in chunks, so growing copies nothing. One writer, any number of readers at the same time.
/// </summary>
internal sealed class ValueRows
{
    private const int ChunkBits = 14;
    private const int ChunkSize = 1 << ChunkBits;

    private readonly ConcurrentDictionary<int, ImmutableArray<Hash256>> _more = new();
    private Hash256[][] _chunks = [];
    private int _count;

    /// <summary>Adds a row; readers may ask for it once its number was given to them.</summary>
    public int Add(Hash256 indicator)
    {
        var row = _count++;
        if (row >> ChunkBits == _chunks.Length)
        {
            Volatile.Write(ref _chunks, [.. _chunks, new Hash256[ChunkSize]]);
        }

        _chunks[row >> ChunkBits][row & (ChunkSize - 1)] = indicator;
        return row;
    }

    /// <summary>Puts another indicator behind a row, unless it is there.</summary>
    public void AddTo(int row, Hash256 indicator)
    {
        var there = Get(row);
        if (!there.Contains(indicator))
        {
            _more[row] = there.Add(indicator);
        }
    }

    /// <summary>The indicators behind a row.</summary>
    public ImmutableArray<Hash256> Get(int row) => _more.TryGetValue(row, out var all)
        ? all
        : [Volatile.Read(ref _chunks)[row >> ChunkBits][row & (ChunkSize - 1)]];
}
