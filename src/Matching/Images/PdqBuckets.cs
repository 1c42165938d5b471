using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FederationNode.Matching.Images;

/// <summary>
/// Multi-index hashing (Norouzi, Punjani, Fleet, CVPR 2012): a <see cref="PdqTable"/> for each of the 16 words. A query
/// looks into the up to 17 buckets around each of its words, keeps the entries whose partner word is near too (see
/// <see cref="PdqWords"/>), and compares whole hashes only for those. Memory is asked for some steps before it is read.
/// </summary>
internal sealed class PdqBuckets : PdqSegment
{
    /// <summary>How many words ahead buckets are fetched.</summary>
    private const int Ahead = 2;

    private const int EntriesPerLine = 32;
    private const int MaxLinesAhead = 8;
    private const int MaxBuckets = PdqWords.Count * (PdqWords.Bits + 1);
    private const int BatchSize = 128;

    // Real hashes are not evenly spread, and a hostile member may list many that share words. A scan reads 32 bytes a
    // hash in the order of memory; an entry of a bucket takes 2 bytes, a comparison a jump. Beyond these shares of the
    // hashes a scan is cheaper; until it starts, at most about half of its time was spent.
    private const int MaxEntriesPerHash = 4;
    private const int HashesPerComparison = 32;
    private const int ComparisonsAnyway = 256;

    private readonly PdqTable[] _tables;
    private readonly int _indexBits;

    /// <summary>Takes over the arrays: hashes and their ids, at least one, and the table of each word.</summary>
    public PdqBuckets(PdqHash[] hashes, int[] ids, PdqTable[] tables)
        : base(hashes, ids)
    {
        _indexBits = PdqTableBuilder.IndexBitsFor(hashes.Length);
        _tables = tables;
    }

    /// <inheritdoc/>
    public override long Bytes => base.Bytes + _tables.Sum(table => table.Bytes);

    /// <inheritdoc/>
    public override void Find(in PdqHash query, int maxDistance, List<PdqMatch> matches)
    {
        var first = matches.Count;
        if (!TryFindInBuckets(query, maxDistance, matches))
        {
            CollectionsMarshal.SetCount(matches, first);
            Scan(query, maxDistance, matches);
        }
    }

    /// <inheritdoc/>
    public override int PositionOf(in PdqHash hash, int id)
    {
        var (best, length) = (0, int.MaxValue);
        for (var word = 0; word < PdqWords.Count; word++)
        {
            var starts = _tables[word].Starts;
            var value = hash.Word(word) >> (PdqWords.Bits - _indexBits);
            (best, length) = starts[value + 1] - starts[value] < length
                ? (word, starts[value + 1] - starts[value])
                : (best, length);
        }

        var table = _tables[best];
        var bucket = hash.Word(best) >> (PdqWords.Bits - _indexBits);
        var partner = hash.Word(PdqWords.Partner(best));
        var cursor = new PdqTable.Cursor(table, bucket);
        for (var entry = table.Starts[bucket]; entry < table.Starts[bucket + 1]; entry++)
        {
            if (table.Partners[entry] == partner && cursor.PositionOf(entry) is var position
                && Hashes[position] == hash && IsWanted(Volatile.Read(ref Ids[position]), id))
            {
                return position;
            }
        }

        return -1;
    }

    /// <returns>False, with any matches added, if a scan is cheaper.</returns>
    private bool TryFindInBuckets(in PdqHash query, int maxDistance, List<PdqMatch> matches)
    {
        Span<Bucket> buckets = stackalloc Bucket[MaxBuckets];
        if (ListBuckets(query, buckets) > (long)MaxEntriesPerHash * Hashes.Length)
        {
            return false;
        }

        var perWord = _indexBits + 1;
        var batch = new Batch(query, maxDistance, stackalloc Entry[BatchSize], stackalloc int[BatchSize]);
        for (var i = 0; i < Ahead; i++)
        {
            Prefetch(i, buckets.Slice(i * perWord, perWord));
        }

        for (var word = 0; word < PdqWords.Count; word++)
        {
            if (word + Ahead < PdqWords.Count)
            {
                Prefetch(word + Ahead, buckets.Slice((word + Ahead) * perWord, perWord));
            }

            var partner = query.Word(PdqWords.Partner(word));
            var ofWord = buckets.Slice(word * perWord, perWord);
            for (var i = 0; i < ofWord.Length; i++)
            {
                if (!Filter(word, ofWord[i], partner, isExact: i == 0, ref batch, matches))
                {
                    return false;
                }
            }
        }

        return Compare(ref batch, matches);
    }

    /// <summary>The buckets around each word: its own first, then those one bit away.</summary>
    /// <returns>How many entries they hold.</returns>
    private long ListBuckets(in PdqHash query, Span<Bucket> buckets)
    {
        var sum = 0L;
        var next = 0;
        for (var word = 0; word < PdqWords.Count; word++)
        {
            var starts = _tables[word].Starts;
            var value = query.Word(word) >> (PdqWords.Bits - _indexBits);
            for (var flip = 0; flip <= _indexBits; flip++)
            {
                var near = flip == 0 ? value : value ^ (1 << (flip - 1));
                var bucket = new Bucket(near, starts[near], starts[near + 1]);
                buckets[next++] = bucket;
                sum += bucket.End - bucket.Start;
            }
        }

        return sum;
    }

