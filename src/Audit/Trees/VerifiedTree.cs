using FederationNode.Audit.Logs;
using FederationNode.Audit.Sources;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Audit.Trees;

/// <summary>
/// A tree that was rebuilt and led to its signed root. Keeps one hash for each 256 entries, and gives the root that the
/// log had at any smaller size; for the part that is no multiple of 256 it reads one tile again and checks it against
/// what was verified.
/// </summary>
internal sealed class VerifiedTree(TileReader reader, IReadOnlyList<Hash256> bundles, IReadOnlyList<Hash256> tail)
{
    private const int BundleLevel = 8;

    private IReadOnlyList<Hash256> Bundles => bundles;

    public long Size { get; } = ((long)bundles.Count * TilePath.FullWidth) + tail.Count;

    /// <summary>
    /// The roots at these sizes; those that cannot be computed (too large, or the source changed) are left out.
    /// </summary>
    public async Task<Dictionary<long, Hash256>> RootsAtAsync(
        IEnumerable<long> sizes, CancellationToken cancellationToken)
    {
        var roots = new Dictionary<long, Hash256>();
        var range = new CompactRange();
        long cachedNumber = -1;
        IReadOnlyList<Hash256>? cached = null;
        foreach (var size in sizes.Where(s => s >= 0 && s <= Size).Distinct().Order())
        {
            while (range.Size + TilePath.FullWidth <= size)
            {
                range.AppendSubtree(BundleLevel, bundles[(int)(range.Size / TilePath.FullWidth)]);
            }

            var rest = (int)(size - range.Size);
            var number = range.Size / TilePath.FullWidth;
            if (rest > 0 && number != cachedNumber)
            {
                cached = await LeavesAsync(number, cancellationToken);
                cachedNumber = number;
            }

            if (rest == 0 || cached is not null)
            {
                roots[size] = Extend(range, cached, rest);
            }
        }

        return roots;
    }

    /// <summary>How many leaves both trees share from the first on, or null if a tile cannot be read again.</summary>
    public async Task<long?> CommonAsync(VerifiedTree other, CancellationToken cancellationToken)
    {
        var (mine, theirs) = (Bundles, other.Bundles);
        var same = 0;
        while (same < mine.Count && same < theirs.Count && mine[same] == theirs[same])
        {
            same++;
        }

        if (await LeavesAsync(same, cancellationToken) is not { } left
            || await other.LeavesAsync(same, cancellationToken) is not { } right)
        {
            return null;
        }

        var at = 0;
        while (at < left.Count && at < right.Count && left[at] == right[at])
        {
            at++;
        }

        return ((long)same * TilePath.FullWidth) + at;
    }

    private static Hash256 Extend(CompactRange range, IReadOnlyList<Hash256>? leaves, int count)
    {
        if (count == 0)
        {
            return range.Root();
        }

        var extended = range.Clone();
        foreach (var leaf in leaves!.Take(count))
        {
            extended.Append(leaf);
        }

        return extended.Root();
    }

    private async Task<IReadOnlyList<Hash256>?> LeavesAsync(long number, CancellationToken cancellationToken)
    {
        if (number == bundles.Count)
        {
            return tail;
        }

        var path = new TilePath(0, number, TilePath.FullWidth);
        var tile = await reader.ReadAsync(path, cancellationToken);
        if (tile.Bytes is not null
            && HashTile.Decode(tile.Bytes, tile.Width, TilePath.FullWidth) is { } hashes
            && MerkleHash.Root(hashes) == bundles[(int)number])
        {
            return hashes;
        }

        var bundle = await reader.ReadAsync(path with { Level = TilePath.Entries }, cancellationToken);
        if (bundle.Bytes is null)
        {
            return null;
        }

        var leaves = BundleContent.Parse(bundle.Bytes, bundle.Width, TilePath.FullWidth);
        var computed = leaves.Leaves.Select(l => MerkleHash.Leaf(l.Span)).ToArray();
        return leaves.Error is null && MerkleHash.Root(computed) == bundles[(int)number] ? computed : null;
    }
}
