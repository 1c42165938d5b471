using CsCheck;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Protocol.Tests.Merkle;

public sealed class TilePathTests
{
    [Theory]
    [InlineData("tile/0/x001/x234/067", 0, 1234067, 256)]
    [InlineData("tile/0/x001/x234/067.p/8", 0, 1234067, 8)]
    [InlineData("tile/0/000", 0, 0, 256)]
    [InlineData("tile/1/000.p/1", 1, 0, 1)]
    [InlineData("tile/0/999.p/255", 0, 999, 255)]
    [InlineData("tile/0/x001/000", 0, 1000, 256)]
    [InlineData("tile/entries/x001/x234/067", -1, 1234067, 256)]
    [InlineData("tile/entries/273.p/112", -1, 273, 112)]
    [InlineData("tile/6/000.p/32", 6, 0, 32)]
    [InlineData("tile/63/000.p/1", 63, 0, 1)]
    [InlineData("tile/payloads/x001/000.p/7", -2, 1000, 7)]
    [InlineData("tile/entries/x035/x184/x372/x088/831", -1, 35184372088831, 256)]
    public void ToString_KnownTile_GivesThePathAndBack(string path, int level, long index, int width)
    {
        var tile = new TilePath(level, index, width);

        Assert.Equal(path, tile.ToString());
        Assert.True(TilePath.TryParse(path, out var parsed, out var error), error);
        Assert.Equal(tile, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile")]
    [InlineData("tile/")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/00")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/0/1000")]
    [InlineData("tile/0/x000")]
    [InlineData("tile/0/x000/001")]
    [InlineData("tile/0/x000/x001/001")]
    [InlineData("tile/0/x01/001")]
    [InlineData("tile/0/001/001")]
    [InlineData("tile/0/x001/")]
    [InlineData("tile/0/x001/x002")]
    [InlineData("tile/0/X001/002")]
    [InlineData("tile/0/000/")]
    [InlineData("tile/0/ 00")]
    [InlineData("tile/0/+00")]
    [InlineData("tile/0/-01")]
    [InlineData("tile/0/٠٠٠")]
    [InlineData("tile/0/000.p")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/1/")]
    [InlineData("tile/0/000.p/1.p/1")]
    [InlineData("tile/0/.p/1")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/data/000")]
    [InlineData("tile/entries/x999/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("tile/0/../000")]
    public void TryParse_OtherPath_SaysWhy(string path)
    {
        Assert.False(TilePath.TryParse(path, out var tile, out var error));
        Assert.Equal(default, tile);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void TryParse_AnyAcceptedText_IsTheOnlyPathOfItsTile()
    {
        var part = Gen.OneOf(
            Gen.Const("tile/"), Gen.Const("0/"), Gen.Const("entries/"), Gen.Const("x001/"), Gen.Const("x000/"),
            Gen.Const("000"), Gen.Const("067"), Gen.Const(".p/"), Gen.Const("8"),
            Gen.Char[' ', 'z'].Select(char.ToString));
        part.Array[0, 7].Select(p => "tile/" + string.Concat(p)).Sample(path =>
            !TilePath.TryParse(path, out var tile, out var error) ? error.Length > 0 : tile.ToString() == path);
    }

    [Fact]
    public void ToString_EveryTile_ReadsBack() =>
        Gen.Select(Gen.Int[-2, 63], Gen.Long[0, ProtocolLimits.MaxLogSize], Gen.Int[1, 256]).Sample(
            (level, index, width) =>
            {
                var tile = new TilePath(level, index, width);
                return TilePath.TryParse(tile.ToString(), out var again, out _) && again == tile;
            });

    [Fact]
    public void ForTree_ExamplesOfTheSpecification_AreListed()
    {
        Assert.Equal(["tile/0/000", "tile/1/000.p/1"], TilePath.ForTree(256).Select(t => t.ToString()));

        var large = TilePath.ForTree(70000).Select(t => t.ToString()).ToArray();
        Assert.Equal(277, large.Length);
        Assert.Equal("tile/0/272", large[272]);
        Assert.Equal(["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"], large[273..]);
        var bundles = TilePath.ForLevel(TilePath.Entries, 70000).ToArray();
        Assert.Equal(274, bundles.Length);
        Assert.Equal("tile/entries/273.p/112", bundles[^1].ToString());
    }

    [Fact]
    public void ForTree_EmptyTree_HasNone() => Assert.Empty(TilePath.ForTree(0));
}
