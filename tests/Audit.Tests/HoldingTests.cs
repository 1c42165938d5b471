using FederationNode.Audit.Coalition;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>A stopped node must still have what it acknowledged, and what others have from it.</summary>
public class HoldingTests
{
    private readonly TestCoalition _coalition = TestCoalition.Create();

    [Fact]
    public async Task Audit_WholeFolder_IsClean()
    {
        var report = await AuditAsync(_coalition.Sources());
        Assert.Empty(report.Findings);
    }

    [Fact]
    public async Task Audit_OwnLogSetBack_IsAFaultAtTheFirstEntryGone()
    {
        var report = await AuditAsync(_coalition.SourcesWith(_coalition.Alpha, _coalition.Alpha.Source(atSize: 290)));
        AssertRolledBack(report, _coalition.Alpha, 290);
    }

    [Fact]
    public async Task Audit_OwnLogGone_IsAFaultAtItsFirstEntry()
    {
        var report = await AuditAsync([.. Without(_coalition.Alpha)]);
        AssertRolledBack(report, _coalition.Alpha, 0);
    }

    [Fact]
    public async Task Audit_ForeignLogSmallerThanOwnReceipt_IsAFault()
    {
        var report = await AuditAsync(_coalition.SourcesWith(_coalition.Beta, _coalition.Beta.Source(atSize: 2)));
        AssertRolledBack(report, _coalition.Beta, 2);
    }

    [Fact]
    public async Task Audit_ForeignLogSmallerThanAThirdPartysReceipt_IsNone()
    {
        TestCoalition.Receive(_coalition.SecretariatReceipts, (Grown(_coalition.Beta).Head(4), 9000));
        var report = await AuditAsync(_coalition.SourcesWith(_coalition.Beta, _coalition.Beta.Source(atSize: 3)));
        Assert.DoesNotContain(report.Findings, f => f.Kind == FindingKind.LogRolledBack);
        Assert.Equal(Verdict.Clean, report.Verdict);
    }

    [Fact]
    public async Task Audit_LargerCopyOfAnOwnLogElsewhere_IsAFault()
    {
        var lone = new TestLog(_coalition.Alpha.Origin);
        lone.AddListings(300);
        var copies = new List<ILogSource> { lone.Source(atSize: 299) };
        var report = await CoalitionAuditor.AuditAsync(
            [lone.Source(), _coalition.Roster.Source()],
            [Folder(copies) with { Receipted = new Dictionary<string, long>() }],
            _coalition.Anchor,
            TestCoalition.Issued,
            [],
            CancellationToken.None);
        AssertRolledBack(report, _coalition.Alpha, 299);
    }

    [Fact]
    public async Task Audit_ReceiptsLogWithoutAReceiptThatWasWritten_IsAFault()
    {
        Grown(_coalition.Beta);
        var copies = _coalition.Sources();
        var report = await AuditAsync(copies, Folder(copies) with { Receipted = AllOfBeta() });
        AssertRolledBack(report, _coalition.AlphaReceipts, _coalition.AlphaReceipts.Size);
    }

    [Fact]
    public async Task Audit_ReceiptsLogGone_IsAFault()
    {
        List<ILogSource> copies = [.. Without(_coalition.AlphaReceipts)];
        var report = await AuditAsync(copies, Folder(copies) with { Receipted = AllOfBeta() });
        AssertRolledBack(report, _coalition.AlphaReceipts, 0);
    }

