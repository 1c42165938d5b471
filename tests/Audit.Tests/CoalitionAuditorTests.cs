using System.Text.Json;
using FederationNode.Audit.Coalition;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Audit.Tests;

public class CoalitionAuditorTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(255, 256)]
    [InlineData(257, 700)]
    public async Task Audit_UntouchedCoalition_IsClean(int alpha, int beta)
    {
        var report = await TestCoalition.Create(alpha, beta).AuditAsync();
        Assert.Empty(report.Findings);
        Assert.Equal((Verdict.Clean, 0), (report.Verdict, report.ExitCode));
        Assert.Equal(2, report.Roster!.Version);
        Assert.Equal(6, report.Logs.Count);
        Assert.All(report.Logs, l => Assert.True(l.Rebuilt));
    }

    [Fact]
    public async Task Audit_Receipts_GivesTheMatrix()
    {
        var coalition = TestCoalition.Create(alpha: 4);
        coalition.Alpha.Add(TestLog.Listing("late"), TestCoalition.Issued + 60);
        var report = await coalition.AuditAsync();
        var beta = report.Receipts.Single(r => r is { Origin: "demo/alpha/indicators/1", Member: "beta" });
        Assert.Equal(
            (4L, 4L, 1L, (long?)4L),
            (beta.NewestSize, beta.Acknowledged, beta.NotAcknowledged, beta.FirstNotAcknowledged));
        Assert.Equal((TestCoalition.Issued * 1000) + 9500, beta.Since);

        // Entries 0 to 3 are issued a second apart; receipts came after 1.5 s for two and 9.5 s for four.
        Assert.Equal((7500L, (long?)2L), (beta.WorstLagMs!.Value, beta.WorstIndex));
        Assert.Equal((1500 + 6500) / 2.0, beta.MedianLagMs);
        Assert.DoesNotContain(report.Receipts, r => r.Origin.StartsWith($"demo/{r.Member}/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReceiptTimes_EntryWithSeveralReceipts_GivesTheEarliestForEach()
    {
        var coalition = TestCoalition.Create(alpha: 4);
        var times = (await coalition.AuditAsync()).ReceiptTimes;
        const long start = TestCoalition.Issued * 1000;
        Assert.Equal(
            [new EntryReceipt("beta", start + 1500), new EntryReceipt("secretariat", start + 4000)],
            times.For(coalition.Alpha.Origin, 0));
        Assert.Equal(
            [new EntryReceipt("beta", start + 9500), new EntryReceipt("secretariat", start + 4000)],
            times.For(coalition.Alpha.Origin, 3));
        Assert.Empty(times.For(coalition.Alpha.Origin, 4));
        Assert.Empty(times.For("demo/nobody/indicators/1", 0));
    }

    [Fact]
    public async Task Audit_ReceiptWithAFalseRoot_NamesReceiptAndDoesNotCountIt()
    {
        var coalition = TestCoalition.Create();
        var at = TestCoalition.Receive(
            coalition.AlphaReceipts, (new LogHead(coalition.Beta.Origin, 2, Hash256.Of("lie"u8)), 1));
        var report = await coalition.AuditAsync();
        var fault = Assert.Single(report.Findings, f => f.Severity == Severity.Fault);
        Assert.Equal(
            (FindingKind.ReceiptFalseRoot, coalition.AlphaReceipts.Origin, (long?)at),
            (fault.Kind, fault.Origin, fault.Index));
        Assert.Equal(1, report.ExitCode);
        Assert.Equal((TestCoalition.Issued * 1000) + 2500, report.ReceiptTimes.For(coalition.Beta.Origin, 0)[0].Since);
    }

    [Fact]
    public async Task Audit_TrueReceiptsAtEverySize_AreAllConfirmed()
    {
        var coalition = TestCoalition.Create(alpha: 520);
        foreach (var size in new[] { 0, 1, 255, 256, 257, 511, 512, 513 })
        {
            TestCoalition.Receive(coalition.SecretariatReceipts, (coalition.Alpha.Head(size), 20_000));
        }

        var report = await coalition.AuditAsync();
        Assert.Equal(0, report.ExitCode);
        Assert.All(report.Findings, f => Assert.Equal(FindingKind.ReceiptSizeRegressed, f.Kind));
    }

    [Fact]
    public async Task Audit_ReceiptBeyondTheCopy_IsWarned()
    {
        var coalition = TestCoalition.Create();
        var report = await coalition.AuditAsync(
            coalition.SourcesWith(coalition.Alpha, coalition.Alpha.Source(atSize: 290)));
        Assert.Contains(
            report.Findings,
            f => f.Kind == FindingKind.ReceiptBeyondLog && f.Origin == coalition.BetaReceipts.Origin && f.Index == 1);
        Assert.Contains(
            report.Findings,
            f => f.Kind == FindingKind.HeartbeatBeyondLog && f.Origin == coalition.SecretariatReceipts.Origin);
        Assert.Equal(0, report.ExitCode);
    }

    [Fact]
    public async Task Audit_ReceiptForFewerEntriesThanBefore_IsWarned()
    {
        var coalition = TestCoalition.Create();
        var at = TestCoalition.Receive(coalition.BetaReceipts, (coalition.Alpha.Head(7), 20_000));
        var warning = Assert.Single((await coalition.AuditAsync()).Findings);
        Assert.Equal(
            (Severity.Warning, FindingKind.ReceiptSizeRegressed, (long?)at),
            (warning.Severity, warning.Kind, warning.Index));
    }

    [Fact]
    public async Task Audit_HeartbeatWithAFalseRoot_IsAFault()
    {
        var coalition = TestCoalition.Create();
        var at = coalition.Beta.Add(
            new HeartbeatPayload([new LogHead(coalition.Alpha.Origin, 5, Hash256.Of("lie"u8))]));
        var fault = Assert.Single((await coalition.AuditAsync()).Findings);
        Assert.Equal(
            (FindingKind.HeartbeatFalseRoot, coalition.Beta.Origin, (long?)at),
            (fault.Kind, fault.Origin, fault.Index));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(256)]
    [InlineData(300)]
    public async Task Audit_OlderCopyOfTheSameHistory_IsClean(int size)
    {
        var coalition = TestCoalition.Create();
        List<ILogSource> sources = [coalition.Alpha.Source(size, "older"), .. coalition.Sources()];
        var report = await coalition.AuditAsync(sources);
        Assert.Empty(report.Findings);
        Assert.Equal(7, report.Logs.Count);
    }

    [Fact]
    public async Task Audit_OneCopyDamaged_NamesTheCopyAndUsesTheOther()
    {
        var coalition = TestCoalition.Create();
        var clean = await coalition.AuditAsync();
        var damaged = coalition.Alpha.Source(name: "damaged").Flip("tile/payloads/000", 100);
        var report = await coalition.AuditAsync([damaged, .. coalition.Sources()]);
        Assert.All(report.Findings, f => Assert.Equal(damaged.Name, f.Source));
        Assert.Equal(clean.View.Digest, report.View.Digest);
        Assert.True(report.View.Complete);
        Assert.Equal(1, report.ExitCode);
    }

    [Fact]
    public async Task Audit_LogMissingThatOthersHaveSeen_IsIncomplete()
    {
        var coalition = TestCoalition.Create();
        var report = await coalition.AuditAsync(
            [.. coalition.Sources().Where(s => !s.Name.Contains("alpha/ind", StringComparison.Ordinal))]);
        var gap = Assert.Single(report.Findings);
        Assert.Equal(
            (Severity.Gap, FindingKind.LogMissing, coalition.Alpha.Origin), (gap.Severity, gap.Kind, gap.Origin));
        Assert.Equal(2, report.ExitCode);
        Assert.False(report.View.Complete);
    }

    [Fact]
    public async Task Audit_WithoutAnchor_IsIncompleteAndStillChecksTrees()
    {
        var coalition = TestCoalition.Create();
        var report = await CoalitionAuditor.AuditAsync(coalition.Sources(), null, null, CancellationToken.None);
        Assert.Equal(2, report.ExitCode);
        Assert.Contains(report.Findings, f => f.Kind == FindingKind.AnchorMissing);
        Assert.Equal(6, report.Findings.Count(f => f.Kind == FindingKind.KeyUnconfirmed));
        Assert.All(report.Logs, l => Assert.True(l.Rebuilt));
    }

    [Fact]
    public async Task Audit_AnchorOfOtherKeys_IsAFault()
    {
        var coalition = TestCoalition.Create();
        var wrong = TestCoalition.AnchorOf([TestCoalition.RoleKey("demo/x/1"), TestCoalition.RoleKey("demo/x/2")]);
        var report = await coalition.AuditAsync(anchor: wrong);
        Assert.Null(report.Roster);
        Assert.Contains(
            report.Findings, f => f is { Severity: Severity.Fault, Kind: FindingKind.RosterStepRefused, Index: 0 });
        Assert.Equal(1, report.ExitCode);
    }

    [Fact]
    public async Task Audit_AnchorOfAnotherRosterLogKey_IsABadSignature()
    {
        var coalition = TestCoalition.Create();
        var wrong =
            coalition.Anchor with { RosterLogKey = new TestLog(coalition.Roster.Origin, 9).Key.VerificationKey };
        var report = await coalition.AuditAsync(anchor: wrong);
        Assert.Contains(
            report.Findings, f => f.Kind == FindingKind.CheckpointBadSignature && f.Origin == coalition.Roster.Origin);
        Assert.Equal(1, report.ExitCode);
    }

    [Fact]
    public async Task Audit_RosterVersionSkipped_NamesTheEntryAndKeepsTheOldRoster()
    {
        var coalition = TestCoalition.Create();
        coalition.AddRoster(4);
        var report = await coalition.AuditAsync();
        var fault = Assert.Single(report.Findings);
        Assert.Equal(
            (FindingKind.RosterStepRefused, coalition.Roster.Origin, (long?)2),
            (fault.Kind, fault.Origin, fault.Index));
        Assert.Equal(2, report.Roster!.Version);
    }

    [Fact]
    public async Task Audit_RosterLoggedTwice_IsInfo()
    {
        var coalition = TestCoalition.Create();
        coalition.AddRoster(2);
        var report = await coalition.AuditAsync();
        Assert.Equal(FindingKind.RosterRepeated, Assert.Single(report.Findings).Kind);
        Assert.Equal(0, report.ExitCode);
    }

    [Fact]
    public async Task Audit_SecondRosterLog_GoesOnWhereTheFirstEnded()
    {
        var coalition = TestCoalition.Create();
        var next = new TestLog("demo/secretariat/roster/2");

        // The document that closes the log stands in it and cannot name a root over itself: it is beyond the end.
        var end = coalition.Roster.Head((int)coalition.Roster.Size);
        RosterDocument Moved(RosterDocument d) => Open(TestCoalition.Close(d, coalition.Roster, end), next);
        coalition.AddRoster(3, Moved);
        next.Add(coalition.Signed(4, Moved));
        var report = await coalition.AuditAsync([next.Source(), .. coalition.Sources()]);
        Assert.Equal(4, report.Roster!.Version);
        Assert.Equal(0, report.ExitCode);
        Assert.Equal(
            [FindingKind.EntriesBeyondEnd, FindingKind.CheckpointBeyondEnd], report.Findings.Select(f => f.Kind));
    }

    /// <summary>No node reads it either: the document before it ended the log.</summary>
    [Fact]
    public async Task Audit_DocumentBehindTheOneThatClosedItsLog_DoesNotCount()
    {
        var coalition = TestCoalition.Create();
        var end = coalition.Roster.Head((int)coalition.Roster.Size);
        coalition.AddRoster(3, d => TestCoalition.Close(d, coalition.Roster, end));
        coalition.AddRoster(4, d => TestCoalition.Close(d, coalition.Roster, end));
        var report = await coalition.AuditAsync();
        Assert.Equal(3, report.Roster!.Version);
        Assert.Equal(
            [FindingKind.EntriesBeyondEnd, FindingKind.CheckpointBeyondEnd], report.Findings.Select(f => f.Kind));
    }

    [Fact]
    public async Task Audit_LogThatTheRosterDoesNotName_IsAFault()
    {
        var coalition = TestCoalition.Create();
        var stranger = new TestLog("demo/gamma/indicators/1");
        var report = await coalition.AuditAsync([.. coalition.Sources(), stranger.Source()]);
        Assert.Equal(
            (FindingKind.LogUnknownToRoster, stranger.Origin),
            Assert.Single(report.Findings.Select(f => (f.Kind, f.Origin))));
    }

    [Fact]
    public async Task Audit_LogClosedAtAnotherRoot_IsAFault()
    {
        var coalition = TestCoalition.Create();
        var end = new LogHead(coalition.Beta.Origin, 3, Hash256.Of("x"u8));
        coalition.AddRoster(3, d => TestCoalition.Close(d, coalition.Beta, end));
        var fault = Assert.Single((await coalition.AuditAsync()).Findings);
        Assert.Equal((FindingKind.ClosedLogDiffers, coalition.Beta.Origin), (fault.Kind, fault.Origin));
    }

    [Fact]
    public async Task Audit_RosterExpired_IsWarned()
    {
        var coalition = TestCoalition.Create();
        var report = await CoalitionAuditor.AuditAsync(
            coalition.Sources(), coalition.Anchor, TestCoalition.Issued + 1001, CancellationToken.None);
        Assert.Equal(FindingKind.RosterExpired, Assert.Single(report.Findings).Kind);
        Assert.Equal(0, report.ExitCode);
    }

    [Fact]
    public async Task Audit_View_HasTheDigestOfTheMergedEntries()
    {
        var coalition = TestCoalition.Create(alpha: 5);
        coalition.Beta.Add(new WithdrawalPayload(TestLog.Listing("word 1").Indicator.Id, "error"));
        var view = new View();
        foreach (var entry in coalition.Beta.Entries(4).Concat(coalition.Alpha.Entries(5)))
        {
            view.Apply(entry);
        }

        var report = await coalition.AuditAsync();
        Assert.Equal(view.Digest().ToString(), report.View.Digest);
        Assert.Equal(9, report.View.Entries);
        var reversed = coalition.Sources();
        reversed.Reverse();
        Assert.Equal(report.View, (await coalition.AuditAsync(reversed)).View);
    }

    [Fact]
    public async Task ToJson_AnyReport_IsReadableByPrograms()
    {
        var coalition = TestCoalition.Create();
        coalition.AddRoster(4);
        using var json = JsonDocument.Parse((await coalition.AuditAsync()).ToJson());
        Assert.Equal("Faults", json.RootElement.GetProperty("verdict").GetString());
        Assert.Equal(1, json.RootElement.GetProperty("exitCode").GetInt32());
        Assert.Equal("Fault", json.RootElement.GetProperty("findings")[0].GetProperty("severity").GetString());
        Assert.Equal(44, json.RootElement.GetProperty("logs")[0].GetProperty("root").GetString()!.Length);
    }

    private static RosterDocument Open(RosterDocument document, TestLog log) => document with
    {
        Members =
        [
            .. document.Members.Select((m, i) => i > 0
                ? m
                : m with { Logs = [.. m.Logs, new RosterLog(Origin.Parse(log.Origin), log.Key.VerificationKey)] }),
        ],
    };
}
