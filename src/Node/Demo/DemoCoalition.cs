using System.Globalization;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Demo;

/// <summary>The demo's coalition: folders made with the public verbs, and a process for each node.</summary>
internal sealed class DemoCoalition(string root) : IAsyncDisposable
{
    private const string Coalition = "demo";
    private const string Loopback = "127.0.0.1";

    /// <summary>How many holders make a tag of a seller together.</summary>
    public const int Threshold = 3;

    /// <summary>The version of the roster in force: the first, one for each member, one for the holders of keys.</summary>
    public static int RosterVersion => 1 + Members.Length + 1;

    public static readonly string[] Members = ["alpha", "beta", "gamma"];

    public static readonly string[] Everybody = ["secretariat", .. Members];

    private readonly Dictionary<string, NodeProcess> _nodes = new(StringComparer.Ordinal);

    public NodeProcess this[string member] => _nodes[member];

    public IReadOnlyList<NodeProcess> Running => [.. _nodes.Values.OrderBy(n => Array.IndexOf(Everybody, n.Member))];

    public NodeFolder Folder(string member) => new(Path.Combine(root, member));

    /// <summary>Founds the coalition, sets up the members, admits them, and starts all four.</summary>
    public async Task FoundAsync(CancellationToken cancel)
    {
        var ports = FreePorts.Take(2 * Everybody.Length);
        string Endpoint(int i) => $"https://{Loopback}:{ports[2 * i]}";
        string[] Addresses(int i) => ["--listen", $"{Loopback}:{ports[2 * i]}", "--api", $"{Loopback}:{ports[(2 * i) + 1]}"];

        var secretariat = Folder(Everybody[0]);
        await Self.RunAsync(["coalition", "create", secretariat.Path, "--name", Coalition, "--endpoint", Endpoint(0), .. Addresses(0)], cancel);
        await Task.WhenAll(Members.Select((member, i) => Self.RunAsync(
            ["member", "init", Folder(member).Path, "--coalition", secretariat.AnchorFile, "--name", member, "--endpoint", Endpoint(i + 1), .. Addresses(i + 1)],
            cancel)));
        foreach (var member in Members)
        {
            await Self.RunAsync(["roster", "admit", Folder(member).EnrolmentFile, "--data", secretariat.Path], cancel);
        }

        await DealKeysAsync(cancel);
        await Task.WhenAll(Everybody.Select(m => StartAsync(m, cancel)));
    }

    /// <summary>The keys for tags of sellers go to all four, three of whom make a tag together.</summary>
    private async Task DealKeysAsync(CancellationToken cancel)
    {
        var shares = Path.Combine(root, "shares");
        await Self.RunAsync(
            [
                "seller-keys", "deal", "--data", Folder(Everybody[0]).Path, "--holders", string.Join(',', Everybody),
                "--threshold", Threshold.ToString(CultureInfo.InvariantCulture), "--out", shares,
            ],
            cancel);
        foreach (var member in Members)
        {
            var own = Path.Combine(shares, member);
            await Self.RunAsync(["seller-keys", "install", own, "--data", Folder(member).Path, "--passphrase", own + ".passphrase"], cancel);
        }

        Directory.Delete(shares, recursive: true);
    }

    public async Task StartAsync(string member, CancellationToken cancel)
    {
        var node = await NodeProcess.StartAsync(member, Folder(member), cancel);
        lock (_nodes)
        {
            _nodes[member] = node;
        }
    }

    public async Task StopAsync(string member)
    {
        if (_nodes.Remove(member, out var node))
        {
            await node.DisposeAsync();
        }
    }

    public Task<NodeStatus> StatusAsync(string member, CancellationToken cancel) =>
        this[member].Client.GetAsync<NodeStatus>(ApiRoutes.Status, cancel);

    /// <summary>Waits until every running node satisfies a condition; false after <paramref name="patience"/>.</summary>
    public async Task<bool> UntilAsync(Func<NodeStatus, bool> holds, TimeSpan patience, CancellationToken cancel)
    {
        var until = DateTime.UtcNow + patience;
        while (true)
        {
            var all = await Task.WhenAll(Running.Select(n => StatusAsync(n.Member, cancel)));
            if (all.All(holds))
            {
                return true;
            }

            if (DateTime.UtcNow > until)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), cancel);
        }
    }

    /// <summary>Waits until all running nodes have the same view as one of them.</summary>
    public async Task<bool> UntilSameViewAsync(string like, TimeSpan patience, CancellationToken cancel)
    {
        var digest = (await StatusAsync(like, cancel)).ViewDigest;
        return await UntilAsync(s => s.ViewDigest == digest, patience, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Values.Select(n => n.DisposeAsync().AsTask()));
        _nodes.Clear();
    }
}
