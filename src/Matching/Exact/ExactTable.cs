using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FederationNode.Protocol;

namespace FederationNode.Matching.Exact;

/// <summary>
/// One generation of <see cref="ExactIndex"/>: lines of 64 bytes, as a processor reads them, each with five slots: five
/// fingerprints of 64 bits, five rows of 32, and 32 bits that say what passed by. An entry stands in the line that its
/// fingerprint names or, when that is full, in the next line with room; each line that it passes keeps one bit of its
/// fingerprint, so that nearly every search ends in its first line.
/// <para>
/// Invariants: no slot is ever emptied; the bits of the lines passed and the fingerprint are written before the row that
/// makes the slot count; entries written never exceed <see cref="Capacity"/>, so there is always a line with room.
/// </para>
/// </summary>
internal sealed class ExactTable
{
    /// <summary>The most entries: 800 million.</summary>
    public const int MaxCapacity = 800_000_000;

    /// <summary>Means that a slot is empty.</summary>
    private const int Empty = 0;

    /// <summary>Means that the entry was removed.</summary>
    private const int Buried = -1;

    private const int SlotsPerLine = 5;

    /// <summary>Behind the rows of a line: the bits of what passed by.</summary>
    private const int PassedSlot = SlotsPerLine;

    private const int SlotMask = (1 << SlotsPerLine) - 1;
    private const int EntriesPerLine = 4;
    private const int WordsPerLine = 8;
    private const int LineBytes = WordsPerLine * sizeof(ulong);
    private const int MinLines = 4;

    // Pinned, so that lines stay where lines of the processor's cache are.
    private readonly ulong[] _words;
    private readonly int _firstWord;
    private readonly int _lines;
    private int _used;

    private ExactTable(int lines)
    {
        _lines = lines;
        _words = FreshArray.Of<ulong>((lines + 1) * WordsPerLine, pinned: true);
        unsafe
        {
            var address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_words));
            _firstWord = (int)((LineBytes - address % LineBytes) % LineBytes / sizeof(ulong));
        }
    }

    /// <summary>How many entries may be written, buried ones included: four fifths of the slots.</summary>
    public int Capacity => _lines * EntriesPerLine;

    /// <summary>Whether no entry can be added; the next generation is due.</summary>
    public bool IsFull => _used == Capacity;

    /// <summary>What the table takes, in bytes.</summary>
    public long Bytes => sizeof(ulong) * (long)_words.Length;

    /// <summary>A table with room for at least <paramref name="count"/> entries and one more.</summary>
    public static ExactTable ForCount(int count) =>
        new(Math.Clamp(count / EntriesPerLine + 1, MinLines, MaxCapacity / EntriesPerLine));

    /// <summary>Where the search for a fingerprint begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ExactSearch Begin(ulong fingerprint) => new(fingerprint, HomeOf(fingerprint));

    /// <summary>Asks for the memory that the search reads first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Prefetch(in ExactSearch search)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref WordsOf(search.Line)));
        }
    }

    /// <summary>Goes on to the next live entry with the fingerprint.</summary>
    /// <param name="search">Where the search is; afterwards, at the entry found.</param>
    /// <param name="row">The row of the entry.</param>
    /// <returns>False if there is none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryNext(ref ExactSearch search, out int row)
    {
        // With some removals the bit can come to be set in every line; the search ends all the same.
        for (var line = 0; line < _lines; line++, search = search.OfLine(LineAfter(search.Line)))
        {
            ref var words = ref WordsOf(search.Line);
            for (var alike = Alike(ref words, search.Fingerprint) & search.SlotsLeft; alike != 0; alike &= alike - 1)
            {
                var slot = BitOperations.TrailingZeroCount(alike);
                var stored = Volatile.Read(ref RowOf(ref words, slot));
                if (stored is not Empty and not Buried)
                {
                    search = search.Behind(slot);
                    row = stored - 1;
                    return true;
                }
            }

            if ((Volatile.Read(ref RowOf(ref words, PassedSlot)) & PassedBit(search.Fingerprint)) == 0)
            {
                break;
            }
        }

        row = -1;
        return false;
    }

    /// <summary>Writer only. Adds an entry; the table is not full.</summary>
    public void Insert(ulong fingerprint, int row)
    {
        for (var line = HomeOf(fingerprint); ; line = LineAfter(line))
        {
            ref var words = ref WordsOf(line);
            for (var slot = 0; slot < SlotsPerLine; slot++)
            {
                ref var stored = ref RowOf(ref words, slot);
                if (stored == Empty)
                {
                    Unsafe.Add(ref words, slot) = fingerprint;
                    Volatile.Write(ref stored, row + 1);
                    _used++;
                    return;
                }
            }

            RowOf(ref words, PassedSlot) |= PassedBit(fingerprint);
        }
    }

    /// <summary>Writer only. Gives the entry at which a search stands another row.</summary>
    public void Replace(in ExactSearch found, int row) =>
        Volatile.Write(ref RowOf(ref WordsOf(found.Line), found.Slot), row + 1);

    /// <summary>Writer only. Removes the entry at which a search stands. Its slot is used again only in a new table.</summary>
    public void Bury(in ExactSearch found) =>
        Volatile.Write(ref RowOf(ref WordsOf(found.Line), found.Slot), Buried);

    /// <summary>
    /// Adds every live entry to <paramref name="next"/>, large enough and not yet published. Lines are in the order of
    /// the fingerprints, in both tables, so both are gone through once from the first to the last.
    /// </summary>
    public void CopyLiveTo(ExactTable next)
    {
        for (var line = 0; line < _lines; line++)
        {
            ref var words = ref WordsOf(line);
            for (var slot = 0; slot < SlotsPerLine && RowOf(ref words, slot) is var stored && stored != Empty; slot++)
            {
                if (stored != Buried)
                {
                    next.Insert(Unsafe.Add(ref words, slot), stored - 1);
                }
            }
        }
    }

    /// <summary>Which slots hold the fingerprint, as bits; of empty slots too, if it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Alike(ref ulong words, ulong fingerprint)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var wanted = Vector512.Create(fingerprint);
            return (uint)Vector512.Equals(Vector512.LoadUnsafe(ref words), wanted).ExtractMostSignificantBits() & SlotMask;
        }

        var first = Vector256.Equals(Vector256.LoadUnsafe(ref words), Vector256.Create(fingerprint));
        var last = Unsafe.Add(ref words, SlotsPerLine - 1) == fingerprint ? 1u << (SlotsPerLine - 1) : 0;
        return first.ExtractMostSignificantBits() | last;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref int RowOf(ref ulong words, int slot) =>
        ref Unsafe.Add(ref Unsafe.As<ulong, int>(ref Unsafe.Add(ref words, SlotsPerLine)), slot);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PassedBit(ulong fingerprint) => 1 << (int)(fingerprint & 31);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int LineAfter(int line) => line + 1 == _lines ? 0 : line + 1;

    /// <summary>The fingerprint as a fraction of 2^64, times the number of lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int HomeOf(ulong fingerprint) => (int)Math.BigMul(fingerprint, (ulong)_lines, out _);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong WordsOf(int line) => ref Unsafe.Add(
        ref MemoryMarshal.GetArrayDataReference(_words), (nint)_firstWord + (nint)line * WordsPerLine);
}
