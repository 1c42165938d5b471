using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using FederationNode.Audit.Coalition;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode audit</c>.</summary>
internal static class AuditVerb
{
    public static Command Create()
    {
        var places = new Argument<string[]>("DIR|URL")
        {
            Description = "Exported logs, the folders of nodes (running or stopped), or addresses of nodes; any mix. More copies show more.",
            Arity = ArgumentArity.OneOrMore,
        };
        var anchor = new Option<string?>("--anchor") { Description = "The trust anchor coalition.json. Default: the one found at the places.", HelpName = "FILE" };
        var key = Shared.Key();
        var verb = new Verb(
            "audit",
            "Rebuilds every root from the entries, checks signatures, receipts and the roster, and says who received what when. Needs no running node.",
            "fednode audit ./export --anchor coalition.json",
            "fednode audit ./acme ./beta",
            "fednode audit http://127.0.0.1:7480 --key @api-keys/auditor.key --anchor coalition.json --json")
        {
            places, anchor, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var report = await Output.ProgressAsync("Auditing", _ => AuditAsync(
                parsed.GetRequiredValue(places), parsed.GetValue(anchor), parsed.GetValue(key), cancel));
            if (output.IsJson)
            {
                Console.Out.WriteLine(report.ToJson());
            }

            Print(output, report);
            return report.Verdict switch
            {
                Verdict.Clean => ExitCode.Done,
                Verdict.Faults => ExitCode.AnswerIsNo,
                _ => ExitCode.Incomplete,
            };
        });
        return verb;
    }

    private static async Task<AuditReport> AuditAsync(
        IReadOnlyList<string> places, string? anchorFile, string? key, CancellationToken cancel)
    {
        var nodes = places.Where(p => Directory.Exists(p) && new NodeFolder(p).IsNode).ToList();
        var running = new List<NodeTarget>();
        var stopped = new List<StoppedNodeLogs>();
        try
        {
            using var http = new HttpClient();
            var bearer = key is ['@', .. var file] ? System.Text.Encoding.UTF8.GetString(NodeFolder.Read(file)).Trim() : key;
            var found = await SourceSet.DiscoverAsync(places.Except(nodes), http, bearer, cancel);
            var sources = new List<ILogSource>(found.Sources);
            foreach (var place in nodes)
            {
                var folder = new NodeFolder(place);
                if (RunFile.TryRead(folder) is null)
                {
                    stopped.Add(await StoppedNodeLogs.OpenAsync(folder, cancel));
                    continue;
                }

                var target = NodeTarget.Of(place, null, null, ApiRole.Auditor);
                running.Add(target);
                sources.AddRange((await target.ListLogsAsync(cancel)).Select(l => new NodeLogSource(target, l.Origin)));
            }

            TrustAnchor? anchor = anchorFile is not null ? NodeFolder.ReadAnchor(anchorFile)
                : found.Anchor ?? nodes.Select(n => new NodeFolder(n).ReadAnchor()).FirstOrDefault();
            return await CoalitionAuditor.AuditAsync(
                sources,
                [.. stopped.Select(s => s.Holdings)],
                anchor,
                DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
                [.. found.Findings, .. stopped.SelectMany(s => s.Findings)],
                cancel);
        }
        finally
        {
            foreach (var node in running)
            {
                await node.DisposeAsync();
            }

            foreach (var node in stopped)
            {
                await node.DisposeAsync();
            }
        }
    }

    private static void Print(Output output, AuditReport report)
    {
        if (report.Roster is { } roster)
        {
            output.Line($"Coalition {roster.Coalition}, roster version {roster.Version}, {roster.Members.Count} members. View {report.View.Digest[..16]}{(report.View.Complete ? "" : " (incomplete)")}.");
        }

        output.Table(
            ["log", "copy", "entries", "root", "faults"],
            report.Logs.Select(l => (IReadOnlyList<string>)
                [l.Origin, l.Source, l.Size?.ToString(CultureInfo.InvariantCulture) ?? "?", l.Root ?? "?", l.Faults.ToString(CultureInfo.InvariantCulture)]));
        output.Line("Who received what when (lag from the time of issue, which has whole seconds):");
        output.Table(
            ["log", "member", "holds", "since", "median lag", "worst lag", "not acknowledged"],
            report.Receipts.Select(r => (IReadOnlyList<string>)
            [
                r.Origin,
                r.Member,
                r.NewestSize.ToString(CultureInfo.InvariantCulture),
                r.Since is { } since ? DateTimeOffset.FromUnixTimeMilliseconds(since).ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : "",
                r.MedianLagMs is { } median ? string.Create(CultureInfo.InvariantCulture, $"{median / 1000:0.0} s") : "",
                r.WorstLagMs is { } worst ? string.Create(CultureInfo.InvariantCulture, $"{worst / 1000.0:0.0} s (entry {r.WorstIndex})") : "",
                r.NotAcknowledged == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{r.NotAcknowledged} from entry {r.FirstNotAcknowledged}"),
            ]));
        foreach (var finding in report.Findings)
        {
            var where = finding.Index is { } index ? string.Create(CultureInfo.InvariantCulture, $"{finding.Origin} entry {index}") : finding.Origin;
            output.Line($"{finding.Severity.ToString().ToLowerInvariant(),-8} {finding.Kind,-24} {where}  {finding.Explanation}");
        }

        output.Line(report.Verdict switch
        {
            Verdict.Clean => "Clean: every root rebuilt, no rule broken.",
            Verdict.Faults => "FAULTS: see the findings.",
            _ => "Incomplete: no fault, but not everything could be audited.",
        });
    }

    /// <summary>Of a report in JSON: entries for which a receipt of one of these members is missing.</summary>
    internal static long MissingReceipts(JsonElement report, IReadOnlyCollection<string> members) =>
        report.GetProperty("receipts").EnumerateArray()
            .Where(r => members.Contains(r.GetProperty("member").GetString()!))
            .Sum(r => r.GetProperty("notAcknowledged").GetInt64());

    /// <summary>Of a report in JSON: the first finding that is a fault or a gap, in words, or null.</summary>
    internal static string? FirstFault(JsonElement report) =>
        report.GetProperty("findings").EnumerateArray()
            .Where(f => f.GetProperty("severity").ToString() is "Fault" or "Gap" or "fault" or "gap")
            .Select(f => $"{f.GetProperty("kind")} {f.GetProperty("origin")} {f.GetProperty("index")}: {f.GetProperty("explanation")}")
            .FirstOrDefault();

    /// <summary>Of a report in JSON: different logs.</summary>
    internal static int CountLogs(JsonElement report) =>
        report.GetProperty("logs").EnumerateArray().Select(l => l.GetProperty("origin").GetString()).Distinct().Count();
}
