using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using FederationNode.Protocol;

namespace FederationNode.Matching.Exact;

/// <summary>
/// A map from 32-byte keys (seller tags, SHA-256 of images) to rows of the caller's table, which holds the keys. One row
/// a key.
/// <para>
/// The index itself holds a seeded fingerprint of 64 bits and the row of each key, 16 to 24 bytes in all. A fingerprint
/// only says where to look: whatever is found is compared with the key in the caller's table, so a key that is not there
/// is never found, and two keys with one fingerprint are both found.
/// </para>
/// <para>
/// Concurrency: any number of readers (<see cref="TryGet"/>, <see cref="TryGetMany"/>, <see cref="Count"/>) at any time,
/// without locks, beside one writer; the caller makes sure that there is only one writer at a time. A change is visible
/// to every read that starts after the changing call returned; a read that runs meanwhile sees the key as it was before
/// or after, never something in between. A read that began in an older table finishes there.
/// </para>
/// <para>
/// A removed entry keeps its slot; a full table is replaced by one half larger than what is alive. The call that does
/// this copies all entries, in the order of memory: seconds at tens of millions.
/// </para>
/// </summary>
public sealed class ExactIndex
{
    /// <summary>The most entries that one index holds: 800 million.</summary>
    public const int MaxCount = ExactTable.MaxCapacity;

    /// <summary>How many look-ups of <see cref="TryGetMany"/> wait for memory at the same time.</summary>
    private const int BatchSize = 64;

    private readonly KeyMixer _mixer;
    private readonly IKeyRows _rows;
    private ExactTable _table;
    private int _count;

    /// <summary>Makes an empty index.</summary>
    /// <param name="seed">
    /// Random, secret, new in every process: without it a hostile member could choose keys that make look-ups slow.
    /// </param>
    /// <param name="rows">The table with the keys.</param>
    /// <param name="capacity">How many keys to make room for at once.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is not 0 to MaxCount.</exception>
    public ExactIndex(ulong seed, IKeyRows rows, int capacity = 0)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaxCount);
        _mixer = new KeyMixer(seed);
        _rows = rows;
        _table = ExactTable.ForCount(capacity);
    }

    /// <summary>The number of keys.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>What the index takes, in bytes, without the caller's table.</summary>
    public long Bytes => Volatile.Read(ref _table).Bytes;

    /// <summary>Looks a key up.</summary>
    /// <param name="key">The key.</param>
    /// <param name="row">Its row when true, otherwise -1.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(in Hash256 key, out int row)
    {
        var table = Volatile.Read(ref _table);
        var search = table.Begin(_mixer.Mix(key));
        return TryFind(table, ref search, key, out row);
    }

    /// <summary>
    /// Looks many keys up, several times as fast as one after the other: while one waits for memory, others are asked for.
    /// Each key is looked up as by <see cref="TryGet"/>, at a moment of its own.
    /// </summary>
    /// <param name="keys">The keys.</param>
    /// <param name="rows">Receives the row of each key, or -1.</param>
    /// <returns>How many keys were found.</returns>
    /// <exception cref="ArgumentException">There is not room for one row for each key.</exception>
    public int TryGetMany(ReadOnlySpan<Hash256> keys, Span<int> rows)
    {
        if (rows.Length < keys.Length)
        {
            throw new ArgumentException($"There are {keys.Length} keys but room for {rows.Length} rows.", nameof(rows));
        }

        var table = Volatile.Read(ref _table);
        var found = 0;
        for (var start = 0; start < keys.Length; start += BatchSize)
        {
            var size = Math.Min(BatchSize, keys.Length - start);
            found += FindBatch(table, keys.Slice(start, size), rows.Slice(start, size));
        }

        return found;
    }

    /// <summary>Writer only. Adds a key, or gives a known key another row.</summary>
    /// <param name="key">The key.</param>
    /// <param name="row">Its row, 0 or more. The caller's table holds the key there already.</param>
    /// <returns>Whether the key is new.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="row"/> is negative or 2,147,483,646 or more.</exception>
    /// <exception cref="InvalidOperationException">The index is full.</exception>
    public bool Set(in Hash256 key, int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, int.MaxValue - 1);
        if (_table.IsFull)
        {
            Grow();
        }

        var fingerprint = _mixer.Mix(key);
        var search = _table.Begin(fingerprint);
        if (TryFind(_table, ref search, key, out _))
        {
            _table.Replace(search, row);
            return false;
        }

        _table.Insert(fingerprint, row);
        Volatile.Write(ref _count, _count + 1);
        return true;
    }

    /// <summary>Writer only. Removes a key.</summary>
    /// <returns>Whether the key was there.</returns>
    public bool Remove(in Hash256 key)
    {
        var search = _table.Begin(_mixer.Mix(key));
        if (!TryFind(_table, ref search, key, out _))
        {
            return false;
        }

        _table.Bury(search);
        Volatile.Write(ref _count, _count - 1);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryFind(ExactTable table, ref ExactSearch search, in Hash256 key, out int row)
    {
        while (table.TryNext(ref search, out row))
        {
            if (_rows.KeyOf(row) == key)
            {
                return true;
            }
        }

        return false;
    }

    private unsafe int FindBatch(ExactTable table, ReadOnlySpan<Hash256> keys, Span<int> rows)
    {
        Span<ExactSearch> searches = stackalloc ExactSearch[BatchSize];
        for (var i = 0; i < keys.Length; i++)
        {
            searches[i] = table.Begin(_mixer.Mix(keys[i]));
            table.Prefetch(searches[i]);
        }

        for (var i = 0; i < keys.Length; i++)
        {
            if (table.TryNext(ref searches[i], out rows[i]) && Sse.IsSupported)
            {
                // Both ends, since a key may lie across two lines of the cache.
                var key = (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in _rows.KeyOf(rows[i])));
                Sse.Prefetch0(key);
                Sse.Prefetch0(key + Hash256.Size - 1);
            }
        }

        var found = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            if (rows[i] >= 0
                && (_rows.KeyOf(rows[i]) == keys[i] || TryFind(table, ref searches[i], keys[i], out rows[i])))
            {
                found++;
            }
        }

        return found;
    }

    private void Grow()
    {
        if (_count >= MaxCount)
        {
            throw new InvalidOperationException($"The index is full: it holds {MaxCount} keys.");
        }

        // Half more than what is alive: a table full of removed entries is made smaller.
        var next = ExactTable.ForCount((int)Math.Min(_count + _count / 2L, MaxCount));
        _table.CopyLiveTo(next);
        Volatile.Write(ref _table, next);
    }
}
