using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;

namespace FederationNode.Bench;

/// <summary>
/// A real coalition of two nodes as processes, on SQLite, over its public interfaces: what a company would see.
/// </summary>
internal sealed class NodeFigures : IAsyncDisposable
{
    private const int Alone = 200;
    private const int Together = 64;
    private const int Fetched = 100_000;
    private const int Checks = 2_000;

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "fednode.dll");

    private readonly string _root = Directory.CreateTempSubdirectory("fednode-bench-").FullName;
    private readonly List<Process> _processes = [];
    private int _words;

    public static async Task RunAsync(int rounds)
    {
        await using var bench = new NodeFigures();
        await bench.MeasureAsync(rounds);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        Directory.Delete(_root, recursive: true);
    }

    private async Task MeasureAsync(int rounds)
    {
        var (secretariat, alpha) = (Path.Combine(_root, "secretariat"), Path.Combine(_root, "alpha"));
        await VerbAsync("coalition", "create", secretariat, "--name", "bench", "--endpoint", "https://127.0.0.1:17443", "--listen", "127.0.0.1:17443", "--api", "127.0.0.1:17480");
        await VerbAsync("member", "init", alpha, "--coalition", Path.Combine(secretariat, "coalition.json"), "--name", "alpha", "--endpoint", "https://127.0.0.1:17543", "--listen", "127.0.0.1:17543", "--api", "127.0.0.1:17580");
        await VerbAsync("roster", "admit", Path.Combine(alpha, "enrolment.note"), "--data", secretariat);
        using var publisher = await StartAsync(secretariat);

        var (alone, together, bulk) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            alone.Add(await RateAsync(Alone, 1, () => PublishAsync(publisher, 1)));
            together.Add(await RateAsync(Alone * 8, Together, () => PublishAsync(publisher, 1)));
            bulk.Add(Limits.MaxAppendEntries * await RateAsync(2, 1, () => PublishAsync(publisher, Limits.MaxAppendEntries)));
        }

        Figure.Print("durable appends, one after the other", "/s", alone);
        Figure.Print($"durable appends, {Together} at a time", "/s", together);
        Figure.Print($"bulk import, {Limits.MaxAppendEntries} entries a request", "entries/s", bulk);
        await MeasureChecksAsync(publisher, rounds);
        await MeasureFetchAsync(publisher, alpha);
    }

    private static async Task MeasureChecksAsync(HttpClient node, int rounds)
    {
        var request = new CheckRequest([new CheckItem("text", "carved ivory bracelet, old stock, message me")]);
        var (checks, trivial) = (new List<double>(), new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            var a = await RateAsync(Checks, 8, async () => (await node.PostAsJsonAsync(ApiRoutes.Check, request)).EnsureSuccessStatusCode());
            var b = await RateAsync(Checks, 8, async () => (await node.GetAsync("/healthz")).EnsureSuccessStatusCode());
            if (round > 0)
            {
                checks.Add(a);
                trivial.Add(b);
            }
        }

        Figure.Print("check requests of one text, 8 at a time", "/s", checks);
        Figure.Print("  beside: GET /healthz of the same server", "/s", trivial);
        Figure.PrintRatio("  ratio", checks, trivial);
    }

    private async Task MeasureFetchAsync(HttpClient publisher, string newcomer)
    {
        while ((await StatusAsync(publisher)).Logs.Sum(l => l.Size) < Fetched)
        {
            await PublishAsync(publisher, Limits.MaxAppendEntries);
        }

        var wanted = await StatusAsync(publisher);
        var entries = wanted.Logs.Single(l => l.Origin.Contains("/indicators/", StringComparison.Ordinal)).Size;
        var watch = Stopwatch.StartNew();
        using var node = await StartAsync(newcomer);
        while ((await StatusAsync(node)).ViewDigest != wanted.ViewDigest)
        {
            await Task.Delay(50);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"an empty node fetched, verified and applied {entries:N0} entries {watch.Elapsed.TotalSeconds:0.0} s after its start ({entries / watch.Elapsed.TotalSeconds:N0}/s)"));
    }

    private async Task PublishAsync(HttpClient node, int count)
    {
        var first = Interlocked.Add(ref _words, count) - count;
        var batch = new ListingBatch([.. Enumerable.Range(first, count).Select(i => new ListingRequest
        {
            Kind = "image-sha256",
            Value = Hash(i),
            Category = "ivory",
        })]);
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiRoutes.Listings) { Content = JsonContent.Create(batch) };
        request.Headers.Add(ApiRoutes.IdempotencyHeader, $"bench-{first}");
        using var answer = await node.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    private static string Hash(int i) => Protocol.Hash256.Of(BitConverter.GetBytes(i)).ToString();

    private static async Task<NodeStatus> StatusAsync(HttpClient node) =>
        await node.GetFromJsonAsync<NodeStatus>(ApiRoutes.Status) ?? throw new JsonException("The status is empty.");

    /// <summary>Operations a second, so many of them at a time.</summary>
    private static async Task<double> RateAsync(int count, int atOnce, Func<Task> operation)
    {
        var left = count;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await operation();
            }
        }));
        return count / watch.Elapsed.TotalSeconds;
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

    private async Task<HttpClient> StartAsync(string folder)
    {
        var process = Start(["run", "--data", folder, "--stop-on-eof"]);
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        _processes.Add(process);
        _ = await process.StandardOutput.ReadLineAsync();
        var node = new NodeFolder(folder);
        var run = RunFile.TryRead(node) ?? throw new InvalidOperationException($"The node in {folder} did not start.");
        var http = new HttpClient { BaseAddress = new Uri(run.ApiUrl), Timeout = TimeSpan.FromMinutes(5) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", node.ReadApiKey(ApiRole.Operator));
        return http;
    }

    private static Process Start(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
