using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Entries;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// The merged view of all logs: a pure function of the set of entries put into it. Order and repetition make no
/// difference, so nodes with equal logs have equal views and equal digests (docs/protocol.md, "Merge").
/// Not safe for concurrent use: one writer, which hands out immutable <see cref="IndicatorState"/>s.
/// </summary>
public sealed class View
{
    private readonly Dictionary<Hash256, IndicatorCells> _indicators = [];
    private readonly Dictionary<byte[], Cell> _tallies = new(ByteEquality.Instance);
    private readonly Dictionary<string, LogIndex> _logs = new(StringComparer.Ordinal);
    private readonly ViewDigest _digest = new();

    /// <summary>Number of indicators of which the view holds a listing, withdrawal or opinion.</summary>
    public int IndicatorCount => _indicators.Count;

    /// <summary>The ids of those indicators, in no particular order.</summary>
    public IEnumerable<Hash256> IndicatorIds => _indicators.Keys;

    /// <summary>
    /// Puts an entry into the view. Entries may come in any order and more than once.
    /// </summary>
    /// <returns>The indicator whose state may have changed, or null if none did.</returns>
    public Hash256? Apply(LogEntry entry)
    {
        if (entry.Origin.Log != Origin.Indicators)
        {
            return null;
        }

        var log = LogOf(entry.Origin);
        if (entry.Payload is ErasePayload erase)
        {
            log.Orders[entry.Index] = erase.Index;
            return Erase(log, new EntryPosition(entry.Origin.Epoch, erase.Index));
        }

        if (Cell.KeyOf(entry) is not { } key || log.Erased.Contains(entry.Index))
        {
            return null;
        }

        var indicator = Cell.IndicatorOf(entry);
        var cell = CellOf(key, indicator);
        if (!cell.Add(entry))
        {
            return null;
        }

        log.Cells[entry.Index] = cell;
        _digest.Touch(cell);
        return indicator;
    }

    /// <summary>
    /// Whether an erase entry orders the erasure of this entry's payload. An order to erase an erase entry does nothing:
    /// without its payload, a node that replays the log would bring back what it had erased.
    /// </summary>
    public bool IsErased(Origin origin, long index) =>
        _logs.TryGetValue(origin.Text, out var log) && log.Erased.Contains(index) && !log.Orders.ContainsKey(index);

    /// <summary>
    /// Takes all entries of a log from an index on out of the view: they do not count since the log forked, or was closed.
    /// </summary>
    /// <param name="origin">The log.</param>
    /// <param name="size">Entries of it that count.</param>
    /// <param name="restored">
    /// Indexes below that were erased only by entries that no longer count: to be applied again.
    /// </param>
    /// <returns>The indicators whose state may have changed.</returns>
    public IReadOnlyCollection<Hash256> Truncate(Origin origin, long size, out IReadOnlyList<long> restored)
    {
        var touched = new HashSet<Hash256>();
        restored = [];
        if (!_logs.TryGetValue(origin.Text, out var log))
        {
            return touched;
        }

        foreach (var (index, cell) in log.Cells.Where(c => c.Key >= size).ToList())
        {
            log.Cells.Remove(index);
            if (cell.Remove(new EntryPosition(origin.Epoch, index)))
            {
                Changed(cell);
                touched.UnionWith(cell.Indicator is { } id ? [id] : []);
            }
        }

        foreach (var (order, _) in log.Orders.Where(o => o.Key >= size).ToList())
        {
            log.Orders.Remove(order);
        }

        var still = log.Orders.Values.ToHashSet();
        restored = [.. log.Erased.Where(e => e < size && !still.Contains(e)).Order()];
        log.Erased.IntersectWith(still);
        return touched;
    }

    /// <summary>What everybody says about an indicator, or false if nobody says anything.</summary>
    public bool TryGet(Hash256 id, [NotNullWhen(true)] out IndicatorState? state)
    {
        state = null;
        if (!_indicators.TryGetValue(id, out var cells))
        {
            return false;
        }

        var listings = Winners(cells, CellTable.Listing);
        var opinions = Winners(cells, CellTable.Opinion);
        if (listings.IsEmpty && opinions.IsEmpty)
        {
            return false;
        }

        state = new IndicatorState(id, listings, opinions);
        return true;
    }

    /// <summary>The newest tally of each member, category and day.</summary>
    public IEnumerable<LogEntry> Tallies() =>
        _tallies.Values.Select(c => c.Winner).OfType<LogEntry>();

    /// <summary>
    /// The digest of the view. Equal on any two nodes that put the same entries in, however they came by them.
    /// </summary>
    public Hash256 Digest() => _digest.Compute();

    private Hash256? Erase(LogIndex log, EntryPosition position)
    {
        log.Erased.Add(position.Index);
        if (!log.Cells.Remove(position.Index, out var cell) || !cell.Remove(position))
        {
            return null;
        }

        Changed(cell);
        return cell.Indicator;
    }

    private void Changed(Cell cell)
    {
        _digest.Touch(cell);
        if (cell.Winner is null)
        {
            Drop(cell);
        }
    }

    /// <summary>Forgets an empty cell: nothing must tell that it was ever there, or that would depend on the order.</summary>
    private void Drop(Cell cell)
    {
        if (cell.Indicator is not { } id)
        {
            _tallies.Remove(cell.Key);
        }
        else if (_indicators[id] is var cells && cells.All.Remove(cell) && cells.All.Count == 0)
        {
            _indicators.Remove(id);
        }
    }

    private LogIndex LogOf(Origin origin)
    {
        if (!_logs.TryGetValue(origin.Text, out var log))
        {
            _logs[origin.Text] = log = new LogIndex();
        }

        return log;
    }

    private Cell CellOf(byte[] key, Hash256? indicator)
    {
        if (indicator is { } id)
        {
            if (!_indicators.TryGetValue(id, out var found))
            {
                _indicators[id] = found = new IndicatorCells();
            }

            return found.GetOrAdd(key, id);
        }

        if (!_tallies.TryGetValue(key, out var cell))
        {
            _tallies[key] = cell = new Cell(key, null);
        }

        return cell;
    }

    private static ImmutableArray<LogEntry> Winners(IndicatorCells cells, string table) =>
        [.. cells.All
            .Select(c => c.Winner)
            .OfType<LogEntry>()
            .Where(e => (e.Payload is OpinionPayload) == (table == CellTable.Opinion))
            .OrderBy(e => e.Member, StringComparer.Ordinal)
            .ThenBy(e => (e.Payload as OpinionPayload)?.Lister, StringComparer.Ordinal)];

    /// <summary>What is known of one log: which entries are in which cell, and which must not count.</summary>
    private sealed class LogIndex
    {
        public Dictionary<long, Cell> Cells { get; } = [];

        public HashSet<long> Erased { get; } = [];

        /// <summary>The erase entries themselves, with what each erases.</summary>
        public Dictionary<long, long> Orders { get; } = [];
    }

    /// <summary>The few cells of one indicator: one a lister, one an opinion.</summary>
    private sealed class IndicatorCells
    {
        public List<Cell> All { get; } = new(1);

        public Cell GetOrAdd(byte[] key, Hash256 indicator)
        {
            foreach (var cell in All)
            {
                if (cell.Key.AsSpan().SequenceEqual(key))
                {
                    return cell;
                }
            }

            var added = new Cell(key, indicator);
            All.Add(added);
            return added;
        }
    }

    private sealed class ByteEquality : IEqualityComparer<byte[]>
    {
        public static readonly ByteEquality Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj)
        {
            var hash = default(HashCode);
            hash.AddBytes(obj);
            return hash.ToHashCode();
        }
    }
}
