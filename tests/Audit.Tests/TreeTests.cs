using CsCheck;
using FederationNode.Audit.Logs;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Audit.Tests;

public class TreeTests
{
    [Fact]
    public void Root_LeavesAppendedOneByOne_IsThatOfRfc6962AtEverySize()
    {
        var log = LogOf(300);
        var range = new CompactRange();
        for (var size = 0; size < 300; size++)
        {
            Assert.Equal(log.Root(size), range.Root());
            range.Append(MerkleHash.Leaf(log.Leaves[size]));
        }

        Assert.Equal(log.Root(300), range.Root());
    }

    [Fact]
    public void Append_SubtreeThatDoesNotFit_Throws()
    {
        var range = new CompactRange();
        range.Append(MerkleHash.Empty);
        Assert.Throws<InvalidOperationException>(() => range.AppendSubtree(8, MerkleHash.Empty));
    }

    [Theory]
    [InlineData("tile/0/000")]
    [InlineData("tile/entries/001")]
    [InlineData(null)]
    public async Task RootsAt_ManySizes_AreThoseOfRfc6962EvenIfOneSideIsGone(string? gone)
    {
        var log = LogOf(700);
        var source = gone is null ? log.Source() : log.Source().With(gone, null);
        var audit = await LogAuditor.AuditAsync(source, log.Key.VerificationKey, CancellationToken.None);
        int[] sizes = [700, 0, 1, 255, 256, 256, 257, 511, 512, 513, 699];
        var roots = await audit.Tree!.RootsAtAsync([.. sizes.Select(s => (long)s), 701, -1], CancellationToken.None);
        Assert.Equal(10, roots.Count);
        Assert.All(roots, r => Assert.Equal(log.Root((int)r.Key), r.Value));
    }

    [Fact]
    public async Task RootsAt_SourceChangedBehindTheAudit_GivesNoRootInsteadOfAFalseOne()
    {
        var log = LogOf(700);
        var source = log.Source();
        var audit = await LogAuditor.AuditAsync(source, log.Key.VerificationKey, CancellationToken.None);
        source.Files["tile/0/000"] = source.Files["tile/0/001"];
        source.Files["tile/entries/000"] = source.Files["tile/entries/001"];
        var roots = await audit.Tree!.RootsAtAsync([100, 256, 300], CancellationToken.None);
        Assert.Equal([256L, 300L], roots.Keys.Order());
    }

    [Fact]
    public void Parse_ArbitraryBytes_NeverReadsMoreThanThereIs()
    {
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[1, 256]).Sample((bytes, width) =>
        {
            // Most random bytes fail at the header: half of the cases get a good one.
            var withHeader = (byte[])[.. PayloadTile.HeaderOf(width), .. bytes];
            Assert.True(BundleContent.Parse(bytes, width, width).Leaves.Sum(l => l.Length) <= bytes.Length);
            foreach (var input in new[] { bytes, withHeader })
            {
                var tile = PayloadTile.Parse(input, width, width);
                Assert.True(tile.Items.Sum(i => i?.Payload.Length ?? 0) <= input.Length);
                Assert.True(tile.Error is not null || tile.Length == input.Length);
            }
        });
    }

    [Theory]
    [InlineData("tile/entries/000", 256 * 65_537)]
    [InlineData("tile/0/000.p/3", 96)]
    [InlineData("vkey", 1024)]
    public void MaxBytes_Path_BoundsWhatIsRead(string path, int bytes) =>
        Assert.Equal(bytes, SourceLimits.MaxBytes(path, "demo/alpha/indicators/1"));

    private static TestLog LogOf(int size)
    {
        var log = new TestLog("demo/alpha/indicators/1");
        log.AddListings(size);
        return log;
    }
}
