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
/// One entry of the view, 128 bytes: a list of millions must fit into memory, so nothing here is an object of its own.
/// Links are row numbers; 0 is none.
/// </summary>
internal struct EntryRow
{
    private const int KindBits = 2;
    private const int FlagBits = KindBits + 3;
    private const int ExpiryBits = 38;

    /// <summary>The indicator's id; of a tally the hash of its cell's key.</summary>
    public Hash256 Group;

    public Hash256 LeafHash;

    public long Issued;

    /// <summary>Where its payload begins.</summary>
    public PayloadSpot Payload;

    /// <summary>Number of its log.</summary>
    public int Log;

    /// <summary>Number of the text that tells cells of one group and member apart: an opinion's lister. 0: none.</summary>
    public int Sub;

    /// <summary>The other entries of the same cell, the newest first: it is the value of the cell.</summary>
    public Link InCell;

    /// <summary>Of a cell's value: the values of the other cells of the same group.</summary>
    public Link InGroup;

    /// <summary>Of a cell's value: the values of the other cells of the same bucket of the digest, or of none yet.</summary>
    public Link InBucket;

    // The expiry, for which 38 bits are enough, then the number of the scheme.
    private ulong _schemeAndExpiry;

    // The kind, then whether it is counted, whether it is in its bucket and whether its leaf has a term, then the index, which has 40 bits: apart they
    // would take 16 bytes.
    private long _indexAndKind;

    public RowKind Kind
    {
        readonly get => (RowKind)(_indexAndKind & ((1 << KindBits) - 1));
        set => _indexAndKind = (_indexAndKind & ~((1L << KindBits) - 1)) | (byte)value;
    }

    /// <summary>It is the first of its group, and the group was counted as being in force.</summary>
    public bool IsCounted
    {
        readonly get => Has(KindBits);
        set => Set(KindBits, value);
    }

    /// <summary>It is a cell's value, and linked in the bucket of the digest that the cell belongs to.</summary>
    public bool IsInBucket
    {
        readonly get => Has(KindBits + 1);
        set => Set(KindBits + 1, value);
    }

    /// <summary>The leaf of a listing says when it ends.</summary>
    public bool HasTerm
    {
        readonly get => Has(KindBits + 2);
        set => Set(KindBits + 2, value);
    }

    /// <summary>When a listing expires by its own word, in unix seconds; 0 for other kinds.</summary>
    public long Expires
    {
        readonly get => (long)(_schemeAndExpiry & ((1UL << ExpiryBits) - 1));
        set => _schemeAndExpiry = (_schemeAndExpiry >> ExpiryBits << ExpiryBits) | (ulong)value;
    }

    /// <summary>Number of a listing's kind and scheme in <see cref="SchemeEnds"/>; 0 for other kinds. At most 2^26 - 1.</summary>
    public int Scheme
    {
        readonly get => (int)(_schemeAndExpiry >> ExpiryBits);
        set => _schemeAndExpiry = (_schemeAndExpiry & ((1UL << ExpiryBits) - 1)) | ((ulong)value << ExpiryBits);
    }

    /// <summary>Its index in its log.</summary>
    public long Index
    {
        readonly get => _indexAndKind >> FlagBits;
        set => _indexAndKind = (value << FlagBits) | (_indexAndKind & ((1L << FlagBits) - 1));
    }

    public readonly bool IsOpinion => Kind == RowKind.Opinion;

    private readonly bool Has(int bit) => (_indexAndKind & (1L << bit)) != 0;

    private void Set(int bit, bool value) => _indexAndKind = (_indexAndKind & ~(1L << bit)) | (value ? 1L << bit : 0);
}

/// <summary>The neighbours of a row in a chain.</summary>
internal struct Link
{
    public int Before;

    public int Next;
}

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
            _chunks.Add(FreshArray.Of<EntryRow>(ChunkSize));
        }

        return _next++;
    }

    public void Free(int row)
    {
        this[row] = default;
        _free.Push(row);
    }
}
