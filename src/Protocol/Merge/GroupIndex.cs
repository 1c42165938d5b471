using System.Buffers.Binary;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// Finds the first row of a group: a hash table of row numbers with linear probing. The hash is keyed, because members
/// choose what they list, and must not choose what collides.
/// </summary>
internal sealed class GroupIndex(EntryRows rows, ulong seed)
{
    private const int Removed = -1;

    // 0: free; -1: removed; otherwise the first row of a group. A power of two long, at most three quarters used.
    private int[] _slots = new int[1024];
    private int _used;

    /// <summary>Groups.</summary>
    public int Count { get; private set; }

    /// <summary>The first row of a group, or 0.</summary>
    public int Find(in Hash256 group)
    {
        var slot = SlotOf(group);
        return slot < 0 ? 0 : _slots[slot];
    }

    /// <summary>Makes a row the first of its group; 0 ends the group.</summary>
    public void Put(in Hash256 group, int row)
    {
        var slot = SlotOf(group);
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

        Insert(group, row);
        Count++;
    }

    /// <summary>The first rows of all groups.</summary>
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

    private int SlotOf(in Hash256 group)
    {
        for (var slot = Start(group); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            var row = _slots[slot];
            if (row == 0)
            {
                return -1;
            }

            if (row > 0 && rows[row].Group == group)
            {
                return slot;
            }
        }
    }

    private void Insert(in Hash256 group, int row)
    {
        var slot = Start(group);
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
        _slots = new int[Math.Max(1024, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(2 * (Count + 1))))];
        _used = 0;
        foreach (var row in before)
        {
            if (row > 0)
            {
                Insert(rows[row].Group, row);
            }
        }
    }

    private int Start(in Hash256 group)
    {
        var (a, b) = (BinaryPrimitives.ReadUInt64LittleEndian(group.Span), BinaryPrimitives.ReadUInt64LittleEndian(group.Span[8..]));
        var high = Math.BigMul(a ^ seed, b ^ 0x9E3779B97F4A7C15, out var low);
        return (int)((high ^ low) & (ulong)(_slots.Length - 1));
    }
}