    [Fact]
    public async Task Audit_RecordOfMoreEntries_IsAFault()
    {
        var copies = _coalition.Sources();
        var claim = new HeldClaim(_coalition.Alpha.Origin, _coalition.Alpha.Size + 5, "the row of a request");
        var report = await AuditAsync(copies, Folder(copies) with { Claims = [claim] });
        AssertRolledBack(report, _coalition.Alpha, _coalition.Alpha.Size);
        Assert.Contains("the row of a request", report.Findings[0].Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_DamagedHead_IsOneFault()
    {
        var report = await AuditAsync(
            [.. Without(_coalition.Alpha), new DamagedSource(_coalition.Alpha.Origin)]);
        var fault = Assert.Single(report.Findings, f => f.Severity == Severity.Fault);
        Assert.Equal(
            (FindingKind.HeadDamaged, _coalition.Alpha.Origin, (long?)0, "the row is torn"),
            (fault.Kind, fault.Origin, fault.Index, fault.Explanation));
    }

    [Fact]
    public async Task Audit_RosterLogGone_FindsTheOtherLogsKeysInTheRosterKept()
    {
        ReadOnlyMemory<byte>[] notes = [_coalition.Signed(1, d => d).Note, _coalition.Signed(2, d => d).Note];
        List<ILogSource> copies = [.. Without(_coalition.Roster)];
        var report = await AuditAsync(copies, Folder(copies) with { Rosters = notes });
        AssertRolledBack(report, _coalition.Roster, 0);
        Assert.Equal(2, report.Roster!.Version);
        Assert.All(report.Logs, l => Assert.True(l.Rebuilt, l.Origin));
    }

    [Theory]
    [InlineData(2, Severity.Fault)]
    [InlineData(1, Severity.Warning)]
    public async Task Audit_NoRowOfTheReceiptsWritten_IsAFaultUnlessTheFirstWasJustWritten(
        int written, Severity severity)
    {
        if (written == 2)
        {
            TestCoalition.Receive(_coalition.AlphaReceipts, (Grown(_coalition.Beta).Head(4), 9000));
        }

        var copies = _coalition.Sources();
        var report = await AuditAsync(copies, Folder(copies) with { Receipted = new Dictionary<string, long>() });
        var finding = Assert.Single(report.Findings, f => f.Severity >= Severity.Warning);
        Assert.Equal(
            (severity, FindingKind.RowMissing, _coalition.AlphaReceipts.Origin, (long?)0),
            (finding.Severity, finding.Kind, finding.Origin, finding.Index));
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public async Task Audit_RowOfTheReceiptsBehindAnOlderEntry_IsAWarning(long beta, bool behind)
    {
        TestCoalition.Receive(_coalition.AlphaReceipts, (Grown(_coalition.Beta).Head(4), 9000));
        var copies = _coalition.Sources();
        var report = await AuditAsync(copies, Folder(copies) with { Receipted = Written(beta, roster: 2) });
        Assert.Equal(Verdict.Clean, report.Verdict);
        Assert.Equal(behind, report.Findings.Any(
            f => f is { Severity: Severity.Warning, Kind: FindingKind.RowMissing, Index: 0 }));
    }

    [Fact]
    public async Task Audit_RowOfTheReceiptsUnreadable_SaysNothingMore()
    {
        var copies = _coalition.Sources();
        Assert.Empty((await AuditAsync(copies, Folder(copies) with { Receipted = null })).Findings);
    }

    private static TestLog Grown(TestLog log)
    {
        log.AddListings(1);
        return log;
    }

    private static void AssertRolledBack(AuditReport report, TestLog log, long index)
    {
        Assert.Equal(Verdict.Faults, report.Verdict);
        var fault = Assert.Single(report.Findings, f => f.Severity == Severity.Fault);
        Assert.Equal(
            (FindingKind.LogRolledBack, log.Origin, (long?)index, "folder"),
            (fault.Kind, fault.Origin, fault.Index, fault.Source));
    }

    private IEnumerable<ILogSource> Without(TestLog log) =>
        _coalition.Logs.Where(l => l != log).Select(l => (ILogSource)l.Source());

    private Dictionary<string, long> AllOfBeta() => new() { [_coalition.Beta.Origin] = _coalition.Beta.Size };

    private NodeHoldings Folder(IReadOnlyList<ILogSource> copies) =>
        new("alpha", "folder", copies, [], _coalition.AlphaReceipts.Origin, Written(beta: 3, roster: 2), []);

    private Dictionary<string, long> Written(long beta, long roster) =>
        new() { [_coalition.Beta.Origin] = beta, [_coalition.Roster.Origin] = roster };

    private Task<AuditReport> AuditAsync(IReadOnlyList<ILogSource> copies, NodeHoldings? folder = null) =>
        CoalitionAuditor.AuditAsync(
            [], [folder ?? Folder(copies)], _coalition.Anchor, TestCoalition.Issued, [], CancellationToken.None);

    private sealed class DamagedSource(string origin) : ILogSource
    {
        public string Name => "torn";

        public string? Origin => origin;

        public Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken) =>
            throw new DamagedHeadException("the row is torn");
    }
}
