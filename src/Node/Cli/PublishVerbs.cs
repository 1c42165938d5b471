using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Matching.Images;
using FederationNode.Node.Folder;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode publish</c>.</summary>
internal static class PublishVerbs
{
    public static Command Create() => new("publish", "Publishes an indicator to the whole coalition.")
    {
        KeywordVerb(), ImageVerb(), SellerVerb(),
    };

    private static Verb KeywordVerb()
    {
        var text = new Argument<string>("TEXT") { Description = "The keyword as people write it; the node makes it canonical." };
        var language = new Option<string>("--lang") { Description = "BCP 47 tag, such as zh-Hans.", DefaultValueFactory = _ => "" };
        var match = new Option<string>("--match") { Description = "auto (by script), word, substring or prefix.", DefaultValueFactory = _ => "auto" };
        match.AcceptOnlyFromAmong([.. ListingPayload.MatchModes]);
        var anyOf = TermsOption("--any-of", "At least one of these must stand near.");
        var allOf = TermsOption("--all-of", "All of these must stand near.");
        var noneOf = TermsOption("--none-of", "None of these may stand near.");
        var window = new Option<int>("--window") { Description = "How near, in characters; 0: anywhere in the text." };
        var listing = new ListingOptions();
        var verb = new Verb(
            "keyword",
            "Publishes a keyword.",
            "fednode publish keyword 象牙手串 --lang zh-Hans --category ivory --cites I --data ./acme",
            "fednode publish keyword jelly --category turtle --any-of hawksbill --window 30 --dry-run-against ads.csv --column text",
            "fednode publish keyword 血牙 --category helmeted-hornbill --any-of 盔犀鸟 --any-of 手串 --window 20 --data ./acme")
        {
            text, language, match, anyOf, allOf, noneOf, window,
        };
        var sample = new SampleOptions("--dry-run-against", required: false);
        sample.AddTo(verb);
        listing.AddTo(verb);
        verb.Does((parsed, output, cancel) =>
        {
            ListingRequest Make(ListingRequest common) => common with
            {
                Kind = IndicatorKind.Keyword,
                Value = parsed.GetRequiredValue(text),
                Context = new KeywordRuleRequest(
                    parsed.GetValue(language)!,
                    parsed.GetValue(match)!,
                    parsed.GetValue(anyOf),
                    parsed.GetValue(allOf),
                    parsed.GetValue(noneOf),
                    parsed.GetValue(window)),
            };
            return sample.Read(parsed) is { } texts
                ? Task.FromResult(KeywordTrial.Run(Make(listing.Common(parsed)), texts, output))
                : listing.PublishAsync(
                    parsed, output, common => Task.FromResult<IReadOnlyList<ListingRequest>>([Make(common)]), cancel);
        });
        return verb;
    }

    private static Verb ImageVerb()
    {
        var image = new Argument<string>("FILE|HASH") { Description = "A JPEG, PNG or WebP file, which is hashed here and goes nowhere; or a PDQ hash of 64 hexadecimal digits." };
        var exact = new Option<bool>("--exact") { Description = "List the file's SHA-256 instead: matches this very file only." };
        var listing = new ListingOptions();
        var verb = new Verb(
            "image",
            "Publishes the hash of an image.",
            "fednode publish image listing-photo.jpg --category ivory --action block --data ./acme")
        {
            image, exact,
        };
        listing.AddTo(verb);
        verb.Does((parsed, output, cancel) => listing.PublishAsync(parsed, output, common =>
            Task.FromResult<IReadOnlyList<ListingRequest>>([OfImage(common, parsed.GetRequiredValue(image), parsed.GetValue(exact))]), cancel));
        return verb;
    }

