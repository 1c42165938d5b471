using System.CommandLine;
using System.Globalization;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode show</c>.</summary>
internal static class ShowVerb
{
    public static Command Create()
    {
        var id = new Argument<string?>("ID") { Description = "An indicator's id; left out: the first indicators.", Arity = ArgumentArity.ZeroOrOne };
        var limit = new Option<int>("--limit") { Description = "How many indicators to list.", DefaultValueFactory = _ => 20 };
        var (data, url, key) = (Shared.Data(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "show",
            "Shows what everybody says about an indicator, with the signed evidence (--json).",
            "fednode show 6f0c...e1 --data ./acme",
            "fednode show --limit 50 --data ./acme")
        {
            id, limit, data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            await using var target = NodeTarget.Of(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Analyst);
            if (parsed.GetValue(id) is { } wanted)
            {
                var detail = await target.ShowAsync(wanted, cancel);
                output.Json(detail);
                Print(output, detail);
                return ExitCode.Done;
            }

            var page = await target.ListIndicatorsAsync(parsed.GetValue(limit), cancel);
            output.Json(page.Items);
            output.Table(
                ["indicator", "kind", "value", "category", "verdict", "listed by"],
                page.Items.Select(i => (IReadOnlyList<string>)
                    [i.Id[..16], i.Kind, i.Value.Length > 40 ? i.Value[..40] : i.Value, i.Category, i.Verdict, string.Join(", ", i.Listings.Where(l => l.State == "listed").Select(l => l.Member))]));
            return ExitCode.Done;
        });
        return verb;
    }

    private static void Print(Output output, IndicatorDetail detail)
    {
        var indicator = detail.Indicator;
        output.Line($"{indicator.Kind} \"{indicator.Value}\" ({indicator.Scheme}), {indicator.Category}");
        output.Line($"id      {indicator.Id}");
        output.Line($"verdict {indicator.Verdict}: {indicator.Reason}");
        output.Table(
            ["member", "says", "since", "until", "action", "confidence", "entry"],
            indicator.Listings.Select(l => (IReadOnlyList<string>)
            [
                l.Member,
                l.State + (l.Reason is { } why ? $" ({why})" : ""),
                Day(l.Since),
                l.Expires is { } expires ? Day(expires) : "",
                l.Action ?? "",
                l.Confidence?.ToString(CultureInfo.InvariantCulture) ?? "",
                $"{l.Origin} {l.Index}",
            ]).Concat(indicator.Opinions.Select(o => (IReadOnlyList<string>)
            [
                o.Member,
                o.Stance + (o.Lister.Length > 0 ? $" {o.Lister}" : "") + $" ({o.Reason})",
                Day(o.Since),
                "",
                "",
                "",
                $"{o.Origin} {o.Index}",
            ])));
        output.Line($"{detail.Evidence.Count} signed statements; --json shows them with their proofs.");
    }

    private static string Day(long seconds) =>
        DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
