using System.CommandLine;
using System.Globalization;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode status</c>.</summary>
internal static class StatusVerb
{
    public static Command Create()
    {
        var (data, url, key) = (Shared.Data(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "status",
            "How a node is doing: its peers, its logs, what needs a person. A stopped node shows its logs.",
            "fednode status --data ./acme",
            "fednode status --url http://127.0.0.1:7480 --key @api-keys/operator.key --json")
        {
            data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            await using var target = NodeTarget.Of(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Operator);
            var status = await target.ReadStatusAsync(cancel);
            output.Json(status);
            Print(output, status);
            return ExitCode.Done;
        });
        return verb;
    }

    private static void Print(Output output, NodeStatus status)
    {
        output.Line($"{status.Member} of {status.Coalition}, fednode {status.Version}, {status.Storage}, {(status.Ready ? "ready" : status.Running ? "not ready yet" : "stopped")}.");
        output.Line($"Roster version {status.RosterVersion}. {status.Indicators} indicators in force, view {status.ViewDigest[..16]}.");
        foreach (var alarm in status.Alarms)
        {
            output.Line($"  ! {alarm}");
        }

        if (!status.Running)
        {
            LogVerbs.Print(output, status.Logs);
            return;
        }

        output.Table(
            ["peer", "endpoint", "reachable", "last contact", "text tables", "trouble"],
            status.Peers.Select(p => (IReadOnlyList<string>)
            [
                p.Member,
                p.Endpoint,
                p.Reachable ? "yes" : "no",
                p.LastContactSecondsAgo is { } ago ? string.Create(CultureInfo.InvariantCulture, $"{ago:0.0} s ago") : "never",
                p.TextTables ?? "",
                p.LastError ?? "",
            ]));
        LogVerbs.Print(output, status.Logs);
        if (status.Erasures.Count > 0)
        {
            output.Line("Orders to erase that are not carried out yet:");
            output.Table(
                ["log", "orders", "from entry", "since", "trouble"],
                status.Erasures.Select(e => (IReadOnlyList<string>)
                [
                    e.Origin,
                    e.Orders.ToString(CultureInfo.InvariantCulture),
                    e.First.ToString(CultureInfo.InvariantCulture),
                    DateTimeOffset.FromUnixTimeSeconds(e.Since).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                    e.Error ?? "",
                ]));
        }
    }
}
