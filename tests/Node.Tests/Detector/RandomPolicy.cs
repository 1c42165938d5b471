using System.Text.Json;

namespace FederationNode.Node.Tests.Detector;

/// <summary>Writes policies that use most settings, about what is on a list.</summary>
internal sealed class RandomPolicy(Random random, RandomList list, string file)
{
    private static readonly string[] s_verdicts = ["none", "signal", "review", "block"];

    private int _written;

    public string Write()
    {
        var folder = Path.GetDirectoryName(file)!;
        var sellers = $"sellers-{++_written}.txt";
        File.WriteAllLines(Path.Combine(folder, sellers), ["# own shops", "", .. Some(list.Hashes, 3)]);
        File.WriteAllText(Path.Combine(folder, "ads.txt"), "a bicycle\n");
        var mood = random.Next(4);
        var json = JsonSerializer.Serialize(new
        {
            kinds = new Dictionary<string, object>
            {
                ["keyword"] = KeywordRule(new Dictionary<string, object> { ["ivory"] = KeywordRule(null) }),
                ["seller"] = Rule(new Dictionary<string, object> { ["tiger"] = Rule(null) }),
                ["image-pdq"] = Rule(new Dictionary<string, object> { ["pangolin"] = Rule(null) }),
                ["image-sha256"] = Rule([]),
            },
            trusted = mood == 0 ? ["globex"] : Array.Empty<string>(),
            muted = mood == 1 ? ["globex"] : Array.Empty<string>(),
            disputes = new { members = random.Next(1, 3), lowerTo = Verdict(), own = Verdict() },
            allow = new
            {
                ids = Some(list.Ids, 3),
                values = new Dictionary<string, List<string>>
                {
                    ["keyword"] = Some(list.Words, 2),
                    ["seller"] = Some(list.Hashes, 2),
                    ["image-pdq"] = Some(list.Hashes, 2),
                    ["image-sha256"] = Some(list.Hashes, 2),
                },
                phrases = Some(list.Words, 3).SelectMany(w => (string[])[$"{w} ivory", $"coast, {w}"]),
                verifiedSellers = sellers,
            },
            flood = new { entries = 100_000_000 },
            sample = new { path = "ads.txt" },
        });
        File.WriteAllText(file, json);
        return json;
    }

    private object Rule(Dictionary<string, object>? categories) => categories is null
        ? new { blockAt = random.Next(4), minConfidence = random.Next(101) }
        : new
        {
            blockAt = random.Next(3),
            reviewAt = random.Next(3),
            minConfidence = random.Next(80),
            maxAgeDays = random.Next(4),
            categories,
        };

    private object KeywordRule(Dictionary<string, object>? categories) => new
    {
        blockAt = random.Next(3),
        reviewAt = random.Next(3),
        minConfidence = random.Next(80),
        evasions = new { lookalike = Verdict(), separated = Verdict(), repeated = Verdict() },
        categories = categories ?? [],
    };

    private string Verdict() => s_verdicts[random.Next(s_verdicts.Length)];

    private List<string> Some(IReadOnlyList<string> from, int most) =>
        [.. Enumerable.Range(0, Math.Min(most, from.Count)).Select(_ => from[random.Next(from.Count)])];
}
