using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Api;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode import</c>.</summary>
internal static class ImportVerb
{
    private const int BatchSize = 500;

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "CSV, UTF-8, with the columns " + string.Join(", ", ImportFile.Columns) + "; see samples/README.md." };
        var days = ListingOptions.Days("Days until the listings end.");
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
            var expires = DateTimeOffset.UtcNow.AddDays(parsed.GetValue(days)).ToUnixTimeSeconds();
            var listings = ImportFile.Read(path, expires, out var twice);
            if (parsed.GetValue(dryRun))
            {
                output.Json(new { file = path, rows = listings.Count, published = 0, twice });
                output.Line($"{listings.Count} rows can be published{Twice(twice)}; nothing was published.");
                return ExitCode.Done;
            }

            using var client = NodeTarget.Running(parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Analyst);
            var published = await Output.ProgressAsync(
                $"Importing {Path.GetFileName(path)}",
                progress => PublishAsync(client, listings, expires, progress, cancel));
            output.Json(new { file = path, rows = listings.Count, published = published.New, repeated = published.Repeated, twice });
            var before = published.Repeated > 0 ? $", {published.Repeated} had been published before" : "";
            output.Line($"{published.New} published{before}{Twice(twice)}.");
            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task<(int New, int Repeated)> PublishAsync(
        NodeClient client, List<ListingRequest> listings, long expires, Action<double> progress, CancellationToken cancel)
    {
        var (fresh, repeated) = (0, 0);
        foreach (var batch in listings.Chunk(BatchSize))
        {
            // The key names the content: a broken-off import, started again, goes on where it stopped.
            var content = string.Join('\n', batch.Select(ImportFile.Content));
            var key = "import-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
            var day = expires / 86_400 * 86_400;
            PublishResponse answer;
            try
            {
                answer = await client.PostAsync<ListingBatch, PublishResponse>(
                    ApiRoutes.Listings,
                    new ListingBatch([.. batch.Select(l => l with { Expires = day })], Urgent: false),
                    cancel,
                    $"{key[..60]}-{day}");
            }
            catch (CliException refused) when (fresh + repeated > 0)
            {
                throw new CliException(
                    refused.ExitCode,
                    $"{refused.Message} {fresh + repeated} of {listings.Count} rows are published; import the same file "
                        + "again to publish the others.",
                    refused);
            }

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

    private static string Twice(int rows) => rows > 0 ? $", {rows} left out that repeat an earlier row" : "";
}
