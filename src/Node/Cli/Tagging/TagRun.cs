using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using FederationNode.Node.Sellers;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>
/// Tags the rows of a file, some batches at a time, in their order. Memory is bounded by these. What was written when it
/// fails or is stopped is whole up to a line, which the message names.
/// </summary>
/// <param name="rows">The file.</param>
/// <param name="evaluate">The way to the key holders.</param>
/// <param name="epochs">The epochs of the keys.</param>
/// <param name="batch">Rows that are tagged at once, 1 to 4,000.</param>
/// <param name="oneType">Whether all rows have one type: without its key none can be tagged.</param>
/// <param name="tags">Where tags go.</param>
/// <param name="rejects">Where the others go.</param>
/// <param name="json">Whether progress is for programs.</param>
/// <param name="clock">Waits for the next minute when the quota of this one is used up.</param>
internal sealed class TagRun(
    SellerRows rows,
    SellerEvaluator evaluate,
    SellerEpochs epochs,
    int batch,
    bool oneType,
    ITagSink tags,
    Rejects rejects,
    bool json,
    TimeProvider clock)
{
    private const int ProgressRows = 20_000;
    private const int MaxWaits = 10;
    private const int MaxUnderWay = SellerTagger.MaxAtOnce;

    // The quota of a minute is worth waiting for; that of a day is not.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1);

    private long _read;
    private long _tagged;
    private long _done;

    /// <summary>Tags all rows behind a line.</summary>
    /// <param name="afterLine">The line; 0: all.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(long afterLine, CancellationToken cancel)
    {
        _done = afterLine;
        try
        {
            await TagAllAsync(afterLine, cancel);
            return rejects.Count == 0 ? ExitCode.Done : ExitCode.Incomplete;
        }
        catch (CliException stopped)
        {
            throw new CliException(stopped.ExitCode, $"{stopped.Message} {WhereToGoOn}", stopped);
        }
        catch (SellerAnswerException wrong)
        {
            throw new CliException(ExitCode.Refused, $"{wrong.Message} {WhereToGoOn}", wrong);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"fednode: stopped. {WhereToGoOn}");
            throw;
        }
    }

    /// <summary>
    /// Some batches are asked for at once; what came of them is written in the order of the rows, also while the next row is still
    /// waited for.
    /// </summary>
    private async Task TagAllAsync(long afterLine, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var underWay = new Queue<(List<SellerRow> Rows, Task<IReadOnlyList<TaggedSeller>> Tagged)>();
        Task<List<SellerRow>>? reading = null;
        ExceptionDispatchInfo? unreadable = null;
        var (told, ended) = (0L, false);
        try
        {
            while (true)
            {
                reading ??= ended || underWay.Count == MaxUnderWay ? null : ReadBatchAsync(afterLine, stop.Token);
                if (reading is null && underWay.Count == 0)
                {
                    break;
                }

                var first = underWay.TryPeek(out var oldest) ? oldest.Tagged : null;
                await Task.WhenAny(((Task?[])[first, reading]).OfType<Task>());
                if (first?.IsCompleted == true)
                {
                    await WriteAsync(oldest.Rows, await first, cancel);
                    underWay.Dequeue();
                    if (_read - told >= ProgressRows)
                    {
                        told = _read;
                        Tell();
                    }

                    continue;
                }

                try
                {
                    var read = await reading!;
                    ended = read.Count == 0;
                    if (!ended)
                    {
                        underWay.Enqueue((read, AskAsync([.. read.Select(r => r.Seller).OfType<RawSeller>()], stop.Token)));
                    }
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    // The rows before it are tagged and written first.
                    (unreadable, ended) = (ExceptionDispatchInfo.Capture(fault), true);
                }

                reading = null;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(underWay.Select(u => (Task)u.Tagged)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        unreadable?.Throw();
        if (told < _read || _read == 0)
        {
            Tell();
        }
    }

    private string WhereToGoOn => _done == 0
        ? "Nothing was tagged."
        : string.Create(
            CultureInfo.InvariantCulture, $"All rows up to line {_done} are done: go on with --after-line {_done}.");

    private async Task<List<SellerRow>> ReadBatchAsync(long afterLine, CancellationToken cancel)
    {
        var read = new List<SellerRow>();
        while (read.Count < batch && await rows.ReadAsync(cancel) is { } row)
        {
            if (row.Line > afterLine)
            {
                read.Add(row);
            }
        }

        return read;
    }

    private async Task WriteAsync(List<SellerRow> read, IReadOnlyList<TaggedSeller> tagged, CancellationToken cancel)
    {
        if (oneType && tagged.FirstOrDefault(t => t.LacksKey) is { Error: { } error })
        {
            throw new CliException(ExitCode.Refused, error);
        }

        var next = 0;
        foreach (var row in read)
        {
            var answer = row.Seller is null ? null : tagged[next++];
            if ((row.Fault ?? answer?.Error) is { } reason)
            {
                rejects.Add(row, reason);
                continue;
            }

            _tagged++;
            tags.Write(row, answer!.Tags);
        }

        await tags.FlushAsync(cancel);
        await rejects.FlushAsync();
        _read += read.Count;
        _done = read[^1].Line;
    }

    private async Task<IReadOnlyList<TaggedSeller>> AskAsync(List<RawSeller> sellers, CancellationToken cancel)
    {
        for (var waits = 0; ; waits++)
        {
            try
            {
                return await SellerTagger.TagAsync(evaluate, epochs, sellers, cancel);
            }
            catch (TryLaterException later) when (later.RetryAfter <= s_longestWait && waits < MaxWaits)
            {
                await Console.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"fednode: {later.Message} Going on in {Math.Ceiling(later.RetryAfter.TotalSeconds)} s."));
                await Task.Delay(later.RetryAfter, clock, cancel);
            }
        }
    }

    private void Tell() => Console.Error.WriteLine(json
        ? JsonSerializer.Serialize(new { rows = _read, tagged = _tagged, rejected = rejects.Count })
        : string.Create(
            CultureInfo.InvariantCulture, $"fednode: {_read} rows read, {_tagged} tagged, {rejects.Count} rejected."));
}
