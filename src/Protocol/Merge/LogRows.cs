namespace FederationNode.Protocol.Merge;

/// <summary>What is known of one log: which row holds which entry, and which entries must not count.</summary>
internal sealed class LogRows(Origin origin, int member)
{
    private const int ChunkBits = 12;

    // By index, in chunks sorted by it: entries nearly always come in order, which is appending, and where they do not,
    // as when history comes behind what counts of it, no more than a chunk is moved. Row 0: was there, and was removed.
    private readonly List<List<(long Index, int Row)>?> _chunks = [];

    public Origin Origin => origin;

    /// <summary>Number of the member that writes it.</summary>
    public int Member => member;

    public HashSet<long> Erased { get; } = [];

    /// <summary>The erase entries themselves, with what each erases.</summary>
    public Dictionary<long, long> Orders { get; } = [];

    /// <summary>The row that holds an entry, or 0.</summary>
    public int RowOf(long index) => ChunkOf(index) is { } chunk && At(chunk, index) is var at && IsAt(chunk, at, index)
        ? chunk[at].Row
        : 0;

    public void Add(long index, int row)
    {
        var number = (int)(index >> ChunkBits);
        while (_chunks.Count <= number)
        {
            _chunks.Add(null);
        }

        var chunk = _chunks[number] ??= [];
        var at = At(chunk, index);
        if (IsAt(chunk, at, index))
        {
            chunk[at] = (index, row);
        }
        else
        {
            chunk.Insert(at, (index, row));
        }
    }

    /// <summary>Forgets an index; its row, or 0.</summary>
    public int Remove(long index)
    {
        if (ChunkOf(index) is not { } chunk || At(chunk, index) is var at && !IsAt(chunk, at, index))
        {
            return 0;
        }

        var row = chunk[at].Row;
        chunk[at] = (index, 0);
        return row;
    }

    /// <summary>Forgets all from an index on; their rows.</summary>
    public IReadOnlyList<int> RemoveFrom(long index)
    {
        var removed = Between(index, long.MaxValue).Select(e => e.Row).ToList();
        var number = (int)Math.Min(index >> ChunkBits, _chunks.Count);
        if (number < _chunks.Count && _chunks[number] is { } chunk)
        {
            var at = At(chunk, index);
            chunk.RemoveRange(at, chunk.Count - at);
            number++;
        }

        _chunks.RemoveRange(number, _chunks.Count - number);
        return removed;
    }

    /// <summary>The entries that rows hold from an index on, below another, in their order.</summary>
    public IEnumerable<(long Index, int Row)> Between(long from, long end)
    {
        for (var number = (int)Math.Min(from >> ChunkBits, _chunks.Count); number < _chunks.Count; number++)
        {
            if ((long)number << ChunkBits >= end)
            {
                yield break;
            }

            foreach (var entry in _chunks[number] ?? [])
            {
                if (entry.Row != 0 && entry.Index >= from && entry.Index < end)
                {
                    yield return entry;
                }
            }
        }
    }

    private List<(long Index, int Row)>? ChunkOf(long index) =>
        index >> ChunkBits is var number && number < _chunks.Count ? _chunks[(int)number] : null;

    private static bool IsAt(List<(long Index, int Row)> chunk, int at, long index) =>
        at < chunk.Count && chunk[at].Index == index;

    /// <summary>Where an index is in its chunk, or would be.</summary>
    private static int At(List<(long Index, int Row)> chunk, long index)
    {
        if (chunk.Count == 0 || chunk[^1].Index < index)
        {
            return chunk.Count;
        }

        var (low, high) = (0, chunk.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = chunk[middle].Index < index ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
