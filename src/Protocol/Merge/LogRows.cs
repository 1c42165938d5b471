using FederationNode.Protocol.Entries;

namespace FederationNode.Protocol.Merge;

/// <summary>What is known of one log: which row holds which entry, and which entries must not count.</summary>
internal sealed class LogRows(Origin origin, int member)
{
    private const int ChunkBits = 6;
    private const int ChunkSize = 1 << ChunkBits;

    // By index: 4 bytes an entry where the log is held whole; where only a few of its entries count, as in the history of an
    // outline, one of them has at most a chunk of 280 bytes to itself. Row 0: none.
    private readonly List<int[]?> _chunks = [];

    private readonly SortedList<long, long> _lapses = [];
    private long _latestTime;

    public Origin Origin => origin;

    /// <summary>Number of the member that writes it.</summary>
    public int Member => member;

    public HashSet<long> Erased { get; } = [];

    /// <summary>The erase entries themselves, with what each erases.</summary>
    public Dictionary<long, long> Orders { get; } = [];

    /// <summary>The lapse entries, each with the time that it says has come.</summary>
    public IReadOnlyDictionary<long, long> Lapses => _lapses;

    /// <summary>What has lapsed of the listings that came here, by index: by which lapse entry, or <see cref="Merge.Lapsed.ByRoster"/>.</summary>
    public Dictionary<long, Lapsed> Lapsed { get; } = [];

    /// <summary>Indexes of what has lapsed by a roster alone, in the order in which that was found.</summary>
    public List<long> LapsedByRoster { get; } = [];

    /// <summary>The first lapse entry behind an index that makes what ended lapse; null: none.</summary>
    public long? LapseOf(long index, long end)
    {
        // Nearly always: the log is read in its order, and no such entry is behind yet; or the listing has not ended.
        if (_lapses.Count == 0 || _lapses.Keys[^1] <= index || !Lifetimes.HasLapsed(end, _latestTime))
        {
            return null;
        }

        foreach (var (order, time) in _lapses)
        {
            if (order > index && Lifetimes.HasLapsed(end, time))
            {
                return order;
            }
        }

        return null;
    }

    /// <summary>Takes a lapse entry; false if it is known.</summary>
    public bool TryAddLapse(long order, long time)
    {
        _latestTime = Math.Max(_latestTime, time);
        return _lapses.TryAdd(order, time);
    }

    /// <summary>Forgets the lapse entries from an index on.</summary>
    public void RemoveLapsesFrom(long index)
    {
        while (_lapses.Count > 0 && _lapses.Keys[^1] >= index)
        {
            _lapses.RemoveAt(_lapses.Count - 1);
        }

        _latestTime = _lapses.Values.DefaultIfEmpty().Max();
    }

    /// <summary>The row that holds an entry, or 0.</summary>
    public int RowOf(long index) => ChunkOf(index) is { } chunk ? chunk[index & (ChunkSize - 1)] : 0;

    public void Add(long index, int row)
    {
        var number = (int)(index >> ChunkBits);
        while (_chunks.Count <= number)
        {
            _chunks.Add(null);
        }

        (_chunks[number] ??= FreshArray.Of<int>(ChunkSize))[index & (ChunkSize - 1)] = row;
    }

    /// <summary>Forgets an index; its row, or 0.</summary>
    public int Remove(long index)
    {
        var row = RowOf(index);
        if (row != 0)
        {
            ChunkOf(index)![index & (ChunkSize - 1)] = 0;
        }

        return row;
    }

    /// <summary>Forgets all from an index on; their rows.</summary>
    public IReadOnlyList<int> RemoveFrom(long index)
    {
        var removed = Between(index, long.MaxValue).Select(e => e.Row).ToList();
        var number = (int)Math.Min(index >> ChunkBits, _chunks.Count);
        if (number < _chunks.Count)
        {
            _chunks[number]?.AsSpan((int)(index & (ChunkSize - 1))).Clear();
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
            var first = (long)number << ChunkBits;
            if (first >= end)
            {
                yield break;
            }

            if (_chunks[number] is { } chunk)
            {
                for (var i = (int)Math.Max(0, from - first); i < Math.Min(ChunkSize, end - first); i++)
                {
                    if (chunk[i] != 0)
                    {
                        yield return (first + i, chunk[i]);
                    }
                }
            }
        }
    }

    private int[]? ChunkOf(long index) => index >> ChunkBits is var number && number < _chunks.Count ? _chunks[(int)number] : null;
}

/// <summary>Why a listing has lapsed.</summary>
/// <param name="Order">The lapse entry; <see cref="ByRoster"/>: none, the roster in force was issued late enough.</param>
/// <param name="Term">What decides when it ended; null: its leaf has no term.</param>
/// <param name="Issued">When it was issued.</param>
internal readonly record struct Lapsed(long Order, ListingTerm? Term, long Issued)
{
    /// <summary>No entry of the log.</summary>
    public const long ByRoster = -1;
}
