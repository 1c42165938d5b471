using FederationNode.Protocol.Text;
using FederationNode.TableGenerator;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.Protocol.Tests.Text;

public sealed class TextTablesTests
{
    private static readonly string Generated =
        Path.Combine(TestFiles.Repository, "src", "Protocol", "Text", "Generated");

    [Fact]
    public void Build_FromTheDataFiles_GivesTheCheckedInTables()
    {
        var tables = TextTableBuilder.Build(Path.Combine(TestFiles.Repository, "data"));
        Assert.True(
            tables.AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(Generated, "TextTables.bin"))),
            "src/Protocol/Text/Generated/TextTables.bin is not what build/TableGenerator makes from data/.");
        Assert.Equal(
            File.ReadAllText(Path.Combine(Generated, "TextTablesHash.cs")),
            TextTableBuilder.HashSource(tables));
    }

    /// <summary>Another value here is another normaliser: it needs another name than wlnorm/1.</summary>
    [Fact]
    public void TableHash_OfThisRelease_IsPinned()
    {
        Assert.Equal("wlnorm/1", Wlnorm.Name);
        Assert.Equal("a8b4ccaf52ce1ee97c37d9714a5680300266374596446394d320d69f091b13ac", Wlnorm.TableHash.ToString());
    }
}
