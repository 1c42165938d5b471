using System.CommandLine;
using System.Globalization;
using FederationNode.Audit.Sources;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Keys;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode log</c>.</summary>
internal static class LogVerbs
{
    public static Command Create() => new("log", "The logs that a node holds.") { ListVerb(), ExportVerb() };

    public static void Print(Output output, IReadOnlyList<LogRow> logs) => output.Table(
        ["log", "entries", "root"],
        logs.Select(l => (IReadOnlyList<string>)[l.Origin, Entries(l), l.Root]));

    private static string Entries(LogRow log) => string.Create(
        CultureInfo.InvariantCulture, $"{log.Size}{(log.OutlinedTo is { } end ? $" (what counts up to {end})" : "")}");

    private static Verb ListVerb()
    {
        var (data, url, key) = (Shared.Data(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "list",
            "Lists the logs with their size, root and verification key.",
            "fednode log list --data ./acme --json")
        {
            data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            await using var target = NodeTarget.Of(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Auditor);
            var logs = await target.ListLogsAsync(cancel);
            output.Json(logs);
            Print(output, logs);
            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task<ExportResult> WriteAsync(NodeTarget target, LogRow log, string to, CancellationToken cancel)
    {
        try
        {
            return await LogExporter.WriteAsync(
                new NodeLogSource(target, log.Origin), to, VerificationKey.Parse(log.Vkey), cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.BadFolder, $"{log.Origin} cannot be exported to {to}: {e.Message}", e);
        }
    }

    private static Verb ExportVerb()
    {
        var origin = new Argument<string>("ORIGIN") { Description = "The log, such as ewt/acme/indicators/1; `all` for every log." };
        var directory = new Argument<string>("DIR") { Description = "A new folder; with `all`, one folder a log below it." };
        var (data, url, key) = (Shared.Data(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "export",
            "Writes a log as a folder in the C2SP tlog-tiles layout, which third-party verifiers read.",
            "fednode log export ewt/acme/indicators/1 ./export --data ./acme",
            "fednode log export all ./export --data ./acme")
        {
            origin, directory, data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            await using var target = NodeTarget.Of(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Auditor);
            var wanted = parsed.GetRequiredValue(origin);
            var root = parsed.GetRequiredValue(directory);
            var logs = (await target.ListLogsAsync(cancel)).Where(l => wanted == "all" || l.Origin == wanted).ToList();
            if (logs.Count == 0)
            {
                throw new CliException(ExitCode.Refused, $"The node holds no log {wanted}: see `fednode log list`.");
            }

            foreach (var log in logs)
            {
                var to = wanted == "all" ? Path.Combine([root, .. log.Origin.Split('/')]) : root;
                var written = await Output.ProgressAsync(log.Origin, _ => WriteAsync(target, log, to, cancel));
                if (written.Error is not null)
                {
                    throw new CliException(ExitCode.BadFolder, written.Error);
                }
            }

            if (wanted == "all" && target.Folder is { } node)
            {
                await File.WriteAllBytesAsync(Path.Combine(root, "coalition.json"), NodeFolder.Read(node.AnchorFile), cancel);
            }

            output.Json(logs.Select(l => new { l.Origin, l.Size, l.Root }));
            output.Line($"{logs.Count} log{(logs.Count == 1 ? "" : "s")} written to {Path.GetFullPath(root)}.");
            return ExitCode.Done;
        });
        return verb;
    }
}
