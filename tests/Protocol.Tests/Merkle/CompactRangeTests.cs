using System.Numerics;
using CsCheck;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Protocol.Tests.Merkle;

public sealed class CompactRangeTests
{
    [Fact]
    public void Root_WhileGrowing_IsTheDefinitionsRoot()
    {
        var range = new CompactRange();
        for (long size = 0; size < 130; size++)
        {
            Assert.Equal(size, range.Size);
            Assert.Equal(TestTree.Root(size), range.Root());
            Assert.Equal(TestTree.Root(size), MerkleHash.Root(TestTree.LeafHashes(0, size)));
            Assert.Equal(BitOperations.PopCount((ulong)size), range.Hashes.Length);
            range.Append(MerkleHash.Leaf(TestTree.Entry(size)));
        }
    }

    [Fact]
    public void TryRestore_AtAnySize_GoesOnAsIfNeverStopped() =>
        Gen.Select(Gen.Long[0, 100], Gen.Long[0, 100]).Sample((first, more) =>
        {
            var range = new CompactRange();
            range.Append(TestTree.LeafHashes(0, first));
            Assert.True(CompactRange.TryRestore(first, range.Hashes, out var restored, out var error), error);
            restored.Append(TestTree.LeafHashes(first, first + more));
            return restored.Root() == TestTree.Root(first + more) && range.Root() == TestTree.Root(first);
        });

    [Fact]
    public void TryRestore_WrongNumberOfHashes_SaysWhatIsMissing() =>
        Gen.Select(Gen.Long, Gen.Int[0, 70]).Sample((size, count) =>
        {
            var expected = size is >= 0 and <= ProtocolLimits.MaxLogSize
                && BitOperations.PopCount((ulong)size) == count;
            return expected == CompactRange.TryRestore(size, new Hash256[count], out _, out var error)
                && expected == (error is null);
        });

    [Fact]
    public void Nodes_JoinedToAPrefix_GiveTheRootOfTheWhole() =>
        Gen.Select(Gen.Long[0, 80], Gen.Long[0, 80]).Sample((begin, more) =>
        {
            var nodes = CompactRange.Nodes(begin, begin + more);
            var range = new CompactRange();
            range.Append(TestTree.LeafHashes(0, begin));
            var next = begin;
            foreach (var node in nodes)
            {
                Assert.Equal(next, node.Begin);
                range.AppendSubtree(node.Level, TestTree.Root(node.Begin, node.End));
                next = node.End;
            }

            return next == begin + more && range.Root() == TestTree.Root(begin + more);
        });

    [Fact]
    public void Nodes_FromZero_AreTheStoredHashes() => Gen.Long[0, 200].Sample(size =>
    {
        var range = new CompactRange();
        range.Append(TestTree.LeafHashes(0, size));
        return TestTree.Read(CompactRange.Nodes(0, size)).SequenceEqual(range.Hashes.ToArray());
    });

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(2, 1)]
    [InlineData(0, ProtocolLimits.MaxLogSize + 1)]
    public void Nodes_OutOfRange_Throws(long begin, long end) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => CompactRange.Nodes(begin, end));

    [Fact]
    public void AppendSubtree_NotAligned_ThrowsAndChangesNothing()
    {
        var range = new CompactRange();
        range.Append(TestTree.LeafHashes(0, 3));

        Assert.Throws<InvalidOperationException>(() => range.AppendSubtree(1, MerkleHash.Empty));
        Assert.Equal(TestTree.Root(3), range.Root());
    }

    [Fact]
    public void Append_FullTree_Throws()
    {
        var range = new CompactRange();
        range.AppendSubtree(40, MerkleHash.Empty);

        Assert.Equal(ProtocolLimits.MaxLogSize, range.Size);
        Assert.Throws<InvalidOperationException>(() => range.Append(MerkleHash.Empty));
    }

    [Fact]
    public void Clone_ThenAppend_LeavesTheOriginalAlone()
    {
        var range = new CompactRange();
        range.Append(TestTree.LeafHashes(0, 7));
        var copy = range.Clone();
        copy.Append(TestTree.LeafHash(7));

        Assert.Equal(TestTree.Root(7), range.Root());
        Assert.Equal(TestTree.Root(8), copy.Root());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1022)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(65535)]
    public void Leaf_AnyLength_IsThePrefixedHash(int length)
    {
        var entry = new byte[length];
        Array.Fill(entry, (byte)0xa5);

        Assert.Equal(Hash256.Of([0x00, .. entry]), MerkleHash.Leaf(entry));
    }
}
