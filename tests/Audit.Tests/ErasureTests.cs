using FederationNode.Audit.Report;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>Who says that it carried out what was ordered to be erased, and who is late.</summary>
public sealed class ErasureTests
{
    private const long Start = TestCoalition.Issued * 1000;
    private const long Day = ProtocolLimits.ErasureTime;

    [Fact]
    public async Task Audit_EverybodyAcknowledges_ShowsWhenAndFindsNothingLate()
    {
        var coalition = Ordered();
        Erased(coalition.AlphaReceipts, (4, 9_500), (6, 11_000));
        Erased(coalition.BetaReceipts, (6, 20_000));
        Erased(coalition.SecretariatReceipts, (6, Day * 1000));

        var report = await coalition.AuditAsync();

        Assert.Equal(Verdict.Clean, report.Verdict);
        Assert.DoesNotContain(report.Findings, f => f.Kind == FindingKind.ErasureLate);
        var log = coalition.Alpha.Origin;
        Assert.Equal(
            [
                new ErasureRow(log, "alpha", 2, 2, Start + 11_000, null, 0),
                new ErasureRow(log, "beta", 2, 2, Start + 20_000, null, 0),
                new ErasureRow(log, "secretariat", 2, 2, Start + (Day * 1000), null, 0),
            ],
            report.Erasures);
    }

    /// <summary>Beta is heard of long after, and says nothing; the secretariat said it late; nobody heard of alpha since.</summary>
    [Fact]
    public async Task Audit_SomebodyDoesNot_IsFoundOnlyWhereItWasHeardOfSince()
    {
        var coalition = Ordered();
        Erased(coalition.AlphaReceipts, (4, 9_500));
        coalition.BetaReceipts.Add(new HeartbeatPayload([]), TestCoalition.Issued + (2 * Day));
        Erased(coalition.SecretariatReceipts, (6, (Day * 1000) + 4_001));

        var report = await coalition.AuditAsync();

        var log = coalition.Alpha.Origin;
        Assert.Equal(
            [
                new ErasureRow(log, "alpha", 2, 1, Start + 9_500, 5, 0),
                new ErasureRow(log, "beta", 2, 0, null, 3, 2),
                new ErasureRow(log, "secretariat", 2, 2, Start + (Day * 1000) + 4_001, null, 2),
            ],
            report.Erasures);
        var late = report.Findings.Where(f => f.Kind == FindingKind.ErasureLate).ToList();
        Assert.Equal(2, late.Count);
        Assert.All(late, f => Assert.Equal((Severity.Warning, log, 3L), (f.Severity, f.Origin, f.Index!.Value)));
        Assert.Single(late, f => f.Explanation.StartsWith("beta ", StringComparison.Ordinal));
        Assert.Single(late, f => f.Explanation.StartsWith("secretariat ", StringComparison.Ordinal));
        Assert.Equal(Verdict.Clean, report.Verdict);
    }

    /// <summary>
    /// The lapse entry says that a time has come: seven days after the listing's end it may be gone, a second before not.
    /// </summary>
    [Theory]
    [InlineData(0, Verdict.Clean)]
    [InlineData(-1, Verdict.Faults)]
    public async Task Audit_PayloadOfAListing_MayBeGoneOnceItHasLapsed(int later, Verdict verdict)
    {
        var coalition = TestCoalition.Create(0);
        var end = TestCoalition.Issued + Day;
        coalition.Alpha.Add(TestLog.Listing("gone") with { Expires = end });
        var lapse = coalition.Alpha.Add(new LapsePayload(end + ProtocolLimits.LapseDelay + later), end + (30 * Day));
        coalition.Alpha.Payloads[0] = null;

        var report = await coalition.AuditAsync();

        Assert.Equal(verdict, report.Verdict);
        Assert.Equal(
            verdict == Verdict.Clean ? [] : [(FindingKind.PayloadMissing, 0L)],
            report.Findings.Where(f => f.Severity == Severity.Fault).Select(f => (f.Kind, f.Index!.Value)));
        Assert.Equal(verdict == Verdict.Clean ? 3 : 0, report.Erasures.Count(e => e.Orders == 1 && e.FirstOpen == lapse));
    }

