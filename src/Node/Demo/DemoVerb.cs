using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using FederationNode.Contracts.Api;
using FederationNode.Node.Cli;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Demo;

/// <summary><c>fednode demo</c>.</summary>
internal static class DemoVerb
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "A new folder for the nodes, which is kept. Default: a temporary one.", HelpName = "DIR" };
        var once = new Option<bool>("--once") { Description = "Show everything, stop all nodes, and exit with 0 only if all was as expected." };
        var verb = new Verb(
            "demo",
            "Runs a coalition of three members and a secretariat on this machine, and shows what it does.",
            "fednode demo",
            "fednode demo --once --json")
        {
            data, once,
        };
        verb.Does((parsed, output, cancel) => RunAsync(output, parsed.GetValue(data), parsed.GetValue(once), cancel));
        return verb;
    }

    private static async Task<int> RunAsync(Output output, string? data, bool once, CancellationToken cancel)
    {
        var root = data is null ? Directory.CreateTempSubdirectory("fednode-demo-").FullName : Path.GetFullPath(data);
        if (data is not null && Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any())
        {
            throw new CliException(ExitCode.BadFolder, $"{root} is not empty: choose a new folder.");
        }

        NodeFolder.CreateFolder(root);
        try
        {
            return await ShowAsync(output, root, once, cancel);
        }
        finally
        {
            if (data is null)
            {
                Directory.Delete(root, recursive: true);
            }
        }
    }

    private static async Task<int> ShowAsync(Output output, string root, bool once, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        await using var coalition = new DemoCoalition(root);
        output.Line($"A coalition on this machine, in {root}.");
        var run = new DemoRun(coalition, step => Print(output, step));
        await run.RunAsync(cancel);
        var ok = run.Steps.All(s => s.Ok);
        var nodes = coalition.Running
            .Select(n => new DemoNode(n.Member, n.Run.ApiUrl, n.Run.PeerUrl, n.Folder.Path, n.Folder.ApiKeyFile(ApiRole.Operator)))
            .ToList();
        output.Json(new DemoReport(ok, run.Steps, nodes, watch.ElapsedMilliseconds));
        output.Line();
        output.Line(string.Create(CultureInfo.InvariantCulture, $"{run.Steps.Count(s => s.Ok)} of {run.Steps.Count} as expected, in {watch.Elapsed.TotalSeconds:0.0} s."));
        if (!once)
        {
            PrintNext(output, nodes);
            await WaitForEndAsync(cancel);
        }

        return ok ? ExitCode.Done : ExitCode.AnswerIsNo;
    }

    private static void Print(Output output, DemoStep step)
    {
        output.Line();
        output.Line($"{(step.Ok ? "ok  " : "NOT ")} {step.Name}  ({step.Milliseconds} ms)");
        output.Line($"     expected: {step.Expected}");
        output.Line($"     happened: {step.Observed}");
    }

    private static void PrintNext(Output output, List<DemoNode> nodes)
    {
        output.Line();
        output.Line("The coalition keeps running until Ctrl-C. Its nodes:");
        output.Table(["member", "local API", "folder"], nodes.Select(n => (IReadOnlyList<string>)[n.Member, n.Api, n.Folder]));
        var (alpha, beta) = (nodes.First(n => n.Member == "alpha"), nodes.First(n => n.Member == "beta"));
        output.Line("Try, in another terminal (the bearer keys are in api-keys/ in each folder):");
        output.Line($"  alias fednode=\"dotnet '{Path.Combine(AppContext.BaseDirectory, "fednode.dll")}'\"");
        output.Line($"  fednode status --data {alpha.Folder}");
        output.Line($"  fednode publish keyword \"tiger bone wine\" --category tiger --data {alpha.Folder}");
        output.Line($"  fednode check text \"aged tiger bone wine\" --data {beta.Folder}");
        output.Line($"  fednode audit {string.Join(' ', nodes.Select(n => n.Folder))}");
        output.Line($"  curl -H \"Authorization: Bearer $(cat {beta.OperatorKeyFile})\" {beta.Api}/v1/status");
    }

    private static async Task WaitForEndAsync(CancellationToken cancel)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how a demo ends.
        }
    }
}
