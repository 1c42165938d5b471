using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using FederationNode.Audit.Report;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode audit</c>.</summary>
internal static class AuditVerb
{
    public static Command Create()
    {
        var places = new Argument<string[]>("DIR|URL")
        {
            Description = "Exported logs, the folders of nodes (running or stopped), folders that hold such, or "
                + "addresses of nodes; any mix. More copies show more.",
            Arity = ArgumentArity.OneOrMore,
        };
        var anchor = new Option<string?>("--anchor")
        {
            Description = "The trust anchor coalition.json, which all that are found must equal. Default: the one "
                + "found at the places.",
            HelpName = "FILE",
        };
        var key = Shared.Key();
        var verb = new Verb(
            "audit",
            "Rebuilds every root from the entries, checks signatures, receipts and the roster, and says who received what when. Needs no running node.",
            "fednode audit ./export --anchor coalition.json",
            "fednode audit ./acme ./beta",
            "fednode audit ./copies-of-all-members --anchor coalition.json",
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
        await using var sources = await AuditSources.OpenAsync(places, anchorFile, key, cancel);
        return await sources.AuditAsync(cancel);
    }

    private static void Print(Output output, AuditReport report)
    {
        if (report.Roster is { } roster)
        {
            output.Line($"Coalition {roster.Coalition}, roster version {roster.Version}, {roster.Members.Count} members. View {report.View.Digest[..16]}{(report.View.Complete ? "" : " (incomplete)")}.");
        }

        if (report.Places.Count > 0)
        {
            PrintCopies(output, report);
        }

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

    private static void PrintCopies(Output output, AuditReport report)
    {
        output.Table(
            ["read", "as", "logs"],
            report.Places.Select(p => (IReadOnlyList<string>)
                [p.Place, p.Kind, p.Logs.ToString(CultureInfo.InvariantCulture)]));
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
        if (report.Erasures.Count > 0)
        {
            PrintErasures(output, report);
        }
    }

    private static void PrintErasures(Output output, AuditReport report)
    {
        output.Line("Who says that it erased what was ordered, when:");
        output.Table(
            ["log", "member", "orders", "acknowledged", "at", "open", "late"],
            report.Erasures.Select(e => (IReadOnlyList<string>)
            [
                e.Origin,
                e.Member,
                e.Orders.ToString(CultureInfo.InvariantCulture),
                e.Acknowledged.ToString(CultureInfo.InvariantCulture),
                e.At is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : "",
                e.FirstOpen is { } open ? string.Create(CultureInfo.InvariantCulture, $"from entry {open}") : "",
                e.Late == 0 ? "" : e.Late.ToString(CultureInfo.InvariantCulture),
            ]));
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
