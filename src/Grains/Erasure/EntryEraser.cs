using System.Collections.Concurrent;
using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Erasure;

/// <summary>
/// Carries out orders to erase, of own logs and of others': when an order is applied to the list, payload and salt of what
/// it names leave the rows. So do those of what has lapsed, by an entry or a roster. Log by log and order by order; one bundle at a time, so that nobody waits long for the log.
/// What a start finds in the list and not yet carried out is done then. docs/protocol.md, "Carrying out".
/// </summary>
public sealed partial class EntryEraser(
    MergedList list,
    ListFollower follower,
    HeadBoard heads,
    IGrainFactory grains,
    NodeIdentity identity,
    RowStore rows,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<EntryEraser> logger) : BackgroundService
{
    /// <summary>How often it looks for new orders.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Entries of a log looked at for orders while others wait for the list.</summary>
    private const int Part = 16_384;

    /// <summary>Orders of a log that are carried out before it is another log's turn.</summary>
    private const int MostAtOnce = 1_024;

    /// <summary>Turns of the clock after which all that was carried out is said again: a new receipts log knows nothing of it.</summary>
    private const int TurnsBetweenStatements = 60;

    // By log, the index before which every order is carried out.
    private readonly ConcurrentDictionary<string, long> _done = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, OpenErasures> _open = new(StringComparer.Ordinal);

    // By log, how many of the entries that have lapsed by a roster alone are gone.
    private readonly Dictionary<string, int> _lapsedByRoster = new(StringComparer.Ordinal);

    // What is to be acknowledged: by log, behind the last order carried out. Not before its bytes are out of the files.
    private readonly Dictionary<string, ErasedStatement> _stated = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _toState = new(StringComparer.Ordinal);
    private bool _isPurged = true;
    private int _turns;

    /// <summary>What is still to be done, by log.</summary>
    public IReadOnlyList<OpenErasures> Open => [.. _open.Values.OrderBy(o => o.Origin, StringComparer.Ordinal)];

    /// <summary>The index in a log before which every order is carried out, since this start.</summary>
    public long DoneOf(string origin) => _done.GetValueOrDefault(origin);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                // Reading the list is more urgent.
                if (follower.IsLoaded)
                {
                    await CarryOutAsync(stoppingToken);
                    list.ForgetErased(clock.GetUtcNow().ToUnixTimeSeconds());
                    await AcknowledgeAsync();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left is carried out after the next start.
        }
    }

    /// <summary>Carries out what is there to be done, each log's turn after the other's, until nothing is or it fails.</summary>
    private async Task CarryOutAsync(CancellationToken stopping)
    {
        var logs = heads.All().Where(h => Origin.Parse(h.Origin).Log == Origin.Indicators).ToList();
        while (logs.Count > 0)
        {
            var more = new List<LogStatus>();
            foreach (var log in logs)
            {
                stopping.ThrowIfCancellationRequested();
                if (await TakeTurnAsync(log.Origin))
                {
                    more.Add(log);
                }
            }

            logs = more;
        }
    }

    /// <summary>Carries out the next orders of a log; whether there are more.</summary>
    private async Task<bool> TakeTurnAsync(string text)
    {
        try
        {
            var origin = Origin.Parse(text);

            // What does not count orders nothing.
            var end = Math.Min(list.AppliedOf(text), heads.Get(text)?.HeadSize ?? 0);
            var from = _done.GetValueOrDefault(text);
            for (; from < end; from = Math.Min(end, from + Part))
            {
                var orders = list.Erasures(origin, from, Math.Min(end, from + Part));
                if (orders.Count > 0)
                {
                    // One lapse entry may be about very many.
                    var last = orders[Math.Min(MostAtOnce, orders.Count) - 1].Order;
                    return await CarryOutAsync(text, [.. orders.TakeWhile(o => o.Order <= last)], orders.Count);
                }

                _done[text] = Math.Min(end, from + Part);
            }

            _open.TryRemove(text, out _);
            return await LetLapseAsync(origin, heads.Get(text)?.Size ?? 0);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(text, failure);
            return false;
        }
    }

    /// <summary>
    /// Erases the next entries of a log that have lapsed by a roster: nobody orders it, so nothing is acknowledged; whether
    /// there are more.
    /// </summary>
    private async Task<bool> LetLapseAsync(Origin origin, long held)
    {
        var done = _lapsedByRoster.GetValueOrDefault(origin.Text);
        List<long> next = [.. list.LapsedByRoster(origin, done).Take(MostAtOnce)];
        if (next.Count == 0)
        {
            return false;
        }

        var (log, removed) = (grains.GetGrain<IMemberLogGrain>(origin.Text), 0);
        _isPurged = false;
        foreach (var bundle in next.Where(i => i < held).Distinct().GroupBy(i => i / HeadEdge.Width))
        {
            var result = await log.EraseAsync([.. bundle]);
            if (result.Error is { } error)
            {
                LogNotLapsed(origin.Text, bundle.First(), error);
                return false;
            }

            removed += result.Removed;
        }

        if (removed > 0)
        {
            LogLapsed(origin.Text, removed);
        }

        _lapsedByRoster[origin.Text] = done + next.Count;
        return true;
    }

    private async Task<bool> CarryOutAsync(string origin, List<(long Order, long Erased)> orders, int waiting)
    {
        var before = _open.GetValueOrDefault(origin);
        var since = before?.First == orders[0].Order ? before.Since : clock.GetUtcNow().ToUnixTimeSeconds();
        _open[origin] = new OpenErasures(origin, waiting, orders[0].Order, since, before?.Error);
        var log = grains.GetGrain<IMemberLogGrain>(origin);
        var removed = 0;

        // Also after a failure or a start in the middle of it something may be left in the files.
        _isPurged = false;
        foreach (var bundle in orders.Select(o => o.Erased).Distinct().GroupBy(i => i / HeadEdge.Width))
        {
            var result = await log.EraseAsync([.. bundle]);
            if (result.Error is { } error)
            {
                if (before?.Error != error)
                {
                    LogNotDone(origin, orders[0].Order, error);
                }

                _open[origin] = new OpenErasures(origin, waiting, orders[0].Order, since, error);
                return false;
            }

            removed += result.Removed;
        }

        if (removed > 0)
        {
            LogErased(origin, removed, orders[0].Order, orders[^1].Order);
        }

        _done[origin] = _toState[origin] = orders[^1].Order + 1;
        return true;
    }

    /// <summary>
    /// Says in the receipts log what was carried out, when the storage has let go of what was removed. All that was said is
    /// said again now and then: whoever writes the receipts passes over what it knows.
    /// </summary>
    private async Task AcknowledgeAsync()
    {
        var isNews = _toState.Count > 0 || !_isPurged;
        if (!isNews && ++_turns % TurnsBetweenStatements != 0)
        {
            return;
        }

        try
        {
            if (!_isPurged)
            {
                if (!await rows.PurgeAsync())
                {
                    // Somebody reads an older state of the file; next time.
                    return;
                }

                _isPurged = true;
            }

            var at = clock.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var (origin, size) in _toState)
            {
                _stated[origin] = new ErasedStatement(origin, size, at);
            }

            _toState.Clear();
            if (_stated.Count > 0)
            {
                await grains.GetGrain<IReceiptsGrain>(identity.Member).ErasedAsync([.. _stated.Values]);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogNotAcknowledged(failure);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Erased in {Origin}: {Count} payloads, as entries {First} to {Last} order.")]
    private partial void LogErased(string origin, int count, long first, long last);

    [LoggerMessage(2, LogLevel.Warning, "What entry {Order} of {Origin} orders to erase is not erased yet; it is tried again each second: {Error}")]
    private partial void LogNotDone(string origin, long order, string error);

    [LoggerMessage(5, LogLevel.Information, "Erased in {Origin}: {Count} payloads that have lapsed by the roster.")]
    private partial void LogLapsed(string origin, int count);

    [LoggerMessage(6, LogLevel.Warning, "Entry {Index} of {Origin} has lapsed and is not erased yet; it is tried again each second: {Error}")]
    private partial void LogNotLapsed(string origin, long index, string error);

    [LoggerMessage(4, LogLevel.Error, "What was erased could not be acknowledged; it is tried again.")]
    private partial void LogNotAcknowledged(Exception failure);

    [LoggerMessage(3, LogLevel.Error, "Erasing in {Origin} failed; it is tried again.")]
    private partial void LogFailed(string origin, Exception failure);
}
