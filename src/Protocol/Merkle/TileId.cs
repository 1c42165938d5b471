namespace FederationNode.Protocol.Merkle;

/// <summary>
/// A tile of hashes, or a bundle of entries (C2SP tlog-tiles v0.1.0). Hash i of tile (level, index) is the node of
/// level 8 * level and index 256 * index + i.
/// </summary>
/// <param name="Level">0 to 6 for hashes (a tree of 2^53 entries has no more), -1 for entries.</param>
/// <param name="Index">Number of the tile on its level, from 0.</param>
/// <param name="Width">Hashes or entries in it: 256 if full, otherwise 1 to 255.</param>
public readonly record struct TileId(int Level, long Index, int Width)
{
    /// <summary>The level that stands for entry bundles: -1.</summary>
    public const int EntriesLevel = -1;

    /// <summary>The highest level of tiles: 6.</summary>
    public const int MaxLevel = MerkleTree.MaxLevel / MerkleTree.TileHeight;

    /// <summary>Whether it holds entries instead of hashes.</summary>
    public bool IsEntries => Level == EntriesLevel;

    /// <summary>Whether it holds 256 hashes or entries; only then will it never change.</summary>
    public bool IsFull => Width == MerkleTree.TileWidth;

    /// <summary>Whether such a tile exists in some tree of at most 2^53 entries.</summary>
    public bool IsValid
    {
        get
        {
            if (Level is < EntriesLevel or > MaxLevel || Width is < 1 or > MerkleTree.TileWidth || Index < 0)
            {
                return false;
            }

            var nodes = MerkleTree.MaxSize >> (MerkleTree.TileHeight * Math.Max(Level, 0));
            return Index <= (nodes - Width) / MerkleTree.TileWidth && Width <= nodes;
        }
    }

    /// <summary>The path below the log's prefix, see <see cref="TilePath"/>.</summary>
    public override string ToString() => IsValid ? TilePath.Format(this) : $"invalid tile {Level}/{Index}.p/{Width}";
}
