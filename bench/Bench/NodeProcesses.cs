using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.NetworkInformation;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;

namespace FederationNode.Bench;

/// <summary>A node that was started: its process and a client of its local interface.</summary>
internal sealed record RunningNode(string Folder, Process Process, HttpClient Api)
{
    /// <summary>The log that the secretariat lists in.</summary>
    public const string Log = "bench/secretariat/indicators/1";

    /// <summary>Most memory that the process ever had in use, in bytes.</summary>
    public long PeakMemory => MemoryOf("VmHWM:");

    /// <summary>Memory in use now, in bytes.</summary>
    public long Memory => MemoryOf("VmRSS:");

    /// <summary>Processor time that the process has taken, in seconds.</summary>
    public double ProcessorSeconds
    {
        get
        {
            Process.Refresh();
            return Process.TotalProcessorTime.TotalSeconds;
        }
    }

    public async Task<NodeStatus> StatusAsync() =>
        await Api.GetFromJsonAsync<NodeStatus>(ApiRoutes.Status) ?? throw new JsonException("The status is empty.");

    public async Task<bool> IsReadyAsync() => (await Api.GetAsync(ApiRoutes.Ready)).IsSuccessStatusCode;

    public async Task UntilReadyAsync()
    {
        while (!await IsReadyAsync())
        {
            await Task.Delay(50);
        }
    }

    /// <summary>What the node has of <see cref="Log"/>; null if nothing.</summary>
    public async Task<LogRow?> ListedAsync() =>
        (await StatusAsync()).Logs.SingleOrDefault(l => l.Origin == Log);

    /// <exception cref="InvalidOperationException">The node has another view.</exception>
    public async Task MustShowAsync(string wanted)
    {
        if ((await StatusAsync()).ViewDigest is var digest && digest != wanted)
        {
            throw new InvalidOperationException($"The view is {digest}, not {wanted}.");
        }
    }

    /// <summary>Publishes hashes that no image has, numbered; with another confidence they are listed anew.</summary>
    public async Task PublishAsync(int first, int count, bool? urgent = null, int confidence = 80)
    {
        var batch = new ListingBatch(
            [
                .. Enumerable.Range(first, count).Select(i => new ListingRequest
                {
                    Kind = "image-sha256",
                    Value = HashOf(i),
                    Category = "ivory",
                    Confidence = confidence,
                }),
            ],
            urgent);
        await PublishAsync(batch, string.Create(CultureInfo.InvariantCulture, $"bench-{first}-{confidence}"));
    }

    /// <summary>Publishes listings under an idempotency key.</summary>
    public async Task PublishAsync(ListingBatch batch, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiRoutes.Listings) { Content = JsonContent.Create(batch) };
        request.Headers.Add(ApiRoutes.IdempotencyHeader, key);
        using var answer = await Api.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    /// <summary>Publishes so many, as a list is imported: in large parts, none of them urgent.</summary>
    public async Task ImportAsync(int count)
    {
        for (var at = 0; at < count; at += Limits.MaxAppendEntries)
        {
            await PublishAsync(at, Math.Min(Limits.MaxAppendEntries, count - at));
        }
    }

    public static string HashOf(int i) => Protocol.Hash256.Of(BitConverter.GetBytes(i)).ToString();

    private long MemoryOf(string field) => 1024 * long.Parse(
        File.ReadLines($"/proc/{Process.Id}/status").Single(l => l.StartsWith(field, StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Split('\t')[^1],
        CultureInfo.InvariantCulture);
}

/// <summary>Real nodes as processes, in one temporary folder, made and run with the program's public verbs.</summary>
internal sealed class NodeProcesses : IAsyncDisposable
{
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "fednode.dll");

    private readonly string _root = Directory.CreateTempSubdirectory("fednode-bench-").FullName;
    private readonly List<RunningNode> _running = [];
    private int _port = 17_400;

    private string Secretariat => Folder("secretariat");

    public string Folder(string name) => Path.Combine(_root, name);

    /// <summary>Founds the coalition and admits the members; nobody runs yet.</summary>
    public async Task FoundAsync(params string[] members)
    {
        await VerbAsync(["coalition", "create", Secretariat, "--name", "bench", .. Places()]);
        foreach (var member in members)
        {
            await VerbAsync(
                ["member", "init", Folder(member), "--coalition", Path.Combine(Secretariat, "coalition.json"), "--name", member, .. Places()]);
        }

        foreach (var member in members)
        {
            await VerbAsync("roster", "admit", Path.Combine(Folder(member), "enrolment.note"), "--data", Secretariat);
        }
    }

    /// <summary>Switches on, before the node starts, that it fetches the outline of a long log first.</summary>
    public void SetOutlineFirst(string name)
    {
        var folder = new NodeFolder(Folder(name));
        File.WriteAllText(folder.ConfigFile, (folder.ReadConfig() with { OutlineFirst = true }).ToText());
    }

    /// <summary>Starts a node that was founded.</summary>
    /// <param name="name">The member.</param>
    /// <param name="environment">Variables for its process beside those of this one.</param>
    public async Task<RunningNode> StartAsync(string name, IReadOnlyDictionary<string, string>? environment = null)
    {
        var process = Start(["run", "--data", Folder(name), "--stop-on-eof"], environment);
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        _ = await process.StandardOutput.ReadLineAsync();
        var folder = new NodeFolder(Folder(name));
        var run = RunFile.TryRead(folder) ?? throw new InvalidOperationException($"The node {name} did not start.");
        var api = new HttpClient { BaseAddress = new Uri(run.ApiUrl), Timeout = TimeSpan.FromMinutes(5) };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", folder.ReadApiKey(ApiRole.Operator));
        var node = new RunningNode(Folder(name), process, api);
        _running.Add(node);
        return node;
    }

    /// <summary>Ends a node at once, as a power failure would end it.</summary>
    public async Task KillAsync(RunningNode node)
    {
        node.Process.Kill();
        await ForgetAsync(node);
    }

    public async Task StopAsync(RunningNode node)
    {
        node.Process.StandardInput.Close();
        await ForgetAsync(node);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _running)
        {
            node.Process.StandardInput.Close();
        }

        foreach (var node in _running.ToList())
        {
            await ForgetAsync(node);
        }

        Directory.Delete(_root, recursive: true);
    }

    private async Task ForgetAsync(RunningNode node)
    {
        await node.Process.WaitForExitAsync();
        node.Process.Dispose();
        node.Api.Dispose();
        _running.Remove(node);
    }

    private string[] Places()
    {
        var (peers, api) = (NextPort(), NextPort());
        return
        [
            "--endpoint", string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{peers}"),
            "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{peers}"),
            "--api", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{api}"),
        ];
    }

    /// <summary>The next port that nobody listens on: another run of this may be under way.</summary>
    private int NextPort()
    {
        var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(end => end.Port).ToHashSet();
        while (taken.Contains(_port))
        {
            _port++;
        }

        return _port++;
    }

    private static async Task VerbAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"fednode {string.Join(' ', arguments)}: {error}");
        }
    }

    private static Process Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(s_program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
