using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Audit.Logs;

/// <summary>
/// Decides, where entries and hash tiles tell different stories, which of them leads to the signed root. Tries, in
/// this order: all entries; all level-0 tiles; for each bundle the side that the level-1 tile confirms; and the level-1
/// tiles alone. So any number of changes is told apart as long as the level above was left alone.
/// </summary>
internal sealed class RootDecision
{
    private RootDecision(IReadOnlyList<Hash256> bundles, Hash256[] tail)
    {
        Bundles = bundles;
        Tail = tail;
    }

    /// <summary>The true hash over each full bundle.</summary>
    public IReadOnlyList<Hash256> Bundles { get; }

    /// <summary>The true leaf hashes of the last bundle that is not full; empty if there is none.</summary>
    public Hash256[] Tail { get; }

    /// <summary>The first account that leads to the root, or null if none does.</summary>
    /// <param name="sides">The bundles in order; the last one may not be full.</param>
    /// <param name="above">The level-1 hashes as stored, null where they could not be read.</param>
    /// <param name="leads">Whether a tree leads to the signed root.</param>
    public static RootDecision? Find(
        IReadOnlyList<BundleSides> sides, IReadOnlyList<Hash256?> above, Predicate<CompactRange> leads)
    {
        Func<BundleSides, Hash256?, Hash256?>[] accounts =
        [
            (s, up) => s.EntriesNode ?? s.TileNode ?? up,
            (s, up) => s.TileNode ?? s.EntriesNode ?? up,
            (s, up) => s.TileNode is { } tile && tile == up ? tile : s.EntriesNode ?? s.TileNode ?? up,
            (s, up) => up ?? s.EntriesNode ?? s.TileNode,
        ];
        foreach (var account in accounts)
        {
            foreach (var tail in Tails(sides))
            {
                if (Try(sides, above, account, tail, leads) is { } decision)
                {
                    return decision;
                }
            }
        }

        return null;
    }

    private static IEnumerable<Hash256[]> Tails(IReadOnlyList<BundleSides> sides)
    {
        if (sides.Count == 0 || sides[^1].IsFull || sides[^1].EntryLeaves is null && sides[^1].TileLeaves is null)
        {
            return [[]];
        }

        return new[] { sides[^1].EntryLeaves, sides[^1].TileLeaves }.OfType<Hash256[]>();
    }

    private static RootDecision? Try(
        IReadOnlyList<BundleSides> sides,
        IReadOnlyList<Hash256?> above,
        Func<BundleSides, Hash256?, Hash256?> account,
        Hash256[] tail,
        Predicate<CompactRange> leads)
    {
        var range = new CompactRange();
        var bundles = new List<Hash256>(above.Count);
        for (var i = 0; i < above.Count; i++)
        {
            if (account(sides[i], above[i]) is not { } hash)
            {
                return null;
            }

            bundles.Add(hash);
            range.AppendSubtree(8, hash);
        }

        foreach (var leaf in tail)
        {
            range.Append(leaf);
        }

        return leads(range) ? new RootDecision(bundles, tail) : null;
    }
}
