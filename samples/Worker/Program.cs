using System.CommandLine;
using FederationNode.Detector;
using FederationNode.Worker;

// Scans a CSV of listings: dotnet run --project samples/Worker -- listings.csv --key-file acme/api-keys/detector.key
var file = new Argument<FileInfo>("file") { Description = "A CSV with the columns id, text and seller (a tag, or empty)." };
var node = new Option<string>("--node")
{
    Description = "The node's local API.",
    DefaultValueFactory = _ => "http://127.0.0.1:7480",
};
var key = new Option<string>("--key-file") { Description = "A file with a detector's key.", Required = true };
var replica = new Option<string?>("--replica")
{
    Description = "Check in process, with a copy of the list kept in this folder, instead of asking the node for each listing.",
};
var policy = new Option<string?>("--policy")
{
    Description = "With --replica: the node's policy.json, so that both judge alike; without it, the default policy.",
    HelpName = "FILE",
};
var command = new RootCommand("Tells which listings of a CSV match the coalition's list.") { file, node, key, replica, policy };
command.Validators.Add(parsed =>
{
    if (parsed.GetValue(policy) is not null && parsed.GetValue(replica) is null)
    {
        parsed.AddError("--policy is for --replica: without it the node judges, by its own policy.");
    }
});
command.SetAction((parsed, cancellationToken) => Scan.RunAsync(
    parsed.GetRequiredValue(file),
    parsed.GetRequiredValue(node),
    parsed.GetRequiredValue(key),
    parsed.GetValue(replica) is { } folder ? new ReplicaOptions { Folder = folder, PolicyFile = parsed.GetValue(policy) } : null,
    cancellationToken));
return await command.Parse(args).InvokeAsync();
