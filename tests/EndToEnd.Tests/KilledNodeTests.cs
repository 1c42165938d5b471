using System.Text.Json;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// Real nodes are killed with SIGKILL again and again while several programs publish: the writer of the log, and the
/// peer that takes it. What was acknowledged is there, once; no size ever has a second root; the audit is clean.
/// </summary>
public sealed class KilledNodeTests : IAsyncLifetime, IDisposable
{
    private const string Log = "ewt/alpha/indicators/1";

    private readonly Scratch _scratch = new();
    private readonly Dictionary<string, NodeProcess> _nodes = [];

    private string Secretariat => _scratch.In("secretariat");

    private string Alpha => _scratch.In("alpha");

    public async Task InitializeAsync()
    {
        await Fednode.FoundAsync(Secretariat, "ewt", Alpha);
        await StartAsync(Secretariat);
        await StartAsync(Alpha);
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
    public async Task Kill_WriterAndReceiverUnderConcurrentPublishers_NothingAcknowledgedIsLost()
    {
        using var run = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Alpha, "run.json")));
        var key = await File.ReadAllTextAsync(Path.Combine(Alpha, "api-keys", "operator.key"));
        using var publishers = new Publishers(
            run.RootElement.GetProperty("apiUrl").GetString()!, key.Trim(), Log, count: 4);
        foreach (var victims in (string[][])[[Alpha], [Secretariat], [Secretariat, Alpha], [Alpha]])
        {
            await publishers.UntilMoreAsync(40);
            publishers.NodeGoesDown();
            foreach (var victim in victims)
            {
                await _nodes[victim].KillAsync();
                await _nodes[victim].DisposeAsync();
            }

            foreach (var victim in victims)
            {
                await StartAsync(victim);
            }

            publishers.NodeIsUp();
        }

        await publishers.UntilMoreAsync(40);
        await publishers.StopAsync();

        await AssertEachIsThereOnceAsync(publishers);
        await UntilSecretariatHasAsync(publishers.Acknowledged.Count);
        await AssertOneHistoryAsync(publishers.Checkpoints);
        await AssertCleanAsync();
        await _nodes[Alpha].StopAsync();
        await _nodes[Secretariat].StopAsync();
        await AssertCleanAsync();
    }

    private async Task StartAsync(string folder)
    {
        _nodes[folder] = await NodeProcess.StartAsync(folder);
        await CoalitionFixture.UntilReadyAsync(folder);
    }

    /// <summary>Every request was repeated until it had an answer, so that there is nothing else in the log.</summary>
    private async Task AssertEachIsThereOnceAsync(Publishers publishers)
    {
        var acknowledged = publishers.Acknowledged;
        Assert.Equal(acknowledged.Count, await SizeAtAsync(Alpha));
        var indexes = acknowledged.Values.Select(a => a.Index).Order();
        Assert.Equal(Enumerable.Range(0, acknowledged.Count).Select(i => (long)i), indexes);
        foreach (var (value, (id, index)) in acknowledged)
        {
            var indicator = (await publishers.ShowAsync(id)).GetProperty("indicator");
            var listing = Assert.Single(indicator.GetProperty("listings").EnumerateArray());
            Assert.Equal(value, indicator.GetProperty("value").GetString());
            Assert.Equal(Log, listing.GetProperty("origin").GetString());
            Assert.Equal(index, listing.GetProperty("index").GetInt64());
        }
    }

    private async Task UntilSecretariatHasAsync(long size)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await SizeAtAsync(Secretariat) is var held && held < size)
        {
            Assert.False(patience.IsCancellationRequested, $"The secretariat has {held} of {size} entries.");
        }
    }

    /// <summary>Each head that was ever shown, to a program or to the peer, is one of the tree as it is now.</summary>
    private async Task AssertOneHistoryAsync(IReadOnlyCollection<byte[]> checkpoints)
    {
        var export = _scratch.In("export");
        await Fednode.DoAsync("log", "export", Log, export, "--data", Alpha);
        var size = await SizeAtAsync(Alpha);
        var leaves = new List<Hash256>();
        foreach (var tile in TilePath.ForLevel(TilePath.Entries, size))
        {
            var bundle = await File.ReadAllBytesAsync(Path.Combine(export, tile.ToString()));
            Assert.True(EntryBundle.TryDecode(bundle, tile.Width, out var entries, out var error), error);
            leaves.AddRange(entries.Select(e => MerkleHash.Leaf(e.Span)));
        }

        var key = VerificationKey.Parse((await File.ReadAllTextAsync(Path.Combine(export, "vkey"))).Trim());
        Assert.NotEmpty(checkpoints);
        foreach (var note in checkpoints)
        {
            Assert.True(Checkpoint.TryOpen(note, key, out var head, out var error), error);
            Assert.Equal(MerkleHash.Root([.. leaves.Take((int)head.Size)]), head.Root);
        }

        Assert.Empty(StoredRows.OfFolder(Secretariat).ReadAll("log-fork"));
    }

    private async Task AssertCleanAsync()
    {
        var audit = await Fednode.HereAsync("audit", _scratch.Path, "--json");
        Assert.True(audit.Code == 0, audit.ToString());
        Assert.Equal(2, audit.Json.GetProperty("places").EnumerateArray().Count(
            p => p.GetProperty("kind").GetString() is "running-node" or "stopped-node"));
    }

    private static async Task<long> SizeAtAsync(string folder)
    {
        var logs = (await Fednode.DoAsync("log", "list", "--data", folder, "--json")).Json.EnumerateArray();
        return logs.Where(l => l.GetProperty("origin").GetString() == Log)
            .Select(l => l.GetProperty("size").GetInt64()).SingleOrDefault();
    }
}
