using System.CommandLine;
using System.Globalization;
using FederationNode.Contracts.Api;
using FederationNode.Node.Sellers;

namespace FederationNode.Node.Cli.Tagging;

/// <summary><c>fednode retag</c>.</summary>
internal static class RetagVerb
{
    public static Command Create()
    {
        var options = new TagOptions(isTag: false);
        var from = new Option<int>("--from") { Description = "The epoch that ends.", HelpName = "N", Required = true };
        var to = new Option<int>("--to") { Description = "The epoch that takes its place.", HelpName = "N", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Tag and compare; publish nothing. The tags count against the quota all the same." };
        var verb = new Verb(
            "retag",
            "Lists this member's sellers anew by their tags of a later epoch, from a file of raw identifiers, which go nowhere. What is "
                + "not listed by the older tag is passed over; given again, a file changes nothing.",
            "fednode retag sellers.csv --column phone --type tel --region-column country --from 1 --to 2 --data ./acme",
            "fednode retag sellers.csv --column phone --type tel --from 1 --to 2 --dry-run --json --data ./acme");
        options.AddTo(verb);
        verb.Add(from);
        verb.Add(to);
        verb.Add(dryRun);
        verb.Does(async (parsed, output, cancel) =>
        {
            var request = options.Read(parsed);
            var (older, later) = (SellerTagging.CheckEpoch(parsed.GetValue(from)), SellerTagging.CheckEpoch(parsed.GetValue(to)));
            if (older >= later)
            {
                throw new CliException(ExitCode.Usage, "--to must be a later epoch than --from.");
            }

            using var client = NodeTarget.Running(request.Data, request.Url, request.Key, ApiRole.Analyst);
            using var rows = request.OpenRows(TagVerb.OpenText(request.File));
            await rows.BeginAsync(cancel);
            await using var rejects = new Rejects(request.Rejects is { } file ? OwnerOnlyText.Create(file) : null);
            var sink = new RetagSink(client, older, later, parsed.GetValue(dryRun));
            var run = new TagRun(
                rows, client.EvaluateSellersAsync, SellerKeyEpochs.Only(later, older), request.Batch, request.Type is not null, sink, rejects,
                output.IsJson, TimeProvider.System);
            var code = await run.RunAsync(request.AfterLine, cancel);
            output.Json(new { retagged = sink.Retagged, already = sink.Already, notListed = sink.NotListed, rejected = rejects.Count, dryRun = parsed.GetValue(dryRun) });
            output.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"{sink.Retagged} {(parsed.GetValue(dryRun) ? "would be listed anew" : "listed anew")}, {sink.Already} were already, {sink.NotListed} are not listed under epoch {older}."));
            return code;
        });
        return verb;
    }
}
