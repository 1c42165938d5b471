using System.Numerics;

namespace FederationNode.Matching.Images;

/// <summary>
/// Builds the tables of a segment, one for each word, by sorting entries twice by up to 8 bits (radix sort, stable), so that each pass
/// writes to at most 256 places at a time, which caches and the translation of addresses can hold.
/// </summary>
internal sealed class PdqTableBuilder
{
    private const int DigitBits = 8;
    private const int Digits = 1 << DigitBits;

    /// <summary>Buckets are told apart by so many bits that they hold this many entries or more: a vector or two.</summary>
    private const int EntriesPerBucket = 16;

    private readonly PdqHash[] _hashes;
    private readonly int _indexBits;
    private readonly int[] _firstDigits;
    private readonly ulong[] _scratch;

    /// <summary>Prepares to build the tables of at least one hash: goes over them once.</summary>
    public PdqTableBuilder(PdqHash[] hashes)
    {
        _hashes = hashes;
        _indexBits = IndexBitsFor(hashes.Length);
        _firstDigits = CountFirstDigits(hashes);
        _scratch = GC.AllocateUninitializedArray<ulong>(hashes.Length);
    }

    /// <summary>By how many bits of a word buckets are told apart, 8 to 16.</summary>
    public static int IndexBitsFor(int count) =>
        Math.Clamp(BitOperations.Log2((uint)(count / EntriesPerBucket) | 1), DigitBits, PdqWords.Bits);

    private static int[] CountFirstDigits(ReadOnlySpan<PdqHash> hashes)
    {
        var counts = new int[PdqWords.Count * Digits];
        foreach (ref readonly var hash in hashes)
        {
            for (var word = 0; word < PdqWords.Count; word++)
            {
                counts[word * Digits + (hash.Word(word) >> (PdqWords.Bits - DigitBits))]++;
            }
        }

        return counts;
    }

    /// <summary>Builds the table of a word, 0 to 15.</summary>
    public PdqTable Build(int word)
    {
        var table = new PdqTable(_hashes.Length, _indexBits);
        Span<int> next = stackalloc int[Digits];
        var sum = 0;
        for (var digit = 0; digit < Digits; digit++)
        {
            next[digit] = sum;
            sum += _firstDigits[word * Digits + digit];
        }

        SortByFirstDigit(word, next);
        var start = 0;
        for (var digit = 0; digit < Digits; digit++)
        {
            // Each place to write next has come to the start of the following digit.
            SortBySecondDigit(table, digit, start, next[digit]);
            start = next[digit];
        }

        table.Starts[^1] = start;
        return table;
    }

    /// <summary>An entry between the two passes: position, partner word, word.</summary>
    private void SortByFirstDigit(int word, Span<int> next)
    {
        var partner = PdqWords.Partner(word);
        for (var i = 0; i < _hashes.Length; i++)
        {
            uint value = _hashes[i].Word(word);
            ref var place = ref next[(int)(value >> (PdqWords.Bits - DigitBits))];
            _scratch[place++] = ((ulong)i << 32) | ((uint)_hashes[i].Word(partner) << 16) | value;
        }
    }

    private void SortBySecondDigit(PdqTable table, int firstDigit, int start, int end)
    {
        var bits = _indexBits - DigitBits;
        var shift = PdqWords.Bits - _indexBits;
        var mask = (1 << bits) - 1;
        var entries = _scratch.AsSpan(start, end - start);
        Span<int> next = stackalloc int[Digits];
        next.Clear();
        foreach (var entry in entries)
        {
            next[((ushort)entry >> shift) & mask]++;
        }

        var sum = start;
        for (var digit = 0; digit <= mask; digit++)
        {
            table.Starts[(firstDigit << bits) | digit] = sum;
            (next[digit], sum) = (sum, sum + next[digit]);
        }

        foreach (var entry in entries)
        {
            var bucket = (ushort)entry >> shift;
            table.Write(bucket, next[bucket & mask]++, (int)(entry >> 32), (ushort)(entry >> 16));
        }
    }
}
