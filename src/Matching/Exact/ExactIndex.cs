using FederationNode.Protocol;

namespace FederationNode.Matching.Exact;

/// <summary>
/// A map from 32-byte keys (seller tags, SHA-256 of images) to rows of the caller's table. One id a key.
/// <para>
/// Concurrency: any number of readers (<see cref="TryGet"/>, <see cref="Count"/>) at any time, without locks, beside
/// one writer; the caller makes sure that there is only one writer at a time. A change is visible to every read that
/// starts after the changing call returned; a read that runs meanwhile sees the key as it was before or after, never
/// something in between. A read that began in an older table finishes there.
/// </para>
/// <para>
/// Layout: entries (key and id, 36 bytes) are appended to chunks and never change once a slot points at them; slots
/// (8 bytes, linear probing, at most three quarters full) hold the entry's number and 32 bits of the mixed key, so
/// that a miss seldom touches an entry. Removal leaves a tombstone; growth drops tombstones and dead entries.
/// </para>
/// </summary>
public sealed class ExactIndex
{
    /// <summary>The most entries that one index holds, about 800 million.</summary>
    public const int MaxCount = ExactTable.MaxSlots / 4 * 3;

    private readonly KeyMixer _mixer;
    private ExactTable _table;
    private int _count;

    /// <summary>Makes an empty index.</summary>
    /// <param name="seed">
    /// Random, secret, new in every process: without it a hostile member could choose keys that make look-ups slow.
    /// </param>
    /// <param name="capacity">How many keys to make room for at once.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is not 0 to MaxCount.</exception>
    public ExactIndex(ulong seed, int capacity = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaxCount);
        _mixer = new KeyMixer(seed);
        _table = ExactTable.ForCount(capacity);
    }

    /// <summary>The number of keys.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Makes an index of many keys at once. Of a key that occurs twice the last id holds.</summary>
    /// <param name="seed">Random, secret, new in every process.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="ids">The id of each key, 0 or more.</param>
    /// <exception cref="ArgumentException">There is not one id for each key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public static ExactIndex Build(ulong seed, ReadOnlySpan<Hash256> keys, ReadOnlySpan<int> ids)
    {
        if (keys.Length != ids.Length)
        {
            throw new ArgumentException($"There are {keys.Length} keys but {ids.Length} ids.", nameof(ids));
        }

        var index = new ExactIndex(seed, keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            _ = index.Set(keys[i], ids[i]);
        }

        return index;
    }

    /// <summary>Looks a key up.</summary>
    /// <param name="key">The key.</param>
    /// <param name="id">Its id when true, otherwise -1.</param>
    public bool TryGet(in Hash256 key, out int id)
    {
        var table = Volatile.Read(ref _table);
        var slot = table.Find(_mixer.Mix(key), key, out var entry);
        id = slot < 0 ? -1 : table.Entry(entry).Id;
        return slot >= 0;
    }

    /// <summary>Writer only. Adds a key, or gives a known key another id.</summary>
    /// <param name="key">The key.</param>
    /// <param name="id">Its id, 0 or more.</param>
    /// <returns>Whether the key is new.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The index is full.</exception>
    public bool Set(in Hash256 key, int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        var mixed = _mixer.Mix(key);
        if (_table.IsFull)
        {
            Grow();
        }

        var slot = _table.Find(mixed, key, out var entry);
        if (slot >= 0)
        {
            if (_table.Entry(entry).Id != id)
            {
                _table.Replace(slot, mixed, key, id);
            }

            return false;
        }

        _table.Insert(mixed, key, id);
        Volatile.Write(ref _count, _count + 1);
        return true;
    }

    /// <summary>Writer only. Removes a key.</summary>
    /// <returns>Whether the key was there.</returns>
    public bool Remove(in Hash256 key)
    {
        var slot = _table.Find(_mixer.Mix(key), key, out _);
        if (slot < 0)
        {
            return false;
        }

        _table.Bury(slot);
        Volatile.Write(ref _count, _count - 1);
        return true;
    }

    private void Grow()
    {
        if (_count >= MaxCount)
        {
            throw new InvalidOperationException($"The index is full: it holds {MaxCount} keys.");
        }

        // Twice what is alive: a table full of dead entries is rebuilt at its size, a live one doubles.
        var next = ExactTable.ForCount((int)Math.Min(2L * _count, MaxCount));
        _table.CopyLiveTo(next, _mixer);
        Volatile.Write(ref _table, next);
    }
}
