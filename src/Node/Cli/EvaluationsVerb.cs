using System.CommandLine;
using System.Globalization;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode seller-keys evaluations</c>: who had how many tags made, by what all holders say.</summary>
internal static class EvaluationsVerb
{
    public static Verb Create()
    {
        var days = new Option<int>("--days") { Description = $"The days before today that are shown, 1 to {Limits.MaxEvaluationDays}.", HelpName = "N", DefaultValueFactory = _ => 7 };
        var (data, url, key) = (Shared.DataOfRunning(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "evaluations",
            "Shows how many elements each holder of keys for seller tags evaluated and refused, by member, key and day of UTC, as "
                + "the holders' signed logs say. A day is there when it is over.",
            "fednode seller-keys evaluations --data ./acme",
            "fednode seller-keys evaluations --days 30 --data ./acme --json")
        {
            days, data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            using var client = NodeTarget.Running(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Auditor);
            var path = string.Create(CultureInfo.InvariantCulture, $"{ApiRoutes.SellerEvaluations}?days={parsed.GetValue(days)}");
            var rows = await client.GetAsync<IReadOnlyList<EvaluationRow>>(path, cancel);
            output.Json(rows);
            output.Table(
                ["day", "holder", "member", "key", "evaluated", "refused", "log", "entry"],
                rows.Select(r => (IReadOnlyList<string>)
                [
                    r.Day, r.Holder, r.Member, $"{r.Type}/{r.Epoch.ToString(CultureInfo.InvariantCulture)}",
                    r.Evaluated.ToString(CultureInfo.InvariantCulture), r.Refused.ToString(CultureInfo.InvariantCulture),
                    r.Origin, r.Index.ToString(CultureInfo.InvariantCulture),
                ]));
            return ExitCode.Done;
        });
        return verb;
    }
}
