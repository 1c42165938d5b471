using CsCheck;
using FederationNode.Matching.Images;
using Xunit;

namespace FederationNode.Matching.Tests.Images;

public class PdqIndexTests
{
    /// <summary>Near one of a few centres (as copies of pictures are), or anywhere.</summary>
    private static readonly Gen<PdqHash> ClusteredHash = Gen.Select(
        Gen.Int[0, 3], PdqHashTests.AnyHash, Gen.Int[0, 255].Array[0, 40]).Select((kind, anywhere, flips) => kind == 3
            ? anywhere
            : flips.Aggregate(Centre(kind), (hash, bit) => hash.WithBitFlipped(bit)));

    [Fact]
    public void Find_ClusteredHashes_EqualsNaiveScan() => Gen.Select(
        ClusteredHash.Array[0, 600], ClusteredHash.Array[1, 20], Gen.Int[1, 200], Gen.Int[0, 31]).Sample(
        (hashes, queries, scanLimit, maxDistance) =>
        {
            int[] ids = [.. Enumerable.Range(0, hashes.Length)];
            var built = PdqIndex.Build(hashes, ids, scanLimit);
            var grown = new PdqIndex(scanLimit);
            for (var i = 0; i < hashes.Length; i++)
            {
                grown.Add(hashes[i], i);
            }

            foreach (var query in queries)
            {
                var expected = Naive(hashes, ids, query, maxDistance);
                Assert.Equal(expected, Find(built, query, maxDistance));
                Assert.Equal(expected, Find(grown, query, maxDistance));
            }
        },
        iter: 40);

    /// <summary>
    /// Enough evenly spread hashes that the bucket tables are used rather than a scan, and around each query planted
    /// copies at every distance up to 40 with the changed bits in the worst places: spread over all words.
    /// </summary>
    [Fact]
    public void Find_PlantedAtEveryDistance_FindsExactlyUpTo31()
    {
        var random = new Random(1);
        PdqHash[] noise = [.. Enumerable.Range(0, 20_000).Select(_ => Random(random))];
        for (var round = 0; round < 30; round++)
        {
            var query = Random(random);
            var planted = Enumerable.Range(0, 41).Select(distance =>
                Enumerable.Range(0, distance).Aggregate(query, (hash, i) =>
                    hash.WithBitFlipped(16 * (i % 16) + (i / 16 * 5 + round) % 16))).ToArray();
            Assert.Equal(31, planted[31].Distance(query));
            Assert.Equal(32, planted[32].Distance(query));

            PdqHash[] hashes = [.. noise, .. planted];
            int[] ids = [.. Enumerable.Range(0, hashes.Length)];
            var found = Find(PdqIndex.Build(hashes, ids, scanLimit: 1000), query, 31);
            Assert.Equal(Naive(hashes, ids, query, 31), found);
            Assert.Equal(32, found.Count(match => match.Id >= noise.Length));
        }
    }

    [Fact]
    public void Find_AllShareOneWord_StillExact()
    {
        var random = new Random(2);
        PdqHash[] hashes = [.. Enumerable.Range(0, 5_000).Select(i => new PdqHash(
            (ulong)random.NextInt64() & ~0xFFFFul, (ulong)random.NextInt64(), 0, (ulong)random.Next(4)))];
        int[] ids = [.. Enumerable.Range(0, hashes.Length)];
        var index = PdqIndex.Build(hashes, ids, scanLimit: 10);
        foreach (var query in hashes.Take(20))
        {
            Assert.Equal(Naive(hashes, ids, query, 31), Find(index, query, 31));
        }
    }

    [Fact]
    public void AddRemove_AnySequence_EqualsModel() => Gen.Select(
        Gen.Select(Gen.Bool, Gen.Int[0, 60]).Array[0, 400], Gen.Int[1, 30]).Sample(
        (steps, scanLimit) =>
        {
            var model = new List<(PdqHash Hash, int Id)>();
            var index = new PdqIndex(scanLimit);
            foreach (var (add, id) in steps)
            {
                var hash = Centre(id % 3).WithBitFlipped(id);
                if (add)
                {
                    model.Add((hash, id));
                    index.Add(hash, id);
                }
                else
                {
                    Assert.Equal(model.Remove((hash, id)), index.Remove(hash, id));
                }

                Assert.Equal(model.Count, index.Count);
            }

            for (var kind = 0; kind < 3; kind++)
            {
                var expected = Naive(
                    [.. model.Select(entry => entry.Hash)], [.. model.Select(entry => entry.Id)], Centre(kind), 31);
                Assert.Equal(expected, Find(index, Centre(kind), 31));
            }
        },
        iter: 30);

