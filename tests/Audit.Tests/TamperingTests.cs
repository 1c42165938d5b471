using CsCheck;
using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Audit.Tests.Building;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Audit.Tests;

/// <summary>Whatever byte of an exported log is changed, the audit notices, and says where.</summary>
public class TamperingTests
{
    private static readonly TestCoalition s_coalition = WithErasure();

    private static readonly Dictionary<TestLog, MemorySource> s_sources = s_coalition.Logs.ToDictionary(
        l => l, l => l.Source());

    /// <summary>Every byte of every file of a small log, one after the other.</summary>
    [Fact]
    public async Task Flip_EveryByteOfASmallLog_IsNoticed()
    {
        var log = new TestLog("demo/alpha/indicators/1");
        log.AddListings(3);
        log.Payloads[1] = null;
        log.Add(new ErasePayload(1, "legal"));
        var source = log.Source();
        foreach (var (path, bytes) in source.Files)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                var audit = await LogAuditor.AuditAsync(
                    source.Flip(path, i, 0x20), log.Key.VerificationKey, CancellationToken.None);
                Assert.True(
                    audit.Findings.Any(f => f.Severity == Severity.Fault && f.Origin == log.Origin), $"{path} at {i}");
            }
        }
    }

    [Fact]
    public Task Flip_AnyByteOfAnyFileOfACoalition_IsNoticedAndTheLogIsNamed()
    {
        var files = s_sources.SelectMany(s => s.Value.Files.Select(f => (Log: s.Key, f.Key, f.Value.Length))).ToList();
        var flip =
            from file in Gen.Int[0, files.Count - 1].Select(i => files[i])
            from position in Gen.Int[0, file.Length - 1]
            from mask in Gen.Byte[1, 255]
            select (file.Log, Path: file.Key, position, mask);
        return flip.SampleAsync(
            async f =>
            {
                var report = await AuditWithAsync(f.Log, s_sources[f.Log].Flip(f.Path, f.position, f.mask));
                return report.ExitCode == 1
                    && report.Findings.Any(x => x.Severity == Severity.Fault && x.Origin == f.Log.Origin);
            },
            iter: 200,
            print: f => $"{f.Log.Origin} {f.Path} at {f.position} by {f.mask:x2}");
    }

    [Fact]
    public Task Flip_AnyByteOfABundleOrPayloadTile_NamesTheEntry()
    {
        var log = s_coalition.Alpha;
        var flip =
            from payloads in Gen.Bool
            from index in Gen.Int[0, (int)log.Size - 1].Where(i => !payloads || log.Payloads[i] is not null)
            from at in Gen.Int[0, payloads ? PayloadItemLength(log, index) - 1 : log.Leaves[index].Length + 1]
            from mask in Gen.Byte[1, 255]
            select (payloads, index, at, mask);
        return flip.SampleAsync(
            async f =>
            {
                var position = f.at + (f.payloads ? PayloadOffset(log, f.index) : LeafOffset(log, f.index));
                var changed = s_sources[log].Flip(TileOf(log, f.payloads, f.index), position, f.mask);
                var audit = await LogAuditor.AuditAsync(changed, log.Key.VerificationKey, CancellationToken.None);
                return audit.Findings.Any(x => x.Severity == Severity.Fault && x.Index == f.index);
            },
            iter: 300,
            print: f => $"{(f.payloads ? "payload" : "entry")} {f.index}, byte {f.at} by {f.mask:x2}");
    }

    [Fact]
    public Task Audit_ArbitraryFiles_NeverThrowsAndIsNeverClean()
    {
        var log = s_coalition.Alpha;
        var paths = s_sources[log].Files.Keys.ToList();
        var replacement =
            from path in Gen.Int[0, paths.Count - 1].Select(i => paths[i])
            from bytes in Gen.Byte.Array[0, 600]
            select (path, bytes);
        return replacement.SampleAsync(
            async r =>
            {
                var report = await AuditWithAsync(log, s_sources[log].With(r.path, r.bytes));
                return report.ExitCode == 1;
            },
            iter: 100);
    }

    private static Task<AuditReport> AuditWithAsync(TestLog log, MemorySource changed) =>
        s_coalition.AuditAsync([.. s_sources.Select(s => s.Key == log ? changed : s.Value)]);

    private static TestCoalition WithErasure()
    {
        var coalition = new TestCoalition();
        coalition.AddRoster(1);
        coalition.AddRoster(2);
        coalition.Alpha.AddListings(260);
        coalition.Beta.AddListings(20);
        coalition.Alpha.Payloads[9] = null;
        coalition.Alpha.Add(new ErasePayload(9, "legal"));
        coalition.AddReceipts();
        return coalition;
    }

    private static string TileOf(TestLog log, bool payloads, int index)
    {
        var prefix = $"tile/{(payloads ? "payloads" : "entries")}/{index / 256:000}";
        return s_sources[log].Files.Keys.Single(
            k => k == prefix || k.StartsWith($"{prefix}.p/", StringComparison.Ordinal));
    }

    private static int LeafOffset(TestLog log, int index) =>
        log.Leaves[(index / 256 * 256)..index].Sum(l => 2 + l.Length);

    private static int PayloadOffset(TestLog log, int index)
    {
        var first = index / 256 * 256;
        var header = Math.Min(256, log.Size - first) > 15 ? 3 : 1;
        return header + Enumerable.Range(first, index - first).Sum(i => PayloadItemLength(log, i));
    }

    /// <summary>The pair's header, the salt with its header, and the payload with its own.</summary>
    private static int PayloadItemLength(TestLog log, int index) =>
        log.Payloads[index] is { } item ? 1 + 18 + (item.Payload.Length < 256 ? 2 : 3) + item.Payload.Length : 1;
}
