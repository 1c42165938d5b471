using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.TestSupport;

namespace FederationNode.EndToEnd.Tests.Egress;

/// <summary>
/// A secretariat, alpha and beta as processes, with a <see cref="RecordingProxy"/> before each; and everything else that
/// anybody may get to see of them.
/// </summary>
internal sealed class EgressCoalition : IAsyncDisposable
{
    public static readonly string[] Members = ["secretariat", "alpha", "beta"];

    private readonly Scratch _root = new();
    private readonly List<Sent> _sent = [];
    private readonly List<RecordingProxy> _proxies = [];
    private readonly Dictionary<string, NodeProcess> _nodes = [];
    private readonly List<(string What, string Text)> _said = [];
    private readonly HttpClient _http = new();

    private string[] _api = [];

    /// <summary>Alpha's local API.</summary>
    public Uri Api => new($"http://{_api[1]}");

    public string Folder(string member) => _root.In(member);

    public string In(string name) => _root.In("company", name);

    public static async Task<EgressCoalition> StartAsync()
    {
        var coalition = new EgressCoalition();
        await coalition.FoundAsync();
        return coalition;
    }

    /// <summary>Runs a verb; what it complains of is among what is searched, what it answers is for who asked.</summary>
    public async Task<Ran> DoAsync(params string[] arguments)
    {
        var ran = await Fednode.HereAsync([.. arguments, "--json"]);
        Hear($"what fednode {arguments[0]} complained of", ran.Error);
        return ran;
    }

    /// <summary>Asks alpha's local API; a problem is among what is searched, and so are the headers of any answer.</summary>
    /// <returns>The answer's body.</returns>
    public async Task<string> AskAsync(
        HttpMethod method, string path, HttpContent? content = null, Action<HttpRequestHeaders>? change = null)
    {
        using var request = new HttpRequestMessage(method, $"http://{_api[1]}{path}") { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", new NodeFolder(Folder("alpha")).ReadApiKey(ApiRole.Operator));
        change?.Invoke(request.Headers);
        using var response = await _http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        Hear($"the headers of an answer to {method}", response.Headers + response.Content.Headers.ToString());
        if (!response.IsSuccessStatusCode)
        {
            Hear($"a problem of {method}", body);
        }

        return body;
    }

    /// <summary>As JSON.</summary>
    public static HttpContent Json(string text) => new StringContent(text, Encoding.UTF8, "application/json");

    /// <summary>Ends a node as a fault of the machine would; it writes whatever it writes then.</summary>
    public async Task AbortAsync(string member)
    {
        await _nodes[member].AbortAsync();
        Hear($"what {member} wrote before it was aborted", await _nodes[member].Error);
        await _nodes[member].DisposeAsync();
        _nodes.Remove(member);
    }

    public async Task StartAsync(string member)
    {
        _nodes[member] = await NodeProcess.StartAsync(Folder(member));
        await CoalitionFixture.UntilReadyAsync(Folder(member));
    }

    /// <summary>Stops all nodes, so that whatever they still had to write is written.</summary>
    public async Task StopAsync()
    {
        foreach (var (member, node) in _nodes)
        {
            await node.StopAsync();
            Hear($"what {member} wrote", await node.Error);
        }
    }

    /// <summary>What left each node.</summary>
    public IReadOnlyList<Sent> Sent
    {
        get
        {
            lock (_sent)
            {
                return [.. _sent];
            }
        }
    }

    /// <summary>Finds in all that left a node, and in all that nodes and verbs wrote for people.</summary>
    public IReadOnlyList<string> FindInWhatLeft(LeakSearch search) =>
    [
        .. Sent.SelectMany(s => search.Find($"{s.From}, head of {s.What}", s.Head)),
        .. Sent.SelectMany(s => search.Find($"{s.From}, body of {s.What}", s.Body)),
        .. _said.SelectMany(s => search.Find(s.What, Encoding.UTF8.GetBytes(s.Text))),
    ];

    /// <summary>Finds in all files, and their names, of a node's folder or below another.</summary>
    public static IReadOnlyList<string> FindInFiles(LeakSearch search, string folder) =>
    [
        .. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).SelectMany(file =>
            search.Find(Path.GetRelativePath(folder, file), File.ReadAllBytes(file))
                .Concat(search.Find("the name of a file", Encoding.UTF8.GetBytes(file)))),
    ];

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Values)
        {
            await node.DisposeAsync();
        }

        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        _http.Dispose();
        _root.Dispose();
    }

    private async Task FoundAsync()
    {
        Directory.CreateDirectory(_root.In("company"));
        var ports = FreePorts.Take(3 * Members.Length);
        _api = [.. Enumerable.Range(0, Members.Length).Select(i => Invariant($"127.0.0.1:{ports[(3 * i) + 2]}"))];
        string[] Addresses(int i) =>
        [
            "--endpoint", Invariant($"https://127.0.0.1:{ports[3 * i]}"), "--listen", Invariant($"127.0.0.1:{ports[(3 * i) + 1]}"),
            "--api", _api[i],
        ];
        await Fednode.DoAsync(
            ["coalition", "create", Folder("secretariat"), "--name", "ewt", "--seller-types", "tel,email,wechat", .. Addresses(0)]);
        for (var i = 1; i < Members.Length; i++)
        {
            await Fednode.DoAsync(
                [
                    "member", "init", Folder(Members[i]), "--coalition", Path.Combine(Folder("secretariat"), "coalition.json"), "--name", Members[i],
                    .. Addresses(i),
                ]);
            await Fednode.DoAsync("roster", "admit", Path.Combine(Folder(Members[i]), "enrolment.note"), "--data", Folder("secretariat"));
        }

        var folders = Members.ToDictionary(m => m, Folder);
        for (var i = 0; i < Members.Length; i++)
        {
            _proxies.Add(await RecordingProxy.StartAsync(Members[i], ports[3 * i], ports[(3 * i) + 1], folders, _sent));
        }

        foreach (var member in Members)
        {
            _nodes[member] = await NodeProcess.StartAsync(Folder(member));
        }

        foreach (var member in Members)
        {
            await CoalitionFixture.UntilReadyAsync(Folder(member));
        }
    }

    private void Hear(string what, string text) => _said.Add((what, text));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
