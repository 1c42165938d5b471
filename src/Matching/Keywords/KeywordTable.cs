using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// One generation of <see cref="KeywordIndex"/>: the keys of all keywords, in a bit filter that answers nearly all
/// questions with no, and in a hash table behind it. A key is the hash of a keyword, or of the first words of a longer
/// one (an inner key), so that all keywords form a tree in which each step is one look-up.
/// <para>
/// Layout: a slot holds 32 bits of its key, whether longer keywords go on from it, and its first pattern; the patterns of
/// a key are chained. Two keys with the same 32 bits may be taken for each other: whoever asks lays what was found against
/// the text anyway.
/// </para>
/// <para>
/// One writer adds, any number of readers ask meanwhile. A slot is written after what it points to; full, the table is
/// replaced by a larger copy.
/// </para>
/// </summary>
internal sealed class KeywordTable
{
    /// <summary>No node.</summary>
    public const ulong None = 0;

    /// <summary>The longest prefix that keys of open keywords are made of, in classes.</summary>
    public const int MaxPart = 4;

    private const int FilterBitsPerKey = 16;
    private const ulong InnerBit = 1UL << 31;
    private const ulong PatternMask = InnerBit - 1;

    private readonly ulong[] _filter;
    private readonly int _filterShift;
    private readonly ulong[] _slots;
    private readonly KeywordEntry[] _entries;
    private readonly KeywordPattern[] _patterns;
    private int _nodeCount;
    private int _patternCount;