    private static ListingRequest OfImage(ListingRequest listing, string image, bool exact)
    {
        if (!File.Exists(image))
        {
            return PdqHash.TryParse(image, out var given, out var notHash)
                ? listing with { Kind = IndicatorKind.ImagePdq, Value = given.ToString() }
                : throw new CliException(ExitCode.BadFolder, $"There is no file {image}, nor is it a hash: {notHash}");
        }

        var file = NodeFolder.ReadUpTo(image, new ImageLimits().MaxFileBytes);
        if (exact)
        {
            return listing with { Kind = IndicatorKind.ImageSha256, Value = Convert.ToHexStringLower(SHA256.HashData(file)) };
        }

        if (!PdqImage.TryHash(file, out var result, out var error))
        {
            throw new CliException(ExitCode.BadFolder, $"{image}: {error}");
        }

        return result.IsReliable
            ? listing with { Kind = IndicatorKind.ImagePdq, Value = result.Hash.ToString() }
            : throw new CliException(
                ExitCode.Refused,
                $"{image} has too little detail for a PDQ hash (quality {result.Quality} of at least {PdqResult.ReliableQuality}): it would match unrelated images. Use --exact.");
    }

    private static Verb SellerVerb()
    {
        var raw = new Argument<string>("IDENTIFIER") { Description = "The telephone number, address or account; `-` reads it from standard input, so that it stands in no history. It never leaves this process." };
        var type = new Option<string>("--type") { Description = "tel, email, wechat, qq, url, ...", HelpName = "TYPE", Required = true };
        var region = new Option<string?>("--region") { Description = "For tel: the region of the account, such as GB, unless the number begins with +.", HelpName = "CC" };
        var epoch = SellerTagging.EpochOption("Default: the newest that counts.");
        var listing = new ListingOptions();
        var verb = new Verb(
            "seller",
            "Publishes the tag of a seller, which nobody can turn back into the identifier.",
            "fednode publish seller - --type tel --region GB --category ivory --data ./acme < number.txt")
        {
            raw, type, region, epoch,
        };
        listing.AddTo(verb);
        verb.Does((parsed, output, cancel) => listing.PublishAsync(parsed, output, async (common, client) =>
        {
            // Its own tag alone: listings beside each other would say that two identifiers belong to one person.
            var epochs = await SellerTagging.EpochsAsync(parsed.GetValue(epoch), client.ReadSellerKeysAsync, cancel);
            var tag = (await SellerTagging.TagAsync(
                client.EvaluateSellersAsync, parsed.GetRequiredValue(type), t => [.. epochs(t).Take(1)], SellerTagging.ReadRaw(parsed.GetRequiredValue(raw)), parsed.GetValue(region), cancel))[0];
            return [common with { Kind = IndicatorKind.Seller, Value = tag.Tag.ToString(), Scheme = tag.Scheme.ToString() }];
        }, cancel));
        return verb;
    }

    private static Option<string[]> TermsOption(string name, string description) => new(name)
    {
        Description = description + " May be given several times.",
        HelpName = "TERM",
        DefaultValueFactory = _ => [],
    };
}

/// <summary>What every kind of listing has in common, as options.</summary>
internal sealed class ListingOptions
{
    private readonly Option<string> _category = new("--category") { Description = "What it stands for: ivory, pangolin, live-reptile, ...", HelpName = "CODE", Required = true };
    private readonly Option<string> _action = new("--action") { Description = "What to suggest: block, review or signal.", DefaultValueFactory = _ => "review" };
    private readonly Option<int> _confidence = new("--confidence") { Description = "How sure you are, 0 to 100.", DefaultValueFactory = _ => 80 };
    private readonly Option<string> _severity = new("--severity") { Description = "low, medium, high or critical.", DefaultValueFactory = _ => "medium" };
    private readonly Option<string> _taxon = new("--taxon") { Description = "Scientific name.", DefaultValueFactory = _ => "" };
    private readonly Option<string> _cites = new("--cites") { Description = "CITES appendix: I, II or III.", DefaultValueFactory = _ => "" };
    private readonly Option<int> _days = Days("Days until the listing ends.");
    private readonly Option<string?> _lint = new("--override-lint") { Description = "Publish what the lint refuses, for this reason.", HelpName = "REASON" };
    private readonly Option<string?> _idempotency = new("--idempotency-key") { Description = "The same key again publishes nothing twice.", HelpName = "KEY" };
    private readonly Option<string?> _data = Shared.DataOfRunning();
    private readonly Option<string?> _url = Shared.Url();
    private readonly Option<string?> _key = Shared.Key();

