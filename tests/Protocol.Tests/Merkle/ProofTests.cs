using System.Numerics;
using CsCheck;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Protocol.Tests.Merkle;

public sealed class ProofTests
{
    private const int MaxTested = 70;

    private static readonly Gen<(long Index, long Size)> s_entry =
        Gen.Long[1, MaxTested].SelectMany(size => Gen.Long[0, size - 1].Select(index => (index, size)));

    private static readonly Gen<(long Size1, long Size2)> s_sizes =
        Gen.Long[1, MaxTested].SelectMany(size2 => Gen.Long[1, size2].Select(size1 => (size1, size2)));

    [Fact]
    public void Inclusion_EveryEntryOfEverySmallTree_Verifies()
    {
        for (long size = 1; size <= 40; size++)
        {
            var root = TestTree.Root(size);
            for (long index = 0; index < size; index++)
            {
                var proof = Inclusion(index, size);
                Assert.True(
                    InclusionProof.Verify(TestTree.LeafHash(index), index, size, proof, root), $"{index} of {size}");
            }
        }
    }

    [Fact]
    public void Consistency_EveryPairOfSmallTrees_Verifies()
    {
        for (long size2 = 1; size2 <= 40; size2++)
        {
            for (long size1 = 1; size1 <= size2; size1++)
            {
                var proof = Consistency(size1, size2);
                Assert.True(
                    ConsistencyProof.Verify(
                        size1, size2, TestTree.Root(size1), TestTree.Root(size2), proof), $"{size1} to {size2}");
            }
        }
    }

    [Fact]
    public void InclusionVerify_AnyFlippedBit_IsRefused() =>
        Gen.Select(s_entry, Gen.Int[0, 255], Gen.Int[0, 1000]).Sample((entry, bit, which) =>
        {
            var (index, size) = entry;
            var proof = Inclusion(index, size);
            var leaf = TestTree.LeafHash(index);
            var root = TestTree.Root(size);
            var target = which % (proof.Length + 2);
            if (target == proof.Length)
            {
                leaf = TestTree.Flip(leaf, bit);
            }
            else if (target == proof.Length + 1)
            {
                root = TestTree.Flip(root, bit);
            }
            else
            {
                proof[target] = TestTree.Flip(proof[target], bit);
            }

            return !InclusionProof.Verify(leaf, index, size, proof, root);
        });

    [Fact]
    public void InclusionVerify_OtherIndexOrLength_IsRefused() =>
        Gen.Select(s_entry, Gen.Long[-3, 200]).Sample((entry, other) =>
        {
            var (index, size) = entry;
            var proof = Inclusion(index, size);
            var leaf = TestTree.LeafHash(index);
            var root = TestTree.Root(size);
            return (other == index || !InclusionProof.Verify(leaf, other, size, proof, root))
                && !InclusionProof.Verify(leaf, index, size, [.. proof, leaf], root)
                && !InclusionProof.Verify(leaf, index, size, [leaf, .. proof], root)
                && (proof.Length == 0
                    || !InclusionProof.Verify(leaf, index, size, proof.SkipLast(1).ToArray(), root));
        });

    /// <summary>
    /// A proof binds the path, not the size itself: another size is refused when it gives the entry another path.
    /// The size is bound by the checkpoint, which signs it together with the root.
    /// </summary>
    [Fact]
    public void InclusionVerify_FlippedBitOfSize_IsRefusedUnlessThePathIsTheSame() =>
        Gen.Select(s_entry, Gen.Int[0, 62]).Sample((entry, bit) =>
        {
            var (index, size) = entry;
            var other = size ^ (1L << bit);
            var proof = Inclusion(index, size);
            var accepted = InclusionProof.Verify(
                TestTree.LeafHash(index), index, other, proof, TestTree.Root(size));
            return !accepted || Path(index, other).SequenceEqual(Path(index, size));
        });

    [Fact]
    public void ConsistencyVerify_AnyFlippedBit_IsRefused() =>
        Gen.Select(s_sizes, Gen.Int[0, 255], Gen.Int[0, 1000]).Sample((sizes, bit, which) =>
        {
            var (size1, size2) = sizes;
            var proof = Consistency(size1, size2);
            var root1 = TestTree.Root(size1);
            var root2 = TestTree.Root(size2);
            var target = which % (proof.Length + 2);
            if (target == proof.Length)
            {
                root1 = TestTree.Flip(root1, bit);
            }
            else if (target == proof.Length + 1)
            {
                root2 = TestTree.Flip(root2, bit);
            }
            else
            {
                proof[target] = TestTree.Flip(proof[target], bit);
            }

            return !ConsistencyProof.Verify(size1, size2, root1, root2, proof);
        });

