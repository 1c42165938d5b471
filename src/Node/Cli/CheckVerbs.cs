using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using FederationNode.Contracts.Api;
using FederationNode.Matching.Images;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode check</c>.</summary>
internal static class CheckVerbs
{
    public static Command Create() => new("check", "Asks whether something is on the list. What is checked never leaves the company.")
    {
        TextVerb(), ImageVerb(), SellerVerb(),
    };

    private static Verb TextVerb()
    {
        var text = new Argument<string>("TEXT") { Description = "The text; `-` reads standard input." };
        return Make(
            "text",
            "Checks a text for keywords.",
            "fednode check text \"新到象牙手串，微信联系\" --data ./acme",
            text,
            (parsed, _, _) =>
            {
                var given = parsed.GetRequiredValue(text);
                return Task.FromResult<IReadOnlyList<CheckItem>>([new CheckItem("text", given == "-" ? Console.In.ReadToEnd() : given)]);
            });
    }

    private static Verb ImageVerb()
    {
        var file = new Argument<string>("FILE") { Description = "A JPEG, PNG or WebP file; it is hashed here, in all eight orientations." };
        return Make(
            "image",
            "Checks an image: exact, and similar in any orientation.",
            "fednode check image photo.jpg --data ./acme",
            file,
            (parsed, _, _) => Task.FromResult<IReadOnlyList<CheckItem>>(ItemsOf(parsed.GetRequiredValue(file))));
    }

    private static Verb SellerVerb()
    {
        var raw = new Argument<string>("IDENTIFIER") { Description = "The identifier; `-` reads it from standard input. It never leaves this process." };
        var type = new Option<string>("--type") { Description = "tel, email, wechat, qq, url, ...", HelpName = "TYPE", Required = true };
        var region = new Option<string?>("--region") { Description = "For tel: the region of the account, unless the number begins with +.", HelpName = "CC" };
        var epoch = SellerTagging.EpochOption("Default: all that count.");
        var verb = Make(
            "seller",
            "Checks a seller.",
            "fednode check seller - --type tel --region GB --data ./acme < number.txt",
            raw,
            async (parsed, target, cancel) =>
            {
                var tags = await SellerTagging.TagAsync(
                    target.EvaluateSellersAsync,
                    parsed.GetRequiredValue(type),
                    await SellerTagging.EpochsAsync(parsed.GetValue(epoch), target.ReadSellerKeysAsync, cancel),
                    SellerTagging.ReadRaw(parsed.GetRequiredValue(raw)),
                    parsed.GetValue(region),
                    cancel);
                return [.. tags.Select(t => new CheckItem("seller", t.Tag.ToString()))];
            });
        verb.Add(type);
        verb.Add(region);
        verb.Add(epoch);
        return verb;
    }

    private static Verb Make(
        string name,
        string description,
        string example,
        Argument argument,
        Func<ParseResult, NodeTarget, CancellationToken, Task<IReadOnlyList<CheckItem>>> items)
    {
        var failOn = new Option<string?>("--fail-on") { Description = "Exit with 1 if the verdict is at least this: block, review or signal.", HelpName = "VERDICT" };
        failOn.AcceptOnlyFromAmong(Gravity.Order[1..]);
        var (data, url, key) = (Shared.Data(), Shared.Url(), Shared.Key());
        var verb = new Verb(name, description, example) { argument, failOn, data, url, key };
        verb.Does(async (parsed, output, cancel) =>
        {
            await using var target = NodeTarget.Of(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Detector);
            var answer = await target.CheckAsync(new CheckRequest(await items(parsed, target, cancel)), cancel);
            var gravest = answer.Items.Select(i => i.Verdict).MaxBy(Gravity.Of)!;
            output.Json(answer);
            Print(output, answer, gravest);
            return parsed.GetValue(failOn) is { } limit && Gravity.Of(gravest) >= Gravity.Of(limit) ? ExitCode.AnswerIsNo : ExitCode.Done;
        });
        return verb;
    }

    private static List<CheckItem> ItemsOf(string path)
    {
        var file = NodeFolder.ReadUpTo(path, new ImageLimits().MaxFileBytes);
        var items = new List<CheckItem> { new("image-sha256", Convert.ToHexStringLower(SHA256.HashData(file)), "exact") };
        if (!PdqImage.TryHash(file, out var result, out var error))
        {
            throw new CliException(ExitCode.BadFolder, $"{path}: {error}");
        }

        if (result.IsReliable)
        {
            foreach (var orientation in Enum.GetValues<PdqOrientation>())
            {
                items.Add(new CheckItem("image-pdq", result[orientation].ToString(), orientation.ToString()));
            }
        }
        else
        {
            Console.Error.WriteLine(
                $"fednode: {path} has too little detail for a PDQ hash (quality {result.Quality} of at least {PdqResult.ReliableQuality}): only this very file is looked for.");
        }

        return items;
    }

    private static void Print(Output output, CheckResponse answer, string gravest)
    {
        var age = answer.AgeSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s") : "unknown";
        output.Line($"Verdict: {gravest}   (list {answer.ListVersion[..12]}, {answer.ListSize} indicators, age {age}{(answer.Stale ? ", possibly out of date" : "")})");
        foreach (var reason in answer.Items.Select(i => i.Reason).OfType<string>().Distinct())
        {
            output.Line(reason);
        }

        var rows = answer.Items.SelectMany(i => i.Matches.Select(m => (i.Id, Match: m))).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        output.Table(
            ["verdict", "kind", "category", "where", "listed by", "why"],
            rows.Select(r => (IReadOnlyList<string>)
            [
                r.Match.Verdict,
                r.Match.Kind,
                r.Match.Category,
                r.Match.Start is { } start ? $"{start}+{r.Match.Length}" : r.Match.Distance is { } distance ? $"{r.Id}, distance {distance}" : r.Id ?? "",
                string.Join(", ", r.Match.ListedBy.Select(l => l.Member)),
                r.Match.Reason,
            ]));
    }
}

/// <summary>The verdicts in the order of their gravity.</summary>
internal static class Gravity
{
    public static readonly string[] Order = ["none", "signal", "review", "block"];

    public static int Of(string verdict) => Array.IndexOf(Order, verdict);
}
