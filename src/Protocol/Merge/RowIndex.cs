using System.Buffers.Binary;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// Finds a row by a key that the row itself holds: a hash table of row numbers with linear probing. The hash is keyed,
/// because members choose what they list, and must not choose what collides.
/// </summary>
internal abstract class RowIndex<TKey>
    where TKey : struct
{
    private const int Removed = -1;

    // 0: free; -1: removed; otherwise a row. A power of two long, at most three quarters used.
    private int[] _slots = new int[1024];
    private int _used;

    /// <summary>Keys.</summary>
    public int Count { get; private set; }

    /// <summary>The row of a key, or 0.</summary>
    public int Find(in TKey key)
    {
        var slot = SlotOf(key);
        return slot < 0 ? 0 : _slots[slot];
    }

    /// <summary>Gives a key another row; 0 forgets the key.</summary>
    public void Put(in TKey key, int row)
    {
        var slot = SlotOf(key);
        if (slot >= 0)
        {
            _slots[slot] = row == 0 ? Removed : row;
            Count -= row == 0 ? 1 : 0;
            return;
        }

        if (row == 0)
        {
            return;
        }

        if (4 * (_used + 1) > 3 * _slots.Length)
        {
            Rebuild();
        }

        Insert(key, row);
        Count++;
    }

    /// <summary>The rows of all keys, in no particular order.</summary>
    public IEnumerable<int> All()
    {
        foreach (var row in _slots)
        {
            if (row > 0)
            {
                yield return row;
            }
        }
    }

    protected abstract TKey KeyOf(int row);

    protected abstract bool Has(int row, in TKey key);

    /// <summary>A hash that only this process can tell; all its bits are used.</summary>
    protected abstract ulong HashOf(in TKey key);

    protected static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }

    private int SlotOf(in TKey key)
    {
        for (var slot = Start(key); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            var row = _slots[slot];
            if (row == 0)
            {
                return -1;
            }

            if (row > 0 && Has(row, key))
            {
                return slot;
            }
        }
    }

    private void Insert(in TKey key, int row)
    {
        var slot = Start(key);
        while (_slots[slot] != 0)
        {
            slot = (slot + 1) & (_slots.Length - 1);
        }

        _slots[slot] = row;
        _used++;
    }

    private void Rebuild()
    {
        var before = _slots;
        _slots = FreshArray.Of<int>(
            Math.Max(1024, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(2 * (Count + 1)))));
        _used = 0;
        foreach (var row in before)
        {
            if (row > 0)
            {
                Insert(KeyOf(row), row);
            }
        }
    }

    private int Start(in TKey key) => (int)(HashOf(key) & (ulong)(_slots.Length - 1));
}

/// <summary>The first cell of each group of cells that tell of one indicator.</summary>
internal sealed class GroupIndex(EntryRows rows, ulong seed) : RowIndex<Hash256>
{
    protected override Hash256 KeyOf(int row) => rows[row].Group;

    protected override bool Has(int row, in Hash256 key) => rows[row].Group == key;

    protected override ulong HashOf(in Hash256 key) => Hash(key, seed);

    internal static ulong Hash(in Hash256 group, ulong seed) => Mix(
        BinaryPrimitives.ReadUInt64LittleEndian(group.Span) ^ seed,
        BinaryPrimitives.ReadUInt64LittleEndian(group.Span[8..]) ^ 0x9E3779B97F4A7C15);
}

/// <summary>Which register an entry writes: one member's listing of an indicator, its opinion on one, a tally.</summary>
/// <param name="Group">The indicator's id; of a tally the hash of its cell's key.</param>
/// <param name="Member">Number of the member who writes.</param>
/// <param name="Sub">Number of an opinion's lister; 0 for others.</param>
/// <param name="IsOpinion">Listings and withdrawals write the same cells, opinions others.</param>
internal readonly record struct Cell(Hash256 Group, int Member, int Sub, bool IsOpinion);

/// <summary>The row that is the value of each cell.</summary>
/// <param name="rows">The rows.</param>
/// <param name="memberOf">The number of the member that writes a log.</param>
/// <param name="seed">A number that members cannot guess.</param>
internal sealed class CellIndex(EntryRows rows, Func<int, int> memberOf, ulong seed) : RowIndex<Cell>
{
    /// <summary>The cell that a row belongs to.</summary>
    public Cell CellOf(int row)
    {
        ref var entry = ref rows[row];
        return new Cell(entry.Group, memberOf(entry.Log), entry.Sub, entry.IsOpinion);
    }

    protected override Cell KeyOf(int row) => CellOf(row);

    protected override bool Has(int row, in Cell key)
    {
        ref var entry = ref rows[row];
        return entry.Group == key.Group && entry.Sub == key.Sub && entry.IsOpinion == key.IsOpinion
            && memberOf(entry.Log) == key.Member;
    }

    protected override ulong HashOf(in Cell key)
    {
        var rest = ((ulong)(uint)key.Member << 33) | ((ulong)(uint)key.Sub << 1) | (key.IsOpinion ? 1UL : 0);
        return Mix(GroupIndex.Hash(key.Group, seed) ^ rest, 0xD6E8FEB86659FD93 ^ seed);
    }
}