    [Fact]
    public void ConsistencyVerify_OtherLength_IsRefused() => s_sizes.Sample((size1, size2) =>
    {
        var proof = Consistency(size1, size2);
        var root1 = TestTree.Root(size1);
        var root2 = TestTree.Root(size2);
        return !ConsistencyProof.Verify(size1, size2, root1, root2, [.. proof, root1])
            && !ConsistencyProof.Verify(size1, size2, root1, root2, [root1, .. proof])
            && (proof.Length == 0
                || !ConsistencyProof.Verify(size1, size2, root1, root2, proof.SkipLast(1).ToArray()));
    });

    [Fact]
    public void ConsistencyVerify_ForkedLog_IsRefused() => s_sizes.Where((a, b) => a < b).Sample((size1, size2) =>
    {
        // The same log, but its last entry before size1 was replaced.
        var forked = TestTree.LeafHashes(0, size1);
        forked[^1] = TestTree.LeafHash(-1);
        var proof = Consistency(size1, size2);
        return !ConsistencyProof.Verify(size1, size2, MerkleHash.Root(forked), TestTree.Root(size2), proof);
    });

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 5)]
    [InlineData(-1, 5)]
    [InlineData(6, 5)]
    [InlineData(1, long.MaxValue)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MinValue, long.MinValue)]
    [InlineData(long.MinValue, long.MaxValue)]
    public void ConsistencyVerify_SizesOutOfRange_AreRefused(long size1, long size2)
    {
        // No proof reaches from nothing to something, and sizes that make no sense are no reason to throw.
        Assert.False(ConsistencyProof.Verify(size1, size2, MerkleHash.Empty, MerkleHash.Empty, []));
        Assert.False(ConsistencyProof.Verify(size1, size2, MerkleHash.Empty, MerkleHash.Empty, [MerkleHash.Empty]));
    }

    [Fact]
    public void Verify_ArbitraryArguments_NeverThrow()
    {
        var hash = Gen.Byte.Array[32].Select(b => new Hash256(b));
        Gen.Select(Gen.Long, Gen.Long, hash, hash, hash.Array[0, 70]).Sample((a, b, one, two, proof) =>
            !InclusionProof.Verify(one, a, b, proof, two) && !ConsistencyProof.Verify(a, b, one, two, proof));
    }

    [Theory]
    [InlineData(0, ProtocolLimits.MaxLogSize)]
    [InlineData(ProtocolLimits.MaxLogSize - 1, ProtocolLimits.MaxLogSize)]
    [InlineData(0, ProtocolLimits.MaxLogSize - 1)]
    [InlineData(ProtocolLimits.MaxLogSize - 2, ProtocolLimits.MaxLogSize - 1)]
    [InlineData(1L << 39, ProtocolLimits.MaxLogSize - 1)]
    public void NodesForInclusion_LargestTrees_StayWithinTheStatedBound(long index, long size)
    {
        var nodes = ProofBuilder.NodesForInclusion(index, size);

        Assert.InRange(nodes.Count, 1, 80);
        Assert.All(nodes, n => Assert.True(n.End <= size && (index < n.Begin || index >= n.End)));
        Assert.InRange(ProofBuilder.BuildInclusion(index, size, new Hash256[nodes.Count]).Count, 1, 40);
    }

    [Fact]
    public void NodesForConsistency_LargeTrees_StayWithinTheStatedBound() =>
        Gen.Long[1, ProtocolLimits.MaxLogSize].SelectMany(b => Gen.Long[1, b].Select(a => (a, b))).Sample((a, b) =>
        {
            var nodes = ProofBuilder.NodesForConsistency(a, b);
            var proof = ProofBuilder.BuildConsistency(a, b, new Hash256[nodes.Count]);
            return nodes.Count <= 81 && nodes.All(n => n.End <= b) && proof.Count <= 41;
        });

    [Fact]
    public void Build_WrongNumberOfHashes_Throws()
    {
        var needed = ProofBuilder.NodesForInclusion(3, 7).Count;

        Assert.Throws<ArgumentException>(() => ProofBuilder.BuildInclusion(3, 7, new Hash256[needed + 1]));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 3)]
    [InlineData(3, 3)]
    public void NodesForInclusion_OutOfRange_Throws(long index, long size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofBuilder.NodesForInclusion(index, size));

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(4, 3)]
    public void NodesForConsistency_OutOfRange_Throws(long size1, long size2) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofBuilder.NodesForConsistency(size1, size2));

    private static Hash256[] Inclusion(long index, long size) => [.. ProofBuilder.BuildInclusion(
        index, size, TestTree.Read(ProofBuilder.NodesForInclusion(index, size)))];

    private static Hash256[] Consistency(long size1, long size2) => [.. ProofBuilder.BuildConsistency(
        size1, size2, TestTree.Read(ProofBuilder.NodesForConsistency(size1, size2)))];

    /// <summary>On which side each sibling stands, from the leaf to the root, by RFC 6962's recursion.</summary>
    private static IEnumerable<bool> Path(long index, long size)
    {
        if (index < 0 || size <= 1)
        {
            return [];
        }

        var split = 1L << BitOperations.Log2((ulong)(size - 1));
        return index < split ? Path(index, split).Append(false) : Path(index - split, size - split).Append(true);
    }
}
