using System.Numerics;
using System.Runtime.CompilerServices;

namespace FederationNode.Matching.Keywords;

/// <summary>
/// One generation of <see cref="KeywordIndex"/>: the keys of all keywords, in a bit filter that answers nearly all
/// questions with no, and in a hash table behind it. A key is the hash of a keyword, or of the first words of a longer
/// one (an inner key), so that all keywords form a tree in which each step is one look-up.
/// <para>
/// One writer adds, any number of readers ask meanwhile. A slot is written after what it points to, and never changed
/// but for a node's first pattern; full, the table is replaced by a larger copy.
/// </para>
/// </summary>
internal sealed class KeywordTable
{
    /// <summary>No node.</summary>
    public const int None = -1;

    /// <summary>The longest prefix that keys of open keywords are made of, in classes.</summary>
    public const int MaxPart = 4;

    private const int FilterBitsPerKey = 16;

    private readonly ulong[] _filter;
    private readonly int _filterShift;
    private readonly ulong[] _slots;
    private readonly Node[] _nodes;
    private readonly KeywordPattern[] _patterns;
    private int _nodeCount;
    private int _patternCount;

    public KeywordTable(int keys)
    {
        var slots = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(keys * 2, 64));
        _slots = new ulong[slots];
        _nodes = new Node[slots / 2];
        _patterns = new KeywordPattern[slots / 2];
        var bits = BitOperations.RoundUpToPowerOf2((ulong)_nodes.Length * FilterBitsPerKey);
        _filter = new ulong[bits / 64];
        _filterShift = 64 - BitOperations.Log2(bits);
    }

    /// <summary>Whether there may be no room for the keys of one more keyword with as many keys.</summary>
    public bool IsFull(int keys) => _nodeCount + keys > _nodes.Length || _patternCount == _patterns.Length;

    /// <summary>Nodes in use.</summary>
    public int NodeCount => _nodeCount;

    /// <summary>Bytes that the arrays take.</summary>
    public long MemoryBytes => (_filter.LongLength + _slots.LongLength + (2 * _nodes.LongLength) + _patterns.LongLength) * sizeof(ulong);

    /// <summary>Whether keywords begin with one character of a script without spaces and go on otherwise, or are one.</summary>
    public bool HasSingles { get; private set; }

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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayHave(ulong key)
    {
        var bit = key >> _filterShift;
        return (Unsafe.Add(ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(_filter), (nint)(bit >> 6))
            & (1UL << (int)(bit & 63))) != 0;
    }

    /// <summary>The node of a key, or <see cref="None"/>.</summary>
    public int Find(ulong key)
    {
        var mask = _slots.Length - 1;
        for (var i = Home(key); ; i = (i + 1) & mask)
        {
            var slot = Volatile.Read(ref _slots[i]);
            if (slot == 0)
            {
                return None;
            }

            if ((uint)(slot >> 32) == (uint)key && _nodes[(int)(uint)slot - 1].Key == key)
            {
                return (int)(uint)slot - 1;
            }
        }
    }

    /// <summary>Whether longer keywords go on from a node.</summary>
    public bool IsInner(int node) => Volatile.Read(ref _nodes[node].IsInner);

    /// <summary>The first pattern of a node, or null.</summary>
    public KeywordPattern? First(int node) => At(Volatile.Read(ref _nodes[node].First) - 1);

    /// <summary>The pattern after one, or null.</summary>
    public KeywordPattern? Next(KeywordPattern pattern) => At(pattern.Next);

    /// <summary>Writer only. Adds a pattern that is not there, with room for its keys.</summary>
    public void Add(KeywordPattern pattern, in KeywordKeys keys)
    {
        HasSingles |= keys.StartsWithSingle;
        HasSymbols |= keys.StartsWithSymbol;
        PrefixLengths |= keys.PrefixLengths;
        HangulPrefixLengths |= keys.HangulPrefixLengths;
        InnerLengths |= keys.InnerLengths;
        MaxClasses = Math.Max(MaxClasses, keys.Classes);
        var node = FindOrAdd(keys.Terminal);
        pattern.Next = _nodes[node].First - 1;
        _patterns[_patternCount++] = pattern;
        Volatile.Write(ref _nodes[node].First, _patternCount);
        foreach (var inner in keys.Inner)
        {
            Volatile.Write(ref _nodes[FindOrAdd(inner)].IsInner, true);
        }
    }

    private KeywordPattern? At(int pattern) => pattern < 0 ? null : _patterns[pattern];

    private int Home(ulong key) => (int)((key ^ (key >> 29)) * KeywordHash.Multiplier >> 32) & (_slots.Length - 1);

    private int FindOrAdd(ulong key)
    {
        var found = Find(key);
        if (found != None)
        {
            return found;
        }

        _nodes[_nodeCount].Key = key;
        var mask = _slots.Length - 1;
        var i = Home(key);
        while (_slots[i] != 0)
        {
            i = (i + 1) & mask;
        }

        Volatile.Write(ref _slots[i], (key << 32) | (uint)++_nodeCount);
        var bit = key >> _filterShift;
        _filter[bit >> 6] |= 1UL << (int)(bit & 63);
        return _nodeCount - 1;
    }

    private struct Node
    {
        public ulong Key;
        public int First;
        public bool IsInner;
    }
}
