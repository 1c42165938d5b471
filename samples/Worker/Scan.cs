using System.Globalization;
using System.Runtime.CompilerServices;
using CsvHelper;
using FederationNode.Contracts.Api;
using FederationNode.Detector;
using Spectre.Console;

namespace FederationNode.Worker;

/// <summary>Reads listings, checks them, and shows those that match.</summary>
internal static class Scan
{
    /// <summary>No listing is to be blocked or reviewed.</summary>
    private const int Clean = 0;

    /// <summary>Some are.</summary>
    private const int Found = 1;

    /// <summary>The file or an option cannot be used.</summary>
    private const int Usage = 2;

    /// <summary>The node did not answer, or refused: not everything was checked.</summary>
    private const int NoAnswer = 3;

    public static async Task<int> RunAsync(
        FileInfo file, string node, string keyFile, ReplicaOptions? replica, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(node, UriKind.Absolute, out var address))
        {
            await Console.Error.WriteLineAsync($"{node} is no address: write http://HOST:PORT.");
            return Usage;
        }

        var options = new FederationDetectorOptions
        {
            Nodes = [address],
            KeyFile = keyFile,
            Replica = replica,
        };
        try
        {
            return replica is null
                ? await AskAsync(file, options, cancellationToken)
                : await FollowAsync(file, options, cancellationToken);
        }
        catch (Exception e) when (e is ArgumentException or CsvHelperException or IOException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Usage;
        }
        catch (Exception e) when (e is DetectorException or HttpRequestException or TimeoutException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return NoAnswer;
        }
    }

    /// <summary>Asks the node about all of them, as one stream.</summary>
    private static async Task<int> AskAsync(
        FileInfo file, FederationDetectorOptions options, CancellationToken cancellationToken)
    {
        using var detector = new FederationDetector(options);
        return await ShowAsync(file, detector.CheckManyAsync(ItemsAsync(file, cancellationToken), cancellationToken));
    }

    /// <summary>Keeps a copy of the list and checks in process.</summary>
    private static async Task<int> FollowAsync(
        FileInfo file, FederationDetectorOptions options, CancellationToken cancellationToken)
    {
        using var copy = new FederationReplica(options);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var following = copy.RunAsync(stop.Token);
        var ready = copy.WaitReadyAsync(stop.Token);
        if (await Task.WhenAny(ready, following, Task.Delay(options.Timeout, stop.Token)) != ready)
        {
            await stop.CancelAsync();
            await following;
            throw new TimeoutException($"The replica has no list yet. {copy.Status.LastError}");
        }

        if (copy.Status.IsStale)
        {
            await Console.Error.WriteLineAsync($"The node was not heard of for {copy.Status.Age}: the list may be out of date.");
        }

        var code = await ShowAsync(file, CheckAsync(copy, ItemsAsync(file, stop.Token)));
        await stop.CancelAsync();
        await following;
        return code;
    }

    private static async IAsyncEnumerable<CheckVerdict> CheckAsync(FederationReplica copy, IAsyncEnumerable<CheckItem> items)
    {
        await foreach (var item in items)
        {
            yield return copy.Check(item);
        }
    }

    private static async IAsyncEnumerable<CheckItem> ItemsAsync(
        FileInfo file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new CsvReader(file.OpenText(), CultureInfo.InvariantCulture);
        await foreach (var row in reader.GetRecordsAsync<ListingRow>(cancellationToken))
        {
            if (row.Text.Length > 0)
            {
                yield return new CheckItem("text", row.Text, row.Id);
            }

            if (row.Seller.Length > 0)
            {
                yield return new CheckItem("seller", row.Seller, row.Id);
            }
        }
    }

    private static async Task<int> ShowAsync(FileInfo file, IAsyncEnumerable<CheckVerdict> verdicts)
    {
        // Progress and table go to different streams: the table can be piped.
        var progress = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        var table = new Table().AddColumns("listing", "verdict", "category", "reason");
        var (count, grave) = (0L, 0L);
        await progress.Status().StartAsync($"Checking {Markup.Escape(file.Name)}", async status =>
        {
            await foreach (var verdict in verdicts)
            {
                grave += verdict.Verdict is "block" or "review" ? 1 : 0;
                if (verdict.Matches is [var gravest, ..])
                {
                    table.AddRow(
                        Markup.Escape(verdict.Id ?? ""),
                        verdict.Verdict,
                        Markup.Escape(gravest.Category),
                        Markup.Escape(gravest.Reason));
                }

                if (++count % 1000 == 0)
                {
                    status.Status($"{count} texts and sellers checked");
                }
            }
        });
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{count} texts and sellers checked, {grave} to be blocked or reviewed"));
        return grave == 0 ? Clean : Found;
    }
}
