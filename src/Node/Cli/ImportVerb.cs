using System.CommandLine;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode import</c>.</summary>
internal static class ImportVerb
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = $"CSV, UTF-8, with the columns {string.Join(", ", ImportReader.Columns)}, and for sellers "
                + $"{ImportReader.SchemeColumn}; see samples/README.md.",
        };
        var days = ListingOptions.Days("Days until the listings end.");
        var dryRun = new Option<bool>("--dry-run") { Description = "Read and check the file; publish nothing." };
        var (data, url, key) = (Shared.DataOfRunning(), Shared.Url(), Shared.Key());
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
            var list = new ImportFile(path);
            var plan = list.Check(expires, roster: null);
            var (rows, twice) = (plan.Rows, plan.Twice);
            if (parsed.GetValue(dryRun))
            {
                output.Json(new { file = path, rows, published = 0, twice });
                output.Line($"{rows} rows can be published{TwiceText(twice)}; nothing was published.");
                return ExitCode.Done;
            }

            using var client = NodeTarget.Running(
                parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), ApiRole.Analyst);
            if (plan.HasSellers)
            {
                var roster = await TryReadRosterAsync(
                    parsed.GetValue(data), parsed.GetValue(url), parsed.GetValue(key), cancel);
                plan = list.Check(expires, roster);
            }

            var published = await Output.ProgressAsync(
                $"Importing {Path.GetFileName(path)}",
                progress => new Import(path, list, plan, client).PublishAsync(expires, progress, cancel));
            output.Json(new { file = path, rows, published = published.New, repeated = published.Repeated, twice });
            var before = published.Repeated > 0 ? $", {published.Repeated} had been published before" : "";
            output.Line($"{published.New} published{before}{TwiceText(twice)}.");
            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>
    /// The roster, or null if the key at hand may not read it: then the node refuses a tag under an unknown key when it
    /// comes to its batch.
    /// </summary>
    private static async Task<RosterDocument?> TryReadRosterAsync(
        string? data, string? url, string? key, CancellationToken cancel)
    {
        try
        {
            await using var target = NodeTarget.Of(data, url, key, ApiRole.Operator);
            return await target.ReadRosterAsync(cancel);
        }
        catch (Exception e) when (e is CliException { ExitCode: ExitCode.Refused } or NodeFolderException)
        {
            return null;
        }
    }

    private static string TwiceText(int rows) => rows > 0 ? $", {rows} left out that repeat an earlier row" : "";
}

/// <summary>Publishes a file that was checked.</summary>
internal sealed class Import(string path, ImportFile list, ImportPlan plan, NodeClient client)
{
    private int _new;
    private int _repeated;

    private int Done => _new + _repeated;

    /// <exception cref="CliException">
    /// The node refuses a batch, or the file is not what was checked; says how much is published.
    /// </exception>
    public async Task<(int New, int Repeated)> PublishAsync(
        long expires, Action<double> progress, CancellationToken cancel)
    {
        var batches = 0;
        using var read = list.ReadBatches().GetEnumerator();
        while (TryRead(read))
        {
            var (key, listings) = read.Current;
            if (batches == plan.Batches.Count || plan.Batches[batches++] != key)
            {
                throw Changed();
            }

            var answer = await PublishAsync(key, listings, expires / 86_400 * 86_400, cancel);
            _new += answer.Repeated ? 0 : answer.Count;
            _repeated += answer.Repeated ? answer.Count : 0;
            progress((double)Done / plan.Rows);
        }

        return batches == plan.Batches.Count ? (_new, _repeated) : throw Changed();
    }

    /// <summary>Nothing in the file is at fault, or the check would have said so.</summary>
    private bool TryRead(IEnumerator<(string Key, ListingRequest[] Listings)> read)
    {
        try
        {
            return read.MoveNext();
        }
        catch (CliException)
        {
            throw Changed();
        }
    }

    private async Task<PublishResponse> PublishAsync(
        string key, ListingRequest[] listings, long day, CancellationToken cancel)
    {
        try
        {
            return await client.PostAsync<ListingBatch, PublishResponse>(
                ApiRoutes.Listings,
                new ListingBatch([.. listings.Select(l => l with { Expires = day })], Urgent: false),
                cancel,
                $"{key}-{day}");
        }
        catch (CliException refused) when (Done > 0)
        {
            throw new CliException(
                refused.ExitCode,
                $"{refused.Message} {Done} of {plan.Rows} rows are published; import the same file again to publish "
                    + "the others.",
                refused);
        }
    }

    private CliException Changed() => new(
        ExitCode.BadFolder,
        $"{path} is not what it was when it was checked: somebody changed it during the import. {Done} of {plan.Rows} "
            + "rows are published; import the file again to publish what it says now.");
}
