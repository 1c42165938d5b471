using System.Globalization;
using FederationNode.Audit.Coalition;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>A log that forked counts up to where its histories part, as far as the sources tell.</summary>
public class ForkTests
{
    private readonly TestCoalition _coalition = TestCoalition.Create();

    private TestLog Alpha => _coalition.Alpha;

    [Theory]
    [InlineData(100, 300)]
    [InlineData(100, 280)]
    [InlineData(100, 256)]
    [InlineData(100, 500)]
    [InlineData(0, 1)]
    [InlineData(255, 256)]
    [InlineData(256, 257)]
    [InlineData(256, 700)]
    [InlineData(299, 300)]
    public async Task Audit_TwoHistories_AreAForkWithEvidenceAndCountUpToWhereTheyPart(int common, int size)
    {
        var other = Alpha.Fork(common, size);

        var report = await _coalition.AuditAsync([.. _coalition.Sources(), other.Source(name: "other")]);

        AssertFork(report, common, (Math.Min(300, size), Math.Max(300, size)));
        AssertView(report, common);
    }

    [Fact]
    public async Task Audit_ThreeHistories_CountUpToWhereTheFirstParts()
    {
        var report = await _coalition.AuditAsync(
        [
            Alpha.Fork(200, 250).Source(name: "later"),
            .. _coalition.Sources(),
            Alpha.Fork(50, 60).Source(name: "earlier"),
            Alpha.Fork(50, 60).Source(name: "again"),
        ]);

        Assert.Equal(
            [(FindingKind.Fork, 50L), (FindingKind.Fork, 200L)],
            report.Findings.Where(f => f.Severity == Severity.Fault).Select(f => (f.Kind, f.Index!.Value)));
        AssertView(report, 50);
    }

    /// <summary>Without the entries of one side nobody knows where they part.</summary>
    [Theory]
    [InlineData(280)]
    [InlineData(300)]
    public async Task Audit_HeadThatContradictsWithoutItsEntries_CountsUpToTheSmallerSize(int size)
    {
        var other = Alpha.Fork(100, size).Source(name: "other");
        var head = new MemorySource("head", new() { ["checkpoint"] = other.Files["checkpoint"] });

        var report = await _coalition.AuditAsync([.. _coalition.Sources(), head]);

        var fork = Assert.Single(report.Findings, f => f.Kind == FindingKind.Fork);
        Assert.Equal(size - 1, fork.Index);
        AssertView(report, size);
    }

    [Fact]
    public async Task Audit_StoredProofThatShowsWhereTheyPart_IsTheForkAndEndsTheLogThere()
    {
        var report = await AuditAsync(Stored(TestLog.Divergence(Alpha, Alpha.Fork(100, 310), 100), 100));

        AssertFork(report, 100, (300, 310));
        Assert.Equal("folder", report.Findings[0].Source);
        AssertView(report, 100);
    }

    [Theory]
    [InlineData(280)]
    [InlineData(300)]
    public async Task Audit_StoredContradiction_EndsTheLogAtTheSmallerSize(int size)
    {
        var report = await AuditAsync(Stored(TestLog.Contradiction(Alpha.Fork(100, size), Alpha), size));

        var fork = Assert.Single(report.Findings);
        Assert.Equal((Severity.Fault, FindingKind.Fork), (fork.Severity, fork.Kind));
        AssertView(report, size);
    }

    [Fact]
    public async Task Audit_SeveralProofs_TheEarliestEndsTheLog()
    {
        var report = await AuditAsync(
            Stored(TestLog.Divergence(Alpha, Alpha.Fork(200, 310), 200), 200),
            Stored(TestLog.Divergence(Alpha, Alpha.Fork(7, 8), 7), 7),
            Stored(TestLog.Contradiction(Alpha.Fork(100, 150), Alpha), 150));

        Assert.Equal(
            [FindingKind.Fork, FindingKind.Fork, FindingKind.Fork], report.Findings.Select(f => f.Kind));
        AssertView(report, 7);
    }

    [Fact]
    public async Task Audit_TheSameForkOfSeveralNodesAndCopies_IsSaidOnce()
    {
        var other = Alpha.Fork(100, 310);
        var stored = Stored(TestLog.Divergence(Alpha, other, 100), 100);
        var report = await CoalitionAuditor.AuditAsync(
            [other.Source(name: "other")],
            [
                Folder("folder", [.. _coalition.Sources()], stored),
                Folder("second", [], stored),
            ],
            _coalition.Anchor,
            TestCoalition.Issued,
            [],
            CancellationToken.None);

        Assert.Single(report.Findings, f => f.Kind == FindingKind.Fork);
        AssertView(report, 100);
    }

