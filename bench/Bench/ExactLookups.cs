using System.Diagnostics;
using FederationNode.Matching.Exact;
using FederationNode.Protocol;

namespace FederationNode.Bench;

/// <summary>Exact lookups: our index beside the platform's dictionary, on the same keys in the same run.</summary>
internal static class ExactLookups
{
    private const int Keys = 1_000_000;
    private const int Lookups = 2_000_000;

    public static void Run(int rounds)
    {
        var random = new Random(1);
        var keys = new Hash256[Keys];
        var bytes = new byte[Hash256.Size];
        for (var i = 0; i < Keys; i++)
        {
            random.NextBytes(bytes);
            keys[i] = new Hash256(bytes);
        }

        var index = new ExactIndex(12345, new KeyArray(keys), Keys);
        for (var i = 0; i < Keys; i++)
        {
            index.Set(keys[i], i);
        }

        var dictionary = keys.Index().ToDictionary(p => p.Item, p => p.Index);
        var order = Enumerable.Range(0, Lookups).Select(_ => random.Next(Keys)).ToArray();
        var (ours, theirs) = (new List<double>(), new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            var a = Rate(() => order.Count(i => index.TryGet(keys[i], out _)));
            var b = Rate(() => order.Count(i => dictionary.TryGetValue(keys[i], out _)));
            if (round > 0)
            {
                ours.Add(a);
                theirs.Add(b);
            }
        }

        Figure.Print("exact lookups, 1 M keys, one core", "/s", ours);
        Figure.Print("  beside: Dictionary<Hash256, int>", "/s", theirs);
        Figure.PrintRatio("  ratio", ours, theirs);
    }

    private static double Rate(Func<int> work)
    {
        var watch = Stopwatch.StartNew();
        var found = work();
        return found == Lookups
            ? Lookups / watch.Elapsed.TotalSeconds
            : throw new InvalidOperationException($"{found} of {Lookups} keys were found.");
    }
}
