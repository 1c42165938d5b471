using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Audit.Logs;

/// <summary>
/// The two accounts of up to 256 entries: the entries themselves, and the level-0 hash tile. Where they agree, one hash
/// is all that needs to be kept; where they differ, both are kept until the signed root decides.
/// </summary>
internal sealed class BundleSides
{
    /// <summary>Makes the sides out of the leaf hashes of either, null for one that could not be read whole.</summary>
    public BundleSides(long number, Hash256[]? entries, Hash256[]? tile)
    {
        Number = number;
        Differing = entries is null || tile is null
            ? []
            : [.. Enumerable.Range(0, entries.Length).Where(i => entries[i] != tile[i])];
        IsFull = (entries ?? tile)?.Length == TilePath.FullWidth;
        EntriesNode = NodeOf(entries);
        TileNode = NodeOf(tile);
        if (!IsFull)
        {
            EntryLeaves = entries;
            TileLeaves = tile;
        }
    }

    public long Number { get; }

    /// <summary>The first entry of the bundle.</summary>
    public long First => Number * TilePath.FullWidth;

    public bool IsFull { get; }

    /// <summary>Where in the bundle the two differ, if both could be read.</summary>
    public IReadOnlyList<int> Differing { get; }

    /// <summary>Hash over the 256 entries by their bytes; null if the bundle is not full or not readable.</summary>
    public Hash256? EntriesNode { get; }

    /// <summary>Hash over the 256 entries by the tile; null likewise.</summary>
    public Hash256? TileNode { get; }

    /// <summary>The leaf hashes of a bundle that is not full, by the bytes of the entries.</summary>
    public Hash256[]? EntryLeaves { get; }

    /// <summary>The leaf hashes of a bundle that is not full, by the tile.</summary>
    public Hash256[]? TileLeaves { get; }

    private static Hash256? NodeOf(Hash256[]? leaves) =>
        leaves?.Length == TilePath.FullWidth ? MerkleHash.Root(leaves) : null;
}
