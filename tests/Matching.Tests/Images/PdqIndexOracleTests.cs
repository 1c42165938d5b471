using FederationNode.Matching.Images;
using Xunit;

namespace FederationNode.Matching.Tests.Images;

/// <summary>
/// The index against comparing every hash, on sets that look like those it will hold: evenly spread, hashes of drawn
/// pictures (whose bits hang together, so that buckets are uneven), copies in clusters, and sets made to be slow.
/// </summary>
public class PdqIndexOracleTests
{
    public enum Spread
    {
        Even,
        Pictures,
        Clusters,
        OnePair,
        AllAlike,
    }

    public static TheoryData<Spread> Spreads => [.. Enum.GetValues<Spread>()];

    /// <summary>More than 65,536, so that positions have a high part; queries at every distance from 0 to 40.</summary>
    [Theory]
    [MemberData(nameof(Spreads))]
    public void Find_ManyBuiltAtOnce_EqualsNaiveScan(Spread spread)
    {
        var random = new Random(11);
        var hashes = Hashes(spread, 150_000, random);
        var index = PdqIndex.Build(hashes, [.. Enumerable.Range(0, hashes.Length)]);
        Assert.InRange((double)index.Bytes / hashes.Length, 36, 110);
        for (var distance = 0; distance <= 40; distance++)
        {
            var query = Flipped(hashes[random.Next(hashes.Length)], distance, random);
            AssertSame(Naive(hashes, query, _ => true), Found(index, query));
        }
    }

    /// <summary>
    /// Additions and removals in any order, over many merges of which large ones go on beside them, equal what is found
    /// in an index built of the same hashes, and what is found without an index.
    /// </summary>
    [Theory]
    [MemberData(nameof(Spreads))]
    public void AddRemove_ManySteps_EqualsRebuildAndNaiveScan(Spread spread)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var hashes = Hashes(spread, 6_000, random);
        var index = new PdqIndex(scanLimit: random.Next(1, 20));
        var alive = new bool[hashes.Length];
        for (var i = 0; i < hashes.Length; i++)
        {
            index.Add(hashes[i], i);
            alive[i] = true;

            // Often a few, now and then most of what is old.
            for (var removals = random.Next(1_000) == 0 ? 500 : random.Next(3) == 0 ? 1 : 0; removals > 0; removals--)
            {
                var id = random.Next(i + 1);
                Assert.True(index.Remove(hashes[id], id) == alive[id], $"seed {seed}, {id} at {i}");
                alive[id] = false;
            }

            if (i % 300 == 299)
            {
                var query = Flipped(hashes[random.Next(i + 1)], random.Next(34), random);
                AssertSame(Naive(hashes, query, id => alive[id]), Found(index, query), $"seed {seed}, at {i}");
            }
        }

        var live = Enumerable.Range(0, hashes.Length).Where(id => alive[id]).ToArray();
        Assert.Equal(live.Length, index.Count);
        var rebuilt = PdqIndex.Build([.. live.Select(id => hashes[id])], live);
        for (var i = 0; i < 100; i++)
        {
            var query = Flipped(hashes[random.Next(hashes.Length)], random.Next(34), random);
            AssertSame(Found(rebuilt, query), Found(index, query), $"seed {seed}");
        }

        foreach (var id in live)
        {
            Assert.True(index.Remove(hashes[id], id), $"seed {seed}, {id}");
        }

