using FederationNode.Audit.Coalition;
using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>
/// Copies that hold more than a checkpoint says: of a log that is being fetched, or that ends where none was signed.
/// </summary>
public class CoveredCopyTests
{
    private readonly TestCoalition _coalition = TestCoalition.Create(alpha: 700);

    private TestLog Alpha => _coalition.Alpha;

    [Theory]
    [InlineData(0, 200, 700)]
    [InlineData(0, 256, 257)]
    [InlineData(0, 699, 700)]
    [InlineData(100, 200, 300)]
    [InlineData(256, 512, 600)]
    [InlineData(299, 300, 301)]
    public async Task Audit_EntriesBeyondTheCheckpoint_AreProvenByTheLargerOne(int signed, int held, int cover)
    {
        var audit = await LogAuditor.AuditAsync(
            Alpha.Covered(signed, held, cover), Alpha.Key.VerificationKey, CancellationToken.None);

        Assert.Empty(audit.Findings);
        Assert.True(audit.Rebuilt);
        Assert.Equal((Alpha.Head(signed), held), (audit.Head!.Value, audit.Held));
        var roots = await audit.Tree!.RootsAtAsync([held, signed], CancellationToken.None);
        Assert.Equal((Alpha.Root(held), Alpha.Root(signed)), (roots[held], roots[signed]));
    }

    [Theory]
    [InlineData("tile/entries/001", 300, FindingKind.LeafChanged)]
    [InlineData("tile/0/000", 300, FindingKind.HashTileChanged)]
    [InlineData("tile/payloads/001", 300, FindingKind.PayloadChanged)]
    public async Task Audit_ByteOfACoveredCopyChanged_IsNamedAsEver(string path, int position, string kind)
    {
        var changed = Alpha.Covered(100, 600, 700).Flip(path, position);

        var fault = Assert.Single((await AuditAloneAsync(changed)).Findings, f => f.Severity == Severity.Fault);

        Assert.Equal(kind, fault.Kind);
    }

    [Fact]
    public async Task Audit_RestOfTheTreeChanged_LeadsToNoRoot()
    {
        var good = Alpha.Covered(100, 600, 700);
        Hash256[] after = [Hash256.Of("x"u8), .. good.Beyond!.After.Skip(1)];

        var audit = await AuditAloneAsync(With(good, good.Beyond with { After = after }));

        Assert.Equal(FindingKind.RootMismatch, Assert.Single(audit.Findings).Kind);
        Assert.False(audit.Rebuilt);
    }

