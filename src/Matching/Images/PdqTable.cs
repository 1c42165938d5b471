using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace FederationNode.Matching.Images;

/// <summary>
/// The table of one word: all entries of a segment, ordered by the top bits of that word (the bucket) and in a bucket
/// by position. An entry takes 34 bits: the whole partner word, which refuses 99.7 % of all candidates where they
/// stand, and the position, of which only the low 16 bits are written out. What is above them never falls within a
/// bucket, so it is kept as a bitmap (Elias, Fano): the entry number k whose position has the block h = position / 65,536
/// sets bit k + h.
/// </summary>
internal sealed class PdqTable
{
    /// <summary>Entries behind the last bucket that may be read, and mean nothing: a vector reads past the end.</summary>
    public const int Padding = 32;

    private const int BlockBits = 16;
    private const int WordShift = 6;

    private readonly int[] _starts;
    private readonly ushort[] _partners;
    private readonly ushort[] _low;
    private readonly ulong[] _marks;
    private readonly int _blocks;

    /// <summary>Room for <paramref name="count"/> entries in 2^<paramref name="indexBits"/> buckets.</summary>
    public PdqTable(int count, int indexBits)
    {
        _blocks = ((count - 1) >> BlockBits) + 1;
        _starts = new int[(1 << indexBits) + 1];
        _partners = GC.AllocateUninitializedArray<ushort>(count + Padding);
        _partners.AsSpan(count).Clear();
        _low = GC.AllocateUninitializedArray<ushort>(count);
        _marks = new ulong[((count + ((long)_blocks << indexBits)) >> WordShift) + 1];
    }

    /// <summary>The bucket v is from [v] up to [v + 1].</summary>
    public int[] Starts => _starts;

    /// <summary>The partner word of each entry, and <see cref="Padding"/>.</summary>
    public ushort[] Partners => _partners;

    /// <summary>What the table takes, in bytes.</summary>
    public long Bytes => 4L * _starts.Length + 2L * _partners.Length + 2L * _low.Length + 8L * _marks.Length;

    /// <summary>Writes an entry. Entries of a bucket must come in ascending order of position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(int bucket, int entry, int position, ushort partner)
    {
        _partners[entry] = partner;
        _low[entry] = (ushort)position;
        var bit = (long)bucket * _blocks + entry + (position >> BlockBits);
        _marks[bit >> WordShift] |= 1ul << (int)bit;
    }

    /// <summary>Asks for the memory that <see cref="Cursor"/> reads first for an entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Prefetch(int bucket, int entry)
    {
        if (Sse.IsSupported)
        {
            // A hint only: an array that moves meanwhile makes it useless, never wrong.
            Sse.Prefetch0(Unsafe.AsPointer(ref _low[entry]));
            var bit = (long)bucket * _blocks + entry;
            Sse.Prefetch0(Unsafe.AsPointer(ref _marks[bit >> WordShift]));
        }
    }

    /// <summary>Reads the positions of some entries of one bucket, in ascending order.</summary>
    [StructLayout(LayoutKind.Auto)]
    public ref struct Cursor
    {
        private readonly PdqTable _table;
        private readonly int _start;
        private readonly long _firstBit;
        private long _index;
        private ulong _word;
        private int _before;

        public Cursor(PdqTable table, int bucket)
        {
            _table = table;
            _start = table._starts[bucket];
            _firstBit = (long)bucket * table._blocks + _start;
            _index = _firstBit >> WordShift;
            _word = table._marks[_index] & (ulong.MaxValue << (int)_firstBit);
        }

        /// <summary>The position of an entry of the bucket, not before the last one asked for.</summary>
        public int PositionOf(int entry)
        {
            var number = entry - _start;
            var ones = BitOperations.PopCount(_word);
            while (_before + ones <= number)
            {
                _before += ones;
                _word = _table._marks[++_index];
                ones = BitOperations.PopCount(_word);
            }

            var bit = (_index << WordShift) + Select(_word, number - _before);
            var block = (int)(bit - _firstBit) - number;
            return (block << BlockBits) | _table._low[entry];
        }

        /// <summary>The place of the one bit of <paramref name="word"/> that has <paramref name="rank"/> ones below it.</summary>
        private static int Select(ulong word, int rank)
        {
            if (Bmi2.X64.IsSupported)
            {
                return BitOperations.TrailingZeroCount(Bmi2.X64.ParallelBitDeposit(1ul << rank, word));
            }

            for (; rank > 0; rank--)
            {
                word &= word - 1;
            }

            return BitOperations.TrailingZeroCount(word);
        }
    }
}