    /// <summary>A payload that is still there is named, like one that was ordered to be erased.</summary>
    [Fact]
    public async Task Audit_PayloadThatHasLapsedIsThere_IsNamed()
    {
        var coalition = TestCoalition.Create(0);
        coalition.Alpha.Add(TestLog.Listing("kept") with { Expires = TestCoalition.Issued + 1 });
        coalition.Alpha.Add(new LapsePayload(TestCoalition.Issued + 1 + ProtocolLimits.LapseDelay), TestCoalition.Issued + (8 * Day));

        var report = await coalition.AuditAsync();

        Assert.Equal(0L, Assert.Single(report.Findings, f => f.Kind == FindingKind.ErasedPayloadPresent).Index);
        Assert.Equal(TestCoalition.ViewOf((coalition.Beta, 3)), report.View.Digest);
    }

    /// <summary>No entry says so, as of a member that writes no more: a roster that was issued late enough does.</summary>
    [Theory]
    [InlineData(0, Verdict.Clean)]
    [InlineData(-1, Verdict.Faults)]
    public async Task Audit_RosterIsIssuedLateEnough_PayloadMayBeGone(int later, Verdict verdict)
    {
        var coalition = TestCoalition.Create(0);
        coalition.Alpha.Add(TestLog.Listing("gone") with { Expires = TestCoalition.Issued + 100 });
        coalition.Alpha.Payloads[0] = null;
        var issued = TestCoalition.Issued + 100 + ProtocolLimits.LapseDelay + later;
        coalition.AddRoster(3, d => d with { Issued = issued, Expires = issued + Day });

        Assert.Equal(verdict, (await coalition.AuditAsync()).Verdict);
    }

    /// <summary>Beyond the default for keywords at any time; beyond what only a later roster says it is no fault.</summary>
    [Theory]
    [InlineData(732, 0, Severity.Warning)]
    [InlineData(731, 0, null)]
    [InlineData(30, 20, Severity.Info)]
    [InlineData(20, 20, null)]
    public async Task Audit_ListingThatClaimsMoreThanTheRosterLetsIt_IsNamed(int days, int limit, Severity? severity)
    {
        var coalition = TestCoalition.Create(0);
        if (limit > 0)
        {
            coalition.AddRoster(3, d => d with { Issued = d.Issued + 1, Lifetimes = d.Lifetimes.Add("keyword", limit * Day) });
        }

        coalition.Alpha.Add(TestLog.Listing("long") with { Expires = TestCoalition.Issued + (days * Day) });

        var found = (await coalition.AuditAsync()).Findings.Where(f => f.Kind == FindingKind.ListingTooLong && f.Origin == coalition.Alpha.Origin).ToList();

        Assert.Equal(severity is null ? [] : [severity.Value], found.Select(f => f.Severity));
    }

    /// <summary>An order beyond the end of a closed log orders nothing, and nobody need acknowledge it.</summary>
    [Fact]
    public async Task Audit_OrderBeyondTheEnd_IsNotCounted()
    {
        var coalition = Ordered();
        coalition.AddRoster(3, d => TestCoalition.Close(d, coalition.Alpha, coalition.Alpha.Head(5)));

        var report = await coalition.AuditAsync();

        Assert.All(report.Erasures, e => Assert.Equal((1, 0), (e.Orders, e.Acknowledged)));
        Assert.Equal(3, report.Erasures.Count);
    }

    [Fact]
    public async Task Audit_NothingOrdered_ShowsNothing() =>
        Assert.Empty((await TestCoalition.Create().AuditAsync()).Erasures);

    /// <summary>Alpha's entries 3 and 5 order 0 and 1 to be erased; everybody holds them within 10 seconds.</summary>
    private static TestCoalition Ordered()
    {
        var coalition = new TestCoalition();
        coalition.AddRoster(1);
        coalition.AddRoster(2);
        coalition.Alpha.AddListings(3);
        coalition.Alpha.Add(new ErasePayload(0, "legal"), TestCoalition.Issued + 3);
        coalition.Alpha.Add(TestLog.Listing("more"), TestCoalition.Issued + 4);
        coalition.Alpha.Add(new ErasePayload(1, "legal"), TestCoalition.Issued + 5);
        coalition.Beta.AddListings(2);
        coalition.AddReceipts();
        return coalition;
    }

    private static void Erased(TestLog receipts, params (long Size, long After)[] done) => receipts.Add(
        new ErasurePayload([.. done.Select(d => new CarriedOut("demo/alpha/indicators/1", d.Size, Start + d.After))]),
        TestCoalition.Issued + 30);
}
