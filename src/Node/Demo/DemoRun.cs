using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CsvHelper;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Node.Cli;

namespace FederationNode.Node.Demo;

/// <summary>What the demo shows, step by step. Each step says what it expects before it looks.</summary>
internal sealed class DemoRun(DemoCoalition coalition, Action<DemoStep> done)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string Samples = Path.Combine(AppContext.BaseDirectory, "samples");

    private readonly List<DemoStep> _steps = [];

    public IReadOnlyList<DemoStep> Steps => _steps;

    public async Task RunAsync(CancellationToken cancel)
    {
        await StepAsync("Found a coalition", "3 members and a secretariat run, each hears all others", () => FoundAsync(cancel));
        await StepAsync("Import the samples at alpha", "at least 300 indicators, the same list on all nodes", () => ImportAsync(cancel));
        await StepAsync("Check a listing at beta", "ivory in full-width and traditional letters is held for review", () => CheckTextAsync(cancel));
        await StepAsync("Find a turned copy of a listed image at gamma", "matched through another orientation", () => CheckImageAsync(cancel));
        var takedown = "";
        await StepAsync("Take an image down at alpha", "blocked by beta and gamma within a second", async () =>
        {
            (var ok, var seen, takedown) = await TakeDownAsync(cancel);
            return (ok, seen);
        });
        await StepAsync("List a seller at alpha, check at beta", $"review by the tag that {DemoCoalition.Threshold} of {DemoCoalition.Everybody.Length} holders make; another seller: none", () => SellerAsync(cancel));
        await StepAsync("Run real classified ads through beta", "16509 checked, none blocked", () => AdsAsync(cancel));
        await StepAsync("Gamma disputes the takedown", "beta lowers it from block to review", () => DisputeAsync(takedown, cancel));
        await StepAsync("Alpha withdraws it", "nobody holds it against anybody any more", () => WithdrawAsync(takedown, cancel));
        await StepAsync("Beta is down while alpha publishes", "back up, beta has the same list as alpha", () => DownAndUpAsync(cancel));
        await StepAsync("Audit all logs of all nodes", "no findings; every member's receipt for every entry", () => AuditAsync(cancel));
    }

    private async Task<(bool, string)> FoundAsync(CancellationToken cancel)
    {
        await coalition.FoundAsync(cancel);
        var all = DemoCoalition.Everybody.Length;
        var ok = await coalition.UntilAsync(
            s => s.Ready && s.RosterVersion == DemoCoalition.RosterVersion && s.Peers.Count(p => p.Reachable) == all - 1, Patience, cancel);
        var statuses = await Task.WhenAll(coalition.Running.Select(n => coalition.StatusAsync(n.Member, cancel)));
        return (ok, string.Join(", ", statuses.Select(s => $"{s.Member} hears {s.Peers.Count(p => p.Reachable)}")));
    }

    private async Task<(bool, string)> ImportAsync(CancellationToken cancel)
    {
        foreach (var file in (string[])["indicators.csv", "codewords.csv", "images.csv"])
        {
            await Self.RunAsync(["import", Path.Combine(Samples, file), "--data", coalition.Folder("alpha").Path], cancel);
        }

        var same = await coalition.UntilSameViewAsync("alpha", Patience, cancel);
        var statuses = await Task.WhenAll(coalition.Running.Select(n => coalition.StatusAsync(n.Member, cancel)));
        return (same && statuses.All(s => s.Indicators >= 300), $"{statuses.Min(s => s.Indicators)} indicators, {(same ? "one and the same list on all nodes" : "different lists")}");
    }

    private async Task<(bool, string)> CheckTextAsync(CancellationToken cancel)
    {
        var answer = await CheckAsync("beta", [new CheckItem("text", "全新 象\u200B牙 手鐲，ＩＶＯＲＹ　ｃａｒｖｉｎｇ，有意私聊")], cancel);
        var item = answer.Items[0];
        return (item.Verdict == "review", $"{item.Verdict}: {string.Join(", ", item.Matches.Select(m => m.Category).Distinct())}");
    }

    private async Task<(bool, string)> CheckImageAsync(CancellationToken cancel)
    {
        var file = Path.Combine(Samples, "images", "bridge-2-rotate-90.jpg");
        var output = await Self.RunAsync(["check", "image", file, "--data", coalition.Folder("gamma").Path, "--json"], cancel);
        var answer = JsonSerializer.Deserialize<CheckResponse>(output, JsonSerializerOptions.Web)!;
        var nearest = answer.Items.SelectMany(i => i.Matches.Select(m => (i.Id, m.Verdict, m.Distance))).MinBy(m => m.Distance ?? 256);
        return (nearest.Distance is <= 31, $"{nearest.Verdict} by {nearest.Id}, distance {nearest.Distance?.ToString(CultureInfo.InvariantCulture) ?? "none"}");
    }

    private async Task<(bool, string, string)> TakeDownAsync(CancellationToken cancel)
    {
        var item = TakedownItem();
        var watch = Stopwatch.StartNew();
        var waiting = ((string[])["beta", "gamma"]).Select(m => UntilVerdictAsync(m, item, "block", watch, cancel)).ToList();
        var published = await coalition["alpha"].Client.PostAsync<ListingRequest, PublishResponse>(
            ApiRoutes.Listings,
            new ListingRequest { Kind = item.Kind, Value = item.Value, Category = "ivory", Cites = "I", Action = "block", Confidence = 95, Severity = "high" },
            cancel,
            "demo-takedown");
        var durable = watch.Elapsed.TotalMilliseconds;
        var times = await Task.WhenAll(waiting);
        var seen = string.Join(", ", times.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Member} after {t.Milliseconds:0} ms")));
        return (times.All(t => t.Milliseconds < 1000), string.Create(CultureInfo.InvariantCulture, $"durable at alpha after {durable:0} ms, {seen}"), published.IndicatorIds[0]);
    }

    private async Task<(bool, string)> SellerAsync(CancellationToken cancel)
    {
        using var csv = new CsvReader(new StreamReader(Path.Combine(Samples, "sellers.csv")), CultureInfo.InvariantCulture);
        csv.Read();
        csv.ReadHeader();
        var sellers = new List<(string Type, string Value, string Region)>();
        while (csv.Read())
        {
            sellers.Add((csv.GetField("type")!, csv.GetField("value")!, csv.GetField("region")!));
        }

        var (listed, other) = (sellers.First(s => s.Type == "tel"), sellers.Last(s => s.Type == "tel"));
        await SellerVerbAsync("publish", listed, "alpha", ["--category", "ivory", "--action", "block"], cancel);
        await coalition.UntilSameViewAsync("alpha", Patience, cancel);
        var hit = await SellerVerbAsync("check", listed, "beta", ["--json"], cancel);
        var miss = await SellerVerbAsync("check", other, "beta", ["--json"], cancel);
        return (VerdictOf(hit) == "review" && VerdictOf(miss) == "none", $"{VerdictOf(hit)}; another seller: {VerdictOf(miss)}");
    }

    private async Task<string> SellerVerbAsync(
        string verb, (string Type, string Value, string Region) seller, string member, string[] more, CancellationToken cancel)
    {
        string[] region = seller.Region.Length > 0 ? ["--region", seller.Region] : [];
        var (code, output, error) = await Self.TryRunAsync(
            [verb, "seller", "-", "--type", seller.Type, .. region, "--data", coalition.Folder(member).Path, .. more], seller.Value, cancel);
        return code == ExitCode.Done ? output : throw new CliException(code, error.Trim());
    }

    private async Task<(bool, string)> AdsAsync(CancellationToken cancel)
    {
        // The file is ISO 8859-1, as its authors published it.
        using var csv = new CsvReader(
            new StreamReader(Path.Combine(Samples, "ads", "text_w_labels.csv"), Encoding.Latin1), CultureInfo.InvariantCulture);
        csv.Read();
        csv.ReadHeader();
        var ads = new List<CheckItem>();
        while (csv.Read())
        {
            ads.Add(new CheckItem("text", csv.GetField("text_stop_stem")!));
        }

        var verdicts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var batch in ads.Chunk(Limits.MaxCheckItems))
        {
            foreach (var item in (await CheckAsync("beta", batch, cancel)).Items)
            {
                verdicts[item.Verdict] = verdicts.GetValueOrDefault(item.Verdict) + 1;
            }
        }

        var seen = string.Join(", ", Gravity.Order.Select(v => $"{verdicts.GetValueOrDefault(v)} {v}"));
        return (verdicts.Values.Sum() == 16_509 && verdicts.GetValueOrDefault("block") == 0, seen);
    }

    private async Task<(bool, string)> DisputeAsync(string indicator, CancellationToken cancel)
    {
        await Self.RunAsync(["dispute", indicator, "--lister", "alpha", "--reason", "false-positive", "--data", coalition.Folder("gamma").Path], cancel);
        var (_, milliseconds) = await UntilVerdictAsync("beta", TakedownItem(), "review", Stopwatch.StartNew(), cancel);
        var verdict = (await CheckAsync("beta", [TakedownItem()], cancel)).Items[0];
        return (verdict.Verdict == "review" && milliseconds < 5000, $"{verdict.Verdict}, disputed by {string.Join(", ", verdict.Matches.SelectMany(m => m.DisputedBy).Distinct())}");
    }

    private async Task<(bool, string)> WithdrawAsync(string indicator, CancellationToken cancel)
    {
        await Self.RunAsync(["withdraw", indicator, "--reason", "error", "--data", coalition.Folder("alpha").Path], cancel);
        await coalition.UntilSameViewAsync("alpha", Patience, cancel);
        var verdicts = await Task.WhenAll(DemoCoalition.Members.Select(async m => $"{m} {(await CheckAsync(m, [TakedownItem()], cancel)).Items[0].Verdict}"));
        return (verdicts.All(v => v.EndsWith(" none", StringComparison.Ordinal)), string.Join(", ", verdicts));
    }

    private async Task<(bool, string)> DownAndUpAsync(CancellationToken cancel)
    {
        await coalition.StopAsync("beta");
        await Self.RunAsync(["publish", "keyword", "demo ivory netsuke", "--category", "ivory", "--data", coalition.Folder("alpha").Path], cancel);
        var watch = Stopwatch.StartNew();
        await coalition.StartAsync("beta", cancel);
        var same = await coalition.UntilSameViewAsync("alpha", Patience, cancel)
            && await coalition.UntilAsync(s => s.Ready, Patience, cancel);
        var verdict = (await CheckAsync("beta", [new CheckItem("text", "a demo ivory netsuke, boxed")], cancel)).Items[0].Verdict;
        return (same && verdict == "review", string.Create(CultureInfo.InvariantCulture, $"same list {watch.Elapsed.TotalSeconds:0.0} s after its start; its check says {verdict}"));
    }

    private async Task<(bool, string)> AuditAsync(CancellationToken cancel)
    {
        // Receipts are written in batches: give the last ones the time to arrive.
        var until = DateTime.UtcNow + Patience;
        while (true)
        {
            var (code, output, error) = await Self.TryRunAsync(
                ["audit", .. DemoCoalition.Everybody.Select(m => coalition.Folder(m).Path), "--json"], null, cancel);
            if (output.Length == 0)
            {
                return (false, error.Trim());
            }

            var report = JsonDocument.Parse(output).RootElement;
            var missing = AuditVerb.MissingReceipts(report, DemoCoalition.Members);
            if (code != ExitCode.Done || missing == 0 || DateTime.UtcNow > until)
            {
                var fault = AuditVerb.FirstFault(report);
                return (code == ExitCode.Done && missing == 0, $"{AuditVerb.CountLogs(report)} logs, {missing} receipts missing, {fault ?? "no findings"}");
            }
        }
    }

    private async Task<CheckResponse> CheckAsync(string member, IReadOnlyList<CheckItem> items, CancellationToken cancel) =>
        await coalition[member].Client.PostAsync<CheckRequest, CheckResponse>(ApiRoutes.Check, new CheckRequest(items), cancel);

    /// <summary>Asks again and again, as a detector would, until the verdict is there.</summary>
    private async Task<(string Member, double Milliseconds)> UntilVerdictAsync(
        string member, CheckItem item, string verdict, Stopwatch watch, CancellationToken cancel)
    {
        while (watch.Elapsed < Patience)
        {
            if ((await CheckAsync(member, [item], cancel)).Items[0].Verdict == verdict)
            {
                return (member, watch.Elapsed.TotalMilliseconds);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), cancel);
        }

        return (member, double.PositiveInfinity);
    }

    private static CheckItem TakedownItem() => new(
        "image-sha256",
        Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Samples, "images", "bridge-2-rotate-90.jpg")))));

    private static string VerdictOf(string json) =>
        JsonSerializer.Deserialize<CheckResponse>(json, JsonSerializerOptions.Web)!.Items[0].Verdict;

    private async Task StepAsync(string name, string expected, Func<Task<(bool Ok, string Seen)>> act)
    {
        var watch = Stopwatch.StartNew();
        DemoStep step;
        try
        {
            var (ok, seen) = await act();
            step = new DemoStep(name, expected, seen, ok, watch.ElapsedMilliseconds);
        }
        catch (Exception failure) when (failure is CliException or JsonException or IOException or KeyNotFoundException)
        {
            step = new DemoStep(name, expected, failure.Message, false, watch.ElapsedMilliseconds);
        }

        _steps.Add(step);
        done(step);
    }
}
