using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FederationNode.TestSupport;

// These tests start real nodes: one after the other, so that they do not take each other's time or ports.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]

namespace FederationNode.EndToEnd.Tests;

/// <summary>What a verb answered.</summary>
internal sealed record Ran(int Code, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public override string ToString() => $"exit {Code}\n{Output}\n{Error}";
}

/// <summary>Runs the built program as a process, as an operator would.</summary>
internal static class Fednode
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static string Program { get; } = FindProgram();

    public static ProcessStartInfo Start(params IEnumerable<string> arguments) => Start([], arguments);

    /// <summary>How the program is started by another one, such as a shell that mounts something first.</summary>
    public static ProcessStartInfo Start(IReadOnlyList<string> under, IEnumerable<string> arguments)
    {
        string[] line = [.. under, "dotnet", Program, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
        };
        start.Environment.Remove("FEDNODE_KEY");
        start.Environment.Remove("FEDNODE_STORAGE");
        return start;
    }

    /// <summary>
    /// Runs a verb within this process, through the program's own entry point: what people get, without the start of a
    /// process. Tests run one after the other, so the console is theirs alone.
    /// </summary>
    public static async Task<Ran> HereAsync(params IEnumerable<string> arguments)
    {
        var (output, error) = (Console.Out, Console.Error);
        using var answer = new StringWriter();
        using var complaint = new StringWriter();
        Console.SetOut(answer);
        Console.SetError(complaint);
        try
        {
            var main = typeof(Node.Cli.ExitCode).Assembly.EntryPoint!;
            var code = await Task.Run(() => (int)main.Invoke(null, [arguments.ToArray()])!);
            return new Ran(code, answer.ToString(), complaint.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }

    /// <summary>Runs a verb to its end; its standard input is empty.</summary>
    public static Task<Ran> RunAsync(params IEnumerable<string> arguments) => RunAsync([], arguments);

    /// <summary>As <see cref="RunAsync(IEnumerable{string})"/>, started by another program.</summary>
    public static async Task<Ran> RunAsync(IReadOnlyList<string> under, params IEnumerable<string> arguments)
    {
        using var process = Process.Start(Start(under, arguments))!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"fednode {string.Join(' ', arguments)} does not end.");
        }

        return new Ran(process.ExitCode, await output, await error);
    }

    /// <summary>Runs a verb that is to succeed, within this process.</summary>
    public static async Task<Ran> DoAsync(params IEnumerable<string> arguments)
    {
        var ran = await HereAsync(arguments);
        return ran.Code == 0
            ? ran
            : throw new InvalidOperationException($"fednode {string.Join(' ', arguments)}: {ran}");
    }

    /// <summary>Founds a coalition and admits a member; neither node runs.</summary>
    /// <param name="secretariat">The secretariat's folder.</param>
    /// <param name="coalition">The coalition's name.</param>
    /// <param name="member">The member's folder, called like the member.</param>
    /// <returns>The ports: of each of the two for peers, then for the local API.</returns>
    public static async Task<int[]> FoundAsync(string secretariat, string coalition, string member)
    {
        var ports = FreePorts.Take(4);
        await DoAsync(
            "coalition", "create", secretariat, "--name", coalition, "--endpoint", $"https://127.0.0.1:{ports[0]}",
            "--listen", $"127.0.0.1:{ports[0]}", "--api", $"127.0.0.1:{ports[1]}");
        await DoAsync(
            "member", "init", member, "--coalition", Path.Combine(secretariat, "coalition.json"),
            "--name", Path.GetFileName(member), "--endpoint", $"https://127.0.0.1:{ports[2]}",
            "--listen", $"127.0.0.1:{ports[2]}", "--api", $"127.0.0.1:{ports[3]}");
        await DoAsync("roster", "admit", Path.Combine(member, "enrolment.note"), "--data", secretariat);
        return ports;
    }

    /// <summary>Beside the tests, where the build copies it; or in the program's own output.</summary>
    private static string FindProgram()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        string[] places =
        [
            AppContext.BaseDirectory,
            Path.Combine(TestFiles.Repository, "src", "Node", "bin", configuration, "net10.0"),
        ];
        return places.Select(p => Path.Combine(p, "fednode.dll"))
            .FirstOrDefault(f => File.Exists(f) && File.Exists(Path.ChangeExtension(f, ".runtimeconfig.json")))
            ?? throw new FileNotFoundException($"No fednode.dll in {string.Join(" or ", places)}: build src/Node.");
    }
}

/// <summary>A node that runs as a process; it ends when its standard input does, so none outlives the tests.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _written = new();
    private readonly Task<string> _error;

    private NodeProcess(Process process)
    {
        _process = process;
        _error = ReadErrorAsync();
    }

    /// <summary>Starts the node and waits until it says that it runs.</summary>
    public static Task<NodeProcess> StartAsync(string folder) => StartAsync([], folder);

    /// <summary>As <see cref="StartAsync(string)"/>, started by another program, which becomes it.</summary>
    public static async Task<NodeProcess> StartAsync(IReadOnlyList<string> under, string folder)
    {
        var process = Process.Start(Fednode.Start(under, ["run", "--data", folder, "--stop-on-eof"]))!;
        var node = new NodeProcess(process);
        if (await process.StandardOutput.ReadLineAsync() is null)
        {
            await process.WaitForExitAsync();
            throw new InvalidOperationException($"{folder} ended with {process.ExitCode}: {await node.Error}");
        }

        return node;
    }

    public int Id => _process.Id;

    /// <summary>What it wrote to standard error; ends with the process.</summary>
    public Task<string> Error => _error;

    /// <summary>What it has written to standard error up to now.</summary>
    public string ErrorSoFar
    {
        get
        {
            lock (_written)
            {
                return _written.ToString();
            }
        }
    }

    /// <summary>Stops the node as an operator's script would, and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The node does not stop: {await _error}");
        }

        return _process.ExitCode;
    }

    /// <summary>Ends the node as a fault of the runtime does, which writes what it has to say.</summary>
    public async Task AbortAsync()
    {
        while (!_process.HasExited)
        {
            // The runtime puts its own handler away at the first that comes from outside, and ends at the next.
            using var kill = Process.Start("kill", ["-ABRT", Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            _process.WaitForExit(TimeSpan.FromMilliseconds(100));
        }

        await _process.WaitForExitAsync();
    }

    /// <summary>Ends the node with SIGKILL: it has no time for anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync();
        }

        _process.Dispose();
    }

    private async Task<string> ReadErrorAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_written)
            {
                _written.AppendLine(line);
            }
        }

        return ErrorSoFar;
    }
}

/// <summary>A folder for one test, deleted afterwards.</summary>
internal sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("fednode-test-").FullName;

    public string In(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Copies a folder with all that is in it.</summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, folder)));
        }

        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file)));
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
