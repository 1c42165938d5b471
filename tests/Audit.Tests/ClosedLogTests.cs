using FederationNode.Audit.Report;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>What lies beyond the end that the roster set of a log is reported, and counts nowhere.</summary>
public class ClosedLogTests
{
    private readonly TestCoalition _coalition = TestCoalition.Create(alpha: 300, beta: 5);

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task Audit_LogThatEndedAtItsEnd_IsCleanAndInTheView(int beta)
    {
        var coalition = TestCoalition.Create(alpha: 300, beta);
        coalition.AddRoster(3, d => TestCoalition.Close(d, coalition.Beta, coalition.Beta.Head(beta)));

        var report = await coalition.AuditAsync();

        Assert.Empty(report.Findings);
        Assert.Equal(
            (TestCoalition.ViewOf((coalition.Alpha, 300), (coalition.Beta, beta)), true, 300L + beta),
            (report.View.Digest, report.View.Complete, report.View.Entries));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public async Task Audit_EntriesBeyondTheEnd_AreWarnedWithTheCheckpointAndNotInTheView(int end)
    {
        CloseBeta(end);

        var report = await _coalition.AuditAsync();

        Assert.Equal(
            [
                (Severity.Warning, FindingKind.EntriesBeyondEnd, _coalition.Beta.Origin, end),
                (Severity.Warning, FindingKind.CheckpointBeyondEnd, _coalition.Beta.Origin, (long?)end),
            ],
            report.Findings.Select(f => (f.Severity, f.Kind, f.Origin, f.Index)));
        Assert.Contains($"closed this log at {end} entries", report.Findings[0].Explanation, StringComparison.Ordinal);
        Assert.Contains("\u2014 demo/beta/indicators/1 ", report.Findings[1].Evidence, StringComparison.Ordinal);
        Assert.Equal(
            (TestCoalition.ViewOf((_coalition.Alpha, 300), (_coalition.Beta, end)), true, 300L + end),
            (report.View.Digest, report.View.Complete, report.View.Entries));
    }

    [Fact]
    public async Task Audit_EntriesBeyondTheEnd_NeedNoReceipt()
    {
        CloseBeta(2);
        _coalition.Beta.AddListings(3);

        var report = await _coalition.AuditAsync();

        Assert.All(
            report.Receipts.Where(r => r.Origin == _coalition.Beta.Origin),
            r => Assert.Equal((2L, 0L, (long?)null), (r.Acknowledged, r.NotAcknowledged, r.FirstNotAcknowledged)));
    }

    [Fact]
    public async Task Audit_CopiesThatEndAtAndBeyondTheEnd_AreOneLogAndOneView()
    {
        CloseBeta(2);
        var shorter = _coalition.SourcesWith(_coalition.Beta, _coalition.Beta.Source(atSize: 2));

        var both = await _coalition.AuditAsync([.. _coalition.Sources(), _coalition.Beta.Source(2, "shorter")]);
        var alone = await _coalition.AuditAsync(shorter);

        Assert.DoesNotContain(both.Findings, f => f.Severity > Severity.Warning);
        Assert.Equal(both.View, alone.View);
        Assert.DoesNotContain(
            alone.Findings, f => f.Kind is FindingKind.EntriesBeyondEnd or FindingKind.CheckpointBeyondEnd);
    }

    [Fact]
    public async Task Audit_CheckpointBeyondTheEndOfACopyThatCannotBeRebuilt_IsWarned()
    {
        CloseBeta(2);
        var torn = _coalition.Beta.Source(name: "torn").With("tile/entries/000.p/5", null).With("tile/0/000.p/5", null);

        var report = await _coalition.AuditAsync(_coalition.SourcesWith(_coalition.Beta, torn));

        var warning = Assert.Single(report.Findings, f => f.Kind == FindingKind.CheckpointBeyondEnd);
        Assert.Equal((Severity.Warning, 2L, torn.Name), (warning.Severity, warning.Index!.Value, warning.Source));
        Assert.Contains("a checkpoint of 5", warning.Explanation, StringComparison.Ordinal);
        Assert.DoesNotContain(report.Findings, f => f.Kind == FindingKind.EntriesBeyondEnd);
        Assert.False(report.View.Complete);
    }

    [Fact]
    public async Task Audit_OtherRootAtTheEndAndEntriesBeyond_BothAreSaid()
    {
        var other = new LogHead(_coalition.Beta.Origin, 2, Hash256.Of("x"u8));
        _coalition.AddRoster(3, d => TestCoalition.Close(d, _coalition.Beta, other));

        Assert.Equal(
            [FindingKind.ClosedLogDiffers, FindingKind.EntriesBeyondEnd, FindingKind.CheckpointBeyondEnd],
            (await _coalition.AuditAsync()).Findings.Select(f => f.Kind));
    }

    [Fact]
    public async Task Audit_WithdrawalAndErasureBeyondTheEnd_DoNotCount()
    {
        var whole = TestCoalition.ViewOf((_coalition.Alpha, 300), (_coalition.Beta, 5));
        _coalition.Beta.Add(new WithdrawalPayload(TestLog.Listing("word 1").Indicator.Id, "error"));
        _coalition.Beta.Add(new ErasePayload(3, "legal"));
        CloseBeta(5);

        var report = await _coalition.AuditAsync();

        Assert.Equal(
            [FindingKind.EntriesBeyondEnd, FindingKind.CheckpointBeyondEnd], report.Findings.Select(f => f.Kind));
        Assert.Equal((whole, true), (report.View.Digest, report.View.Complete));
    }

    [Fact]
    public async Task Audit_PayloadErasedByAnOrderBeyondTheEnd_IsAGapAndTheViewIncomplete()
    {
        _coalition.Beta.Add(new ErasePayload(3, "legal"));
        _coalition.Beta.Payloads[3] = null;
        CloseBeta(5);

        var report = await _coalition.AuditAsync();

        var gap = Assert.Single(report.Findings, f => f.Severity > Severity.Warning);
        Assert.Equal(
            (Severity.Gap, FindingKind.PayloadMissing, _coalition.Beta.Origin, (long?)3),
            (gap.Severity, gap.Kind, gap.Origin, gap.Index));
        Assert.Equal((Verdict.Incomplete, false), (report.Verdict, report.View.Complete));
    }

    [Fact]
    public async Task Audit_ErasureOrderedBeforeTheEnd_CountsAsEver()
    {
        _coalition.Beta.Add(new ErasePayload(3, "legal"));
        _coalition.Beta.Payloads[3] = null;
        CloseBeta(6);

        var report = await _coalition.AuditAsync();

        Assert.Empty(report.Findings);
        Assert.True(report.View.Complete);
    }

    [Fact]
    public async Task Audit_ReceiptsBeyondTheEndOfTheReceiptsLog_SayNothing()
    {
        var log = _coalition.AlphaReceipts;
        var end = (int)log.Size;
        _coalition.Beta.AddListings(1);
        TestCoalition.Receive(log, (_coalition.Beta.Head(6), 20_000));
        TestCoalition.Receive(log, (new LogHead(_coalition.Beta.Origin, 2, Hash256.Of("lie"u8)), 1));
        _coalition.AddRoster(3, d => TestCoalition.Close(d, log, log.Head(end)));

        var report = await _coalition.AuditAsync();

        Assert.Equal(
            [FindingKind.EntriesBeyondEnd, FindingKind.CheckpointBeyondEnd], report.Findings.Select(f => f.Kind));
        var alpha = report.Receipts.Single(r => r.Origin == _coalition.Beta.Origin && r.Member == "alpha");
        Assert.Equal(5, alpha.NewestSize);
    }

    [Fact]
    public async Task Audit_ReceiptsAndHeartbeatsForEntriesBeyondTheEnd_AreCheckedAsEver()
    {
        CloseBeta(2);
        _coalition.Alpha.Add(new HeartbeatPayload([_coalition.Beta.Head(4)]));
        var lie = new LogHead(_coalition.Beta.Origin, 4, Hash256.Of("lie"u8));
        var at = _coalition.Alpha.Add(new HeartbeatPayload([lie]));

        var fault = Assert.Single((await _coalition.AuditAsync()).Findings, f => f.Severity > Severity.Warning);

        Assert.Equal(
            (FindingKind.HeartbeatFalseRoot, _coalition.Alpha.Origin, (long?)at),
            (fault.Kind, fault.Origin, fault.Index));
    }

    private void CloseBeta(int end) =>
        _coalition.AddRoster(3, d => TestCoalition.Close(d, _coalition.Beta, _coalition.Beta.Head(end)));
}
