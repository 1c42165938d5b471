using System.Globalization;
using FederationNode.TestSupport;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A coalition in which the secretariat and four members hold the keys for seller tags, three of whom make a tag; and a member
/// that holds nothing. All six run; the keys were dealt while nobody did.
/// </summary>
public sealed class HoldersFixture : IAsyncLifetime, IDisposable
{
    public const string Client = "client";

    internal static readonly string[] Holders = ["secretariat", "alpha", "beta", "gamma", "delta"];

    private static readonly string[] s_everybody = [.. Holders, Client];

    private readonly Scratch _root = new();
    private readonly Dictionary<string, NodeProcess> _nodes = [];

    public string Shares => _root.In("shares");

    internal Scratch Root => _root;

    /// <summary>The tag of the number below under the keys before they were dealt.</summary>
    public string TagBefore { get; private set; } = "";

    public static string Number => "+8613800138000";

    public string Folder(string member) => _root.In(member);

    public async Task InitializeAsync()
    {
        var ports = FreePorts.Take(2 * s_everybody.Length);
        string[] Addresses(int i) =>
        [
            "--endpoint", Invariant($"https://127.0.0.1:{ports[2 * i]}"), "--listen", Invariant($"127.0.0.1:{ports[2 * i]}"),
            "--api", Invariant($"127.0.0.1:{ports[(2 * i) + 1]}"),
        ];
        await Fednode.DoAsync(
            ["coalition", "create", Folder(Holders[0]), "--name", "ewt", "--seller-types", "tel,email", .. Addresses(0)]);
        for (var i = 1; i < s_everybody.Length; i++)
        {
            var member = s_everybody[i];
            await Fednode.DoAsync(
                [
                    "member", "init", Folder(member), "--coalition", Path.Combine(Folder(Holders[0]), "coalition.json"), "--name", member,
                    .. Addresses(i),
                ]);
            await Fednode.DoAsync("roster", "admit", Path.Combine(Folder(member), "enrolment.note"), "--data", Folder(Holders[0]));
        }

        // The secretariat still has the keys whole.
        await StartAsync(Holders[0]);
        await CoalitionFixture.UntilReadyAsync(Folder(Holders[0]));
        TagBefore = await TagAsync(Holders[0]);
        await KillAsync(Holders[0]);
        await Fednode.DoAsync(
            "seller-keys", "deal", "--json", "--data", Folder(Holders[0]), "--holders", string.Join(',', Holders), "--seller-types", "tel,email",
            "--out", Shares);
        foreach (var holder in Holders[1..])
        {
            await Fednode.DoAsync(
                "seller-keys", "install", "--json", Path.Combine(Shares, holder), "--data", Folder(holder),
                "--passphrase", Path.Combine(Shares, holder + ".passphrase"));
        }

        foreach (var member in s_everybody)
        {
            await StartAsync(member);
        }

        foreach (var member in s_everybody)
        {
            await CoalitionFixture.UntilReadyAsync(Folder(member));
        }
    }

    public async Task StartAsync(string member) => _nodes[member] = await NodeProcess.StartAsync(Folder(member));

    /// <summary>Ends a node without a warning.</summary>
    public async Task KillAsync(string member)
    {
        await _nodes[member].KillAsync();
        await _nodes[member].DisposeAsync();
        _nodes.Remove(member);
    }

    /// <summary>The tag of a number by the node of a member, running or stopped.</summary>
    public async Task<string> TagAsync(string member)
    {
        var ran = await TryTagAsync(member, Number);
        Assert.True(ran.Code == 0, ran.ToString());
        return TagsOf(ran).Single();
    }

    internal async Task<Ran> TryTagAsync(string member, params string[] numbers)
    {
        var (list, tags) = (_root.In(Guid.NewGuid().ToString("N")), _root.In(Guid.NewGuid().ToString("N")));
        await File.WriteAllLinesAsync(list, numbers);
        var ran = await Fednode.HereAsync("tag", list, "--lines", "--type", "tel", "--epoch", "1", "--out", tags, "--data", Folder(member));
        return ran with { Output = File.Exists(tags) ? await File.ReadAllTextAsync(tags) : "" };
    }

    internal static IReadOnlyList<string> TagsOf(Ran ran) =>
        [.. ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(l => l.Split(',')[^1].Trim())];

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes.Values)
        {
            await node.DisposeAsync();
        }
    }

    public void Dispose() => _root.Dispose();

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
