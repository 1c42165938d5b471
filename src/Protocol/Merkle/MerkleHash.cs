using System.Security.Cryptography;

namespace FederationNode.Protocol.Merkle;

/// <summary>The hashes of an RFC 6962 tree (section 2.1): leaves and nodes are told apart by their first byte.</summary>
public static class MerkleHash
{
    private const int StackLimit = 512;

    /// <summary>Root of the tree without entries: <c>SHA-256("")</c>.</summary>
    public static Hash256 Empty { get; } = Hash256.Of([]);

    /// <summary><c>SHA-256(0x00 || entry)</c>.</summary>
    public static Hash256 Leaf(ReadOnlySpan<byte> entry)
    {
        if (entry.Length < StackLimit)
        {
            Span<byte> input = stackalloc byte[1 + entry.Length];
            input[0] = 0;
            entry.CopyTo(input[1..]);
            return Hash256.Of(input);
        }

        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData([0]);
        sha.AppendData(entry);
        Hash256 hash = default;
        sha.GetHashAndReset(hash);
        return hash;
    }

    /// <summary><c>SHA-256(0x01 || left || right)</c>.</summary>
    public static Hash256 Node(Hash256 left, Hash256 right)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Hash256.Size)];
        input[0] = 1;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Hash256.Size)..]);
        return Hash256.Of(input);
    }
}
