using FederationNode.Audit.Coalition;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>A log without a copy is empty if those who would know of an entry tell of none; else missing.</summary>
public class MissingLogTests
{
    private readonly TestCoalition _coalition = TestCoalition.Create(alpha: 3, beta: 0);

    [Fact]
    public async Task Audit_LogThatNobodyWroteTo_IsEmptyAndTheViewIsComplete()
    {
        var whole = await _coalition.AuditAsync();
        var report = await AuditAsync(Without(_coalition.Beta));

        AssertOne(report, Severity.Info, FindingKind.LogEmpty, _coalition.Beta);
        Assert.Equal((Verdict.Clean, true), (report.Verdict, report.View.Complete));
        Assert.Equal(whole.View.Digest, report.View.Digest);
    }

    [Fact]
    public async Task Audit_NoOtherMembersReceiptsAtHand_TheLogIsMissing()
    {
        var report = await AuditAsync(
            [_coalition.Roster.Source(), _coalition.Alpha.Source(), _coalition.BetaReceipts.Source()]);

        Assert.Contains(report.Findings, f => Is(f, Severity.Warning, FindingKind.LogMissing, _coalition.Beta));
        Assert.DoesNotContain(report.Findings, f => f.Kind == FindingKind.LogEmpty);
        Assert.False(report.View.Complete);
    }

    [Fact]
    public async Task Audit_ReceiptsAtHandAreDamaged_TheLogIsMissing()
    {
        List<ILogSource> sources = Without(_coalition.Beta, _coalition.SecretariatReceipts, _coalition.AlphaReceipts);
        var report = await AuditAsync([.. sources, _coalition.AlphaReceipts.Source().Flip("tile/entries/000.p/1", 5)]);

        Assert.Contains(report.Findings, f => Is(f, Severity.Warning, FindingKind.LogMissing, _coalition.Beta));
        Assert.False(report.View.Complete);
    }

    /// <summary>Nobody writes receipts for receipts logs, so that nobody would tell.</summary>
    [Fact]
    public async Task Audit_ReceiptsLogWithoutACopy_IsMissing()
    {
        var report = await AuditAsync(Without(_coalition.BetaReceipts));

        AssertOne(report, Severity.Warning, FindingKind.LogMissing, _coalition.BetaReceipts);
        Assert.True(report.View.Complete);
    }

    [Fact]
    public async Task Audit_WritersOwnNodeAtHandWithoutTheLog_IsEmpty()
    {
        List<ILogSource> copies = [_coalition.Roster.Source(), _coalition.Alpha.Source()];
        var beta = new NodeHoldings(
            "beta", "folder", copies, [], _coalition.BetaReceipts.Origin, new Dictionary<string, long>(), []);
        var report = await CoalitionAuditor.AuditAsync(
            [], [beta], _coalition.Anchor, TestCoalition.Issued, [], CancellationToken.None);

        Assert.Contains(report.Findings, f => Is(f, Severity.Info, FindingKind.LogEmpty, _coalition.Beta));
        Assert.Contains(report.Findings, f => Is(f, Severity.Info, FindingKind.LogEmpty, _coalition.BetaReceipts));
        Assert.Contains(
            report.Findings, f => Is(f, Severity.Warning, FindingKind.LogMissing, _coalition.AlphaReceipts));
        Assert.True(report.View.Complete);
    }

    [Fact]
    public async Task Audit_LogClosedAboveSizeZero_IsAGap()
    {
        var end = new LogHead(_coalition.Beta.Origin, 2, Hash256.Of("x"u8));
        _coalition.AddRoster(3, d => TestCoalition.Close(d, _coalition.Beta, end));
        var report = await AuditAsync(Without(_coalition.Beta));

        AssertOne(report, Severity.Gap, FindingKind.LogMissing, _coalition.Beta);
        Assert.Equal((Verdict.Incomplete, false), (report.Verdict, report.View.Complete));
    }

    private static void AssertOne(AuditReport report, Severity severity, string kind, TestLog log)
    {
        var finding = Assert.Single(report.Findings);
        Assert.Equal((severity, kind, log.Origin), (finding.Severity, finding.Kind, finding.Origin));
    }

    private static bool Is(Finding finding, Severity severity, string kind, TestLog log) =>
        finding.Severity == severity && finding.Kind == kind && finding.Origin == log.Origin;

    private List<ILogSource> Without(params TestLog[] logs) =>
        [.. _coalition.Logs.Except(logs).Select(l => (ILogSource)l.Source())];

    private Task<AuditReport> AuditAsync(IReadOnlyList<ILogSource> sources) => _coalition.AuditAsync(sources);
}
