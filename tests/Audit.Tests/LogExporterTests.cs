using FederationNode.Audit.Logs;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Audit.Tests;

public class LogExporterTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(700)]
    public async Task Write_Log_GivesExactlyTheFilesOfTheLayout(int size)
    {
        using var folder = new TemporaryFolder();
        var log = LogOf(size);
        var result = await LogExporter.WriteAsync(
            log.Source(), folder.Below("log"), log.Key.VerificationKey, CancellationToken.None);
        Assert.Null(result.Error);
        Assert.Equal(size, result.Size);
        AssertSame(log.Files(), TemporaryFolder.Read(folder.Below("log")));
        var audit = await LogAuditor.AuditAsync(
            new DirectoryLogSource(folder.Below("log")), log.Key.VerificationKey, CancellationToken.None);
        Assert.Empty(audit.Findings);
        Assert.True(audit.Rebuilt);
    }

    [Fact]
    public async Task Write_SourceWithFullTilesOnly_CutsPartialOnes()
    {
        using var folder = new TemporaryFolder();
        var log = LogOf(512);
        var files = log.Files();
        files["checkpoint"] = log.Checkpoint(300);
        files["tile/1/000.p/1"] = files["tile/1/000.p/2"][..32];
        await LogExporter.WriteAsync(new MemorySource("m", files), folder.Path, null, CancellationToken.None);
        AssertSame(log.Files(300), TemporaryFolder.Read(folder.Path));
    }

    [Fact]
    public async Task Write_Again_BringsTheExportUpToDateAndLeavesNoErasedPayload()
    {
        using var folder = new TemporaryFolder();
        var log = LogOf(20);
        await LogExporter.WriteAsync(log.Source(), folder.Path, log.Key.VerificationKey, CancellationToken.None);
        var erased = log.Payloads[7]!.Value.Payload;
        log.Payloads[7] = null;
        log.Add(new ErasePayload(7, "legal"));
        await LogExporter.WriteAsync(log.Source(), folder.Path, log.Key.VerificationKey, CancellationToken.None);
        var files = TemporaryFolder.Read(folder.Path);
        AssertSame(log.Files(), files);
        Assert.DoesNotContain(files.Values, f => f.AsSpan().IndexOf(erased) >= 0);
    }

    [Fact]
    public async Task Write_TileMissing_LeavesTheOldCheckpoint()
    {
        using var folder = new TemporaryFolder();
        var log = LogOf(20);
        await LogExporter.WriteAsync(log.Source(), folder.Path, log.Key.VerificationKey, CancellationToken.None);
        var before = File.ReadAllBytes(folder.Below("checkpoint"));
        log.AddListings(10);
        var broken = log.Source().With("tile/0/000.p/30", null);
        var result = await LogExporter.WriteAsync(broken, folder.Path, log.Key.VerificationKey, CancellationToken.None);
        Assert.Contains("tile/0/000.p/30", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(folder.Below("checkpoint")));
    }

    [Fact]
    public async Task Write_OverALargerOrForeignLog_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var log = LogOf(20);
        await LogExporter.WriteAsync(log.Source(), folder.Path, log.Key.VerificationKey, CancellationToken.None);
        var before = TemporaryFolder.Read(folder.Path);
        Assert.NotNull(
            (await LogExporter.WriteAsync(log.Source(atSize: 19), folder.Path, null, CancellationToken.None)).Error);
        var foreign = new TestLog("demo/beta/indicators/1");
        Assert.NotNull(
            (await LogExporter.WriteAsync(foreign.Source(), folder.Path, null, CancellationToken.None)).Error);
        AssertSame(before, TemporaryFolder.Read(folder.Path));
    }

    private static TestLog LogOf(int size)
    {
        var log = new TestLog("demo/alpha/indicators/1");
        log.AddListings(size);
        return log;
    }

    private static void AssertSame(Dictionary<string, byte[]> expected, Dictionary<string, byte[]> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, f => Assert.Equal(f.Value, actual[f.Key]));
    }
}
