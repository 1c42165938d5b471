using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Audit.Trees;

/// <summary>
/// A Merkle tree of which only the complete subtrees are kept that its size is made of (RFC 6962 section 2.1): enough
/// to go on appending and to give the root, in memory that grows with the logarithm of the size.
/// </summary>
internal sealed class CompactRange
{
    private const int MaxLevels = 64;

    // The subtree of 2^i leaves is at i, and is valid exactly when bit i of the size is set.
    private readonly Hash256[] _subtrees = new Hash256[MaxLevels];

    public long Size { get; private set; }

    /// <summary>Appends a complete subtree of 2^level leaves; the size must be a multiple of that.</summary>
    public void Append(Hash256 hash, int level = 0)
    {
        if ((Size & ((1L << level) - 1)) != 0)
        {
            throw new InvalidOperationException($"A subtree of level {level} cannot begin at {Size}.");
        }

        var at = level;
        while (((Size >> at) & 1) == 1)
        {
            hash = MerkleHash.Node(_subtrees[at], hash);
            at++;
        }

        _subtrees[at] = hash;
        Size += 1L << level;
    }

    public Hash256 Root()
    {
        Hash256? root = null;
        for (var level = 0; level < MaxLevels - 1; level++)
        {
            if (((Size >> level) & 1) == 1)
            {
                root = root is { } right ? MerkleHash.Node(_subtrees[level], right) : _subtrees[level];
            }
        }

        return root ?? MerkleHash.Empty;
    }

    public CompactRange Clone()
    {
        var clone = new CompactRange { Size = Size };
        _subtrees.CopyTo(clone._subtrees, 0);
        return clone;
    }

    /// <summary>The hash of a complete subtree over these hashes, a power of two of them.</summary>
    public static Hash256 SubtreeOf(IReadOnlyList<Hash256> hashes)
    {
        var range = new CompactRange();
        foreach (var hash in hashes)
        {
            range.Append(hash);
        }

        return range.Root();
    }
}
