namespace FederationNode.Protocol.Merge;

/// <summary>What is known of one log: which row holds which entry, and which entries must not count.</summary>
internal sealed class LogRows(Origin origin, int member)
{
    // Sorted by index; entries nearly always come in order, so adding is appending. Row 0: was there, and was removed.
    private readonly List<(long Index, int Row)> _rows = [];

    public Origin Origin => origin;

    /// <summary>Number of the member that writes it.</summary>
    public int Member => member;

    public HashSet<long> Erased { get; } = [];

    /// <summary>The erase entries themselves, with what each erases.</summary>
    public Dictionary<long, long> Orders { get; } = [];

    /// <summary>Whether a row holds the entry.</summary>
    public bool Contains(long index) => At(index) is var at && IsAt(at, index) && _rows[at].Row != 0;

    public void Add(long index, int row)
    {
        var at = At(index);
        if (IsAt(at, index))
        {
            _rows[at] = (index, row);
        }
        else
        {
            _rows.Insert(at, (index, row));
        }
    }

    /// <summary>Forgets an index; its row, or 0.</summary>
    public int Remove(long index)
    {
        var at = At(index);
        if (!IsAt(at, index))
        {
            return 0;
        }

        var row = _rows[at].Row;
        _rows[at] = (index, 0);
        return row;
    }

    /// <summary>Forgets all from an index on; their rows.</summary>
    public IReadOnlyList<int> RemoveFrom(long index)
    {
        var at = At(index);
        int[] removed = [.. _rows[at..].Select(r => r.Row).Where(r => r != 0)];
        _rows.RemoveRange(at, _rows.Count - at);
        return removed;
    }

    private bool IsAt(int at, long index) => at < _rows.Count && _rows[at].Index == index;

    /// <summary>Where an index is, or would be.</summary>
    private int At(long index)
    {
        if (_rows.Count == 0 || _rows[^1].Index < index)
        {
            return _rows.Count;
        }

        var (low, high) = (0, _rows.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _rows[middle].Index < index ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
