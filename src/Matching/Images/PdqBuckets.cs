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

    /// <summary>
    /// The flips that lead from a bucket to those around it: the highest one is above all bits of a bucket and leads to
    /// the bucket itself, each next one changes one bit less significant, and after the last comes 0.
    /// </summary>
    private int FirstFlip => 1 << _indexBits;

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
            var value = BucketOf(hash.Word(word));
            (best, length) = starts[value + 1] - starts[value] < length
                ? (word, starts[value + 1] - starts[value])
                : (best, length);
        }

        var table = _tables[best];
        var bucket = BucketOf(hash.Word(best));
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
    [SkipLocalsInit]
    private bool TryFindInBuckets(in PdqHash query, int maxDistance, List<PdqMatch> matches)
    {
        var batch = new Batch(query, maxDistance, stackalloc Entry[BatchSize], stackalloc int[BatchSize]);
        for (var word = 0; word < Ahead; word++)
        {
            Prefetch(word, query.Word(word));
        }

        for (var word = 0; word < PdqWords.Count; word++)
        {
            if (word + Ahead < PdqWords.Count)
            {
                Prefetch(word + Ahead, query.Word(word + Ahead));
            }

            if (!Filter(word, ref batch, matches) || batch.Filtered > (long)MaxEntriesPerHash * Hashes.Length)
            {
                return false;
            }
        }

        return Compare(ref batch, matches);
    }

    private int BucketOf(int word) => word >> (PdqWords.Bits - _indexBits);

    /// <summary>The bucket that a flip leads to.</summary>
    private int Near(int bucket, int flip) => (bucket ^ flip) & (FirstFlip - 1);

    private unsafe void Prefetch(int word, int value)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        ref var starts = ref MemoryMarshal.GetArrayDataReference(_tables[word].Starts);
        ref var partners = ref MemoryMarshal.GetArrayDataReference(_tables[word].Partners);
        var bucket = BucketOf(value);
        for (var flip = FirstFlip; flip > 0; flip >>= 1)
        {
            ref var start = ref Unsafe.Add(ref starts, Near(bucket, flip));
            var (entry, end) = (start, Unsafe.Add(ref start, 1));
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref partners, entry)));
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref partners, end)));

            // Few are longer than these two lines reach. The processor itself finds those that are, once it is in them.
            if (end - entry > 2 * EntriesPerLine)
            {
                var last = Math.Min(end, entry + MaxLinesAhead * EntriesPerLine);
                while ((entry += EntriesPerLine) < last)
                {
                    Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref partners, entry)));
                }
            }
        }
    }

    /// <summary>Puts the entries around a word whose partner word is near too into the batch.</summary>
    private bool Filter(int word, ref Batch batch, List<PdqMatch> matches)
    {
        ref var starts = ref MemoryMarshal.GetArrayDataReference(_tables[word].Starts);
        ref var partners = ref MemoryMarshal.GetArrayDataReference(_tables[word].Partners);
        var partner = batch.Query.Word(PdqWords.Partner(word));
        var bucket = BucketOf(batch.Query.Word(word));
        for (var flip = FirstFlip; flip > 0; flip >>= 1)
        {
            var near = Near(bucket, flip);
            ref var start = ref Unsafe.Add(ref starts, near);
            var end = Unsafe.Add(ref start, 1);
            batch.Filtered += end - start;

            // Once even if the bucket is empty: that is rare, and Take leaves out what is not of the bucket.
            var entry = start;
            do
            {
                var found = NearOf32(ref Unsafe.Add(ref partners, entry), partner, isExact: flip == FirstFlip);
                if (found != 0 && !Take(word, near, entry, end, found, ref batch, matches))
                {
                    return false;
                }

                entry += PdqTable.Padding;
            }
            while (entry < end);
        }

        return true;
    }

    /// <summary>Puts those of 32 entries that were found, and belong to the bucket, into the batch.</summary>
    private bool Take(
        int word, int bucket, int first, int end, uint found, ref Batch batch, List<PdqMatch> matches)
    {
        for (; found != 0; found &= found - 1)
        {
            var entry = first + BitOperations.TrailingZeroCount(found);
            if (entry >= end)
            {
                break;
            }

            _tables[word].Prefetch(bucket, entry);
            batch.Entries[batch.Count++] = new Entry(word, bucket, entry);
            if (batch.Count == BatchSize && !Compare(ref batch, matches))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Which of 32 partners are near: of the 3 bits that a pair may differ in, the word's own bucket leaves 3, any other
    /// 2. x AND (x - 1) clears the lowest one of x.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NearOf32(ref ushort partners, ushort wanted, bool isExact)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var all = Vector512.LoadUnsafe(ref partners) ^ Vector512.Create(wanted);
            all &= all - Vector512<ushort>.One;
            all &= all - Vector512<ushort>.One;
            if (isExact)
            {
                all &= all - Vector512<ushort>.One;
            }

            return (uint)Vector512.Equals(all, Vector512<ushort>.Zero).ExtractMostSignificantBits();
        }

        var low = Vector256.LoadUnsafe(ref partners) ^ Vector256.Create(wanted);
        var high = Vector256.LoadUnsafe(ref partners, (nuint)Vector256<ushort>.Count) ^ Vector256.Create(wanted);
        low &= low - Vector256<ushort>.One;
        high &= high - Vector256<ushort>.One;
        low &= low - Vector256<ushort>.One;
        high &= high - Vector256<ushort>.One;
        if (isExact)
        {
            low &= low - Vector256<ushort>.One;
            high &= high - Vector256<ushort>.One;
        }

        low = Vector256.Equals(low, Vector256<ushort>.Zero);
        high = Vector256.Equals(high, Vector256<ushort>.Zero);

        // Hardly ever is one near: one look at both before each is looked at.
        return (low | high) == Vector256<ushort>.Zero
            ? 0
            : low.ExtractMostSignificantBits() | (high.ExtractMostSignificantBits() << Vector256<ushort>.Count);
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
        public long Filtered;
        public int Compared;
    }
}
