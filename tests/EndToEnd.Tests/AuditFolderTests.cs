using System.Text.Json;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>What <c>audit</c> finds at the places that it is pointed at.</summary>
[Collection(CoalitionGroup.Name)]
public sealed class AuditFolderTests(CoalitionFixture coalition) : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public async Task Audit_FolderOfNodesBesideAnExport_ReadsAllAndSaysSo()
    {
        Scratch.Copy(coalition.Stopped, _scratch.In("all", "nodes", "alpha"));
        Scratch.Copy(coalition.Export, _scratch.In("all", "export"));

        var ran = await Fednode.HereAsync("audit", _scratch.In("all"), "--anchor", coalition.Anchor, "--json");
        var shown = await Fednode.HereAsync("audit", _scratch.In("all"), "--anchor", coalition.Anchor);

        Assert.True((ran.Code, shown.Code) == (0, 0), ran.ToString());
        Assert.Equal(
            [("export", _scratch.In("all"), true), ("stopped-node", _scratch.In("all", "nodes", "alpha"), true)],
            ran.Json.GetProperty("places").EnumerateArray().Select(p => (
                p.GetProperty("kind").GetString()!,
                p.GetProperty("place").GetString()!,
                p.GetProperty("logs").GetInt32() >= 4)));
        Assert.Equal(2, CopiesOf(ran.Json, "ewt/alpha/indicators/1"));
        Assert.Contains(_scratch.In("all", "nodes", "alpha"), shown.Output, StringComparison.Ordinal);
        Assert.Contains("Clean", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_FolderAboveARunningNode_ReadsTheNode()
    {
        var nodes = Path.GetDirectoryName(coalition.Lone)!;

        var ran = await Fednode.HereAsync("audit", nodes, "--json");

        // The fixture holds a second coalition, too, which is told and does not keep the rest from being read.
        Assert.Equal(1, ran.Code);
        var places = ran.Json.GetProperty("places").EnumerateArray().ToDictionary(
            p => p.GetProperty("place").GetString()!, p => p.GetProperty("kind").GetString());
        Assert.Equal("running-node", places[coalition.Alpha]);
        Assert.Equal("running-node", places[coalition.Secretariat]);
        Assert.Equal("stopped-node", places[coalition.Stopped]);
        Assert.Equal("stopped-node", places[coalition.Lone]);
        Assert.Equal("export", places[nodes]);
    }

    [Fact]
    public async Task Audit_FolderWithNothingToAudit_NamesIt()
    {
        Directory.CreateDirectory(_scratch.In("empty", "folders"));

        Refusal.AssertClear(
            await Fednode.HereAsync("audit", _scratch.In("empty")),
            3,
            $"{_scratch.In("empty")} holds nothing to audit");
        Refusal.AssertClear(
            await Fednode.HereAsync("audit", coalition.Export, _scratch.In("typo")), 3, _scratch.In("typo"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Audit_OneByteOfAnAnchorChanged_IsAFaultThatNamesTheFile(bool given)
    {
        var (first, second) = (_scratch.In("both", "1"), _scratch.In("both", "2"));
        Scratch.Copy(coalition.Export, first);
        Scratch.Copy(coalition.Export, second);
        var file = Path.Combine(second, "coalition.json");
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^2] ^= 0x01;
        await File.WriteAllBytesAsync(file, bytes);

        var ran = await Fednode.HereAsync(
            ["audit", _scratch.In("both"), "--json", .. given ? (string[])["--anchor", coalition.Anchor] : []]);

        Assert.Equal(1, ran.Code);
        AssertDiffers(ran.Json, file);
    }

    [Fact]
    public async Task Audit_AnchorOfANodeFolderChanged_IsAFaultThatNamesTheFile()
    {
        Scratch.Copy(coalition.Stopped, _scratch.In("alpha"));
        await File.AppendAllTextAsync(_scratch.In("alpha", "coalition.json"), "\n");

        var ran = await Fednode.HereAsync("audit", _scratch.In("alpha"), "--anchor", coalition.Anchor, "--json");

        Assert.Equal(1, ran.Code);
        AssertDiffers(ran.Json, _scratch.In("alpha", "coalition.json"));
    }

    public void Dispose() => _scratch.Dispose();

    private static int CopiesOf(JsonElement report, string origin) =>
        report.GetProperty("logs").EnumerateArray().Count(l => l.GetProperty("origin").GetString() == origin);

    private static void AssertDiffers(JsonElement report, string file)
    {
        var fault = Assert.Single(
            report.GetProperty("findings").EnumerateArray(),
            f => f.GetProperty("kind").GetString() == "anchor-differs");
        Assert.Equal("Fault", fault.GetProperty("severity").GetString());
        Assert.Contains(file, fault.GetProperty("explanation").GetString()!, StringComparison.Ordinal);
    }
}