    [Fact]
    public async Task Audit_ProofOfALogWithoutACopy_IsTheFork()
    {
        var lost = _coalition.BetaReceipts;
        var proof = TestLog.Divergence(lost, lost.Fork(1, 2), 1);
        var report = await AuditAsync(
            [.. _coalition.Sources().Where(s => !s.Name.EndsWith(lost.Origin, StringComparison.Ordinal))],
            new StoredFork(lost.Origin, proof.Encode(), 1, "the row"));

        Assert.Contains(report.Findings, f => f.Kind == FindingKind.Fork && f.Origin == lost.Origin && f.Index == 1);
    }

    public static TheoryData<string> FalseProofs => ["bytes", "key", "agree", "common", "order", "log", "unknown"];

    [Theory]
    [MemberData(nameof(FalseProofs))]
    public async Task Audit_StoredProofThatProvesNothing_IsAFaultAndEndsNothing(string what)
    {
        var clean = await AuditAsync();
        var other = Alpha.Fork(100, 310);
        var stranger = new TestLog(Alpha.Origin, seed: 9);
        stranger.AddListings(310);
        var good = TestLog.Divergence(Alpha, other, 100);
        var origin = what switch
        {
            "log" => _coalition.Beta.Origin,
            "unknown" => "demo/gamma/indicators/1",
            _ => Alpha.Origin,
        };
        var proof = what switch
        {
            "bytes" => [1, 2, 3],
            "key" => TestLog.Contradiction(Alpha, stranger).Encode(),
            "agree" => ForkProof.Contradiction(Alpha.Checkpoint(300), Alpha.Checkpoint(300), [], []).Encode(),
            "common" => TestLog.Divergence(Alpha, other, 101).Encode(),
            "order" => Swapped(good),
            _ => good.Encode(),
        };

        var report = await AuditAsync(new StoredFork(origin, proof, 100, "the row"));

        var fault = Assert.Single(report.Findings);
        Assert.Equal(
            (Severity.Fault, FindingKind.ForkProofFalse, origin, (long?)100, "folder"),
            (fault.Severity, fault.Kind, fault.Origin, fault.Index, fault.Source));
        Assert.Equal(clean.View, report.View);
    }

    [Fact]
    public async Task Audit_StoredSizeThatIsNotThatOfTheProof_IsAFaultAndTheProofCounts()
    {
        var report = await AuditAsync(Stored(TestLog.Divergence(Alpha, Alpha.Fork(100, 310), 100), 50));

        Assert.Equal(
            [(FindingKind.ForkProofFalse, 50L), (FindingKind.Fork, 100L)],
            report.Findings.Select(f => (f.Kind, f.Index!.Value)));
        AssertView(report, 100);
    }

    [Fact]
    public async Task Audit_DamagedRow_SaysNothingMoreUnlessItsProofIsGood()
    {
        var proof = TestLog.Divergence(Alpha, Alpha.Fork(100, 310), 100).Encode();

        AssertFork(await AuditAsync(new StoredFork(Alpha.Origin, proof, null, "the row")), 100, (300, 310));
        Assert.Empty((await AuditAsync(new StoredFork(Alpha.Origin, new byte[] { 1 }, null, "the row"))).Findings);
    }

    [Fact]
    public async Task Audit_ProofWithoutARoster_IsAGapWhereNoCopyTellsTheKey()
    {
        var node = Folder("folder", [], Stored(TestLog.Divergence(Alpha, Alpha.Fork(100, 310), 100), 100));
        var report = await CoalitionAuditor.AuditAsync(
            [], [node], _coalition.Anchor, null, [], CancellationToken.None);

        var gap = Assert.Single(report.Findings, f => f.Origin == Alpha.Origin);
        Assert.Equal((Severity.Gap, FindingKind.KeyUnconfirmed), (gap.Severity, gap.Kind));
    }

    [Fact]
    public async Task Audit_ReceiptsOfEitherHistory_AreTrue()
    {
        var other = Alpha.Fork(100, 280);
        TestCoalition.Receive(_coalition.AlphaReceipts, (other.Head(280), 20_000));
        var at = _coalition.Beta.Add(new HeartbeatPayload([other.Head(280), Alpha.Head(290)]));
        TestCoalition.Receive(_coalition.AlphaReceipts, (_coalition.Beta.Head(at + 1), 30_000));

        var report = await _coalition.AuditAsync([.. _coalition.Sources(), other.Source(name: "other")]);

        AssertFork(report, 100, (280, 300));
        Assert.All(
            report.Receipts.Where(r => r.Origin == Alpha.Origin && r.Member == "beta"),
            r => Assert.Equal((100L, 0L), (r.Acknowledged, r.NotAcknowledged)));
    }

    [Theory]
    [InlineData(101, Severity.Warning)]
    [InlineData(100, Severity.Fault)]
    public async Task Audit_ReceiptWithARootOfNoHistoryAtHand_IsAFaultOnlyBelowTheFork(int size, Severity severity)
    {
        var lie = new LogHead(Alpha.Origin, size, Hash256.Of("third"u8));
        var at = TestCoalition.Receive(_coalition.SecretariatReceipts, (Alpha.Head(300), 9000), (lie, 9000));

        var report = await AuditAsync(Stored(TestLog.Divergence(Alpha, Alpha.Fork(100, 310), 100), 100));

        var finding = Assert.Single(report.Findings, f => f.Kind == FindingKind.ReceiptFalseRoot);
        Assert.Equal((severity, (long?)at), (finding.Severity, finding.Index));
    }

