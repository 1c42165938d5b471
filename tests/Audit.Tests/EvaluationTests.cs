using FederationNode.Audit.Report;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers.Quotas;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>What holders say they evaluated, against the rosters and what they said before.</summary>
public sealed class EvaluationTests
{
    private const long Today = TestCoalition.Issued / 86_400;
    private const string Log = "demo/beta/receipts/1";

    [Fact]
    public async Task Audit_CountsWithinTheQuota_AreClean()
    {
        var coalition = Holding(new TagQuota(500, 500));
        Said(coalition.BetaReceipts, Today, ("alpha", "tel", 1, 500, 3), ("beta", "tel", 1, 1, 0));
        Said(coalition.BetaReceipts, Today + 1, ("alpha", "tel", 1, 20, 0));

        var report = await coalition.AuditAsync();

        Assert.DoesNotContain(report.Findings, f => f.Kind.StartsWith("evaluations", StringComparison.Ordinal));
        Assert.Equal(Verdict.Clean, report.Verdict);
    }

    [Fact]
    public async Task Audit_MoreThanTheQuota_IsFound()
    {
        var coalition = Holding(new TagQuota(500, 500));
        var index = Said(coalition.BetaReceipts, Today + 3, ("alpha", "tel", 1, 501, 0));

        var finding = Assert.Single((await coalition.AuditAsync()).Findings, f => f.Kind == FindingKind.EvaluationsOverQuota);

        Assert.Equal((Severity.Warning, Log, index), (finding.Severity, finding.Origin, finding.Index));
        Assert.Contains("no roster of that time allows more than 500 a day", finding.Explanation, StringComparison.Ordinal);
    }

    /// <summary>The default holds without a quota; a member's own goes before the key's.</summary>
    [Theory]
    [InlineData(100_000, false)]
    [InlineData(100_001, true)]
    public async Task Audit_NoQuotaInTheRoster_TheDefaultHolds(long evaluated, bool isFound)
    {
        var coalition = Holding(null);
        Said(coalition.BetaReceipts, Today, ("alpha", "tel", 1, evaluated, 0));

        Assert.Equal(isFound, (await coalition.AuditAsync()).Findings.Any(f => f.Kind == FindingKind.EvaluationsOverQuota));
    }

    [Theory]
    [InlineData(20, "a holder counts a day once.")]
    [InlineData(19, "and this says less than before")]
    public async Task Audit_ADayCountedTwice_IsFound(long again, string says)
    {
        var coalition = Holding(null);
        Said(coalition.BetaReceipts, Today, ("alpha", "tel", 1, 20, 0));
        var index = Said(coalition.BetaReceipts, Today, ("alpha", "tel", 1, again, 0));

        var finding = Assert.Single((await coalition.AuditAsync()).Findings, f => f.Kind == FindingKind.EvaluationsRepeated);

        Assert.Equal((Log, index), (finding.Origin, finding.Index));
        Assert.Contains(says, finding.Explanation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody", "tel", 1, "No roster names a member nobody")]
    [InlineData("alpha", "email", 1, "No roster gives beta a share of the key for email, epoch 1")]
    [InlineData("alpha", "tel", 2, "No roster gives beta a share of the key for tel, epoch 2")]
    public async Task Audit_CountsOfWhatTheRosterDoesNotKnow_AreFound(string member, string type, int epoch, string says)
    {
        var coalition = Holding(null);
        var index = Said(coalition.BetaReceipts, Today, (member, type, epoch, 5, 0));

        var finding = Assert.Single((await coalition.AuditAsync()).Findings, f => f.Kind == FindingKind.EvaluationsUnknown);

        Assert.Equal((Log, index), (finding.Origin, finding.Index));
        Assert.Contains(says, finding.Explanation, StringComparison.Ordinal);
    }

    /// <summary>An entry about a day that was not over when it was issued means nothing, on every node.</summary>
    [Fact]
    public async Task Audit_DayThatIsNotOver_HasNoMeaning()
    {
        var coalition = Holding(null);
        coalition.BetaReceipts.Add(
            new EvaluationsPayload(Today, [new EvaluationCount("alpha", "tel", 1, 500_000, 0)]), (Today + 1) * 86_400 - 1);

        var report = await coalition.AuditAsync();

        Assert.Contains(report.Findings, f => f.Kind == FindingKind.EntryWithoutMeaning && f.Origin == Log);
        Assert.DoesNotContain(report.Findings, f => f.Kind == FindingKind.EvaluationsOverQuota);
    }

    /// <summary>Alpha and beta hold the key for telephone numbers.</summary>
    private static TestCoalition Holding(TagQuota? quota)
    {
        var coalition = new TestCoalition();
        coalition.AddRoster(1);
        coalition.AddRoster(2, document => document with
        {
            Members = [.. document.Members.Select(m => m with { Roles = m.Roles.Add(RosterMember.KeyHolder) })],
            SellerKeys =
            [
                new SellerKey("tel", 1, Hash256.Of("key"u8))
                {
                    Holders = ["alpha", "beta"],
                    Commitments = [Hash256.Of("commitment"u8)],
                    Quota = quota,
                },
            ],
        });
        coalition.Alpha.AddListings(3);
        coalition.Beta.AddListings(2);
        coalition.AddReceipts();
        return coalition;
    }

    private static long? Said(TestLog receipts, long day, params (string Member, string Type, int Epoch, long Evaluated, long Refused)[] counts)
    {
        receipts.Add(
            new EvaluationsPayload(
                day, [.. counts.Select(c => new EvaluationCount(c.Member, c.Type, c.Epoch, c.Evaluated, c.Refused))]),
            (day + 1) * 86_400 + 60);
        return receipts.Size - 1;
    }
}
