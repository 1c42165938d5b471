using System.Globalization;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A secretariat and alpha, both running; what alpha published; an export of its logs; and a copy of alpha's folder
/// from a moment at which it was stopped.
/// </summary>
public sealed class CoalitionFixture : IAsyncLifetime, IDisposable
{
    private readonly Scratch _root = new();
    private readonly List<NodeProcess> _nodes = [];

    public string Secretariat => _root.In("secretariat");

    public string Alpha => _root.In("alpha");

    public string Export => _root.In("export");

    public string Stopped => _root.In("stopped");

    /// <summary>
    /// A stopped secretariat of a coalition without members, with one listing. A copy of it may run: a copy of alpha
    /// would meet the others as a second alpha.
    /// </summary>
    public string Lone => _root.In("lone");

    public string Anchor => Path.Combine(Secretariat, "coalition.json");

    /// <summary>What the sealed, stopped node answered when it was told to stop.</summary>
    public int StopCode { get; private set; }

    internal Ran Keyword { get; private set; } = null!;

    internal Ran Image { get; private set; } = null!;

    public static string Sample(params string[] parts) => Path.Combine([TestFiles.Repository, "samples", .. parts]);

    /// <summary>The head rows of alpha's logs as they were before the import, by origin.</summary>
    internal IReadOnlyDictionary<string, byte[]> OldHeads { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var ports = await Fednode.FoundAsync(Secretariat, "ewt", Alpha);
        await FoundLoneAsync(ports[1]);
        _nodes.Add(await NodeProcess.StartAsync(Secretariat));
        var alpha = await NodeProcess.StartAsync(Alpha);
        _nodes.Add(alpha);
        await UntilAlphaKnowsTheRosterAsync();

        Keyword = await Fednode.DoAsync(
            "publish", "keyword", "carved tusk bangle", "--category", "ivory", "--data", Alpha, "--json");
        Image = await Fednode.DoAsync(
            "publish", "image", Sample("images", "bridge-1-original.jpg"), "--category", "other", "--data", Alpha, "--json");
        OldHeads = StoredRows.OfFolder(Alpha).ReadAll("log-head");
        await Fednode.DoAsync("publish", "keyword", "pangolin scale", "--category", "pangolin", "--data", Secretariat);
        await Fednode.DoAsync("import", Sample("indicators.csv"), "--data", Alpha);
        await UntilEverybodyHasAllAsync();

        await Fednode.DoAsync("log", "export", "all", Export, "--data", Alpha);
        StopCode = await alpha.StopAsync();
        Scratch.Copy(Alpha, Stopped);
        _nodes.Add(await NodeProcess.StartAsync(Alpha));
        await UntilAlphaKnowsTheRosterAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    public void Dispose() => _root.Dispose();

    private async Task FoundLoneAsync(int port)
    {
        var api = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        await Fednode.DoAsync(
            "coalition", "create", Lone, "--name", "lone", "--endpoint", "https://127.0.0.1:1", "--listen", "127.0.0.1:0", "--api", api);
        await using var node = await NodeProcess.StartAsync(Lone);
        await UntilReadyAsync(Lone);
        await Fednode.DoAsync("publish", "keyword", "tusk tip", "--category", "ivory", "--data", Lone);
        await node.StopAsync();
    }

    /// <summary>A node takes entries once it has its roster and its list.</summary>
    internal static async Task UntilReadyAsync(string folder)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await Fednode.HereAsync("status", "--data", folder, "--json") is var status
            && (status.Code != 0 || !status.Json.GetProperty("ready").GetBoolean()))
        {
            Assert.False(patience.IsCancellationRequested, status.ToString());
        }
    }

    /// <summary>Of alpha's folder alone everything must be provable: its own receipts, and those of the other.</summary>
    private async Task UntilEverybodyHasAllAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var audit = await Fednode.HereAsync("audit", Alpha, "--json");
            var receipts = audit.Json.GetProperty("receipts").EnumerateArray().ToList();
            if (receipts.Count == 3 && receipts.All(r =>
                r.GetProperty("newestSize").GetInt64() > 0 && r.GetProperty("notAcknowledged").GetInt64() == 0))
            {
                return;
            }

            Assert.False(patience.IsCancellationRequested, audit.ToString());
        }
    }

    /// <summary>A fresh node learns from the secretariat that it is a member, and writes a receipt for it.</summary>
    private async Task UntilAlphaKnowsTheRosterAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var status = (await Fednode.DoAsync("status", "--data", Alpha, "--json")).Json;
            if (status.GetProperty("ready").GetBoolean() && status.GetProperty("rosterVersion").GetInt32() == 2
                && StoredRows.OfFolder(Alpha).ReadAll("log-head").ContainsKey("ewt/alpha/receipts/1"))
            {
                return;
            }

            patience.Token.ThrowIfCancellationRequested();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class CoalitionGroup : ICollectionFixture<CoalitionFixture>
{
    public const string Name = "coalition";
}