    private unsafe void Prefetch(int word, ReadOnlySpan<Bucket> buckets)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        ref var partners = ref MemoryMarshal.GetArrayDataReference(_tables[word].Partners);
        foreach (ref readonly var bucket in buckets)
        {
            // Longer buckets are found by the processor itself, once it has seen their start.
            var end = Math.Min(bucket.End, bucket.Start + MaxLinesAhead * EntriesPerLine);
            for (var entry = bucket.Start; entry < end; entry += EntriesPerLine)
            {
                Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref partners, entry)));
            }

            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref partners, bucket.End)));
        }
    }

    /// <summary>Puts the entries of a bucket whose partner word is near into the batch.</summary>
    private bool Filter(
        int word, in Bucket bucket, ushort partner, bool isExact, ref Batch batch, List<PdqMatch> matches)
    {
        ref var partners = ref MemoryMarshal.GetArrayDataReference(_tables[word].Partners);
        for (var entry = bucket.Start; entry < bucket.End;)
        {
            ref var start = ref Unsafe.Add(ref partners, entry);
            ulong near;
            int width;
            if (Vector512.IsHardwareAccelerated && bucket.End - entry > Vector256<ushort>.Count)
            {
                near = Near512(Vector512.LoadUnsafe(ref start), partner, isExact);
                width = Vector512<ushort>.Count;
            }
            else
            {
                near = Near256(Vector256.LoadUnsafe(ref start), partner, isExact);
                width = Vector256<ushort>.Count;
            }

            var left = bucket.End - entry;
            near &= left < width ? (1ul << left) - 1 : ulong.MaxValue;
            for (; near != 0; near &= near - 1)
            {
                var found = entry + BitOperations.TrailingZeroCount(near);
                _tables[word].Prefetch(bucket.Value, found);
                batch.Entries[batch.Count++] = new Entry(word, bucket.Value, found);
                if (batch.Count == BatchSize && !Compare(ref batch, matches))
                {
                    return false;
                }
            }

            entry += width;
        }

        return true;
    }

    /// <summary>
    /// Which partners are near: of the 3 bits that a pair may differ in, the word's own bucket leaves 3, any other 2.
    /// x AND (x - 1) clears the lowest one of x.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Near512(Vector512<ushort> partners, ushort wanted, bool isExact)
    {
        var differing = partners ^ Vector512.Create(wanted);
        differing &= differing - Vector512<ushort>.One;
        differing &= differing - Vector512<ushort>.One;
        if (isExact)
        {
            differing &= differing - Vector512<ushort>.One;
        }

        return Vector512.Equals(differing, Vector512<ushort>.Zero).ExtractMostSignificantBits();
    }

    /// <inheritdoc cref="Near512"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Near256(Vector256<ushort> partners, ushort wanted, bool isExact)
    {
        var differing = partners ^ Vector256.Create(wanted);
        differing &= differing - Vector256<ushort>.One;
        differing &= differing - Vector256<ushort>.One;
        if (isExact)
        {
            differing &= differing - Vector256<ushort>.One;
        }

        return Vector256.Equals(differing, Vector256<ushort>.Zero).ExtractMostSignificantBits();
    }

    /// <summary>Compares the whole hashes of the batch and empties it.</summary>
    /// <returns>False if there were so many that a scan is cheaper.</returns>
    private unsafe bool Compare(ref Batch batch, List<PdqMatch> matches)
    {
        batch.Compared += batch.Count;
        if (batch.Compared > Hashes.Length / HashesPerComparison + ComparisonsAnyway)
        {
            return false;
        }

        for (var i = 0; i < batch.Count;)
        {
            var (word, bucket, _) = batch.Entries[i];
            var cursor = new PdqTable.Cursor(_tables[word], bucket);
            for (; i < batch.Count && batch.Entries[i].Word == word && batch.Entries[i].Bucket == bucket; i++)
            {
                var position = cursor.PositionOf(batch.Entries[i].Number);
                batch.Positions[i] = position;
                if (Sse.IsSupported)
                {
                    Sse.Prefetch0(Unsafe.AsPointer(ref Hashes[position]));
                }
            }
        }

        for (var i = 0; i < batch.Count; i++)
        {
            var position = batch.Positions[i];
            if (batch.Query.IsWithin(Hashes[position], batch.MaxDistance, out var distance)
                && PdqWords.FirstNear(batch.Query, Hashes[position]) == batch.Entries[i].Word)
            {
                AddIfLive(position, distance, matches);
            }
        }

        batch.Count = 0;
        return true;
    }

    /// <summary>A bucket of a table: entries from <paramref name="Start"/> up to <paramref name="End"/>.</summary>
    private readonly record struct Bucket(int Value, int Start, int End);

    /// <summary>An entry that passed the filter.</summary>
    private readonly record struct Entry(int Word, int Bucket, int Number);

    /// <summary>Entries to be compared; those of one bucket stand together in ascending order.</summary>
    private ref struct Batch(in PdqHash query, int maxDistance, Span<Entry> entries, Span<int> positions)
    {
        public readonly PdqHash Query = query;
        public readonly int MaxDistance = maxDistance;
        public readonly Span<Entry> Entries = entries;
        public readonly Span<int> Positions = positions;
        public int Count;
        public int Compared;
    }
}
