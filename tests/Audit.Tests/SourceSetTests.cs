using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FederationNode.Audit.Coalition;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Tests.Building;
using Xunit;

namespace FederationNode.Audit.Tests;

public class SourceSetTests
{
    [Fact]
    public async Task Discover_ParentFolder_FindsLogsAndAnchor()
    {
        using var folder = new TemporaryFolder();
        WriteCoalition(folder, TestCoalition.Create());
        var report = await AuditAsync(folder.Path);
        Assert.Empty(report.Findings);
        Assert.Equal(6, report.Logs.Count);
    }

    [Fact]
    public async Task Discover_LogFolderAndAnchorFile_FindsBoth()
    {
        using var folder = new TemporaryFolder();
        WriteCoalition(folder, TestCoalition.Create());
        using var http = new HttpClient();
        var set = await SourceSet.DiscoverAsync(
            [folder.Below("demo/secretariat/roster/1"), folder.Below("coalition.json")],
            http,
            null,
            CancellationToken.None);
        Assert.Single(set.Sources);
        Assert.NotNull(set.Anchor);
        Assert.Empty(set.Findings);
    }

    [Fact]
    public async Task Discover_CheckpointDeleted_TheLogIsStillFoundAndIsAtFault()
    {
        using var folder = new TemporaryFolder();
        var coalition = TestCoalition.Create();
        WriteCoalition(folder, coalition);
        File.Delete(folder.Below("demo/alpha/indicators/1/checkpoint"));
        var report = await AuditAsync(folder.Path);
        Assert.Contains(
            report.Findings, f => f.Kind == FindingKind.CheckpointMissing && f.Origin == coalition.Alpha.Origin);
        Assert.Equal(1, report.ExitCode);
    }

    [Fact]
    public async Task Discover_CheckpointAndVkeyDeleted_TheLogIsNamedAfterItsFolder()
    {
        using var folder = new TemporaryFolder();
        var coalition = TestCoalition.Create();
        WriteCoalition(folder, coalition);
        File.Delete(folder.Below("demo/alpha/indicators/1/checkpoint"));
        File.Delete(folder.Below("demo/alpha/indicators/1/vkey"));
        var report = await AuditAsync(folder.Path);
        Assert.Contains(
            report.Findings, f => f.Kind == FindingKind.CheckpointMissing && f.Origin == coalition.Alpha.Origin);
    }

    [Fact]
    public async Task Discover_FoldersOfTwoLogsExchanged_BothAreAtFault()
    {
        using var folder = new TemporaryFolder();
        var coalition = TestCoalition.Create();
        WriteCoalition(folder, coalition);
        Directory.Move(folder.Below("demo/alpha/indicators/1"), folder.Below("aside"));
        Directory.Move(folder.Below("demo/beta/indicators/1"), folder.Below("demo/alpha/indicators/1"));
        Directory.Move(folder.Below("aside"), folder.Below("demo/beta/indicators/1"));
        var report = await AuditAsync(folder.Path);
        Assert.Equal(
            [coalition.Alpha.Origin, coalition.Beta.Origin],
            report.Findings.Where(f => f.Kind == FindingKind.CheckpointOtherLog).Select(f => f.Origin).Order());
        Assert.Equal(1, report.ExitCode);
    }

