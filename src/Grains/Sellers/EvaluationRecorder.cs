using System.Globalization;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Sellers;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Sellers;

/// <summary>
/// At a holder of keys for seller tags: writes into the receipts log what each member asked for under each key, once the day is
/// over; days that were missed, too. docs/adr/0028.
/// </summary>
/// <remarks>
/// A day is closed before it is written, so what was written never grows. What this member's receipts logs say already is
/// passed over, also after a crash between the log and the row, and after a restored backup.
/// </remarks>
public sealed partial class EvaluationRecorder(
    SellerStatements statements,
    RowStore rows,
    IGrainFactory grains,
    NodeIdentity identity,
    RosterBoard roster,
    LogAppender appender,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<EvaluationRecorder> logger) : BackgroundService
{
    /// <summary>How often it looks whether a day is over.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>When it tries again what could not be written: at a start the log takes nothing before peers were asked.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private const long DaySeconds = 86_400;

    private long _doneBefore;

    /// <summary>Writes what is to be written; false if it must be tried again.</summary>
    /// <param name="cancellationToken">Stops it between writes.</param>
    public async Task<bool> WriteAsync(CancellationToken cancellationToken)
    {
        var today = clock.GetUtcNow().ToUnixTimeSeconds() / DaySeconds;
        if (today <= _doneBefore)
        {
            return true;
        }

        var counted = new List<(string Key, EvaluationCount Count, long Day)>();
        await foreach (var key in rows.ListKeysAsync(TagQuotaGrain.RowKind, cancellation: cancellationToken))
        {
            if (TryParse(key, out var whose))
            {
                var days = await grains.GetGrain<ITagQuotaGrain>(key).CloseDaysAsync(today);
                counted.AddRange(days.Select(
                    d => (key, whose with { Evaluated = Bounded(d.Evaluated), Refused = Bounded(d.Refused) }, d.Day)));
            }
        }

        if (counted.Count > 0 && !await WriteAsync(counted, cancellationToken))
        {
            return false;
        }

        foreach (var key in counted.Select(c => c.Key).Distinct(StringComparer.Ordinal))
        {
            await grains.GetGrain<ITagQuotaGrain>(key).ForgetDaysAsync(today);
        }

        _doneBefore = today;
        return true;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var isDone = false;
                try
                {
                    isDone = await WriteAsync(stoppingToken);
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    LogFailed(failure);
                }

                await Task.Delay(isDone ? Interval : RetryAfter, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left is written after the next start.
        }
    }

    private async Task<bool> WriteAsync(
        List<(string Key, EvaluationCount Count, long Day)> counted, CancellationToken cancel)
    {
        if (identity.WrittenLog(roster.Current, Origin.Receipts)?.Origin is not { } log)
        {
            return false;
        }

        await statements.ReadOnAsync(cancel);
        if (!statements.IsCaughtUp(log.Text))
        {
            return false;
        }

        var said = statements.Counts().Where(c => c.Log.Member == identity.Member).SelectMany(c => c.Counts)
            .Select(c => (c.Day, c.Member, c.Type, c.Epoch)).ToHashSet();
        foreach (var day in counted.GroupBy(c => c.Day).OrderBy(d => d.Key))
        {
            var counts = day.Select(c => c.Count)
                .Where(c => !said.Contains((day.Key, c.Member, c.Type, c.Epoch)))
                .Order(EvaluationCount.Order);
            foreach (var part in counts.Chunk(EvaluationsPayload.MaxCounts))
            {
                if (!await AppendAsync(log, new EvaluationsPayload(day.Key, [.. part]), cancel))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private async Task<bool> AppendAsync(Origin log, EvaluationsPayload payload, CancellationToken cancel)
    {
        // The key tells two writers of one database apart from one that tries again: only one of them gets in.
        var first = payload.Counts[0];
        var key = string.Create(
            CultureInfo.InvariantCulture, $"evaluations/{payload.Day}/{first.Member}/{first.Type}/{first.Epoch}");
        var result = await appender.AppendAsync(
            log.Text, new AppendRequest([new NewEntry(payload.Kind, payload.Encode())], key), cancel);
        if (result.Refusal is not (AppendRefusal.None or AppendRefusal.Behind))
        {
            LogNotWritten(result.Error!);
        }

        return result.Refusal == AppendRefusal.None;
    }

    private static long Bounded(long count) => Math.Min(count, EvaluationsPayload.MaxCount);

    private static bool TryParse(string key, out EvaluationCount whose)
    {
        var parts = key.Split('/');
        whose = parts.Length == 3 && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? new EvaluationCount(parts[0], parts[1], epoch, 0, 0)
            : default;
        return whose.Member is not null;
    }

    [LoggerMessage(1, LogLevel.Warning, "What members had evaluated could not be written into the log, and is tried again: {Error}")]
    private partial void LogNotWritten(string error);

    [LoggerMessage(2, LogLevel.Error, "What members had evaluated could not be written into the log, and is tried again.")]
    private partial void LogFailed(Exception failure);
}
