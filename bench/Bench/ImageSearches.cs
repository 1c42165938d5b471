using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using FederationNode.Matching.Images;

namespace FederationNode.Bench;

/// <summary>
/// All PDQ hashes within 31 bits of a query, on one core: our index beside FAISS, on the same hashes in the same rounds.
/// Seconds are of processor time, for both: what others on the machine take is not counted.
/// </summary>
internal static class ImageSearches
{
    private const int Rounds = 5;
    private const int Queries = 4_096;
    private const int Checked = 64;

    public static void Run(int count)
    {
        var random = new Random(1);
        var even = new PdqHash[count];
        random.NextBytes(MemoryMarshal.AsBytes(even.AsSpan()));
        Measure("even", even);
        Measure("picture-like", new PictureHashes(2).Make(count));
        MeasureHostile(count);
    }

    private static void Measure(string name, PdqHash[] hashes)
    {
        var random = new Random(3);
        var planted = Enumerable.Range(0, Queries).Select(_ => random.Next(hashes.Length)).ToArray();
        PdqHash[] queries = [.. planted.Select((id, i) => PictureHashes.Flip(hashes[id], i % 32, random))];
        Console.WriteLine();
        Console.WriteLine(
            $"{hashes.Length:N0} {name} hashes, queries 0 to 31 bits from one of them; the fullest of 16 x 65,536 buckets has {Fullest(hashes):N0}");

        // FAISS takes long for a query, so it is asked fewer, the same in every round.
        var (flatQueries, multiQueries) = hashes.Length > 2_000_000 ? (32, 64) : (256, 512);
        var folder = Directory.CreateTempSubdirectory("fednode-bench-").FullName;
        try
        {
            using var flat = StartFaiss(folder, "flat", hashes, queries.AsSpan(0, flatQueries), planted.AsSpan(0, flatQueries));
            using var multi = StartFaiss(folder, "multi", hashes, queries.AsSpan(0, multiQueries), planted.AsSpan(0, multiQueries));
            var index = Build(hashes, flat, multi);
            CheckRecall(index, hashes, queries, planted);
            var grown = Grow(hashes);
            var (ours, ourGrown) = (new List<double>(), new List<double>());
            var (flats, multis) = (new List<double>(), new List<double>());
            for (var round = 0; round <= Rounds; round++)
            {
                // The first round only warms up.
                Add(round, ours, Rate(index, queries));
                Add(round, ourGrown, Rate(grown, queries));
                Add(round, flats, Rate(flat, flatQueries, index, queries));
                Add(round, multis, Rate(multi, multiQueries, index, queries));
            }

            Figure.Print("our index, built at once", "queries/s", ours);
            Figure.Print("our index, grown one by one", "queries/s", ourGrown);
            PrintRival($"  beside: {flat?.Version} IndexBinaryFlat", flats, ours);
            PrintRival($"  beside: {multi?.Version} IndexBinaryMultiHash(16 x 16 bits, 1 flip)", multis, ours);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void PrintRival(string what, List<double> theirs, List<double> ours)
    {
        if (theirs.Count == ours.Count)
        {
            Figure.Print(what, "queries/s", theirs);
            Figure.PrintRatio("  ratio", ours, theirs);
        }
    }

    private static void Add(int round, List<double> figures, double? figure)
    {
        if (round > 0 && figure is { } value)
        {
            figures.Add(value);
        }
    }

    private static int Fullest(PdqHash[] hashes)
    {
        var most = 0;
        for (var word = 0; word < 16; word++)
        {
            var counts = new int[1 << 16];
            foreach (ref readonly var hash in hashes.AsSpan())
            {
                most = Math.Max(most, ++counts[hash.Word(word)]);
            }
        }

        return most;
    }

    private static Rival? StartFaiss(
        string folder, string kind, PdqHash[] hashes, ReadOnlySpan<PdqHash> queries, ReadOnlySpan<int> planted)
    {
        string[] files = [.. new[] { "hashes", $"{kind}-queries", $"{kind}-planted" }.Select(f => Path.Combine(folder, f))];
        if (!File.Exists(files[0]))
        {
            File.WriteAllBytes(files[0], MemoryMarshal.AsBytes<PdqHash>(hashes));
        }

        File.WriteAllBytes(files[1], MemoryMarshal.AsBytes(queries));
        File.WriteAllBytes(files[2], MemoryMarshal.AsBytes(planted));
        return Rival.Start("FAISS", "faiss_images.py", [kind, .. files]);
    }

    private static PdqIndex Build(PdqHash[] hashes, Rival? flat, Rival? multi)
    {
        var ids = Enumerable.Range(0, hashes.Length).ToArray();
        var (ours, multis) = (new List<double>(), new List<double>());
        var (bytes, multiBytes, flatBytes) = (0.0, 0.0, 0.0);
        PdqIndex? index = null;
        for (var round = 0; round < (hashes.Length > 2_000_000 ? 3 : Rounds); round++)
        {
            index = null;
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var start = Environment.CpuUsage.TotalTime;
            index = PdqIndex.Build(hashes, ids);
            ours.Add((Environment.CpuUsage.TotalTime - start).TotalMilliseconds);
            bytes = GC.GetTotalMemory(forceFullCollection: true) - before;

            // Theirs takes long for ten million: once is enough to see by how much.
            if ((round == 0 || hashes.Length <= 2_000_000) && multi?.Ask("build") is [var seconds, var taken])
            {
                multis.Add(1e3 * seconds);
                multiBytes = Math.Max(multiBytes, taken);
            }

            flatBytes = round == 0 && flat?.Ask("build") is [_, var flatTaken] ? flatTaken : flatBytes;
        }

        Figure.Print("our index: build", "ms", ours);
        if (multis.Count > 0)
        {
            Figure.Print("  beside: MultiHash: build", "ms", multis);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"bytes a hash: ours {bytes / hashes.Length:0.0}, MultiHash {multiBytes / hashes.Length:0.0}, Flat {flatBytes / hashes.Length:0.0}"));
        return index!;
    }

    /// <summary>Additions one by one, as a node makes them.</summary>
    private static PdqIndex Grow(PdqHash[] hashes)
    {
        var grown = new PdqIndex();
        var longest = 0L;
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < hashes.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            grown.Add(hashes[i], i);
            longest = Math.Max(longest, Stopwatch.GetTimestamp() - start);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"additions one by one: {hashes.Length / watch.Elapsed.TotalSeconds:N0}/s, the longest took {1e3 * longest / Stopwatch.Frequency:N0} ms; {(double)grown.Bytes / hashes.Length:0.0} bytes a hash"));
        return grown;
    }

    private static void CheckRecall(PdqIndex index, PdqHash[] hashes, PdqHash[] queries, int[] planted)
    {
        var matches = new List<PdqMatch>();
        var (found, wanted) = (0L, 0L);
        for (var i = 0; i < queries.Length; i++)
        {
            matches.Clear();
            index.Find(queries[i], matches);
            if (!matches.Contains(new PdqMatch(planted[i], queries[i].Distance(hashes[planted[i]]))))
            {
                throw new InvalidOperationException($"Query {i} did not find the hash that it was made of.");
            }

            if (i < Checked)
            {
                found += matches.Count;
                foreach (ref readonly var hash in hashes.AsSpan())
                {
                    wanted += hash.Distance(queries[i]) <= PdqIndex.MaxDistance ? 1 : 0;
                }
            }
        }

        Console.WriteLine(
            $"recall: {queries.Length:N0} of {queries.Length:N0} planted hashes; of {Checked} queries {found:N0} of {wanted:N0} matches that comparing every hash finds");
        if (found != wanted)
        {
            throw new InvalidOperationException("The index missed a match, or made one up.");
        }
    }

    private static double Rate(PdqIndex index, ReadOnlySpan<PdqHash> queries)
    {
        var matches = new List<PdqMatch>();
        var start = Environment.CpuUsage.TotalTime;
        foreach (ref readonly var query in queries)
        {
            matches.Clear();
            index.Find(query, matches);
        }

        return queries.Length / (Environment.CpuUsage.TotalTime - start).TotalSeconds;
    }

    /// <summary>Asks a rival; what it finds must be what we find.</summary>
    private static double? Rate(Rival? rival, int count, PdqIndex index, PdqHash[] queries)
    {
        if (rival?.Ask("search") is not [var seconds, var found, var planted])
        {
            return null;
        }

        var matches = new List<PdqMatch>();
        foreach (ref readonly var query in queries.AsSpan(0, count))
        {
            index.Find(query, matches);
        }

        return found == matches.Count && planted == count
            ? count / seconds
            : throw new InvalidOperationException($"{rival.Version} found {found} matches, and we {matches.Count}.");
    }

    /// <summary>A list made to be slow: all hashes share a pair of words, and the queries have it too.</summary>
    private static void MeasureHostile(int count)
    {
        var random = new Random(4);
        var hashes = new PdqHash[count];
        random.NextBytes(MemoryMarshal.AsBytes(hashes.AsSpan()));
        foreach (ref var hash in hashes.AsSpan())
        {
            Span<ushort> words = MemoryMarshal.Cast<PdqHash, ushort>(new Span<PdqHash>(ref hash));
            (words[0], words[8]) = (0, 0);
        }

        var ids = Enumerable.Range(0, count).ToArray();
        var index = PdqIndex.Build(hashes, ids);
        var scan = PdqIndex.Build(hashes, ids, scanLimit: count);
        var queries = hashes.AsSpan(0, Checked);
        var (ours, scans) = (new List<double>(), new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            Add(round, ours, Rate(index, queries));
            Add(round, scans, Rate(scan, queries));
        }

        Console.WriteLine();
        Console.WriteLine($"{count:N0} hostile hashes, all with the same two words, which the queries have too");
        Figure.Print("our index", "queries/s", ours);
        Figure.Print("  beside: comparing every hash", "queries/s", scans);
        Figure.PrintRatio("  ratio", ours, scans);
    }
}
