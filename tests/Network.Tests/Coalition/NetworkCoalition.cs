using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.EndToEnd.Tests;
using FederationNode.Network.Tests.Emulation;
using Xunit;

namespace FederationNode.Network.Tests.Coalition;

/// <summary>
/// A secretariat and three members as processes, each in a network namespace of its own, with TLS and SQLite, and the
/// router between them. Shared by the tests, which run one after the other; each begins on a perfect network.
/// </summary>
public sealed class NetworkCoalition : IAsyncLifetime, IDisposable
{
    private const int LogLines = 25;
    private const int PeerPort = 7443;
    private static readonly IPEndPoint Api = new(IPAddress.Loopback, 7480);

    /// <summary>The order of the places in the router.</summary>
    public static readonly string[] Everybody = ["secretariat", "alpha", "beta", "gamma"];

    private readonly Scratch _root = new();
    private readonly List<NetworkNamespace> _places = [];
    private readonly List<NetworkNode> _nodes = [];
    private Router? _router;
    private int _pictures;

    internal IReadOnlyList<NetworkNode> Nodes => _nodes;

    internal NetworkNode this[string member] => _nodes[Array.IndexOf(Everybody, member)];

    /// <summary>A picture that nobody has taken down yet.</summary>
    internal string NewPicture() => string.Create(CultureInfo.InvariantCulture, $"picture {++_pictures}");

    internal LinkRules Rules(string from, string to) => _router![Index(from), Index(to)];

    internal void SetRules(string from, string to, LinkRules rules) => _router![Index(from), Index(to)] = rules;

    /// <summary>The same rules for both directions of all pairs.</summary>
    internal void SetRules(LinkRules rules)
    {
        foreach (var (from, to) in Pairs())
        {
            SetRules(from, to, rules);
        }
    }

    /// <summary>Cuts a member off from all others, both ways, or no longer.</summary>
    internal void CutOff(string member, bool cut)
    {
        foreach (var (from, to) in Pairs().Where(p => p.From == member || p.To == member))
        {
            SetRules(from, to, Rules(from, to) with { Cut = cut });
        }
    }

    /// <summary>A list of keywords, none of which another list has.</summary>
    internal string WriteList(string name, int entries)
    {
        const string Header =
            "kind,value,lang,category,taxon,cites,action,confidence,severity,match,any_of,all_of,none_of,window,source";
        var file = _root.In(name + ".csv");
        var lines = Enumerable.Range(0, entries).Select(i => string.Create(
            CultureInfo.InvariantCulture, $"keyword,{name} ornament {i},en,ivory,,,review,80,medium,,,,,,"));
        File.WriteAllLines(file, [Header, .. lines], new UTF8Encoding(false));
        return file;
    }

    /// <summary>Waits until all nodes show the same head of every log, and have the same view.</summary>
    /// <returns>When that was seen.</returns>
    internal Task<TimeSpan> UntilConvergedAsync(Stopwatch watch) => UntilAsync(
        watch,
        "the same heads of all logs and the same view on all nodes",
        async () => (await StatusesAsync()).DistinctBy(HeadsOf).Count() == 1);

    internal Task<NodeStatus[]> StatusesAsync() => Task.WhenAll(_nodes.Select(n => n.StatusAsync()));

    /// <summary>Waits until a detector at the node would block the picture.</summary>
    internal Task<TimeSpan> UntilBlockedAsync(Stopwatch watch, string member, string picture) =>
        UntilAsync(watch, $"{member} blocks {picture}", () => this[member].BlocksAsync(picture));

    /// <summary>Asks again and again; what was waited for too long ends the test with all that is known.</summary>
    internal async Task<TimeSpan> UntilAsync(Stopwatch watch, string what, Func<Task<bool>> holds)
    {
        var end = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(end.Elapsed < NetworkSettings.Patience, $"Not within {NetworkSettings.Patience}: {what}.\n"
                + await DescribeAsync());
            await Task.Delay(20);
        }

