using System.Diagnostics;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Cli;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Demo;

/// <summary>Runs this very program as other processes.</summary>
internal static class Self
{
    /// <summary>A process of this program with these arguments; its streams are pipes of ours.</summary>
    public static ProcessStartInfo Start(params IEnumerable<string> arguments)
    {
        var host = Environment.ProcessPath!;
        var start = new ProcessStartInfo(host)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
        };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "fednode.dll"));
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    /// <summary>Runs a verb to its end and returns what it prints.</summary>
    /// <exception cref="CliException">The verb failed; its own message is passed on.</exception>
    public static async Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken cancel)
    {
        var (code, output, error) = await TryRunAsync(arguments, null, cancel);
        return code == ExitCode.Done
            ? output
            : throw new CliException(code, $"`fednode {string.Join(' ', arguments)}` ended with {code}: {error.Trim()}");
    }

    /// <summary>Runs a verb to its end.</summary>
    public static async Task<(int Code, string Output, string Error)> TryRunAsync(
        IEnumerable<string> arguments, string? input, CancellationToken cancel)
    {
        using var process = Process.Start(Start(arguments))!;
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteLineAsync(input.AsMemory(), cancel);
            }

            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(cancel);
            var error = process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

/// <summary>
/// A node that runs as a process of its own, through <c>fednode run --stop-on-eof</c>: it ends when this object is
/// disposed, and also when this process dies in whatever way, since its standard input ends then.
/// </summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;

    private NodeProcess(string member, NodeFolder folder, Process process, RunFile run, StreamWriter log)
    {
        Member = member;
        Folder = folder;
        Run = run;
        _process = process;
        _log = log;
        Client = new NodeClient(run.ApiUrl, folder.ReadApiKey(ApiRole.Operator));
    }

    public string Member { get; }

    public NodeFolder Folder { get; }

    public RunFile Run { get; }

    public NodeClient Client { get; }

    /// <summary>Starts the node and waits until its API is there. What it logs goes to <c>node.log</c> in its folder.</summary>
    public static async Task<NodeProcess> StartAsync(string member, NodeFolder folder, CancellationToken cancel)
    {
        var process = Process.Start(Self.Start("run", "--data", folder.Path, "--stop-on-eof"))!;
        var log = new StreamWriter(Path.Combine(folder.Path, "node.log"), append: true) { AutoFlush = true };
        process.ErrorDataReceived += (_, line) =>
        {
            lock (log)
            {
                log.WriteLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
        try
        {
            var started = await process.StandardOutput.ReadLineAsync(cancel);
            if (started is null || RunFile.TryRead(folder) is not { } run)
            {
                throw new CliException(
                    ExitCode.Internal,
                    $"The node of {member} did not start: see {Path.Combine(folder.Path, "node.log")}.");
            }

            _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            return new NodeProcess(member, folder, process, run, log);
        }
        catch
        {
            // Nobody else knows of this process yet.
            await EndAsync(process, log);
            throw;
        }
    }

    /// <summary>Asks the node to stop and waits until it has.</summary>
    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        return EndAsync(_process, _log);
    }

    private static async ValueTask EndAsync(Process process, StreamWriter log)
    {
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
        await log.DisposeAsync();
    }
}