        Assert.Equal(0, index.Count);
        Assert.Empty(Found(index, hashes[0]));
    }

    /// <summary>Merges that take several steps never hide a hash from a search, nor bring a removed one back.</summary>
    [Theory]
    [MemberData(nameof(Spreads))]
    public void Find_BesideAWriterThatMerges_SeesWhatStaysAndNothingRemoved(Spread spread)
    {
        var random = new Random(5);
        var hashes = Hashes(spread, 8_000, random);
        var index = new PdqIndex(scanLimit: 6);
        const int Staying = 100, Gone = 200;
        for (var i = 0; i < Gone; i++)
        {
            index.Add(hashes[i], i);
        }

        for (var i = Staying; i < Gone; i++)
        {
            Assert.True(index.Remove(hashes[i], i));
        }

        var done = 0;
        var writer = new Thread(() =>
        {
            for (var i = Gone; i < hashes.Length; i++)
            {
                index.Add(hashes[i], i);
                _ = i % 3 == 0 && index.Remove(hashes[i], i);
            }

            Volatile.Write(ref done, 1);
        });
        writer.Start();
        var (missed, risen) = (0, 0);
        do
        {
            for (var i = 0; i < Staying; i += 7)
            {
                var found = Found(index, hashes[i]);
                missed += found.Contains(new PdqMatch(i, 0)) ? 0 : 1;
                risen += found.Count(match => match.Id is >= Staying and < Gone);
            }
        }
        while (Volatile.Read(ref done) == 0);

        writer.Join();
        Assert.Equal((0, 0), (missed, risen));
    }

    private static PdqHash[] Hashes(Spread spread, int count, Random random)
    {
        PdqHash[] seeds = spread == Spread.Even
            ? []
            : [.. Enumerable.Range(0, Math.Min(count, 1_500)).Select(_ => Picture(random))];
        return [.. Enumerable.Range(0, count).Select(_ => spread switch
        {
            Spread.Even => Even(random),
            Spread.Pictures => Flipped(seeds[random.Next(seeds.Length)], random.Next(20, 90), random),
            Spread.Clusters => Flipped(seeds[random.Next(5)], random.Next(0, 25), random),

            // Words 0 and 8 are a pair: whatever looks for one of them finds all.
            Spread.OnePair => new PdqHash(
                (ulong)random.NextInt64() & ~0xFFFFul, (ulong)random.NextInt64(),
                (ulong)random.NextInt64() & ~0xFFFFul, (ulong)random.NextInt64()),
            _ => Flipped(seeds[0], random.Next(4), random),
        })];
    }

    /// <summary>The hash of a few soft spots on a plain ground, as things are photographed to be sold.</summary>
    private static PdqHash Picture(Random random)
    {
        const int Side = 64;
        var spots = Enumerable.Range(0, random.Next(1, 5)).Select(_ => (
            X: 20 + 24 * random.NextDouble(), Y: 20 + 24 * random.NextDouble(),
            Wide: 3 + 20 * random.NextDouble(), High: 3 + 20 * random.NextDouble(),
            Light: 200 * random.NextDouble() - 150)).ToArray();
        var pixels = new byte[Side * Side];
        for (var i = 0; i < pixels.Length; i++)
        {
            var light = 230.0;
            foreach (var (x, y, wide, high, step) in spots)
            {
                var (dx, dy) = ((i % Side - x) / wide, (i / Side - y) / high);
                light += step / (1 + Math.Pow(dx * dx + dy * dy, 4));
            }

            pixels[i] = (byte)Math.Clamp(light, 0, 255);
        }

        return PdqHasher.HashLuma(pixels, Side, Side).Hash;
    }

    private static PdqHash Even(Random random)
    {
        Span<byte> bytes = stackalloc byte[PdqHash.Size];
        random.NextBytes(bytes);
        return new PdqHash(bytes);
    }

    private static PdqHash Flipped(PdqHash hash, int distance, Random random)
    {
        var flips = new HashSet<int>();
        while (flips.Count < distance)
        {
            flips.Add(random.Next(PdqHash.Bits));
        }

        return flips.Aggregate(hash, (flipped, bit) => flipped.WithBitFlipped(bit));
    }

    private static PdqMatch[] Found(PdqIndex index, PdqHash query)
    {
        var matches = new List<PdqMatch>();
        index.Find(query, matches);
        return [.. matches.OrderBy(match => match.Id)];
    }

    private static PdqMatch[] Naive(PdqHash[] hashes, PdqHash query, Func<int, bool> isAlive) =>
    [
        .. Enumerable.Range(0, hashes.Length)
            .Select(id => new PdqMatch(id, hashes[id].Distance(query)))
            .Where(match => match.Distance <= PdqIndex.MaxDistance && isAlive(match.Id)),
    ];

    private static void AssertSame(PdqMatch[] expected, PdqMatch[] actual, string message = "") =>
        Assert.True(expected.SequenceEqual(actual), $"{expected.Length} expected, {actual.Length} found; {message}");
}
