using System.Text;
using FederationNode.Audit.Coalition;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>The files <c>coalition.json</c> that stand above the logs of an export.</summary>
public sealed class AnchorFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _anchor;

    public AnchorFileTests()
    {
        var coalition = TestCoalition.Create(alpha: 2, beta: 1);
        _anchor = Encoding.UTF8.GetBytes(coalition.Anchor.ToText());
        foreach (var export in (string[])["one", "two"])
        {
            foreach (var log in coalition.Logs)
            {
                TemporaryFolder.Write(_folder.Below($"{export}/{log.Origin}"), log.Files());
            }

            File.WriteAllBytes(FileOf(export), _anchor);
        }
    }

    [Fact]
    public async Task Discover_AnchorGivenAndTheSameEverywhere_IsClean()
    {
        var report = await AuditAsync(_anchor);
        Assert.Empty(report.Findings);
        Assert.Equal(Verdict.Clean, report.Verdict);
    }

    [Fact]
    public async Task Discover_AnchorGiven_AnyByteChangedIsAFaultThatNamesTheFile()
    {
        for (var at = 0; at < _anchor.Length; at++)
        {
            byte[] changed = [.. _anchor];
            changed[at] ^= 0x20;
            await AssertDiffersAsync(changed, _anchor);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData(" ")]
    public async Task Discover_AnchorGiven_BytesAddedOrGoneAreAFault(string added)
    {
        byte[] changed = added.Length == 0 ? _anchor[..^1] : [.. _anchor, .. Encoding.UTF8.GetBytes(added)];
        await AssertDiffersAsync(changed, _anchor);
        await AssertDiffersAsync([0xEF, 0xBB, 0xBF, .. _anchor], _anchor);
    }

    [Fact]
    public async Task Discover_AnchorGiven_OneThatEndsNeverIsAFault() =>
        await AssertDiffersAsync([.. _anchor, .. new byte[1_000_000]], _anchor);

    [Fact]
    public async Task Discover_NoAnchorGiven_TheFirstIsTakenAndAnotherIsAFault()
    {
        var other = TestCoalition.AnchorOf([TestCoalition.RoleKey("demo/x/1"), TestCoalition.RoleKey("demo/x/2")]);
        await AssertDiffersAsync(Encoding.UTF8.GetBytes(other.ToText()), null);
    }

    [Theory]
    [InlineData("one", "two")]
    [InlineData("two", "one")]
    public async Task Discover_NoAnchorGivenAndOneIsMalformed_TheOtherIsTakenInAnyOrder(string good, string bad)
    {
        byte[] malformed = [0x20, .. _anchor];
        File.WriteAllBytes(FileOf(bad), malformed);
        var report = await AuditAsync(null);
        var finding = Assert.Single(report.Findings);
        AssertNames(FileOf(bad), finding);
        Assert.Contains(FileOf(good), finding.Explanation, StringComparison.Ordinal);
        Assert.NotNull(report.Roster);
    }

    [Fact]
    public async Task Discover_NoAnchorGivenAndNoneIsUsable_IsIncompleteAndNamesThem()
    {
        File.WriteAllBytes(FileOf("one"), [1, 2, 3]);
        File.WriteAllBytes(FileOf("two"), [1, 2, 3]);
        var report = await AuditAsync(null);
        Assert.Equal(
            [FileOf("one"), FileOf("two")],
            report.Findings.Where(f => f.Kind == FindingKind.AnchorUnusable).Select(f => f.Source).Order());
        Assert.Equal(Verdict.Incomplete, report.Verdict);
    }

    public void Dispose() => _folder.Dispose();

    private string FileOf(string export) => _folder.Below(export + "/coalition.json");

    private async Task AssertDiffersAsync(byte[] second, byte[]? given)
    {
        File.WriteAllBytes(FileOf("two"), second);
        using var http = new HttpClient();
        var set = await SourceSet.DiscoverAsync([_folder.Path], http, null, given, _ => false, CancellationToken.None);
        var finding = Assert.Single(set.Findings);
        AssertNames(FileOf("two"), finding);
        Assert.Equal(given is null, set.Anchor is not null);
    }

    private static void AssertNames(string file, Finding finding)
    {
        Assert.Equal((Severity.Fault, FindingKind.AnchorDiffers), (finding.Severity, finding.Kind));
        Assert.Equal(file, finding.Source);
        Assert.Contains(file, finding.Explanation, StringComparison.Ordinal);
    }

    private async Task<AuditReport> AuditAsync(byte[]? given)
    {
        using var http = new HttpClient();
        var set = await SourceSet.DiscoverAsync([_folder.Path], http, null, given, _ => false, CancellationToken.None);
        var anchor = given is not null && TrustAnchor.TryParse(Encoding.UTF8.GetString(given), out var parsed, out _)
            ? parsed
            : null;
        return await CoalitionAuditor.AuditAsync(set, anchor, null, CancellationToken.None);
    }
}
