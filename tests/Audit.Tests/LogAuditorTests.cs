using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Notes;
using Xunit;

namespace FederationNode.Audit.Tests;

public class LogAuditorTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(700)]
    public async Task Audit_UntouchedLog_IsCleanAndRebuilt(int size)
    {
        var log = LogOf(size);
        var audit = await AuditAsync(log, log.Source());
        Assert.Empty(audit.Findings);
        Assert.True(audit.Rebuilt);
        Assert.Equal(log.Head(size), audit.Head);
        Assert.Equal(size, audit.Contents.Meaningful);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(511)]
    [InlineData(699)]
    public async Task Audit_OneByteOfALeafChanged_NamesLeafAndIndex(int index)
    {
        var log = LogOf(700);
        var changed = log.Source().Flip(BundleOf(index, 700), OffsetOf(log, index) + 5);
        var fault = Assert.Single((await AuditAsync(log, changed)).Findings);
        Assert.Equal((Severity.Fault, FindingKind.LeafChanged, log.Origin, (long?)index),
            (fault.Severity, fault.Kind, fault.Origin, fault.Index));
    }

    [Theory]
    [InlineData("tile/0/000", 17, 17)]
    [InlineData("tile/0/002.p/188", 187, 699)]
    [InlineData("tile/1/000.p/2", 1, 256)]
    public async Task Audit_OneByteOfAHashChanged_NamesTheHash(string path, int hash, int index)
    {
        var log = LogOf(700);
        var fault = Assert.Single((await AuditAsync(log, log.Source().Flip(path, hash * 32))).Findings);
        Assert.Equal((FindingKind.HashTileChanged, (long?)index), (fault.Kind, fault.Index));
    }

    [Fact]
    public async Task Audit_LeafAndHashChangedInDifferentBundles_TellsWhichIsWhich()
    {
        var log = LogOf(700);
        var changed = log.Source()
            .Flip(BundleOf(3, 700), OffsetOf(log, 3) + 5)
            .Flip("tile/0/001", 64)
            .Flip("tile/0/002.p/188", 0);
        var found = (await AuditAsync(log, changed)).Findings.Select(f => (f.Kind, f.Index)).ToList();
        Assert.Equal(3, found.Count);
        Assert.Contains((FindingKind.LeafChanged, (long?)3), found);
        Assert.Contains((FindingKind.HashTileChanged, (long?)258), found);
        Assert.Contains((FindingKind.HashTileChanged, (long?)512), found);
    }

    [Fact]
    public async Task Audit_LeafChangedTogetherWithItsHash_NamesTheBundle()
    {
        var log = LogOf(700);
        var forged = LogOf(700);
        forged.Leaves[300] = forged.Leaves[301];
        var files = forged.Files();
        var changed = log.Source()
            .With("tile/entries/001", files["tile/entries/001"])
            .With("tile/0/001", files["tile/0/001"]);
        var audit = await AuditAsync(log, changed);
        Assert.Contains(audit.Findings, f => f is { Kind: FindingKind.LeafChanged, Index: 256 });
        Assert.True(audit.Rebuilt);
    }

    [Fact]
    public async Task Audit_EverythingForgedButTheCheckpoint_IsRootMismatch()
    {
        var log = LogOf(300);
        var forged = LogOf(300);
        forged.Leaves[7] = forged.Leaves[8];
        forged.Payloads[7] = forged.Payloads[8];
        var files = forged.Files();
        files["checkpoint"] = log.Files()["checkpoint"];
        var audit = await AuditAsync(log, new MemorySource("forged", files));
        Assert.Equal(FindingKind.RootMismatch, Assert.Single(audit.Findings).Kind);
        Assert.False(audit.Rebuilt);
    }

    [Fact]
    public async Task Audit_LengthPrefixChanged_NamesTheEntryAtWhichTheBundleBreaks()
    {
        var log = LogOf(300);
        var changed = log.Source().Flip("tile/entries/000", OffsetOf(log, 40) + 1);
        var audit = await AuditAsync(log, changed);
        Assert.Contains(audit.Findings, f => f is { Kind: FindingKind.BundleMalformed, Index: 40 });
        Assert.True(audit.Rebuilt);
    }

    [Fact]
    public async Task Audit_PayloadChanged_NamesTheEntry()
    {
        var log = LogOf(300);
        var tile = log.Files()["tile/payloads/000"];
        var at = tile.AsSpan().IndexOf(log.Payloads[200]!.Value.Payload);
        var fault = Assert.Single((await AuditAsync(log, log.Source().Flip("tile/payloads/000", at + 3))).Findings);
        Assert.Equal((FindingKind.PayloadChanged, (long?)200), (fault.Kind, fault.Index));
    }

    [Fact]
    public async Task Audit_PayloadGoneWithoutOrder_IsMissing()
    {
        var log = LogOf(5);
        log.Payloads[3] = null;
        var fault = Assert.Single((await AuditAsync(log, log.Source())).Findings);
        Assert.Equal((Severity.Fault, FindingKind.PayloadMissing, (long?)3), (fault.Severity, fault.Kind, fault.Index));
    }

    [Fact]
    public async Task Audit_PayloadErasedByOrder_IsClean()
    {
        var log = LogOf(300);
        log.Payloads[3] = null;
        log.Add(new ErasePayload(3, "owner-request"));
        var audit = await AuditAsync(log, log.Source());
        Assert.Empty(audit.Findings);
        Assert.Equal(1, audit.Contents.Erased);
    }

    [Fact]
    public async Task Audit_PayloadKeptDespiteOrder_IsWarned()
    {
        var log = LogOf(5);
        log.Add(new ErasePayload(3, "owner-request"));
        var warning = Assert.Single((await AuditAsync(log, log.Source())).Findings);
        Assert.Equal(
            (Severity.Warning, FindingKind.ErasedPayloadPresent, (long?)3),
            (warning.Severity, warning.Kind, warning.Index));
    }

    [Fact]
    public async Task Audit_EraseEntryErased_IsMissingAsTheOrderDoesNothing()
    {
        var log = LogOf(5);
        log.Add(new ErasePayload(3, "owner-request"));
        log.Add(new ErasePayload(5, "owner-request"));
        log.Payloads[5] = null;
        var found = (await AuditAsync(log, log.Source())).Findings;
        Assert.Contains(found, f => f is { Kind: FindingKind.PayloadMissing, Index: 5 });
    }

    [Fact]
    public async Task Audit_EntriesWithoutMeaning_AreInfoOnly()
    {
        var log = LogOf(2);
        log.AddRaw([1, 2, 3]);
        log.AddRaw(new byte[65_535]);
        log.Add("later-kind", [0x91, 0x02]);
        log.Add(EntryKind.Listing, TestLog.Listing("x").Encode(), origin: "demo/beta/indicators/1");
        var audit = await AuditAsync(log, log.Source());
        Assert.All(
            audit.Findings, f => Assert.Equal((Severity.Info, FindingKind.EntryWithoutMeaning), (f.Severity, f.Kind)));
        Assert.Equal([2L, 3L, 4L, 5L], audit.Findings.Select(f => f.Index!.Value));
        Assert.Equal(2, audit.Contents.Meaningful);
    }

    [Fact]
    public async Task Audit_PayloadBesideMalformedLeaf_IsUnexpected()
    {
        var log = LogOf(2);
        log.AddRaw([1, 2, 3]);
        log.Payloads[2] = (new byte[16], [1]);
        Assert.Contains((await AuditAsync(log, log.Source())).Findings,
            f => f is { Severity: Severity.Fault, Kind: FindingKind.PayloadUnexpected, Index: 2 });
    }

    [Fact]
    public async Task Audit_BundlesExchanged_NamesBoth()
    {
        var log = LogOf(600);
        var files = log.Files();
        var changed = log.Source()
            .With("tile/entries/000", files["tile/entries/001"]).With("tile/entries/001", files["tile/entries/000"]);
        var found = (await AuditAsync(log, changed)).Findings
            .Where(f => f.Kind == FindingKind.LeafChanged)
            .Select(f => f.Index)
            .ToList();
        Assert.Contains(0L, found);
        Assert.Contains(256L, found);
    }

    [Theory]
    [InlineData("checkpoint", FindingKind.CheckpointMissing)]
    [InlineData("tile/entries/001", FindingKind.TileMissing)]
    [InlineData("tile/payloads/000", FindingKind.TileMissing)]
    [InlineData("tile/0/001", FindingKind.TileMissing)]
    [InlineData("tile/1/000.p/2", FindingKind.TileMissing)]
    public async Task Audit_FileMissing_IsAFault(string path, string kind)
    {
        var log = LogOf(700);
        var audit = await AuditAsync(log, log.Source().With(path, null));
        var fault = Assert.Single(audit.Findings);
        Assert.Equal((Severity.Fault, kind, log.Origin), (fault.Severity, fault.Kind, fault.Origin));
    }

    [Fact]
    public async Task Audit_EachFileTruncatedOrExtended_IsAFault()
    {
        var log = LogOf(300);
        foreach (var (path, bytes) in log.Files())
        {
            foreach (var changed in new[] { bytes[..^1], [], [.. bytes, (byte)'x'] })
            {
                var audit = await AuditAsync(log, log.Source().With(path, changed));
                Assert.True(
                    audit.Findings.Any(f => f.Severity == Severity.Fault), $"{path} with {changed.Length} bytes");
            }
        }
    }

    [Fact]
    public async Task Audit_PartialTilesReplacedByFullOnes_IsClean()
    {
        var log = LogOf(512);
        var files = log.Files();
        files["checkpoint"] = log.Checkpoint(300);
        files["tile/1/000.p/1"] = files["tile/1/000.p/2"][..32];
        var audit = await AuditAsync(log, new MemorySource("full", files));
        Assert.Empty(audit.Findings);
        Assert.Equal(300, audit.Head!.Value.Size);
    }

    [Fact]
    public async Task Audit_SignedByAnotherKey_IsBadSignature()
    {
        var log = LogOf(3);
        using var other = Protocol.Keys.SigningKey.FromSeed(log.Origin, new byte[32]);
        var changed = log.Source().With("checkpoint", new Checkpoint(log.Origin, 3, log.Root(3)).Sign(other));
        Assert.Equal(FindingKind.CheckpointBadSignature, Assert.Single((await AuditAsync(log, changed)).Findings).Kind);
    }

    [Fact]
    public async Task Audit_SignedSizeOfATrillion_EndsSoon()
    {
        var log = LogOf(3);
        var head = new Checkpoint(log.Origin, ProtocolLimits.MaxLogSize, log.Root(3)).Sign(log.Key);
        var audit = await AuditAsync(log, log.Source().With("checkpoint", head));
        Assert.Contains(audit.Findings, f => f is { Severity: Severity.Fault, Kind: FindingKind.TileMissing });
        Assert.False(audit.Rebuilt);
    }

    [Fact]
    public async Task Audit_SourceFailing_IsAGap()
    {
        var log = LogOf(3);
        var audit = await AuditAsync(log, new FailingSource(new IOException("no route")));
        Assert.Equal(
            (Severity.Gap, FindingKind.SourceUnreadable),
            Assert.Single(audit.Findings.Select(f => (f.Severity, f.Kind))));
    }

    [Fact]
    public async Task Audit_SourceWithDamagedRow_IsAFault()
    {
        var log = LogOf(3);
        var audit = await AuditAsync(log, new FailingSource(new InvalidDataException("row damaged")));
        Assert.Equal(Severity.Fault, Assert.Single(audit.Findings).Severity);
    }

    [Fact]
    public async Task Audit_OtherLogThanAskedFor_IsAFault()
    {
        var log = LogOf(3);
        var source = new MemorySource("asked", log.Files(), "demo/gamma/indicators/1");
        Assert.Equal(FindingKind.CheckpointOtherLog, Assert.Single((await AuditAsync(log, source)).Findings).Kind);
    }

    private static TestLog LogOf(int size)
    {
        var log = new TestLog("demo/alpha/indicators/1");
        log.AddListings(size);
        return log;
    }

    private static Task<LogAudit> AuditAsync(TestLog log, ILogSource source) =>
        LogAuditor.AuditAsync(source, log.Key.VerificationKey, CancellationToken.None);

    private static string BundleOf(int index, int size) => index / 256 < size / 256
        ? $"tile/entries/{index / 256:000}"
        : $"tile/entries/{index / 256:000}.p/{size % 256}";

    private static int OffsetOf(TestLog log, int index) =>
        log.Leaves[(index / 256 * 256)..index].Sum(l => 2 + l.Length);

    private sealed class FailingSource(Exception failure) : ILogSource
    {
        public string Name => "failing";

        public string? Origin => null;

        public Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken) =>
            Task.FromException<byte[]?>(failure);
    }
}
