namespace FederationNode.Matching.Images;

/// <summary>
/// Multi-index hashing (Norouzi, Punjani, Fleet, CVPR 2012): each of the 16 words of 16 bits has a table from its
/// value to the positions of the hashes that have it. Two hashes within 31 bits agree in at least one word up to one
/// bit (31 / 16 rounded down), so the 17 values around each word of the query reach every match.
/// </summary>
internal sealed class PdqBuckets : PdqSegment
{
    /// <summary>The largest distance for which one bit a word is enough: 31.</summary>
    public const int MaxDistance = 2 * WordCount - 1;

    private const int WordCount = 16;
    private const int WordBits = 16;
    private const int Values = 1 << WordBits;

    /// <summary>
    /// A candidate costs a jump in memory where a scan costs a step: from this share of the hashes on, scan. Real
    /// hashes are not evenly spread, and a hostile member may list many that share a word.
    /// </summary>
    private const int ScanShare = 8;

    /// <summary>For each word, the positions of all hashes, ordered by the value of that word.</summary>
    private readonly int[][] _positions = new int[WordCount][];

    /// <summary>For each word and value v, the bucket is from [v] up to [v + 1].</summary>
    private readonly int[][] _starts = new int[WordCount][];

    /// <summary>Takes over the two arrays, which have one length.</summary>
    public PdqBuckets(PdqHash[] hashes, int[] ids)
        : base(hashes, ids)
    {
        var values = new ushort[hashes.Length];
        for (var word = 0; word < WordCount; word++)
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = hashes[i].Word(word);
            }

            (_starts[word], _positions[word]) = SortByValue(values);
        }
    }

    /// <inheritdoc/>
    public override void Find(in PdqHash query, int maxDistance, List<PdqMatch> matches)
    {
        if (CountCandidates(query) > Hashes.Length / ScanShare)
        {
            Scan(query, maxDistance, matches);
            return;
        }

        for (var word = 0; word < WordCount; word++)
        {
            var value = query.Word(word);
            FindInBucket(query, word, value, maxDistance, matches);
            for (var bit = 0; bit < WordBits; bit++)
            {
                FindInBucket(query, word, value ^ (1 << bit), maxDistance, matches);
            }
        }
    }

    /// <inheritdoc/>
    public override int PositionOf(in PdqHash hash, int id)
    {
        var best = ReadOnlySpan<int>.Empty;
        for (var word = 0; word < WordCount; word++)
        {
            var bucket = Bucket(word, hash.Word(word));
            best = word == 0 || bucket.Length < best.Length ? bucket : best;
        }

        foreach (var position in best)
        {
            if (Ids[position] == id && Hashes[position] == hash)
            {
                return position;
            }
        }

        return -1;
    }

    private static (int[] Starts, int[] Positions) SortByValue(ushort[] values)
    {
        var starts = new int[Values + 1];
        foreach (var value in values)
        {
            starts[value + 1]++;
        }

        for (var v = 0; v < Values; v++)
        {
            starts[v + 1] += starts[v];
        }

        var next = starts.AsSpan(0, Values).ToArray();
        var positions = new int[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            positions[next[values[i]]++] = i;
        }

        return (starts, positions);
    }

    private long CountCandidates(in PdqHash query)
    {
        var count = 0L;
        for (var word = 0; word < WordCount; word++)
        {
            var value = query.Word(word);
            count += Bucket(word, value).Length;
            for (var bit = 0; bit < WordBits; bit++)
            {
                count += Bucket(word, value ^ (1 << bit)).Length;
            }
        }

        return count;
    }

    private ReadOnlySpan<int> Bucket(int word, int value)
    {
        var starts = _starts[word];
        return _positions[word].AsSpan(starts[value], starts[value + 1] - starts[value]);
    }

    private void FindInBucket(in PdqHash query, int word, int value, int maxDistance, List<PdqMatch> matches)
    {
        var wanted = query;
        foreach (var position in Bucket(word, value))
        {
            if (wanted.IsWithin(Hashes[position], maxDistance, out var distance)
                && FirstNearWord(wanted, Hashes[position]) == word)
            {
                AddIfLive(position, distance, matches);
            }
        }
    }

    /// <summary>
    /// The lowest word in which the two differ by at most one bit. A match is met once for every such word and
    /// counted only for this one.
    /// </summary>
    private static int FirstNearWord(in PdqHash a, in PdqHash b)
    {
        var word = 0;
        while (ushort.PopCount((ushort)(a.Word(word) ^ b.Word(word))) > 1)
        {
            word++;
        }

        return word;
    }
}