    /// <summary>How long listings last, within what the protocol allows.</summary>
    public static Option<int> Days(string description)
    {
        const int Longest = (int)(ProtocolLimits.MaxLifetime / 86_400) - 1;
        var days = new Option<int>("--expires-days") { Description = description, DefaultValueFactory = _ => 365 };
        days.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }]
                && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given)
                && given is < 1 or > Longest)
            {
                result.AddError($"--expires-days must be 1 to {Longest}: a listing lasts less than five years.");
            }
        });
        return days;
    }

    public void AddTo(Command verb)
    {
        _idempotency.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var key }]
                && (key.Length is 0 or > Limits.MaxIdempotencyKey || !key.All(c => c is > ' ' and <= '~')))
            {
                result.AddError($"--idempotency-key must be 1 to {Limits.MaxIdempotencyKey} visible ASCII characters.");
            }
        });
        _action.AcceptOnlyFromAmong([.. ListingPayload.Actions]);
        _severity.AcceptOnlyFromAmong("low", "medium", "high", "critical");
        foreach (var option in (Option[])[_category, _action, _confidence, _severity, _taxon, _cites, _days, _lint, _idempotency, _data, _url, _key])
        {
            verb.Add(option);
        }
    }

    public Task<int> PublishAsync(
        ParseResult parsed,
        Output output,
        Func<ListingRequest, Task<IReadOnlyList<ListingRequest>>> make,
        CancellationToken cancel) =>
        PublishAsync(parsed, output, (listing, _) => make(listing), cancel);

    public async Task<int> PublishAsync(
        ParseResult parsed,
        Output output,
        Func<ListingRequest, NodeClient, Task<IReadOnlyList<ListingRequest>>> make,
        CancellationToken cancel)
    {
        using var client = NodeTarget.Running(parsed.GetValue(_data), parsed.GetValue(_url), parsed.GetValue(_key), ApiRole.Analyst);
        var listings = await make(Common(parsed), client);
        var answer = await client.PostAsync<ListingBatch, PublishResponse>(
            ApiRoutes.Listings, new ListingBatch(listings), cancel, parsed.GetValue(_idempotency) ?? Guid.NewGuid().ToString("N"));
        Print(output, answer);
        return ExitCode.Done;
    }

    public static void Print(Output output, PublishResponse answer)
    {
        output.Json(answer);
        foreach (var (id, i) in answer.IndicatorIds.Select((id, i) => (id, i)))
        {
            output.Line(answer.Index is { } first
                ? $"{id}  {answer.Origin} entry {first + i}{(answer.Repeated ? " (published before)" : "")}"
                : $"{id}  kept for {answer.Origin}");
        }

        if (answer.Deferred)
        {
            output.Line(
                "It is durable and counts here. The others get it as soon as the node has heard from more than a third of them "
                    + "since its start, and so knows that no old backup was restored.");
        }
    }

    /// <summary>What the options say, without the kind and what only it has.</summary>
    public ListingRequest Common(ParseResult parsed) => new()
    {
        Kind = "",
        Value = "",
        Category = parsed.GetRequiredValue(_category),
        Action = parsed.GetValue(_action)!,
        Confidence = parsed.GetValue(_confidence),
        Severity = parsed.GetValue(_severity)!,
        Taxon = parsed.GetValue(_taxon)!,
        Cites = parsed.GetValue(_cites)!,
        OverrideLint = parsed.GetValue(_lint),
        // Left out, the node sets it; given, it is a whole day: a repeated request must be the same request.
        Expires = parsed.GetResult(_days) is { Implicit: false }
            ? DateTimeOffset.UtcNow.AddDays(parsed.GetValue(_days)).ToUnixTimeSeconds() / 86_400 * 86_400
            : null,
    };
}
