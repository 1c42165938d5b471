using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>A member goes on in the next epoch of its log: after a fork, and after it lost its folder.</summary>
public sealed class NewEpochTests : IAsyncLifetime, IDisposable
{
    private const string Old = "ewt/alpha/indicators/1";
    private const string New = "ewt/alpha/indicators/2";

    private readonly Scratch _scratch = new();
    private readonly int[] _ports = FreePorts.Take(6);
    private readonly Dictionary<string, NodeProcess> _nodes = [];

    private string _first = "";

    private string Secretariat => _scratch.In("secretariat");

    private string Anchor => Path.Combine(Secretariat, "coalition.json");

    private string Alpha => _scratch.In("alpha");

    private string Beta => _scratch.In("beta");

    private string[] All => [Secretariat, Alpha, Beta];

    public async Task InitializeAsync()
    {
        await Fednode.DoAsync(
            "coalition", "create", Secretariat, "--name", "ewt", "--endpoint", Endpoint(0),
            "--listen", Address(0), "--api", Address(1));
        await InitAsync("alpha", Alpha, 2);
        await InitAsync("beta", Beta, 4);
        foreach (var member in (string[])[Alpha, Beta])
        {
            await Fednode.DoAsync("roster", "admit", Path.Combine(member, "enrolment.note"), "--data", Secretariat);
        }

        foreach (var node in All)
        {
            await StartAsync(node);
        }

        foreach (var node in All)
        {
            await CoalitionFixture.UntilReadyAsync(node);
        }

        foreach (var word in (string[])["carved tusk bangle", "hornbill casque", "pangolin scale"])
        {
            var id = (await PublishAsync(Alpha, word)).GetProperty("indicatorIds")[0].GetString()!;
            _first = _first.Length == 0 ? id : _first;
        }

        await UntilAsync(Beta, Old, l => l.GetProperty("size").GetInt64() == 3);
        await UntilAsync(Secretariat, Old, l => l.GetProperty("size").GetInt64() == 3);
    }

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes.Values)
        {
            await node.DisposeAsync();
        }
    }

    public void Dispose() => _scratch.Dispose();

    [PythonFact]
    public async Task NewEpoch_AfterAFork_TheMemberGoesOnAndEverybodyHasTheSame()
    {
        var cursor = await CursorAfterAsync(3);
        await ForkAsync(freezeAt: 2);
        Refusal.AssertClear(
            await Fednode.HereAsync("publish", "keyword", "tiger bone", "--category", "other", "--data", Alpha), 5, "forked");
        Assert.Contains("member new-epoch --log indicators", string.Join('\n', await AlarmsAsync(Alpha)), StringComparison.Ordinal);

        // Made twice, it is the same request and the same key.
        var asked = (await Fednode.DoAsync("member", "new-epoch", "--data", Alpha, "--json")).Json;
        var request = asked.GetProperty("request").GetString()!;
        var bytes = await File.ReadAllBytesAsync(request);
        var again = (await Fednode.DoAsync("member", "new-epoch", "--data", Alpha, "--json")).Json;
        Assert.Equal((true, false), (asked.GetProperty("isNew").GetBoolean(), again.GetProperty("isNew").GetBoolean()));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(request));

        Refusal.AssertClear(await OpenAsync(request, "--size", "3"), 5, "beyond the fork");
        Refusal.AssertClear(await OpenAsync(request, "--size", "4"), 5, "more than this node holds");
        Refusal.AssertClear(await OpenAsync(request, "--size", "-1"), 2, "--size must be");
        Refusal.AssertClear(await OpenAsync(request, "--fingerprint", "00"), 5, "--fingerprint is not that of the new key");
        var dry = await Fednode.RunAsync("roster", "new-epoch", request, "--data", Secretariat, "--dry-run");
        Assert.Contains("Nothing was published", dry.Output, StringComparison.Ordinal);
        Assert.True(dry.Output.Contains(asked.GetProperty("fingerprint").GetString()![..8], StringComparison.Ordinal), dry.ToString());
        Assert.False(File.Exists(Path.Combine(Secretariat, "roster", "0004.note")));

        var opened = await OpenAsync(request, "--json");
        Assert.Equal(2, opened.Json.GetProperty("closed").GetProperty("size").GetInt64());
        Assert.Equal(4, opened.Json.GetProperty("version").GetInt32());
        Refusal.AssertClear(await OpenAsync(request), 5, $"{New} is in the roster already");

        // Without a restart alpha writes into the new log, and takes back what it said in the old one.
        await UntilRosterAsync(4);
        var published = await PublishAsync(Alpha, "tiger bone");
        Assert.Equal((New, 0), (published.GetProperty("origin").GetString(), published.GetProperty("index").GetInt64()));
        await Fednode.DoAsync("withdraw", _first, "--reason", "error", "--data", Alpha);
        await UntilAsync(Beta, New, l => l.GetProperty("size").GetInt64() == 2);
        await UntilAsync(Secretariat, New, l => l.GetProperty("size").GetInt64() == 2);
        await UntilSameViewAsync();
        Assert.Equal(
            ["none", "review", "none", "review"],
            await VerdictsAsync("carved tusk bangle", "hornbill casque", "pangolin scale", "tiger bone"));

        Assert.Equal(HttpStatusCode.Conflict, (await ChangesAsync(cursor)).Status);
        Assert.Equal(HttpStatusCode.OK, (await ChangesAsync(await CursorAfterAsync(4))).Status);

        await OpenReceiptsAsync();
        await AssertAuditsAsync();

        await StartAsync(Alpha);
        await StartAsync(Secretariat);
        await StartAsync(Beta);
        await CoalitionFixture.UntilReadyAsync(Alpha);
        Assert.Equal(New, (await PublishAsync(Alpha, "saiga horn")).GetProperty("origin").GetString());
        Assert.DoesNotContain(await AlarmsAsync(Alpha), a => a.Contains("ewt/alpha", StringComparison.Ordinal));
    }

    /// <summary>A new folder with new keys and a new certificate: nothing of the old one vouches for it.</summary>
    [Fact]
    public async Task NewEpoch_AfterALostFolder_ANewOneGoesOnWithAllThatWasPublished()
    {
        await UntilAsync(Secretariat, "ewt/alpha/receipts/1", l => l.GetProperty("size").GetInt64() > 0);
        await StopAsync(Alpha);
        var fresh = _scratch.In("fresh");
        var made = (await InitAsync("alpha", fresh, 2, "--epoch", "2", "--json")).Json.GetProperty("newEpochs");
        Assert.False(File.Exists(Path.Combine(fresh, "enrolment.note")));
        foreach (var asked in made.EnumerateArray())
        {
            var request = asked.GetProperty("request").GetString()!;
            var fingerprint = asked.GetProperty("fingerprint").GetString()!;
            var text = asked.GetProperty("log").GetString()!;
            if (text == New)
            {
                Refusal.AssertClear(await OpenAsync(request), 5, "Compare the fingerprint");
            }

            var opened = await OpenAsync(request, "--fingerprint", fingerprint, "--json");
            Assert.True(opened.Code == 0, opened.ToString());
            Assert.Equal(text, opened.Json.GetProperty("opened").GetProperty("origin").GetString());
        }

        await StartAsync(fresh);
        await UntilRosterAsync(5, fresh, Beta);
        await CoalitionFixture.UntilReadyAsync(fresh);
        Assert.Equal(New, (await PublishAsync(fresh, "tiger bone")).GetProperty("origin").GetString());
        await UntilAsync(Beta, New, l => l.GetProperty("size").GetInt64() == 1);
        Assert.Equal(["review", "review"], await VerdictsAsync("carved tusk bangle", "tiger bone"));
        Assert.Equal(await DigestAsync(Beta), await DigestAsync(fresh));
    }

    [Fact]
    public async Task NewEpoch_StoppedNodes_PublishedAtTheStart()
    {
        foreach (var node in All)
        {
            await StopAsync(node);
        }

        await Fednode.DoAsync("member", "new-epoch", "--data", Alpha, "--out", _scratch.In("asked.note"));
        Refusal.AssertClear(
            await Fednode.HereAsync("member", "new-epoch", "--data", Alpha, "--out", Anchor), 3, $"{Anchor} is there already");
        Refusal.AssertClear(
            await Fednode.HereAsync("member", "new-epoch", "--data", Alpha, "--log", "roster"), 2, "--log must be");
        Refusal.AssertClear(
            await Fednode.HereAsync("roster", "new-epoch", _scratch.In("asked.note"), "--data", Alpha),
            3,
            "only the secretariat opens epochs");
        Refusal.AssertClear(await OpenAsync(Path.Combine(Alpha, "enrolment.note")), 3, "fednode/epoch/1");
        Assert.Equal(0, (await OpenAsync(_scratch.In("asked.note"), "--json")).Code);

        foreach (var node in All)
        {
            await StartAsync(node);
        }

        await UntilRosterAsync(4);
        await CoalitionFixture.UntilReadyAsync(Alpha);
        Assert.Equal(New, (await PublishAsync(Alpha, "tiger bone")).GetProperty("origin").GetString());
        Assert.Equal(3, (await LogAsync(Alpha, Old)).GetProperty("size").GetInt64());
    }

    private async Task OpenReceiptsAsync()
    {
        var asked = (await Fednode.DoAsync("member", "new-epoch", "--data", Alpha, "--log", "receipts", "--json")).Json;
        var opened = await OpenAsync(asked.GetProperty("request").GetString()!, "--json");
        Assert.True(opened.Code == 0, opened.ToString());
        await UntilRosterAsync(5);
        await UntilAsync(Beta, "ewt/alpha/receipts/2", l => l.GetProperty("size").GetInt64() > 0);
        await UntilAsync(Secretariat, "ewt/alpha/receipts/2", l => l.GetProperty("size").GetInt64() > 0);
    }

    /// <summary>The exports, the independent verifier, and the folders of the stopped nodes, which know of the fork.</summary>
    private async Task AssertAuditsAsync()
    {
        var export = _scratch.In("export");
        await Fednode.DoAsync("log", "export", "all", export, "--data", Beta);
        var audit = await Fednode.HereAsync("audit", export, "--anchor", Anchor, "--json");
        Assert.True(audit.Code == 0, audit.ToString());
        Assert.Equal(await DigestAsync(Beta), audit.Json.GetProperty("view").GetProperty("digest").GetString());
        var (code, output) = await Python.RunAsync("verify.py", "--anchor", Anchor, export);
        Assert.True(code == 0, output);
        Assert.Contains(New, output, StringComparison.Ordinal);

        foreach (var node in All)
        {
            await StopAsync(node);
        }

        audit = await Fednode.HereAsync(["audit", .. All, "--json"]);
        var faults = audit.Json.GetProperty("findings").EnumerateArray()
            .Where(f => f.GetProperty("severity").GetString() is "Fault" or "Gap").ToList();
        Assert.True(faults.All(f => f.GetProperty("kind").GetString() == "fork"), audit.ToString());
        Assert.NotEmpty(faults);
    }

    /// <summary>Puts the proof that alpha's key signed two logs into the secretariat's database; from there it spreads.</summary>
    private async Task ForkAsync(long freezeAt)
    {
        await StopAsync(Secretariat);
        var file = Path.Combine(Alpha, "keys", "indicators-1.key");
        Assert.True(SigningKey.TryParse((await File.ReadAllTextAsync(file)).Trim(), out var key, out var error), error);
        using (key)
        {
            byte[] Sign(byte root) => new Checkpoint(Old, freezeAt, Hash256.Of([root])).Sign(key);
            var row = new ForkRow { Proof = ForkProof.Contradiction(Sign(1), Sign(2), [], []).Encode(), FreezeAt = freezeAt };
            await using var storage = await OfflineStorage.OpenAsync(
                StorageConnection.ForSqliteFile(Path.Combine(Secretariat, "node.db")));
            await storage.Rows.WriteAsync(LogRowKind.Fork, Old, row, null);
        }

        await StartAsync(Secretariat);
        foreach (var node in All)
        {
            await UntilAsync(node, Old, l => l.GetProperty("frozenAt").ValueKind == JsonValueKind.Number);
        }
    }

    private Task<Ran> OpenAsync(string request, params string[] more) =>
        Fednode.HereAsync(["roster", "new-epoch", request, "--data", Secretariat, .. more]);

    private static async Task<JsonElement> PublishAsync(string node, string word) => (await Fednode.DoAsync(
        "publish", "keyword", word, "--category", "other", "--data", node, "--json")).Json;

    private async Task<List<string>> VerdictsAsync(params string[] texts)
    {
        var verdicts = new List<string>();
        foreach (var text in texts)
        {
            var answer = (await Fednode.DoAsync("check", "text", text, "--data", Beta, "--json")).Json;
            verdicts.Add(answer.GetProperty("items")[0].GetProperty("verdict").GetString()!);
        }

        return verdicts;
    }

    private async Task<(HttpStatusCode Status, JsonElement Json)> ChangesAsync(string after)
    {
        using var http = new HttpClient();
        var key = (await File.ReadAllTextAsync(Path.Combine(Beta, "api-keys", "detector.key"))).Trim();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await http.GetAsync($"http://{Address(5)}/v1/changes?after={after}");
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>Where a reader is who has read so many changes; the list may be a moment behind the log.</summary>
    private async Task<string> CursorAfterAsync(int changes)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var page = (await ChangesAsync("")).Json;
            if (page.GetProperty("changes").EnumerateArray().Count(c => c.GetProperty("kind").GetString() != "aside") == changes)
            {
                return page.GetProperty("cursor").GetString()!;
            }

            patience.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Nothing while the node is reading its logs.</summary>
    private static async Task<JsonElement> LogAsync(string node, string origin) =>
        await Fednode.HereAsync("log", "list", "--data", node, "--json") is { Code: 0 } list
            ? list.Json.EnumerateArray().SingleOrDefault(l => l.GetProperty("origin").GetString() == origin)
            : default;

    private static async Task<List<string>> AlarmsAsync(string node) =>
        [.. (await StatusAsync(node)).GetProperty("alarms").EnumerateArray().Select(a => a.GetString()!)];

    private static async Task<string?> DigestAsync(string node) => (await StatusAsync(node)).GetProperty("viewDigest").GetString();

    private static async Task<JsonElement> StatusAsync(string node) =>
        (await Fednode.DoAsync("status", "--data", node, "--json")).Json;

    private static async Task UntilAsync(string node, string origin, Func<JsonElement, bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await LogAsync(node, origin) is var log && (log.ValueKind == JsonValueKind.Undefined || !holds(log)))
        {
            Assert.False(patience.IsCancellationRequested, $"{node} has {log} of {origin}.");
        }
    }

    private Task UntilRosterAsync(int version) => UntilRosterAsync(version, All);

    private static async Task UntilRosterAsync(int version, params string[] nodes)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        foreach (var node in nodes)
        {
            while ((await StatusAsync(node)).GetProperty("rosterVersion").GetInt32() != version)
            {
                Assert.False(patience.IsCancellationRequested, $"{node} does not have roster {version}.");
            }
        }
    }

    private async Task UntilSameViewAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await DigestAsync(Alpha) is var digest
            && (digest != await DigestAsync(Beta) || digest != await DigestAsync(Secretariat)))
        {
            Assert.False(patience.IsCancellationRequested, "The views stay different.");
        }
    }

    private async Task StartAsync(string node) => _nodes[node] = await NodeProcess.StartAsync(node);

    private async Task StopAsync(string node)
    {
        await _nodes[node].DisposeAsync();
        _nodes.Remove(node);
    }

    private Task<Ran> InitAsync(string name, string folder, int port, params string[] more) => Fednode.DoAsync(
        [
            "member", "init", folder, "--coalition", Anchor, "--name", name, "--endpoint", Endpoint(port),
            "--listen", Address(port), "--api", Address(port + 1), .. more,
        ]);

    private string Endpoint(int port) => $"https://{Address(port)}";

    private string Address(int port) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"127.0.0.1:{_ports[port]}");
}