    [Fact]
    public async Task Discover_LogInTheFolderOfAnother_IsAtFaultWhereverOneLooksFrom()
    {
        using var folder = new TemporaryFolder();
        var coalition = TestCoalition.Create();
        WriteCoalition(folder, coalition);
        var misplaced = folder.Below("demo/alpha/indicators/2");
        Directory.Move(folder.Below("demo/alpha/indicators/1"), misplaced);
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), misplaced);
        var report = await AuditPlacesAsync(
            [relative, folder.Below("demo/secretariat"), folder.Below("coalition.json")]);
        Assert.Contains(
            report.Findings, f => f is { Kind: FindingKind.CheckpointOtherLog, Origin: "demo/alpha/indicators/2" });
    }

    [Fact]
    public async Task Discover_FolderThatLooksLikeAnOriginByChance_IsNotHeldAgainstTheLog()
    {
        using var folder = new TemporaryFolder();
        WriteCoalition(folder, TestCoalition.Create());
        Directory.CreateDirectory(folder.Below("home/anna/logs"));
        Directory.Move(folder.Below("demo/alpha/indicators/1"), folder.Below("home/anna/logs/1"));
        Assert.Empty((await AuditAsync(folder.Path)).Findings);
    }

    [Fact]
    public async Task Discover_NothingThere_IsRefusedByName()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.Below("1/2/3/4/5/6/7/tile"));
        var empty = await Assert.ThrowsAsync<IOException>(() => AuditAsync(folder.Path));
        Assert.Contains($"{folder.Path} holds nothing to audit", empty.Message, StringComparison.Ordinal);
        var missing = await Assert.ThrowsAsync<IOException>(() => AuditAsync(folder.Below("missing")));
        Assert.Contains(folder.Below("missing"), missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discover_NodesBesideAnExport_FindsAllAndDoesNotLookIntoThem()
    {
        using var folder = new TemporaryFolder();
        var coalition = TestCoalition.Create();
        TemporaryFolder.Write(folder.Below("copies/export"), coalition.Alpha.Files());
        foreach (var node in (string[])["copies/alpha", "copies/more/beta"])
        {
            TemporaryFolder.Write(folder.Below(node), new Dictionary<string, byte[]> { ["node.json"] = [] });
            TemporaryFolder.Write(folder.Below(node + "/inside"), coalition.Beta.Files());
        }

        using var http = new HttpClient();
        var set = await SourceSet.DiscoverAsync(
            [folder.Path, folder.Below("copies/alpha"), folder.Below("copies/export/")],
            http,
            null,
            null,
            d => File.Exists(Path.Combine(d, "node.json")),
            CancellationToken.None);

        Assert.Equal([folder.Below("copies/alpha"), folder.Below("copies/more/beta")], set.Nodes);
        Assert.Equal(folder.Below("copies/export"), Assert.Single(set.Sources).Name);
        Assert.Equal(new AuditedPlace(folder.Path, AuditedPlace.Export, 1), Assert.Single(set.Places));
        Assert.Empty(set.Findings);
    }

    [Fact]
    public async Task Discover_UrlOfANode_AuditsItsLogs()
    {
        using var folder = new TemporaryFolder();
        var coalition = TestCoalition.Create();
        WriteCoalition(folder, coalition);
        await using var server = new FileServer(folder.Path, "secret", [.. coalition.Logs.Select(l => l.Origin)]);
        var report = await AuditAsync(server.Address, "secret", folder.Below("coalition.json"));
        Assert.Empty(report.Findings);
        Assert.All(
            report.Logs,
            l => Assert.StartsWith($"{server.Address}/v1/logs/{l.Origin}", l.Source, StringComparison.Ordinal));
    }

    /// <summary>What a node answers when a row of its database is damaged: docs/protocol.md section 14.</summary>
    [Theory]
    [InlineData("tile/entries/001.p/44", 256, FindingKind.RowDamaged)]
    [InlineData("tile/payloads/000", 0, FindingKind.RowDamaged)]
    [InlineData("checkpoint", 0, FindingKind.HeadDamaged)]
    public async Task Discover_NodeWithADamagedRow_IsAFaultOfThatLogAndEntry(string path, long index, string kind)
    {
        using var folder = new TemporaryFolder();
        var coalition = TestCoalition.Create();
        WriteCoalition(folder, coalition);
        await using var server = new FileServer(folder.Path, null, [.. coalition.Logs.Select(l => l.Origin)])
        {
            Damaged = $"{coalition.Alpha.Origin}/{path}",
        };

        var report = await AuditPlacesAsync([server.Address, folder.Below("coalition.json")]);

        var fault = Assert.Single(report.Findings, f => f.Severity == Severity.Fault);
        Assert.Equal((kind, coalition.Alpha.Origin, (long?)index), (fault.Kind, fault.Origin, fault.Index));
        Assert.Contains("the row is torn", fault.Explanation, StringComparison.Ordinal);
        Assert.Equal(5, report.Logs.Count(l => l.Origin != coalition.Alpha.Origin && l.Rebuilt));
    }

    [Theory]
    [InlineData("""{"type":"urn:fednode:error:internal","detail":"the row is torn"}""")]
    [InlineData("""{"type":7,"detail":"the row is torn"}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public async Task Discover_NodeWithAnotherError_IsAGap(string problem)
    {
        using var folder = new TemporaryFolder();
        var coalition = TestCoalition.Create();
        WriteCoalition(folder, coalition);
        await using var server = new FileServer(folder.Path, null, [.. coalition.Logs.Select(l => l.Origin)])
        {
            Damaged = $"{coalition.Alpha.Origin}/tile/entries/000",
            Problem = problem,
        };

        var report = await AuditPlacesAsync([server.Address, folder.Below("coalition.json")]);

        Assert.Contains(
            report.Findings, f => f.Kind == FindingKind.SourceUnreadable && f.Origin == coalition.Alpha.Origin);
        Assert.Equal(Verdict.Incomplete, report.Verdict);
    }

    [Fact]
    public async Task Discover_UrlWithoutKey_SaysThatTheServerRefuses()
    {
        using var folder = new TemporaryFolder();
        await using var server = new FileServer(folder.Path, "secret", []);
        var report = await AuditAsync(server.Address);
        Assert.Contains(
            report.Findings,
            f => f.Kind == FindingKind.SourceUnreadable && f.Explanation.Contains("401", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Discover_NodeListsAPathInsteadOfAnOrigin_IsNotFollowed()
    {
        using var folder = new TemporaryFolder();
        await using var server = new FileServer(folder.Path, null, ["../../admin"]);
        using var http = new HttpClient();
        var set = await SourceSet.DiscoverAsync([server.Address], http, null, CancellationToken.None);
        Assert.Empty(set.Sources);
        Assert.NotEmpty(set.Findings);
    }

    [Fact]
    public async Task Read_UrlOfAnExportedLog_FallsBackToFullTiles()
    {
        using var folder = new TemporaryFolder();
        var log = new TestLog("demo/alpha/indicators/1");
        log.AddListings(512);
        var files = log.Files();
        files["checkpoint"] = log.Checkpoint(300);
        files["tile/1/000.p/1"] = files["tile/1/000.p/2"][..32];
        TemporaryFolder.Write(folder.Path, files);
        await using var server = new FileServer(folder.Path, null, null);
        using var http = new HttpClient();
        var set = await SourceSet.DiscoverAsync([server.Address], http, null, CancellationToken.None);
        var audit = await Logs.LogAuditor.AuditAsync(
            Assert.Single(set.Sources), log.Key.VerificationKey, CancellationToken.None);
        Assert.Empty(audit.Findings);
        Assert.True(audit.Rebuilt);
    }

    [Fact]
    public async Task Read_AnswerWithoutEnd_IsCutOffBehindTheLimit()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.Below("checkpoint"), new byte[1_000_000]);
        await using var server = new FileServer(folder.Path, null, null);
        using var http = new HttpClient();
        var bytes = await new HttpLogSource(http, new Uri(server.Address)).ReadAsync(
            "checkpoint", CancellationToken.None);
        Assert.Equal(SourceLimits.MaxBytes("checkpoint", null) + 1, bytes!.Length);
    }

    private static void WriteCoalition(TemporaryFolder folder, TestCoalition coalition)
    {
        foreach (var log in coalition.Logs)
        {
            TemporaryFolder.Write(folder.Below(log.Origin), log.Files());
        }

        File.WriteAllText(folder.Below("coalition.json"), coalition.Anchor.ToText());
    }

    private static Task<AuditReport> AuditAsync(string place, string? key = null, string? anchor = null) =>
        AuditPlacesAsync(anchor is null ? [place] : [place, anchor], key);

    private static async Task<AuditReport> AuditPlacesAsync(string[] places, string? key = null)
    {
        using var http = new HttpClient();
        var set = await SourceSet.DiscoverAsync(places, http, key, CancellationToken.None);
        return await CoalitionAuditor.AuditAsync(set, null, null, CancellationToken.None);
    }

    /// <summary>Serves a folder on loopback; as a node does when it is given origins, else as it lies.</summary>
    private sealed class FileServer : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly string _folder;
        private readonly string? _key;
        private readonly IReadOnlyList<string>? _origins;
        private readonly Task _loop;

        public FileServer(string folder, string? key, IReadOnlyList<string>? origins)
        {
            (_folder, _key, _origins) = (folder, key, origins);
            Address = Listen();
            _loop = ServeAsync();
        }

        public string Address { get; }

        /// <summary>The path below the logs that answers with an error, or null.</summary>
        public string? Damaged { get; init; }

        public string Problem { get; init; } =
            """{"type":"urn:fednode:error:damaged-row","title":"A row","status":500,"detail":"the row is torn"}""";

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _loop;
            _listener.Close();
        }

        /// <summary>
        /// Takes a port that the system says is free; another process may be faster, so again if need be.
        /// </summary>
        private string Listen()
        {
            for (var attempt = 0; ; attempt++)
            {
                using var probe = new TcpListener(IPAddress.Loopback, 0);
                probe.Start();
                var address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
                probe.Stop();
                try
                {
                    _listener.Prefixes.Clear();
                    _listener.Prefixes.Add(address + "/");
                    _listener.Start();
                    return address;
                }
                catch (HttpListenerException) when (attempt < 10)
                {
                }
            }
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                await AnswerAsync(context);
            }
        }

        private async Task AnswerAsync(HttpListenerContext context)
        {
            var (status, body) = Find(context.Request);
            context.Response.StatusCode = status;
            context.Response.ContentType = status == 500 ? "application/problem+json" : null;
            try
            {
                await context.Response.OutputStream.WriteAsync(body);
                context.Response.Close();
            }
            catch (HttpListenerException)
            {
                // The client has read enough and hung up.
                context.Response.Abort();
            }
        }

        private (int Status, byte[] Body) Find(HttpListenerRequest request)
        {
            if (_key is not null && request.Headers["Authorization"] != $"Bearer {_key}")
            {
                return (401, []);
            }

            var path = request.Url!.AbsolutePath.TrimStart('/');
            if (path == "v1/logs" && _origins is not null)
            {
                return (
                    200,
                    Encoding.UTF8.GetBytes(
                        JsonSerializer.Serialize(_origins.Select(o => new { origin = o, size = 0 }))));
            }

            if (Damaged is not null && path == "v1/logs/" + Damaged)
            {
                return (500, Encoding.UTF8.GetBytes(Problem));
            }

            var file = Path.Combine(
                _folder, path.StartsWith("v1/logs/", StringComparison.Ordinal) ? path["v1/logs/".Length..] : path);
            return File.Exists(file) ? (200, File.ReadAllBytes(file)) : (404, []);
        }
    }
}
