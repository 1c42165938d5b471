using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using FederationNode.Contracts.Api;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode import</c>.</summary>
internal static class ImportVerb
{
    private const int BatchSize = 500;

    private static readonly string[] Columns =
    [
        "kind", "value", "lang", "category", "taxon", "cites", "action", "confidence", "severity",
        "match", "any_of", "all_of", "none_of", "window", "source",
    ];

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "CSV, UTF-8, with the columns " + string.Join(", ", Columns) + "; see samples/README.md." };
        var days = new Option<int>("--expires-days") { Description = "Days until the listings end.", DefaultValueFactory = _ => 365 };
        var dryRun = new Option<bool>("--dry-run") { Description = "Read and check the file; publish nothing." };
        var (data, url, key) = (Shared.Data(), Shared.Url(), Shared.Key());
        var verb = new Verb(
            "import",
            "Publishes a list of indicators. Importing the same file again on the same day publishes nothing twice; on a later day it renews the listings.",
            "fednode import samples/indicators.csv --data ./acme")
        {
            file, days, dryRun, data, url, key,
        };
        verb.Does(async (parsed, output, cancel) =>
        {
            var path = parsed.GetRequiredValue(file);
            var listings = Read(path);
            if (parsed.GetValue(dryRun))
            {
                output.Json(new { file = path, rows = listings.Count, published = 0 });
                output.Line($"{listings.Count} rows can be read; nothing was published.");
                return ExitCode.Done;
            }

            using var client = NodeTarget.Running(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Analyst);
            var published = await Output.ProgressAsync(
                $"Importing {Path.GetFileName(path)}",
                progress => PublishAsync(client, listings, parsed.GetValue(days), progress, cancel));
            output.Json(new { file = path, rows = listings.Count, published = published.New, repeated = published.Repeated });
            output.Line($"{published.New} published" + (published.Repeated > 0 ? $", {published.Repeated} had been published before." : "."));
            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task<(int New, int Repeated)> PublishAsync(
        NodeClient client, List<ListingRequest> listings, int days, Action<double> progress, CancellationToken cancel)
    {
        var (fresh, repeated) = (0, 0);
        var expires = DateTimeOffset.UtcNow.AddDays(days).ToUnixTimeSeconds();
        foreach (var batch in listings.Chunk(BatchSize))
        {
            // The key names the content: a broken-off import, started again, goes on where it stopped.
            var content = string.Join('\n', batch.Select(l => l.ToString() + string.Join('|', Terms(l))));
            var key = "import-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
            var day = expires / 86_400 * 86_400;
            var answer = await client.PostAsync<ListingBatch, PublishResponse>(
                ApiRoutes.Listings, new ListingBatch([.. batch.Select(l => l with { Expires = day })]), cancel, $"{key[..60]}-{day}");
            if (answer.Repeated)
            {
                repeated += answer.Count;
            }
            else
            {
                fresh += answer.Count;
            }

            progress((double)(fresh + repeated) / listings.Count);
        }

        return (fresh, repeated);
    }

    private static IEnumerable<string> Terms(ListingRequest listing) =>
        listing.Context is { } c ? [.. c.AnyOf ?? [], "/", .. c.AllOf ?? [], "/", .. c.NoneOf ?? []] : [];

    private static List<ListingRequest> Read(string path)
    {
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = bad => throw new CliException(ExitCode.BadFolder, $"{path}, line {bad.Context.Parser?.RawRow}: a quote stands where none may be."),
            MissingFieldFound = null,
            DetectColumnCountChanges = true,
        };
        try
        {
            using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            using var csv = new CsvReader(reader, configuration);
            if (!csv.Read() || !csv.ReadHeader() || !csv.HeaderRecord!.SequenceEqual(Columns))
            {
                throw new CliException(ExitCode.BadFolder, $"{path}: the first line must be {string.Join(',', Columns)}");
            }

            var listings = new List<ListingRequest>();
            while (csv.Read())
            {
                listings.Add(ReadRow(csv, path));
            }

            return listings;
        }
        catch (DecoderFallbackException e)
        {
            throw new CliException(ExitCode.BadFolder, $"{path} is not UTF-8: save it as UTF-8 and import it again.", e);
        }
        catch (CsvHelperException e)
        {
            throw new CliException(ExitCode.BadFolder, $"{path}, line {e.Context?.Parser?.RawRow}: the number of fields is not {Columns.Length}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.BadFolder, $"{path} cannot be read: {e.Message}", e);
        }
    }

    private static ListingRequest ReadRow(CsvReader csv, string path)
    {
        string Field(string name) => csv.GetField(name) ?? "";
        int Number(string name, int otherwise) => Field(name) is { Length: > 0 } text
            ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new CliException(ExitCode.BadFolder, $"{path}, line {csv.Parser.RawRow}: \"{name}\" must be a whole number.")
            : otherwise;
        var source = Field("source");
        return new ListingRequest
        {
            Kind = Field("kind"),
            Value = Field("value"),
            Category = Field("category"),
            Taxon = Field("taxon"),
            Cites = Field("cites"),
            Action = Field("action"),
            Confidence = Number("confidence", 80),
            Severity = Field("severity"),

            // The source stays at home; its digest lets the member show later that it had it.
            Evidence = source.Length == 0 ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source))),
            Context = Field("kind") != IndicatorKind.Keyword
                ? null
                : new KeywordRuleRequest(
                    Field("lang"),
                    Field("match") is { Length: > 0 } match ? match : "auto",
                    List(Field("any_of")),
                    List(Field("all_of")),
                    List(Field("none_of")),
                    Number("window", 0)),
        };
    }

    private static string[] List(string field) => field.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