    [Fact]
    public async Task Audit_ForkedLogClosedBelow_CountsUpToTheSmallerEnd()
    {
        var proof = TestLog.Divergence(Alpha, Alpha.Fork(100, 310), 100);
        _coalition.AddRoster(3, d => TestCoalition.Close(d, Alpha, Alpha.Head(90)));

        var report = await AuditAsync(Stored(proof, 100));

        Assert.Equal(
            [FindingKind.Fork, FindingKind.EntriesBeyondEnd, FindingKind.CheckpointBeyondEnd],
            report.Findings.Select(f => f.Kind));
        AssertView(report, 90);
    }

    /// <summary>A node that knows the proof takes no entry that it freezes: none of them is missing.</summary>
    [Fact]
    public async Task Audit_LogClosedAboveWhereItIsFrozen_LacksNothing()
    {
        var proof = TestLog.Divergence(Alpha, Alpha.Fork(100, 310), 100);
        _coalition.AddRoster(3, d => TestCoalition.Close(d, Alpha, Alpha.Head(300)));
        var copies = _coalition.SourcesWith(Alpha, Alpha.Source(atSize: 100));

        var report = await AuditAsync(copies, Stored(proof, 100));

        Assert.DoesNotContain(report.Findings, f => f.Kind == FindingKind.LogMissing);
        AssertView(report, 100);
    }

    [Fact]
    public async Task Audit_LogClosedAtTheRootOfTheOtherHistory_DoesNotDiffer()
    {
        var other = Alpha.Fork(100, 280);
        _coalition.AddRoster(3, d => TestCoalition.Close(d, Alpha, other.Head(280)));

        var report = await _coalition.AuditAsync([.. _coalition.Sources(), other.Source(name: "other")]);

        Assert.DoesNotContain(report.Findings, f => f.Kind == FindingKind.ClosedLogDiffers);
        AssertView(report, 100);
    }

    [Fact]
    public async Task Audit_ErasureOrderedBeyondTheFork_DoesNotCount()
    {
        Alpha.Add(new ErasePayload(3, "legal"));

        var report = await AuditAsync(Stored(TestLog.Divergence(Alpha, Alpha.Fork(100, 310), 100), 100));

        AssertFork(report, 100, (301, 310));
        AssertView(report, 100);
    }

    private static byte[] Swapped(ForkProof proof)
    {
        // Items 1 and 2 of the array are the notes, each with a header of three bytes.
        var bytes = proof.Encode();
        var first = bytes.AsSpan(2, 3 + proof.First.Length).ToArray();
        var second = bytes.AsSpan(2 + first.Length, 3 + proof.Second.Length).ToArray();
        return [.. bytes[..2], .. second, .. first, .. bytes[(2 + first.Length + second.Length)..]];
    }

    private static void AssertFork(AuditReport report, int common, (int, int) sizes)
    {
        var fork = Assert.Single(report.Findings, f => f.Severity > Severity.Warning);
        Assert.Equal(
            (Severity.Fault, FindingKind.Fork, "demo/alpha/indicators/1", (long?)common),
            (fork.Severity, fork.Kind, fork.Origin, fork.Index));
        foreach (var part in (string[])[Size(sizes.Item1), Size(sizes.Item2), $"up to {common} entries"])
        {
            Assert.Contains(part, fork.Explanation, StringComparison.Ordinal);
        }

        Assert.Equal(2, fork.Evidence!.Split("\u2014 demo/alpha/indicators/1 ").Length - 1);
    }

    private static string Size(int size) => string.Create(CultureInfo.InvariantCulture, $"size {size} root ");

    private void AssertView(AuditReport report, int alpha) => Assert.Equal(
        (TestCoalition.ViewOf((Alpha, alpha), (_coalition.Beta, 3)), true, alpha + 3L),
        (report.View.Digest, report.View.Complete, report.View.Entries));

    private StoredFork Stored(ForkProof proof, long freezeAt) =>
        new(Alpha.Origin, proof.Encode(), freezeAt, "the row");

    /// <summary>The folder of an observer, who has no logs of its own.</summary>
    private static NodeHoldings Folder(string place, IReadOnlyList<ILogSource> copies, params StoredFork[] forks) =>
        new("observer", place, copies, [], null, null, []) { Forks = forks };

    private Task<AuditReport> AuditAsync(params StoredFork[] forks) => AuditAsync(_coalition.Sources(), forks);

    private Task<AuditReport> AuditAsync(IReadOnlyList<ILogSource> sources, params StoredFork[] forks) =>
        CoalitionAuditor.AuditAsync(
            sources,
            [Folder("folder", [], forks)],
            _coalition.Anchor,
            TestCoalition.Issued,
            [],
            CancellationToken.None);
}
