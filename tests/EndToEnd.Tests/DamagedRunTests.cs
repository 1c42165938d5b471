using System.Net;
using System.Text.Json;
using FederationNode.Audit.Report;
using FederationNode.Grains.Logs;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A node with a damaged row that it can do without runs: the rest of the list answers and publishing works, the
/// status names the row and what to do, and an audit of the running node names the log, the entry and the fault. A
/// sealed row it writes anew once a peer gives its entries.
/// </summary>
[Collection(PairGroup.Name)]
public sealed class DamagedRunTests(PairFixture pair) : IDisposable
{
    private readonly Scratch _scratch = new();

    private string Folder => _scratch.In("beta");

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(LogRowKind.Head, PairFixture.Foreign, 0, FindingKind.HeadDamaged)]
    [InlineData(LogRowKind.Bundle, PairFixture.Foreign + "|1", 256, FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Payloads, PairFixture.Foreign + "|1", 256, FindingKind.RowDamaged)]
    public async Task Run_DamagedForeignLog_TheRestGoesOn(string kind, string key, int entry, string finding)
    {
        Damage(kind, key);
        await using var node = await NodeProcess.StartAsync(Folder);
        await CoalitionFixture.UntilReadyAsync(Folder);

        var alarms = await AlarmsAsync();
        var own = (await CheckAsync(PairFixture.Word("own", 599))).Json;
        var sound = await CheckAsync(PairFixture.Word("foreign", Math.Max(0, entry - 1)));
        var behind = await CheckAsync(PairFixture.Word("foreign", 599));
        var published = await Fednode.HereAsync(
            "publish", "keyword", "one more ornament", "--category", "ivory", "--data", Folder);
        var ready = await ReadyAsync();
        var audit = await Fednode.HereAsync("audit", Folder, "--json");

        Assert.Contains(alarms, a => a.Contains($"'{kind}' of '{key}", StringComparison.Ordinal)
            && a.Contains("is damaged", StringComparison.Ordinal)
            && a.Contains("delete the row 'log-head' of this log", StringComparison.Ordinal));
        Assert.Contains(
            $"The list has {PairFixture.Foreign} only up to entry {entry}, since what follows cannot be read.", alarms);
        Assert.Equal(("review", true), (VerdictOf(own), own.GetProperty("stale").GetBoolean()));
        Assert.Equal((entry > 0 ? "review" : "none", "none"), (VerdictOf(sound.Json), VerdictOf(behind.Json)));
        Assert.True(published.Code == 0, published.ToString());
        Assert.Contains($"'{kind}' of '{key}", ready.GetProperty("detail").GetString(), StringComparison.Ordinal);
        AssertFinds(audit, PairFixture.Foreign, entry, finding);
        Assert.Equal(0, await node.StopAsync());
        AssertQuiet(await node.Error);
    }

    [Fact]
    public async Task Run_DamagedSealedRowsAndAPeerThatHasThem_AreWrittenAnewAndTheAuditIsClean()
    {
        Damage(LogRowKind.Bundle, PairFixture.Foreign + "|1");
        StoredRows.OfFolder(Folder, write: true).Damage("flip", LogRowKind.Payloads, PairFixture.Foreign + "|0");
        StoredRows.OfFolder(Folder, write: true).Damage("flip", LogRowKind.Bundle, PairFixture.Own + "|1");
        StoredRows.OfFolder(Folder, write: true).Damage("flip", LogRowKind.Payloads, PairFixture.Own + "|1");
        Assert.Equal(1, (await Fednode.HereAsync("audit", Folder, "--json")).Code);
        Scratch.Copy(pair.Secretariat, _scratch.In("secretariat"));
        await using var node = await NodeProcess.StartAsync(Folder);
        await CoalitionFixture.UntilReadyAsync(Folder);
        var refused = await Fednode.HereAsync(
            "publish", "keyword", "one more ornament", "--category", "ivory", "--data", Folder);
        await using var secretariat = await NodeProcess.StartAsync(_scratch.In("secretariat"));

        await UntilAsync(async () => !await DamagedAsync());

        Assert.NotEqual(0, refused.Code);
        foreach (var lister in (string[])["own", "foreign"])
        {
            var answer = (await CheckAsync(PairFixture.Word(lister, 599))).Json;
            Assert.Equal(("review", false), (VerdictOf(answer), answer.GetProperty("stale").GetBoolean()));
        }

        await Fednode.DoAsync("publish", "keyword", "one more ornament", "--category", "ivory", "--data", Folder);
        var running = await Fednode.HereAsync("audit", Folder, "--json");
        Assert.True(running.Code == 0, running.ToString());
        Assert.Equal(0, await node.StopAsync());
        var error = await node.Error;
        foreach (var (log, entry) in ((string, int)[])[(PairFixture.Foreign, 0), (PairFixture.Foreign, 256), (PairFixture.Own, 256)])
        {
            Assert.Contains(
                $"The damaged row of {log} from entry {entry} on was written anew with what secretariat gave",
                error,
                StringComparison.Ordinal);
        }

        var stopped = await Fednode.HereAsync("audit", Folder, "--json");
        Assert.True(stopped.Code == 0, stopped.ToString());
    }

    [Fact]
    public async Task Run_DamagedForeignReceiptsAndRosterLog_TheListIsWhole()
    {
        Damage(LogRowKind.Head, PairFixture.ForeignReceipts);
        StoredRows.OfFolder(Folder, write: true).Damage("flip", LogRowKind.Head, "pair/secretariat/roster/1");
        await using var node = await NodeProcess.StartAsync(Folder);
        await CoalitionFixture.UntilReadyAsync(Folder);

        var alarms = await AlarmsAsync();
        var audit = await Fednode.HereAsync("audit", Folder, "--json");

        Assert.Contains(alarms, a => a.Contains(PairFixture.ForeignReceipts, StringComparison.Ordinal));
        Assert.Contains(alarms, a => a.Contains("pair/secretariat/roster/1", StringComparison.Ordinal));
        Assert.Equal("review", VerdictOf((await CheckAsync(PairFixture.Word("foreign", 599))).Json));
        AssertFinds(audit, PairFixture.ForeignReceipts, 0, FindingKind.HeadDamaged);
        Assert.Equal(0, await node.StopAsync());
    }

    /// <summary>What is appended behind a row that the own list cannot read would never be in it.</summary>
    [Theory]
    [InlineData(LogRowKind.Bundle)]
    [InlineData(LogRowKind.Payloads)]
    public async Task Run_DamagedOwnSealedRow_ChecksGoOnAndPublishingSaysWhy(string kind)
    {
        Damage(kind, PairFixture.Own + "|1");
        await using var node = await NodeProcess.StartAsync(Folder);
        await CoalitionFixture.UntilReadyAsync(Folder);

        var alarms = await AlarmsAsync();
        var published = await Fednode.HereAsync(
            "publish", "keyword", "one more ornament", "--category", "ivory", "--data", Folder);
        var foreign = (await CheckAsync(PairFixture.Word("foreign", 599))).Json;

        Assert.Contains(alarms, a => a.Contains($"'{kind}' of '{PairFixture.Own}|1|", StringComparison.Ordinal)
            && a.Contains("comes back from the peers", StringComparison.Ordinal));
        Refusal.AssertClear(published, 3, $"The stored row '{kind}' of '{PairFixture.Own}|1|");
        Assert.Equal(("review", true), (VerdictOf(foreign), foreign.GetProperty("stale").GetBoolean()));
        AssertFinds(await Fednode.HereAsync("audit", Folder, "--json"), PairFixture.Own, 256, FindingKind.RowDamaged);
        Assert.Equal(0, await node.StopAsync());
    }

    /// <summary>What these rows said is not worth a stop: they are begun anew, and then the folder is clean.</summary>
    [Fact]
    public async Task Run_DamagedDisposableRows_AreBegunAnew()
    {
        Scratch.Copy(pair.Beta, Folder);
        await using (var node = await NodeProcess.StartAsync(Folder))
        {
            // A row of what is remembered of a peer is written when the peer is out of reach.
            await UntilAsync(() => StoredRows.OfFolder(Folder).ReadAll("peer").ContainsKey("secretariat"));
            Assert.Equal(0, await node.StopAsync());
        }

        var rows = StoredRows.OfFolder(Folder, write: true);
        rows.Damage("flip", "receipts", "beta");
        rows.Damage("flip", "peer", "secretariat");
        Assert.Equal(1, (await Fednode.HereAsync("audit", Folder, "--json")).Code);
        await using (var node = await NodeProcess.StartAsync(Folder))
        {
            await CoalitionFixture.UntilReadyAsync(Folder);
            Assert.Contains(
                await AlarmsAsync(), a => a.Contains("'receipts' of 'beta' is damaged", StringComparison.Ordinal));
            await UntilAsync(() => StoredRows.OfFolder(Folder).Decodes<Grains.Peers.PeerRow>("peer", "secretariat"));

            // Receipts are signed again only when another member could have shown what was signed before.
            Scratch.Copy(pair.Secretariat, _scratch.In("secretariat"));
            await using var secretariat = await NodeProcess.StartAsync(_scratch.In("secretariat"));
            await UntilAsync(() => StoredRows.OfFolder(Folder).Decodes<Grains.Receipts.ReceiptsRow>("receipts", "beta"));
            Assert.Equal(0, await node.StopAsync());
            Assert.Contains("'peer' of 'secretariat' is damaged", await node.Error, StringComparison.Ordinal);
        }

        var audit = await Fednode.HereAsync("audit", Folder, "--json");
        Assert.True(audit.Code == 0, audit.ToString());
    }

    /// <summary>The damage comes while the node runs, and nobody but the audit reads the row.</summary>
    [Theory]
    [InlineData(LogRowKind.Bundle, PairFixture.Own)]
    [InlineData(LogRowKind.Payloads, PairFixture.Own)]
    [InlineData(LogRowKind.Bundle, PairFixture.Foreign)]
    [InlineData(LogRowKind.Payloads, PairFixture.Foreign)]
    public async Task Audit_RowTamperedWithUnderARunningNode_NamesLogEntryAndFault(string kind, string origin)
    {
        Scratch.Copy(pair.Beta, Folder);
        await using var node = await NodeProcess.StartAsync(Folder);
        await CoalitionFixture.UntilReadyAsync(Folder);
        var url = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "run.json")))
            .RootElement.GetProperty("apiUrl").GetString()!;

        StoredRows.OfFolder(Folder, write: true).Damage("flip", kind, $"{origin}|1");
        var ofFolder = await Fednode.HereAsync("audit", Folder, "--json");
        var ofUrl = await Fednode.HereAsync(
            "audit", url, "--key", "@" + Path.Combine(Folder, "api-keys", "auditor.key"),
            "--anchor", Path.Combine(Folder, "coalition.json"), "--json");

        AssertFinds(ofFolder, origin, 256, FindingKind.RowDamaged);
        AssertFinds(ofUrl, origin, 256, FindingKind.RowDamaged);
        Assert.Contains(await AlarmsAsync(), a => a.Contains($"'{kind}' of '{origin}|1|", StringComparison.Ordinal));
        Assert.Equal(0, await node.StopAsync());
    }

    [Theory]
    [InlineData("DELETE FROM OrleansQuery")]
    [InlineData("UPDATE OrleansQuery SET QueryText = 'SELECT 1' WHERE QueryKey = 'WriteToStorageKey'")]
    public async Task Run_QueriesChanged_AreWrittenAnewAndTheAlarmSaysSo(string sql)
    {
        Scratch.Copy(pair.Beta, Folder);
        StoredRows.OfFolder(Folder, write: true).Execute(sql);
        await using (var node = await NodeProcess.StartAsync(Folder))
        {
            await CoalitionFixture.UntilReadyAsync(Folder);
            Assert.Contains(
                await AlarmsAsync(),
                a => a.Contains("'WriteToStorageKey' of the table OrleansQuery", StringComparison.Ordinal));
            await Fednode.DoAsync("publish", "keyword", "one more ornament", "--category", "ivory", "--data", Folder);
            Assert.Equal(0, await node.StopAsync());
        }

        var audit = await Fednode.HereAsync("audit", Folder, "--json");
        Assert.True(audit.Code == 0, audit.ToString());
    }

    private static string? VerdictOf(JsonElement answer) =>
        answer.GetProperty("items")[0].GetProperty("verdict").GetString();

    private static void AssertFinds(Ran audit, string origin, long index, string kind)
    {
        Assert.True(audit.Code == 1, audit.ToString());
        var fault = Assert.Single(
            audit.Json.GetProperty("findings").EnumerateArray(),
            f => f.GetProperty("severity").GetString() == "Fault" && f.GetProperty("origin").GetString() == origin);
        Assert.Equal((index, kind), (fault.GetProperty("index").GetInt64(), fault.GetProperty("kind").GetString()));
    }

    /// <summary>Said once, in words, and not with every turn of every loop.</summary>
    private static void AssertQuiet(string error)
    {
        Assert.False(error.Contains("   at ", StringComparison.Ordinal), error);
        Assert.True(error.Split('\n').Count(l => l.Contains("is damaged", StringComparison.Ordinal)) == 1, error);
    }

    private void Damage(string kind, string key)
    {
        Scratch.Copy(pair.Beta, Folder);
        StoredRows.OfFolder(Folder, write: true).Damage("flip", kind, key);
    }

    private async Task<List<string>> AlarmsAsync() =>
    [
        .. (await Fednode.DoAsync("status", "--data", Folder, "--json")).Json.GetProperty("alarms").EnumerateArray()
            .Select(a => a.GetString()!),
    ];

    /// <summary>Whether a row is damaged, or the list stands still at one.</summary>
    private async Task<bool> DamagedAsync() => (await AlarmsAsync()).Exists(a =>
        a.Contains("is damaged", StringComparison.Ordinal) || a.Contains("cannot be read", StringComparison.Ordinal));

    private Task<Ran> CheckAsync(string text) =>
        Fednode.DoAsync("check", "text", text, "--data", Folder, "--json");

    private async Task<JsonElement> ReadyAsync()
    {
        using var http = new HttpClient();
        var api = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "run.json")))
            .RootElement.GetProperty("apiUrl").GetString()!;
        using var answer = await http.GetAsync(new Uri(api + "/readyz"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }

    private static Task UntilAsync(Func<bool> done) => UntilAsync(() => Task.FromResult(done()));

    private static async Task UntilAsync(Func<Task<bool>> done)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await done())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