    [Theory]
    [InlineData("key")]
    [InlineData("note")]
    [InlineData("hashes")]
    [InlineData("size")]
    public async Task Audit_NothingProvesWhatIsBeyond_IsAFaultAndTheRestIsAudited(string what)
    {
        var good = Alpha.Covered(100, 600, 700);
        var beyond = good.Beyond!;
        var stranger = new TestLog(Alpha.Origin, seed: 9);
        stranger.AddListings(700);
        var bad = With(good, what switch
        {
            "key" => beyond with { Note = stranger.Checkpoint(700) },
            "note" => beyond with { Note = [1] },
            "hashes" => beyond with { After = [.. beyond.After.Skip(1)] },
            _ => beyond with { Held = 99 },
        });

        var audit = await AuditAloneAsync(bad);

        var fault = Assert.Single(audit.Findings);
        Assert.Equal((FindingKind.CheckpointBadSignature, 100L), (fault.Kind, fault.Index!.Value));
        Assert.Equal((true, 100L), (audit.Rebuilt, audit.Held));
        var alone = With(Alpha.Covered(0, 600, 700), bad.Beyond!);
        Assert.Contains(
            (await AuditAloneAsync(alone)).Findings,
            f => f.Severity == Severity.Fault && f.Kind.StartsWith("checkpoint-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task Audit_LogThatIsBeingFetched_CountsUpToItsHead(int signed)
    {
        var report = await AuditAsync(Alpha.Covered(signed, 600, 700));

        Assert.All(report.Findings, f => Assert.Equal(Severity.Warning, f.Severity));
        AssertView(report, signed);
    }

    [Fact]
    public async Task Audit_LogClosedWhereNoCheckpointWasSigned_CountsUpToItsEnd()
    {
        _coalition.AddRoster(3, d => TestCoalition.Close(d, Alpha, Alpha.Head(600)));

        var report = await AuditAsync(Alpha.Covered(100, 600, 700));

        var beyond = Assert.Single(report.Findings, f => f.Origin == Alpha.Origin);
        Assert.Equal((FindingKind.CheckpointBeyondEnd, 600L), (beyond.Kind, beyond.Index!.Value));
        AssertView(report, 600);
    }

    /// <summary>A node that learns of the fork first takes the shared entries only, under either head.</summary>
    [Fact]
    public async Task Audit_LogFrozenBeforeItWasFetched_CountsUpToWhereTheHistoriesPart()
    {
        var other = Alpha.Fork(400, 500);
        var stored = new StoredFork(
            Alpha.Origin, TestLog.Divergence(Alpha, other, 400).Encode(), 400, "the row");
        var copies = _coalition.SourcesWith(Alpha, other.Covered(0, 400, 500));
        var node = new NodeHoldings("observer", "folder", copies, [], null, null, []) { Forks = [stored] };

        var report = await CoalitionAuditor.AuditAsync(
            [], [node], _coalition.Anchor, TestCoalition.Issued, [], CancellationToken.None);

        Assert.Equal(FindingKind.Fork, Assert.Single(report.Findings, f => f.Severity > Severity.Warning).Kind);
        AssertView(report, 400);
    }

    [Fact]
    public async Task Audit_CheckpointThatIsNotOfTheLargerOnesLog_IsAFork()
    {
        var other = Alpha.Fork(100, 400);
        var copy = other.Covered(150, 300, 400).With("checkpoint", Alpha.Checkpoint(150));

        var report = await AuditAsync(copy);

        var fork = Assert.Single(report.Findings, f => f.Kind == FindingKind.Fork);
        Assert.Contains("size 150", fork.Explanation, StringComparison.Ordinal);
        Assert.Contains("size 400", fork.Explanation, StringComparison.Ordinal);
        Assert.Equal(150 + 3, report.View.Entries);
    }

    [Theory]
    [InlineData(150, 800)]
    [InlineData(300, 650)]
    public async Task Audit_CoveredCopyOfAnotherHistory_IsAForkWhereTheyPart(int held, int cover)
    {
        var other = Alpha.Fork(100, cover);

        var report = await _coalition.AuditAsync([.. _coalition.Sources(), other.Covered(0, held, cover)]);

        var fork = Assert.Single(report.Findings, f => f.Severity > Severity.Warning);
        Assert.Equal((FindingKind.Fork, (long?)100), (fork.Kind, fork.Index));
        AssertView(report, 100);
    }

    /// <summary>What of the other history is at hand is shared: where they part, nobody knows.</summary>
    [Fact]
    public async Task Audit_CoveredCopyOfWhatHistoriesShare_CountsUpToTheSmallerSize()
    {
        var other = Alpha.Fork(400, 650);

        var report = await _coalition.AuditAsync([.. _coalition.Sources(), other.Covered(0, 300, 650)]);

        Assert.Equal(FindingKind.Fork, Assert.Single(report.Findings, f => f.Severity > Severity.Warning).Kind);
        AssertView(report, 650);
    }

    [Theory]
    [InlineData(0, 200)]
    [InlineData(500, 690)]
    public async Task Audit_CoveredCopyOfALogThatGrewSince_IsNotAnother(int signed, int held)
    {
        Alpha.AddListings(100);
        var report = await AuditAsync(Alpha.Source(700), Alpha.Covered(signed, held, 800));

        Assert.Empty(report.Findings);
        AssertView(report, 700);
    }

    [Theory]
    [InlineData(700, false)]
    [InlineData(690, true)]
    public async Task Audit_CoveredCopyElsewhereOfMoreThanTheWriterHas_IsAFaultOfTheWriter(int own, bool isLost)
    {
        var lone = new TestLog(Alpha.Origin);
        lone.AddListings(700);
        var node = new NodeHoldings(
            "alpha", "folder", [lone.Source(own)], [], null, new Dictionary<string, long>(), []);

        var report = await CoalitionAuditor.AuditAsync(
            [lone.Covered(0, 500, 700), _coalition.Roster.Source()],
            [node],
            _coalition.Anchor,
            TestCoalition.Issued,
            [],
            CancellationToken.None);

        Assert.Equal(isLost, report.Findings.Any(f => f.Kind == FindingKind.LogRolledBack));
    }

    [Fact]
    public async Task Audit_NodeThatHoldsWhatItReceiptedUnderALargerCheckpoint_HasLostNothing()
    {
        var copies = _coalition.SourcesWith(Alpha, Alpha.Covered(500, 600, 700));
        var node = new NodeHoldings(
            "observer", "folder", copies, [new HeldClaim(Alpha.Origin, 600, "the row")], null, null, []);

        var report = await CoalitionAuditor.AuditAsync(
            [], [node], _coalition.Anchor, TestCoalition.Issued, [], CancellationToken.None);

        Assert.DoesNotContain(report.Findings, f => f.Severity > Severity.Warning);
    }

    private static MemorySource With(MemorySource source, HeldBeyond beyond) =>
        new(source.Name, source.Files, source.Origin) { Beyond = beyond };

    private Task<LogAudit> AuditAloneAsync(ILogSource source) =>
        LogAuditor.AuditAsync(source, Alpha.Key.VerificationKey, CancellationToken.None);

    private Task<AuditReport> AuditAsync(params ILogSource[] copies) => _coalition.AuditAsync(
        [.. _coalition.Logs.Where(l => l != Alpha).Select(l => (ILogSource)l.Source()), .. copies]);

    private void AssertView(AuditReport report, int alpha) => Assert.Equal(
        (TestCoalition.ViewOf((Alpha, alpha), (_coalition.Beta, 3)), true, alpha + 3L),
        (report.View.Digest, report.View.Complete, report.View.Entries));
}
