namespace FederationNode.Protocol.Merkle;

/// <summary>The numbers that bound every tree (RFC 6962 section 2, C2SP tlog-tiles v0.1.0).</summary>
public static class MerkleTree
{
    /// <summary>Length of a node in bytes: 32 (SHA-256).</summary>
    public const int HashSize = Hash256.Size;

    /// <summary>Hashes in a full tile and entries in a full bundle: 256.</summary>
    public const int TileWidth = 256;

    /// <summary>Levels of the tree that one level of tiles covers: 8, because 2^8 is <see cref="TileWidth"/>.</summary>
    public const int TileHeight = 8;

    /// <summary>
    /// Largest tree: 2^53 entries, so that sizes and indexes are exact in every JSON reader. Larger ones are refused.
    /// </summary>
    public const long MaxSize = 1L << MaxLevel;

    /// <summary>Level of the root of the largest tree; entries are level 0.</summary>
    public const int MaxLevel = 53;

    /// <summary>Most hashes in an inclusion proof: 53. A consistency proof has at most one more.</summary>
    public const int MaxInclusionProof = MaxLevel;

    /// <summary>Most hashes in a consistency proof: 54.</summary>
    public const int MaxConsistencyProof = MaxLevel + 1;

    /// <summary>Whether a number of entries is 0 to 2^53.</summary>
    public static bool IsSize(long size) => size is >= 0 and <= MaxSize;

    internal static void ThrowIfNotSize(long size, string parameter)
    {
        if (!IsSize(size))
        {
            throw new ArgumentOutOfRangeException(parameter, size, $"A tree has 0 to 2^{MaxLevel} entries.");
        }
    }
}
