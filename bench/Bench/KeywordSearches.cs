using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Text;

namespace FederationNode.Bench;

/// <summary>
/// All keywords in real text, one core, in MB/s of the text in UTF-8. Ours takes the text as it comes and finds all views;
/// the others get it normalised already, but for the one that a user would have to put together.
/// </summary>
internal static class KeywordSearches
{
    private const int Rounds = 7;

    public static void Run(int count)
    {
        if (KeywordTexts.Read() is not { } texts)
        {
            return;
        }

        var keywords = KeywordTexts.MakeKeywords(texts, count);
        var megabytes = texts.Sum(t => (double)Encoding.UTF8.GetByteCount(t)) / 1e6;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{keywords.Length:N0} keywords, {texts.Length:N0} texts of 1,000 characters, {megabytes:N1} MB; min / median / max of {Rounds} rounds"));
        var watch = Stopwatch.StartNew();
        var engine = new KeywordEngine(1);
        for (var i = 0; i < keywords.Length; i++)
        {
            _ = engine.Add(new KeywordRule(i, keywords[i], KeywordMatch.ByScript, [], [], [], 0));
        }

        var built = watch.Elapsed.TotalMilliseconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"our engine: built in {built:N0} ms, {engine.MemoryBytes / (double)keywords.Length:N0} bytes a keyword beside the texts"));
        var folded = texts.Select(t => Wlnorm.Normalize(t)).ToArray();
        var folder = Directory.CreateTempSubdirectory("fednode-bench-").FullName;
        try
        {
            Measure(engine, keywords, texts, folded, megabytes, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(
        KeywordEngine engine, string[] keywords, string[] texts, string[] folded, double megabytes, string folder)
    {
        var (keywordFile, textFile) = (Path.Combine(folder, "keywords"), Path.Combine(folder, "texts"));
        File.WriteAllText(keywordFile, string.Join('\n', keywords));
        File.WriteAllText(textFile, string.Join('\n', folded.Select(t => t.Replace('\n', ' '))));
        var utf8 = folded.Select(Encoding.UTF8.GetBytes).ToArray();
        var values = SearchValues.Create(keywords, StringComparison.Ordinal);
        using var hyperscan = Hyperscan.Compile([.. keywords.Select(Encoding.UTF8.GetBytes)]);
        using var python = Rival.Start("pyahocorasick", "ahocorasick_keywords.py", keywordFile, textFile);
        var icu = IcuCasefold.Open();
        if (hyperscan is null)
        {
            Console.WriteLine("Hyperscan: not installed: apt-get install -y libhyperscan5");
        }

        if (icu is null)
        {
            Console.WriteLine("ICU: not installed: apt-get install -y libicu72");
        }

        var contenders = new List<(string Name, Func<double?> Seconds, List<double> Rates)>
        {
            ("our engine, normalising and all views included", () => Time(() => CountOurs(engine, texts)), []),
            ("  beside: Hyperscan, text normalised before", () => hyperscan is null ? null : Time(() => utf8.Sum(t => hyperscan.Count(t))), []),
            ("  beside: SearchValues<string>, text normalised before", () => Time(() => folded.Sum(t => CountValues(values, t))), []),
            ("  beside: pyahocorasick, text normalised before", () => python?.Ask("search")?[0], []),
            ("  beside: grep -F, text normalised before", () => Grep(keywordFile, textFile), []),
            ("  beside: ICU NFKC case folding, then Hyperscan", () => icu is null || hyperscan is null ? null : Time(() => CountFolded(icu, hyperscan, texts)), []),
        };
        for (var round = -2; round < Rounds; round++)
        {
            foreach (var (_, seconds, rates) in contenders)
            {
                if (seconds() is { } taken && round >= 0)
                {
                    rates.Add(megabytes / taken);
                }
            }
        }

        foreach (var (name, _, rates) in contenders.Where(c => c.Rates.Count > 0))
        {
            Figure.Print(name, "MB/s", rates);
            if (rates != contenders[0].Rates && rates.Count == Rounds)
            {
                Figure.PrintRatio("    ratio", contenders[0].Rates, rates);
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"matches: ours {CountOurs(engine, texts):N0} at word boundaries, Hyperscan {(hyperscan is null ? 0 : utf8.Sum(t => hyperscan.Count(t))):N0} anywhere"));
    }

    private static double Time(Func<long> work)
    {
        var before = Process.GetCurrentProcess().UserProcessorTime;
        var watch = Stopwatch.StartNew();
        GC.KeepAlive(work());
        return Math.Min(watch.Elapsed.TotalSeconds, Math.Max((Process.GetCurrentProcess().UserProcessorTime - before).TotalSeconds, 1e-3));
    }

    private static long CountOurs(KeywordEngine engine, string[] texts)
    {
        var (hits, count) = (new List<KeywordHit>(), 0L);
        foreach (var text in texts)
        {
            hits.Clear();
            engine.Find(text, hits);
            count += hits.Count;
        }

        return count;
    }

    /// <summary>It says where the next one begins, not which; a user would look that up.</summary>
    private static long CountValues(SearchValues<string> values, ReadOnlySpan<char> text)
    {
        var count = 0L;
        while (text.IndexOfAny(values) is >= 0 and var at)
        {
            count++;
            text = text[(at + 1)..];
        }

        return count;
    }

    private static long CountFolded(IcuCasefold icu, Hyperscan hyperscan, string[] texts)
    {
        var (bytes, count) = (new byte[16 * 1024], 0L);
        foreach (var text in texts)
        {
            var folded = icu.Fold(text);
            var length = Encoding.UTF8.GetBytes(folded, bytes);
            count += hyperscan.Count(bytes.AsSpan(0, length));
        }

        return count;
    }

    /// <summary>Its processor time, loading the keywords included: it keeps nothing between two runs.</summary>
    private static double Grep(string keywords, string texts)
    {
        // The shell says what its children took: 0m0.123s of their own, and of the system.
        using var shell = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", "for i in 1 2 3 4 5 6 7 8 9 10; do grep -F -o -f \"$0\" \"$1\" > /dev/null; done; times", keywords, texts])
        { RedirectStandardOutput = true })!;
        var times = shell.StandardOutput.ReadToEnd().Split('\n')[1].Split(' ')[0].TrimEnd('s').Split('m');
        shell.WaitForExit();
        var (minutes, seconds) = (double.Parse(times[0], CultureInfo.InvariantCulture), double.Parse(times[1], CultureInfo.InvariantCulture));
        return Math.Max((60 * minutes) + seconds, 0.01) / 10;
    }
}
