using System.Globalization;
using System.Text;
using System.Text.Json;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// An erasure in a coalition of four real nodes, one of which is down when the orders come: the bytes leave every folder,
/// everybody says so, the audit stays clean, and what is exported afterwards proves the same tree without them.
/// </summary>
public sealed class ErasureTests : IAsyncLifetime, IDisposable
{
    private const string Log = "ewt/alpha/indicators/1";
    private const string Word = "quagga amulet zebrine";
    private const string Kept = "carved tusk bangle";

    private readonly Scratch _scratch = new();
    private readonly int[] _ports = FreePorts.Take(8);
    private readonly Dictionary<string, NodeProcess> _nodes = [];

    private string Secretariat => _scratch.In("secretariat");

    private string Alpha => _scratch.In("alpha");

    private string Gamma => _scratch.In("gamma");

    private string[] All => [Secretariat, Alpha, _scratch.In("beta"), Gamma];

    public async Task InitializeAsync()
    {
        await Fednode.DoAsync(
            "coalition", "create", Secretariat, "--name", "ewt", "--endpoint", $"https://{Address(0)}",
            "--listen", Address(0), "--api", Address(1));
        for (var i = 1; i < All.Length; i++)
        {
            await Fednode.DoAsync(
                "member", "init", All[i], "--coalition", Path.Combine(Secretariat, "coalition.json"),
                "--name", Path.GetFileName(All[i]), "--endpoint", $"https://{Address(2 * i)}",
                "--listen", Address(2 * i), "--api", Address((2 * i) + 1));
            await Fednode.DoAsync("roster", "admit", Path.Combine(All[i], "enrolment.note"), "--data", Secretariat);
        }

        foreach (var node in All)
        {
            _nodes[node] = await NodeProcess.StartAsync(node);
        }

        foreach (var node in All)
        {
            await CoalitionFixture.UntilReadyAsync(node);
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes.Values)
        {
            await node.DisposeAsync();
        }
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Erase_SellerAndKeyword_LeavesEveryFolderAndEverybodySaysSo()
    {
        var seller = IdOf(await Fednode.DoAsync(
            "publish", "seller", "138-0013-8000", "--type", "tel", "--region", "CN", "--category", "ivory", "--data", Alpha, "--json"));
        var keyword = IdOf(await Fednode.DoAsync("publish", "keyword", Word, "--category", "ivory", "--data", Alpha, "--json"));
        await Fednode.DoAsync("publish", "keyword", Kept, "--category", "ivory", "--data", Alpha);
        foreach (var node in All)
        {
            await UntilAsync(node, s => HeldOf(s) == 3);
        }

        var secrets = new List<byte[]> { Encoding.UTF8.GetBytes(Word) };
        foreach (var id in (string[])[seller, keyword])
        {
            var detail = (await Fednode.DoAsync("show", id, "--data", Alpha, "--json")).Json;
            secrets.Add(detail.GetProperty("evidence")[0].GetProperty("salt").GetBytesFromBase64());
            if (id == seller)
            {
                secrets.Add(Convert.FromHexString(detail.GetProperty("indicator").GetProperty("value").GetString()!));
            }
        }

        foreach (var node in All)
        {
            Assert.All(secrets, secret => Assert.NotEmpty(FilesWith(node, secret)));
        }

        // Gamma is down when the orders come.
        await _nodes[Gamma].KillAsync();
        await _nodes[Gamma].DisposeAsync();
        foreach (var id in (string[])[seller, keyword])
        {
            await Fednode.DoAsync("erase", id, "--reason", "owner-request", "--data", Alpha);
            Assert.Equal(5, (await Fednode.HereAsync("show", id, "--data", Alpha)).Code);
        }

        Assert.All(secrets, secret => Assert.NotEmpty(FilesWith(Gamma, secret)));
        _nodes[Gamma] = await NodeProcess.StartAsync(Gamma);
        await UntilAcknowledgedAsync();

        foreach (var node in All)
        {
            Assert.All(secrets, secret => Assert.Empty(FilesWith(node, secret)));
            Assert.NotEmpty(FilesWith(node, Encoding.UTF8.GetBytes(Kept)));
            Assert.Empty((await StatusAsync(node)).GetProperty("erasures").EnumerateArray());
        }

        var export = _scratch.In("export");
        await Fednode.DoAsync("log", "export", "all", export, "--data", Gamma);
        Assert.All(secrets, secret => Assert.Empty(FilesWith(export, secret)));
        Assert.NotEmpty(FilesWith(export, Encoding.UTF8.GetBytes(Kept)));
        AssertClean(await Fednode.HereAsync("audit", export, "--json"));
        foreach (var node in All)
        {
            await _nodes[node].StopAsync();
            Assert.All(secrets, secret => Assert.Empty(FilesWith(node, secret)));
        }

        var audit = await Fednode.HereAsync(["audit", .. All, "--json"]);
        AssertClean(audit);
        Assert.All(ErasuresOf(audit), e => Assert.Equal(0, e.GetProperty("late").GetInt32()));
    }

    private static string IdOf(Ran published) => published.Json.GetProperty("indicatorIds")[0].GetString()!;

    /// <summary>Until the audit of all running nodes shows that each of the four has carried out both orders.</summary>
    private async Task UntilAcknowledgedAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            var audit = await Fednode.HereAsync(["audit", .. All, "--json"]);
            var rows = audit.Code == 3 ? [] : ErasuresOf(audit);
            if (rows.Count == 4 && rows.All(r => r.GetProperty("orders").GetInt32() == 2 && r.GetProperty("acknowledged").GetInt32() == 2))
            {
                return;
            }

            Assert.False(patience.IsCancellationRequested, audit.ToString());
        }
    }

    private static List<JsonElement> ErasuresOf(Ran audit) =>
        [.. audit.Json.GetProperty("erasures").EnumerateArray().Where(e => e.GetProperty("origin").GetString() == Log)];

    private static void AssertClean(Ran audit)
    {
        Assert.True(audit.Code == 0, audit.ToString());
        Assert.DoesNotContain(
            audit.Json.GetProperty("findings").EnumerateArray(),
            f => f.GetProperty("kind").GetString() is "erased-payload-present" or "erasure-late");
    }

    /// <summary>The files with these bytes, without the one that a running node lets nobody open, and which is empty.</summary>
    private static List<string> FilesWith(string folder, byte[] wanted)
    {
        var found = new List<string>();
        foreach (var file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "node.lock"))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            if (bytes.ToArray().AsSpan().IndexOf(wanted) >= 0)
            {
                found.Add(file);
            }
        }

        return found;
    }

    private string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_ports[port]}");

    private static long HeldOf(JsonElement status) => status.GetProperty("logs").EnumerateArray()
        .Where(l => l.GetProperty("origin").GetString() == Log).Select(l => l.GetProperty("size").GetInt64()).FirstOrDefault();

    private static async Task<JsonElement> StatusAsync(string folder) =>
        (await Fednode.DoAsync("status", "--data", folder, "--json")).Json;

    private static async Task UntilAsync(string folder, Func<JsonElement, bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await Fednode.HereAsync("status", "--data", folder, "--json") is var status
            && (status.Code != 0 || !holds(status.Json)))
        {
            Assert.False(patience.IsCancellationRequested, status.ToString());
        }
    }
}