    public KeywordTable(int keys, int patterns)
    {
        var slots = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(keys * 2, 64));
        _slots = new ulong[slots];
        _entries = new KeywordEntry[Math.Max(patterns, 16)];
        _patterns = new KeywordPattern[_entries.Length];
        var bits = BitOperations.RoundUpToPowerOf2((ulong)(slots / 2) * FilterBitsPerKey);
        _filter = new ulong[bits / 64];
        _filterShift = 64 - BitOperations.Log2(bits);
    }

    /// <summary>Whether there may be no room for the keys of one more keyword with as many keys.</summary>
    public bool IsFull(int keys) => _nodeCount + keys > _slots.Length / 2 || _patternCount == _entries.Length;

    /// <summary>Keys in use.</summary>
    public int NodeCount => _nodeCount;

    /// <summary>Bytes that the arrays take.</summary>
    public long MemoryBytes =>
        ((_filter.LongLength + _slots.LongLength + _patterns.LongLength) * sizeof(ulong))
        + (_entries.LongLength * Unsafe.SizeOf<KeywordEntry>());

    /// <summary>Whether keywords begin with one character of a script without spaces and go on otherwise, or are one.</summary>
    public bool HasSingles { get; private set; }

    /// <summary>Whether there are keywords whose key says that characters stand twice.</summary>
    public bool HasDoubled { get; private set; }

    /// <summary>Whether keywords begin with a symbol.</summary>
    public bool HasSymbols { get; private set; }

    /// <summary>Bit n: there are keywords whose key is the first n classes at a word's start.</summary>
    public int PrefixLengths { get; private set; }

    /// <summary>Likewise for words in Hangul.</summary>
    public int HangulPrefixLengths { get; private set; }

    /// <summary>Bit n: there are keywords whose key is n classes anywhere in a word.</summary>
    public int InnerLengths { get; private set; }

    /// <summary>Classes of the longest keyword.</summary>
    public int MaxClasses { get; private set; }

    /// <summary>The quick answer: no for sure, or perhaps.</summary>
    public bool MayHave(ulong key) => Filter.MayHave(key);

    /// <summary>What gives the quick answer, for loops.</summary>
    public KeyFilter Filter => new(_filter, _filterShift);

    /// <summary>The node of a key, or <see cref="None"/>.</summary>
    public ulong Find(ulong key) => _slots[Place(key)];

    /// <summary>Asks the memory for the first pattern of a node that will be looked at.</summary>
    public unsafe void Prefetch(ulong node)
    {
        if (Sse.IsSupported && First(node) > 0)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref _entries[First(node) - 1]));
        }
    }

    /// <summary>Asks the memory for the slot of a key that will be looked up.</summary>
    public unsafe void PrefetchSlot(ulong key)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref _slots[FirstPlace(key)]));
        }
    }

    /// <summary>Whether longer keywords go on from a node.</summary>
    public static bool IsInner(ulong node) => (node & InnerBit) != 0;

    /// <summary>The number of a node's first pattern, plus one; 0: it has none.</summary>
    public static int First(ulong node) => (int)(node & PatternMask);

    /// <summary>The entry of the pattern with a number.</summary>
    public ref readonly KeywordEntry this[int number] => ref _entries[number];

    /// <summary>The pattern with a number.</summary>
    public KeywordPattern PatternOf(int number) => _patterns[number];

    /// <summary>See <see cref="KeywordEntry.HasOnly"/>.</summary>
    public bool HasOnly(int number, out int ruleId) => _entries[number].HasOnly(out ruleId);

    /// <summary>Writer only. Takes note of a pattern's new rules.</summary>
    public void Refresh(KeywordPattern pattern) => _entries[pattern.Number].Refresh(pattern);

    /// <summary>Writer only. Adds the pattern that has the next number, with room for its keys.</summary>
    public void Add(KeywordPattern pattern, in KeywordKeys keys)
    {
        HasSingles |= keys.StartsWithSingle && !keys.IsDoubled;
        HasDoubled |= keys.IsDoubled;
        HasSymbols |= keys.StartsWithSymbol;
        PrefixLengths |= keys.PrefixLengths;
        HangulPrefixLengths |= keys.HangulPrefixLengths;
        InnerLengths |= keys.InnerLengths;
        MaxClasses = Math.Max(MaxClasses, keys.Classes);
        var slot = PlaceOrAdd(keys.Terminal);
        _patterns[_patternCount] = pattern;
        _entries[_patternCount++] = new KeywordEntry(pattern, First(_slots[slot]));
        Volatile.Write(ref _slots[slot], (_slots[slot] & ~PatternMask) | (uint)_patternCount);
        SetBit(keys.Terminal);
        foreach (var inner in keys.Inner)
        {
            slot = PlaceOrAdd(inner);
            Volatile.Write(ref _slots[slot], _slots[slot] | InnerBit);
            SetBit(inner);
        }
    }

    /// <summary>The slot that has a key, or the empty one in which the search for it ends.</summary>
    private int Place(ulong key)
    {
        var slots = _slots;
        var mask = slots.Length - 1;
        for (var i = FirstPlace(key); ; i = (i + 1) & mask)
        {
            var slot = Volatile.Read(ref slots[i]);
            if (slot == None || (uint)(slot >> 32) == (uint)key)
            {
                return i;
            }
        }
    }

    private int FirstPlace(ulong key) => (int)((key ^ (key >> 29)) * KeywordHash.Multiplier >> 32) & (_slots.Length - 1);

    /// <summary>Until something is written into it, a new slot looks empty.</summary>
    private int PlaceOrAdd(ulong key)
    {
        var slot = Place(key);
        if (_slots[slot] == None)
        {
            _slots[slot] = key << 32;
            _nodeCount++;
        }

        return slot;
    }

    private void SetBit(ulong key)
    {
        var bit = key >> _filterShift;
        Volatile.Write(ref _filter[bit >> 6], _filter[bit >> 6] | (1UL << (int)(bit & 63)));
    }

    /// <summary>One bit for each key; the upper bits of a key say which.</summary>
    public readonly ref struct KeyFilter(ulong[] bits, int shift)
    {
        private readonly ref ulong _bits = ref MemoryMarshal.GetArrayDataReference(bits);
        private readonly int _shift = shift;

        /// <summary>No for sure, or perhaps.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool MayHave(ulong key)
        {
            var bit = key >> _shift;
            return ((Unsafe.Add(ref _bits, (nint)(bit >> 6)) >> (int)(bit & 63)) & 1) != 0;
        }
    }
}
