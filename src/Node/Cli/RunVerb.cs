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
        var verb = new Verb(
            "run",
            "Runs the node until Ctrl-C or SIGTERM.",
            "fednode run --data ./acme")
        {
            data,
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
            await node.WaitForShutdownAsync(cancel);
            return ExitCode.Done;
        });
        return verb;
    }
}
