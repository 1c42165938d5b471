using System.CommandLine;
using FederationNode.Node.Folder;
using FederationNode.Node.Hosting;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode run</c>.</summary>
internal static class RunVerb
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "The node's folder.", HelpName = "DIR", Required = true };
        var stopOnEof = new Option<bool>("--stop-on-eof") { Description = "Stop also when standard input ends: for programs that start nodes and must leave none behind." };
        var verb = new Verb(
            "run",
            "Runs the node until Ctrl-C or SIGTERM.",
            "fednode run --data ./acme")
        {
            data, stopOnEof,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var folder = new NodeFolder(parsed.GetRequiredValue(data));
            var config = folder.ReadConfig();
            using var taken = NodeLock.TryTake(folder)
                ?? throw new CliException(ExitCode.BadFolder, $"A node runs on {folder.Path} already.");
            await using var node = await NodeHost.StartAsync(folder, config, cancel);
            output.Json(new { member = config.Member, api = node.Run.ApiUrl, peers = node.Run.PeerUrl });
            output.Line($"{config.Member} is running. Local API: {node.Run.ApiUrl}" + (node.Run.PeerUrl.Length > 0 ? $"  Peers: {node.Run.PeerUrl}" : ""));
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            if (parsed.GetValue(stopOnEof))
            {
                _ = Task.Run(() => StopWhenInputEnds(stop), CancellationToken.None);
            }

            await node.WaitForShutdownAsync(stop.Token);
            return ExitCode.Done;
        });
        return verb;
    }

    private static void StopWhenInputEnds(CancellationTokenSource stop)
    {
        var buffer = new byte[256];
        using var input = Console.OpenStandardInput();
        while (input.Read(buffer) > 0)
        {
            // Only its end says anything.
        }

        stop.Cancel();
    }
}