    [Fact]
    public void Remove_WrongIdOrHash_ChangesNothing()
    {
        var index = new PdqIndex();
        index.Add(Centre(0), 5);
        Assert.False(index.Remove(Centre(0), 6));
        Assert.False(index.Remove(Centre(1), 5));
        Assert.Equal(1, index.Count);
        Assert.True(index.Remove(Centre(0), 5));
        Assert.False(index.Remove(Centre(0), 5));
        Assert.Empty(Find(index, Centre(0), 31));
    }

    [Fact]
    public void Find_ListWithMatches_KeepsThem()
    {
        var index = new PdqIndex();
        index.Add(Centre(0), 5);
        var matches = new List<PdqMatch> { new(99, 9) };
        index.Find(Centre(0), matches);
        index.FindDihedral([Centre(0)], matches);
        Assert.Equal([new(99, 9), new(5, 0), new(5, 0)], matches);
    }

    [Fact]
    public void FindDihedral_NearSeveralOrientations_ReportsTheNearestOnce()
    {
        var index = new PdqIndex();
        index.Add(Centre(0).WithBitFlipped(3), 5);
        index.Add(Centre(1), 2);
        PdqHash[] orientations =
            [Centre(0), Centre(0).WithBitFlipped(3), Centre(1).WithBitFlipped(4).WithBitFlipped(9), Centre(2)];
        var matches = new List<PdqMatch>();
        index.FindDihedral(orientations, matches);
        Assert.Equal([new(2, 2), new(5, 0)], matches);
    }

    [Fact]
    public void Find_WhileAnotherThreadWrites_AlwaysSeesWhatStays()
    {
        var random = new Random(3);
        PdqHash[] staying = [.. Enumerable.Range(0, 200).Select(_ => Random(random))];
        PdqHash[] passing = [.. Enumerable.Range(0, 3_000).Select(_ => Random(random))];
        var index = PdqIndex.Build(staying, [.. Enumerable.Range(0, 200)], scanLimit: 50);
        var done = 0;
        var writer = new Thread(() =>
        {
            for (var i = 0; i < passing.Length; i++)
            {
                index.Add(passing[i], 1000 + i);
                _ = i >= 100 && index.Remove(passing[i - 100], 1000 + i - 100);
            }

            Volatile.Write(ref done, 1);
        });
        writer.Start();
        var missed = 0;
        do
        {
            for (var i = 0; i < staying.Length; i++)
            {
                missed += Find(index, staying[i], 0).Contains(new PdqMatch(i, 0)) ? 0 : 1;
            }
        }
        while (Volatile.Read(ref done) == 0);

        writer.Join();
        Assert.Equal(0, missed);
        Assert.Equal(300, index.Count);
    }

    [Fact]
    public void Misuse_Throws()
    {
        var index = new PdqIndex();
        Assert.Throws<ArgumentOutOfRangeException>(() => new PdqIndex(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Add(default, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Remove(default, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Find(default, [], 32));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Find(default, [], -1));
        Assert.Throws<ArgumentException>(() => PdqIndex.Build([default], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => PdqIndex.Build([default], [-1]));
    }

    [Fact]
    public void TryGet_AnyPlace_FindsTheSameHashOnly() => Gen.Select(
        ClusteredHash.Array[1, 300], Gen.Int[1, 100]).Sample(
        (hashes, scanLimit) =>
        {
            hashes = [.. hashes.Distinct()];
            var index = new PdqIndex(scanLimit);
            for (var i = 0; i < hashes.Length - 1; i++)
            {
                index.Add(hashes[i], i);
            }

            Assert.False(index.TryGet(hashes[^1], out var id));
            Assert.Equal(-1, id);
            for (var i = 0; i < hashes.Length - 1; i++)
            {
                Assert.True(index.TryGet(hashes[i], out id));
                Assert.Equal(i, id);
                Assert.True(index.Remove(hashes[i], i));
                Assert.False(index.TryGet(hashes[i], out _));
            }
        },
        iter: 30);

    private static PdqHash Random(Random random) => new(
        (ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64(long.MinValue, long.MaxValue),
        (ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64(long.MinValue, long.MaxValue));

    private static PdqHash Centre(int kind) => kind switch
    {
        0 => default,
        1 => new PdqHash(ulong.MaxValue, 0, ulong.MaxValue, 0),
        _ => new PdqHash(0x0123456789ABCDEF, 0xFEDCBA9876543210, 0x0F1E2D3C4B5A6978, 0x55AA55AA33CC33CC),
    };

    private static PdqMatch[] Find(PdqIndex index, PdqHash query, int maxDistance)
    {
        var matches = new List<PdqMatch>();
        index.Find(query, matches, maxDistance);
        return [.. matches.OrderBy(match => match.Id)];
    }

    private static PdqMatch[] Naive(PdqHash[] hashes, int[] ids, PdqHash query, int maxDistance) =>
    [
        .. hashes.Select((hash, i) => new PdqMatch(ids[i], hash.Distance(query)))
            .Where(match => match.Distance <= maxDistance)
            .OrderBy(match => match.Id),
    ];
}
