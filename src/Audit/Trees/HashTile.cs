using FederationNode.Protocol;

namespace FederationNode.Audit.Trees;

/// <summary>The hashes of a tile, one after the other (C2SP tlog-tiles, "Merkle tree").</summary>
internal static class HashTile
{
    /// <summary>
    /// The first <paramref name="width"/> hashes of a tile of <paramref name="found"/>, or null if its length is wrong.
    /// </summary>
    public static Hash256[]? Decode(byte[] bytes, int found, int width)
    {
        if (bytes.Length != found * Hash256.Size)
        {
            return null;
        }

        var hashes = new Hash256[width];
        for (var i = 0; i < width; i++)
        {
            hashes[i] = new Hash256(bytes.AsSpan(i * Hash256.Size, Hash256.Size));
        }

        return hashes;
    }
}
