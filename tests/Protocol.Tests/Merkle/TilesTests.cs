using CsCheck;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Protocol.Tests.Merkle;

public sealed class TilesTests
{
    [Fact]
    public void Hashes_ExamplesOfTheSpecification_AreListed()
    {
        Assert.Equal(["tile/0/000", "tile/1/000.p/1"], Tiles.Hashes(256).Select(TilePath.Format));

        var large = Tiles.Hashes(70000).Select(TilePath.Format).ToArray();
        Assert.Equal(273 + 1 + 1 + 1 + 1, large.Length);
        Assert.Equal("tile/0/272", large[272]);
        Assert.Equal(["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"], large[273..]);
        Assert.Equal(274, Tiles.Entries(70000).Count());
        Assert.Equal("tile/entries/273.p/112", TilePath.Format(Tiles.Entries(70000).Last()));
    }

    [Fact]
    public void Hashes_EmptyTree_HasNone()
    {
        Assert.Empty(Tiles.Hashes(0));
        Assert.Empty(Tiles.Entries(0));
    }

    [Fact]
    public void Hashes_LargestTree_AreValid()
    {
        Assert.Equal(0, Tiles.PartialWidth(5, MerkleTree.MaxSize));
        Assert.Equal(32, Tiles.PartialWidth(6, MerkleTree.MaxSize));
        Assert.All(Tiles.Hashes(MerkleTree.MaxSize, MerkleTree.MaxSize - 300), t => Assert.True(t.IsValid));
    }

    [Fact]
    public void Hashes_SinceAnOlderSize_AreThoseThatTheOlderTreeLacks() =>
        Gen.Select(Gen.Long[0, 70000], Gen.Long[0, 70000]).Sample((a, b) =>
        {
            var (old, size) = (Math.Min(a, b), Math.Max(a, b));
            Assert.Equal(Tiles.Hashes(size).Except(Tiles.Hashes(old)), Tiles.Hashes(size, old));
            Assert.Equal(Tiles.Entries(size).Except(Tiles.Entries(old)), Tiles.Entries(size, old));
        }, iter: 50);

    [Fact]
    public void Holding_AnyNode_IsTheRootOfTheHashesFoundThere()
    {
        var node = Gen.Long[1, 3000].SelectMany(size => Gen.Int[0, 11].SelectMany(level =>
            Gen.Long[0, Math.Max(0, (size >> level) - 1)].Select(index => (size, new NodeId(level, index)))));
        node.Where((size, id) => id.End <= size).Sample((size, id) =>
        {
            var tile = Tiles.Holding(id, size, out var first, out var count);
            Assert.Contains(tile, Tiles.Hashes(size));
            Assert.InRange(first + count, 1, tile.Width);
            var hashes = Enumerable.Range(first, count)
                .Select(i => new NodeId(8 * tile.Level, (256 * tile.Index) + i))
                .Select(n => TestTree.Root(n.Begin, n.End)).ToArray();
            Assert.Equal(TestTree.Root(id.Begin, id.End), MerkleHash.Root(hashes));
        }, iter: 100);
    }

    [Theory]
    [InlineData(0, 5, 5)]
    [InlineData(3, 0, 7)]
    [InlineData(-1, 0, 5)]
    [InlineData(0, -1, 5)]
    [InlineData(54, 0, 5)]
    public void Holding_NodeOutsideTheTree_Throws(int level, long index, long size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Tiles.Holding(new NodeId(level, index), size, out _, out _));

    [Fact]
    public void TryDecode_EncodedTile_IsTheSameAndOtherLengthsAreRefused() =>
        Gen.Int[1, 256].Sample(width =>
        {
            var hashes = TestTree.LeafHashes(0, width);
            var bytes = Tiles.Encode(hashes).ToArray();
            Assert.Equal(32 * width, bytes.Length);
            Assert.True(Tiles.TryDecode(bytes, width, out var decoded, out var error), error);
            Assert.Equal(hashes, decoded.ToArray());
            Assert.False(Tiles.TryDecode(bytes.AsSpan(1), width, out _, out _));
            Assert.False(Tiles.TryDecode([.. bytes, 0], width, out _, out _));
        }, iter: 30);

    [Theory]
    [InlineData(-2, 5)]
    [InlineData(7, 5)]
    [InlineData(0, -1)]
    [InlineData(0, MerkleTree.MaxSize + 1)]
    public void PartialWidth_OutOfRange_Throws(int level, long size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Tiles.PartialWidth(level, size));
}
