namespace FederationNode.Protocol.Merge;

/// <summary>What an entry does in the view.</summary>
internal enum RowKind : byte
{
    Listing,
    Withdrawal,
    Opinion,
    Tally,
}

/// <summary>
/// One entry of the view, about 140 bytes: a list of millions must fit into memory, so nothing here is an object of its
/// own. Links are row numbers; 0 is none.
/// </summary>
internal struct EntryRow
{
    /// <summary>The indicator's id; of a tally the hash of its cell's key.</summary>
    public Hash256 Group;

    public Hash256 LeafHash;

    public long Index;

    public long Issued;

    /// <summary>When a listing ends, in unix seconds; 0 for other kinds.</summary>
    public long Expires;

    /// <summary>Where its payload begins.</summary>
    public PayloadSpot Payload;

    /// <summary>Number of its log.</summary>
    public int Log;

    /// <summary>Number of the member who writes that log.</summary>
    public int Member;

    /// <summary>Number of the text that tells cells of one group and member apart: an opinion's lister. 0: none.</summary>
    public int Sub;

    /// <summary>The other entries of the same cell, the newest first: it is the value of the cell.</summary>
    public Link InCell;

    /// <summary>Of a cell's value: the values of the other cells of the same group.</summary>
    public Link InGroup;

    /// <summary>Of a cell's value: the values of the other cells of the same bucket of the digest.</summary>
    public Link InBucket;

    public RowKind Kind;

    /// <summary>It is the first of its group, and the group was counted as being in force.</summary>
    public bool IsCounted;

    public readonly bool IsOpinion => Kind == RowKind.Opinion;

    public readonly Cell Cell => new(Group, Member, Sub, IsOpinion);
}

/// <summary>The neighbours of a row in a chain.</summary>
internal struct Link
{
    public int Before;

    public int Next;
}

/// <summary>Where a payload stands in its store.</summary>
internal readonly record struct PayloadSpot(int Chunk, int Start, int Length);

/// <summary>
/// Rows in chunks, which never move: growing copies nothing and leaves no garbage behind. Freed rows are used again.
/// </summary>
internal sealed class EntryRows
{
    private const int ChunkBits = 14;
    private const int ChunkSize = 1 << ChunkBits;

    private readonly List<EntryRow[]> _chunks = [];
    private readonly Stack<int> _free = [];
    private int _next = 1;

    /// <summary>The number after the last row that was ever used.</summary>
    public int End => _next;

    public ref EntryRow this[int row] => ref _chunks[row >> ChunkBits][row & (ChunkSize - 1)];

    public int Add()
    {
        if (_free.TryPop(out var row))
        {
            this[row] = default;
            return row;
        }

        if (_next >> ChunkBits == _chunks.Count)
        {
            _chunks.Add(new EntryRow[ChunkSize]);
        }

        return _next++;
    }

    public void Free(int row)
    {
        this[row] = default;
        _free.Push(row);
    }
}

/// <summary>
/// Payloads one behind the other in large chunks. What is removed is overwritten at once, since it may have been erased;
/// its place is not used again.
/// </summary>
internal sealed class PayloadStore
{
    private const int ChunkSize = 1 << 20;

    private readonly List<byte[]> _chunks = [];
    private int _used = ChunkSize;

    public PayloadSpot Add(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > ChunkSize - _used)
        {
            _chunks.Add(new byte[Math.Max(ChunkSize, payload.Length)]);
            _used = 0;
        }

        payload.CopyTo(_chunks[^1].AsSpan(_used));
        var spot = new PayloadSpot(_chunks.Count - 1, _used, payload.Length);
        _used += payload.Length;
        return spot;
    }

    public ReadOnlySpan<byte> Get(PayloadSpot spot) => _chunks[spot.Chunk].AsSpan(spot.Start, spot.Length);

    public void Wipe(PayloadSpot spot) => _chunks[spot.Chunk].AsSpan(spot.Start, spot.Length).Clear();
}
