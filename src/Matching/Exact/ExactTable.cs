using System.Numerics;
using FederationNode.Protocol;

namespace FederationNode.Matching.Exact;

/// <summary>
/// One generation of <see cref="ExactIndex"/>: a fixed number of slots and the entries they point at.
/// Invariants: an entry is written before the slot that points at it is published; an entry that was ever published
/// never changes; entries used never exceed three quarters of the slots, so every probe ends at an empty slot.
/// </summary>
internal sealed class ExactTable
{
    /// <summary>The largest power of two that an array can have elements: 2^30, for 800 million entries.</summary>
    public const int MaxSlots = 1 << 30;

    private const int MinSlots = 16;
    private const int ChunkShift = 12;
    private const int ChunkSize = 1 << ChunkShift;
    private const ulong Empty = 0;
    private const ulong Tombstone = uint.MaxValue;

    /// <summary>Upper half: 32 bits of the mixed key. Lower half: the entry's number plus 1, or a mark.</summary>
    private readonly ulong[] _slots;

    private readonly Item[]?[] _chunks;
    private readonly int _capacity;
    private int _used;

    private ExactTable(int slots)
    {
        _slots = new ulong[slots];
        _capacity = slots / 4 * 3;
        _chunks = new Item[]?[(_capacity + ChunkSize - 1) >> ChunkShift];
    }

    /// <summary>Whether no entry can be added; the next generation is due.</summary>
    public bool IsFull => _used == _capacity;

    /// <summary>A table with room for at least <paramref name="count"/> entries and one more.</summary>
    public static ExactTable ForCount(int count)
    {
        var slots = BitOperations.RoundUpToPowerOf2((uint)Math.Max(count / 3 * 4L + 4, MinSlots));
        return new ExactTable((int)Math.Min(slots, MaxSlots));
    }

    /// <summary>The key and id with this number.</summary>
    public ref readonly Item Entry(int number) => ref _chunks[number >> ChunkShift]![number & (ChunkSize - 1)];

    /// <summary>The slot that holds <paramref name="key"/> and the number of its entry, or -1.</summary>
    public int Find(ulong mixed, in Hash256 key, out int number)
    {
        var slots = _slots;
        var mask = slots.Length - 1;
        var tag = mixed & 0xFFFFFFFF_00000000;
        for (var i = (int)mixed & mask; ; i = (i + 1) & mask)
        {
            var slot = Volatile.Read(ref slots[i]);
            if (slot == Empty)
            {
                number = -1;
                return -1;
            }

            if ((slot & 0xFFFFFFFF_00000000) == tag && (uint)slot != Tombstone)
            {
                number = (int)(uint)slot - 1;
                if (Entry(number).Key == key)
                {
                    return i;
                }
            }
        }
    }

    /// <summary>Adds a key that is not there; the table is not full.</summary>
    public void Insert(ulong mixed, in Hash256 key, int id)
    {
        var mask = _slots.Length - 1;
        var i = (int)mixed & mask;
        while (_slots[i] != Empty)
        {
            i = (i + 1) & mask;
        }

        Replace(i, mixed, key, id);
    }

    /// <summary>Points a slot at a new entry; the table is not full.</summary>
    public void Replace(int slot, ulong mixed, in Hash256 key, int id)
    {
        var chunk = _chunks[_used >> ChunkShift] ??= new Item[Math.Min(_capacity, ChunkSize)];
        chunk[_used & (ChunkSize - 1)] = new Item(key, id);
        _used++;
        Volatile.Write(ref _slots[slot], (mixed & 0xFFFFFFFF_00000000) | (uint)_used);
    }

    /// <summary>Removes the entry that a slot points at. The slot stays occupied, since probes pass over it.</summary>
    public void Bury(int slot) => Volatile.Write(ref _slots[slot], Tombstone);

    /// <summary>Adds every live entry to <paramref name="next"/>, large enough and not yet published.</summary>
    public void CopyLiveTo(ExactTable next, KeyMixer mixer)
    {
        foreach (var slot in _slots)
        {
            if (slot != Empty && (uint)slot != Tombstone)
            {
                ref readonly var item = ref Entry((int)(uint)slot - 1);
                next.Insert(mixer.Mix(item.Key), item.Key, item.Id);
            }
        }
    }

    /// <summary>A key and its id: 36 bytes.</summary>
    public readonly record struct Item(Hash256 Key, int Id);
}