        return watch.Elapsed;
    }

    /// <summary>A perfect network, and everybody has everything.</summary>
    internal async Task HealAsync()
    {
        SetRules(LinkRules.Perfect);
        await UntilAsync(Stopwatch.StartNew(), "all nodes reach one another", async () =>
            (await StatusesAsync()).All(s =>
                s.Ready && s.RosterVersion == Everybody.Length && s.Peers.Count == Everybody.Length - 1
                && s.Peers.All(p => p.Reachable)));
        await UntilConvergedAsync(Stopwatch.StartNew());
    }

    /// <summary>Seed, rules, traffic, heads, peers and the last lines of the logs.</summary>
    internal async Task<string> DescribeAsync()
    {
        var text = new StringBuilder();
        text.AppendLine($"Seed {NetworkSettings.Seed}, {NetworkSettings.CongestionControl}.");
        foreach (var (from, to) in Pairs())
        {
            text.AppendLine($"{from} to {to}: {Rules(from, to)}; {_router!.Counts(Index(from), Index(to))}");
        }

        foreach (var node in _nodes)
        {
            var status = await node.StatusAsync();
            text.AppendLine($"{node.Member}: {(status.Ready ? "ready" : "not ready")}, view {status.ViewDigest[..12]}");
            foreach (var peer in status.Peers)
            {
                text.AppendLine($"  {peer}");
            }

            foreach (var log in status.Logs)
            {
                text.AppendLine(
                    CultureInfo.InvariantCulture, $"  {log.Origin}: {log.Size} of {log.Held}, {log.Root[..12]}");
            }

            foreach (var line in node.Log.TrimEnd().Split('\n').TakeLast(LogLines))
            {
                text.AppendLine("  | " + line);
            }
        }

        return text.ToString();
    }

    internal LinkCounts Traffic(string from, string to) => _router!.Counts(Index(from), Index(to));

    public async Task InitializeAsync()
    {
        if (NetworkFactAttribute.SkipReason is not null)
        {
            return;
        }

        for (var i = 0; i < Everybody.Length; i++)
        {
            _places.Add(NetworkNamespace.Create((byte)(i + 1), NetworkSettings.CongestionControl));
        }

        _router = new Router(_places, NetworkSettings.Seed);
        await FoundAsync();
        _nodes.AddRange(await Task.WhenAll(Everybody.Select((m, i) =>
            NetworkNode.StartAsync(m, _root.In(m), _places[i], Api))));
        await HealAsync();
    }

    public Task DisposeAsync() => Task.WhenAll(_nodes.Select(n => n.DisposeAsync().AsTask()));

    public void Dispose()
    {
        _router?.Dispose();
        _places.ForEach(p => p.Dispose());
        _root.Dispose();
    }

    private async Task FoundAsync()
    {
        var anchor = _root.In(Everybody[0], "coalition.json");
        for (var i = 0; i < Everybody.Length; i++)
        {
            var (member, address) = (Everybody[i], $"{_places[i].Address}:{PeerPort}");
            string[] command = i == 0
                ? ["coalition", "create", _root.In(member), "--name", "far"]
                : ["member", "init", _root.In(member), "--coalition", anchor, "--name", member];
            await Fednode.DoAsync(
                [.. command, "--endpoint", $"https://{address}", "--listen", address, "--api", Api.ToString()]);
            if (i > 0)
            {
                await Fednode.DoAsync(
                    "roster", "admit", _root.In(member, "enrolment.note"), "--data", _root.In(Everybody[0]));
            }
        }
    }

    private static string HeadsOf(NodeStatus status) => string.Join('\n', status.Logs
        .Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Origin} {l.Size} {l.Root}"))
        .Order(StringComparer.Ordinal)
        .Append(status.ViewDigest));

    private static int Index(string member) => Array.IndexOf(Everybody, member);

    private static IEnumerable<(string From, string To)> Pairs() =>
        Everybody.SelectMany(from => Everybody.Where(to => to != from).Select(to => (from, to)));
}
