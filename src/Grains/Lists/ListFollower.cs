using System.Collections.Concurrent;
using System.Threading.Channels;
using FederationNode.Contracts;
using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Lists;

/// <summary>
/// Keeps this silo's copy of the list: the merged list is rebuilt from the logs at start and then follows them exactly
/// as a peer would; each log by itself, so that a takedown in one does not wait for the reading of another. What gets in
/// is durable and verified, since it is read from the log grains only.
/// </summary>
public sealed partial class ListFollower(
    MergedList list,
    IGrainFactory grains,
    NodeIdentity identity,
    RosterBoard roster,
    HeadBoard heads,
    DamageBoard damages,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<ListFollower> logger) : BackgroundService
{
    /// <summary>A log that lacks more is read in parts, one log at a time.</summary>
    private const int PartEntries = 512;

    /// <summary>A list of so many indicators gives back what reading it took, before it is ready.</summary>
    private const int ManyIndicators = 100_000;

    /// <summary>Entries of one log that are read before it is another's turn, while the list is not ready.</summary>
    private const int MostPrompt = 64 * Limits.MaxRangeEntries;

    /// <summary>Parts that are read ahead of the one that is applied: what is on its way is not to outlive collections.</summary>
    private const int MostAhead = 2;

    /// <summary>After a failure a log is read again after this time, or when it grows.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly Channel<string> _grown = Channel.CreateUnbounded<string>(new() { SingleReader = true });
    private readonly ConcurrentDictionary<string, bool> _pending = new(StringComparer.Ordinal);

    // The logs that are being read, and those of them that are to be looked at once more after that.
    private readonly ConcurrentDictionary<string, Task> _following = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _again = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _bulk = new(1);

    // As long as all that the logs keep above what they hold, at most; an empty name in the channel points here.
    private readonly ConcurrentQueue<(string Origin, LogRange Range)> _urgent = new();
    private readonly ConcurrentDictionary<string, bool> _deferring = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _retrying = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CorruptStateException> _heldUp = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Whether all that was held at start is applied, as far as it can be read, and a roster is in force: the list can be
    /// asked.
    /// </summary>
    public bool IsLoaded { get; private set; }

    /// <summary>Whether all that others were seen to hold at start is applied, too.</summary>
    public bool IsReady { get; private set; }

    /// <summary>
    /// The indicators logs that stand still at a damaged row, with what is wrong. The list has them only up to there;
    /// the rest of it goes on.
    /// </summary>
    public IReadOnlyDictionary<string, CorruptStateException> HeldUp => _heldUp;

    /// <summary>Ends when anything was applied, or a log was held up, after the call.</summary>
    public Task ChangedAsync() => Volatile.Read(ref _changed).Task;

    /// <summary>Waits until something holds that changes only with what <see cref="ChangedAsync"/> tells of.</summary>
    internal async Task WaitUntilAsync(Func<bool> holds, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = ChangedAsync();
            if (holds())
            {
                return;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits until this list has an entry of a log: what was published is then found.</summary>
    public Task WaitAppliedAsync(string origin, long index, CancellationToken cancellationToken) =>
        WaitUntilAsync(() => list.AppliedOf(origin) > index, cancellationToken);

    /// <summary>Waits until this list has a log's entries below an index, the live ones at least; or its outline is gone.</summary>
    public async Task<bool> WaitOutlinedAsync(string origin, long end, CancellationToken cancellationToken)
    {
        bool IsListed() => Math.Max(list.OutlinedOf(origin), list.AppliedOf(origin)) >= end;
        await WaitUntilAsync(
            () => IsListed() || !(heads.Outlines.GetValueOrDefault(origin)?.End >= end), cancellationToken);
        return IsListed();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        void OnOutlined(OutlineStatus outline)
        {
            if (IsFollowed(outline.Origin))
            {
                Queue(outline.Origin);

                // It may be gone, and with it what somebody waits for.
                SayChanged();
            }
        }

        void OnGrew(LogStatus head)
        {
            if (IsFollowed(head.Origin))
            {
                Queue(head.Origin);
            }
        }

        void OnOverlaid(string origin, CheckedRange range)
        {
            if (Origin.Parse(origin).Log == Origin.Indicators)
            {
                _urgent.Enqueue((origin, range.Range));
                _grown.Writer.TryWrite("");
            }
        }

        void OnDeferred(string origin, IReadOnlyList<NewEntry> waiting)
        {
            if (waiting.Count > 0)
            {
                // At once, on the caller's thread: it answers only when what it took counts.
                _deferring[origin] = true;
                list.Defer(Origin.Parse(origin), waiting, clock.GetUtcNow().ToUnixTimeSeconds(), roster.Counts);
                SayChanged();
            }
            else
            {
                Queue(origin);
            }
        }

        void OnRoster(RosterDocument document)
        {
            list.Put(Lifetimes.Of(document), clock.GetUtcNow().ToUnixTimeSeconds(), roster.Counts);
            SayChanged();
        }

        roster.Changed += OnRoster;
        if (roster.Current is { } inForce)
        {
            OnRoster(inForce);
        }

        heads.Grew += OnGrew;
        heads.Overlaid += OnOverlaid;
        heads.Deferred += OnDeferred;
        heads.Outlined += OnOutlined;
        try
        {
            foreach (var outline in heads.Outlines.Values)
            {
                OnOutlined(outline);
            }

            foreach (var head in heads.All())
            {
                OnGrew(head);
            }

            foreach (var (origin, waiting) in heads.AllDeferred)
            {
                OnDeferred(origin, waiting);
            }

            while (await _grown.Reader.WaitToReadAsync(stoppingToken))
            {
                while (_grown.Reader.TryRead(out var origin))
                {
                    ApplyUrgent();
                    _pending.TryRemove(origin, out _);
                    if (origin.Length > 0)
                    {
                        Begin(origin, stoppingToken);
                    }
                }
            }
        }
        finally
        {
            await Task.WhenAll(_following.Values);
            roster.Changed -= OnRoster;
            heads.Grew -= OnGrew;
            heads.Overlaid -= OnOverlaid;
            heads.Deferred -= OnDeferred;
            heads.Outlined -= OnOutlined;
        }
    }

    /// <summary>Says that every log held at start has been announced to this list: once they are applied, it is loaded.</summary>
    internal async Task BecomeLoadedAsync(IReadOnlyList<LogStatus> held, CancellationToken cancellationToken)
    {
        await WaitAppliedAsync(held, cancellationToken);
        foreach (var outline in heads.Outlines.Values.Where(o => IsFollowed(o.Origin)))
        {
            await WaitOutlinedAsync(outline.Origin, outline.End, cancellationToken);
        }

        IsLoaded = true;
    }

    /// <summary>Says that this node has caught up with the others: once these logs are applied, the list is ready.</summary>
    internal async Task BecomeReadyAsync(IReadOnlyList<LogStatus> held, CancellationToken cancellationToken)
    {
        await WaitAppliedAsync(held, cancellationToken);
        IsLoaded = true;
        if (list.Glance.Indicators >= ManyIndicators)
        {
            // Reading a long list leaves much behind. Now nobody is kept waiting; a node that stands idle does not collect.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        IsReady = true;
        foreach (var log in heads.All().Where(l => IsFollowed(l.Origin) && list.AppliedOf(l.Origin) > l.HeadSize))
        {
            Queue(log.Origin);
        }

        LogReady(list.Glance.Indicators);

        // Detectors do not wait for the digest; who compares lists finds it soon.
        _ = list.Current;
    }

    private async Task WaitAppliedAsync(IReadOnlyList<LogStatus> held, CancellationToken cancellationToken)
    {
        foreach (var log in held.Where(h => h.HeadSize > 0 && IsFollowed(h.Origin)))
        {
            // One log that cannot be read must not keep the whole list from answering.
            await WaitUntilAsync(
                () => list.AppliedOf(log.Origin) >= log.HeadSize || _heldUp.ContainsKey(log.Origin), cancellationToken);
        }
    }

    /// <summary>Says that a log cannot be read on, so that nobody waits for it.</summary>
    internal void HoldUp(string origin, CorruptStateException damage)
    {
        if (IsFollowed(origin))
        {
            _heldUp[origin] = damage;
            SayChanged();
        }
    }

    private static bool IsFollowed(string origin) => Origin.Parse(origin).Log == Origin.Indicators;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _bulk.Dispose();
        base.Dispose();
    }

    /// <summary>Follows a log, unless it is followed already: then once more when that has ended.</summary>
    private void Begin(string origin, CancellationToken stopping)
    {
        _again[origin] = true;
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_following.TryAdd(origin, turn.Task))
        {
            _again.TryRemove(origin, out _);
            _ = FollowOnceAsync(origin, turn, stopping);
        }
    }

    private async Task FollowOnceAsync(string origin, TaskCompletionSource turn, CancellationToken stopping)
    {
        try
        {
            await FollowAsync(origin, stopping);
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // What was not read is read at the next start.
        }
        finally
        {
            _following.TryRemove(origin, out _);
            if (_again.TryRemove(origin, out _))
            {
                Queue(origin);
            }

            turn.SetResult();
        }
    }

    private async Task FollowAsync(string text, CancellationToken stopping)
    {
        var origin = Origin.Parse(text);
        var log = grains.GetGrain<IMemberLogGrain>(text);
        try
        {
            if (heads.Get(text) is { } now && (list.AppliedOf(text) > WantedOf(now) || IsOutlineVoid(now)))
            {
                await TruncateAsync(origin, log, Math.Min(list.AppliedOf(text), WantedOf(now)), EndOf(now));
            }

            if (OutlineThatFollows(text) is { } outline)
            {
                if (await ApplyOutlineAsync(origin, log, outline, stopping))
                {
                    Queue(text);
                    return;
                }
            }
            else if (heads.Get(text)?.HeadSize is { } size && size >= list.OutlinedOf(text) && list.AppliedOf(text) >= size)
            {
                list.EndOutline(text);
            }

            if (heads.Get(text) is { } head && list.AppliedOf(text) < WantedOf(head))
            {
                var applied = await ApplyPartAsync(origin, log, WantedOf(head) - list.AppliedOf(text), stopping);
                await ReceiptAsync(text);
                if (applied > 0 && (list.AppliedOf(text) < WantedOf(heads.Get(text)!) || OutlineThatFollows(text) is not null))
                {
                    // One part of something large after the other, and what came to other logs in between.
                    Queue(text);
                    return;
                }
            }

            if (heads.AllDeferred.TryGetValue(text, out var waiting) && waiting.Count == 0
                && _deferring.TryRemove(text, out _))
            {
                // What waited is applied from the log by now.
                list.Defer(origin, [], clock.GetUtcNow().ToUnixTimeSeconds(), roster.Counts);
                SayChanged();
            }

            NoteMended(text);
        }
        catch (CorruptStateException damage)
        {
            // Said once, where the damage was found, and in the node's status for as long as it lasts.
            HoldUp(text, damage);
            _ = RetryAsync(text, stopping);
        }
        catch (Exception failure) when (!stopping.IsCancellationRequested)
        {
            // The log stays where it is and is tried again; the others go on.
            LogFollowFailed(text, RetryAfter.TotalSeconds, failure);
            _ = RetryAsync(text, stopping);
        }
    }

    /// <summary>
    /// A log's outline of which something is not in the list yet, or null. It need not begin at 0: what is below it is
    /// read from the log first.
    /// </summary>
    private OutlineStatus? OutlineThatFollows(string origin) =>
        heads.Outlines.GetValueOrDefault(origin) is { } outline && heads.Get(origin) is { FrozenAt: null }
        && list.OutlinedOf(origin) < outline.End && list.AppliedOf(origin) < outline.End
        && Math.Max(list.AppliedOf(origin), list.OutlinedOf(origin)) >= outline.From
            ? outline
            : null;

    /// <summary>
    /// Whether the list has entries of an outline behind the end that a fork or the roster has set. Where an outline is
    /// merely gone, what came of it stays: it is proven, and the history makes it whole.
    /// </summary>
    private bool IsOutlineVoid(LogStatus head) => list.OutlinedOf(head.Origin) > EndOf(head);

    /// <summary>Where a log ends, for it forked or the roster closed it; or behind everything.</summary>
    private long EndOf(LogStatus head) => Math.Min(
        head.FrozenAt ?? long.MaxValue,
        roster.Current is { } document && document.TryFindLog(head.Origin, out var log, out _) && log.ClosedAt is { } end
            ? end.Size
            : long.MaxValue);

    /// <summary>Applies the next part of an outline; false if there is none that can be read.</summary>
    private async Task<bool> ApplyOutlineAsync(
        Origin origin, IMemberLogGrain log, OutlineStatus outline, CancellationToken stopping)
    {
        await _bulk.WaitAsync(stopping);
        try
        {
            var from = Math.Max(outline.From, list.OutlinedOf(origin.Text));
            if (await log.ReadKeptOutlineAsync(from) is not var (part, _))
            {
                return false;
            }

            list.ApplyOutline(origin, part, clock.GetUtcNow().ToUnixTimeSeconds(), roster.Counts);
            SayChanged();
            return true;
        }
        catch (CorruptStateException damage)
        {
            // It comes again from a peer.
            LogOutlineDamaged(origin.Text, damage);
            await log.DropOutlineAsync();
            return false;
        }
        finally
        {
            _bulk.Release();
        }
    }

    /// <summary>Reads on and applies what was read: all that is missing if it is little.</summary>
    /// <returns>How many entries that was.</returns>
    private async Task<int> ApplyPartAsync(Origin origin, IMemberLogGrain log, long missing, CancellationToken stopping)
    {
        if (missing <= PartEntries)
        {
            return await ApplyPartAsync(origin, log, PartEntries);
        }

        await _bulk.WaitAsync(stopping);
        try
        {
            // Large parts are quicker, but once detectors rely on this list, nothing may keep it busy for long.
            return IsReady
                ? await ApplyPartAsync(origin, log, PartEntries)
                : await ApplyManyAsync(origin, log, missing, stopping);
        }
        finally
        {
            _bulk.Release();
        }
    }

    /// <summary>
    /// Before the list is ready a part is read from the database while the ones before it are interpreted and applied:
    /// each keeps a processor busy. After some parts the other logs get their turn.
    /// </summary>
    private async Task<int> ApplyManyAsync(Origin origin, IMemberLogGrain log, long missing, CancellationToken stopping)
    {
        var (applied, from) = (0, list.AppliedOf(origin.Text));
        var ahead = Channel.CreateBounded<Task<InterpretedRange>>(MostAhead);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var reading = ReadAheadAsync(origin, log, from, from + Math.Min(missing, MostPrompt), ahead.Writer, enough.Token);
        try
        {
            await foreach (var interpreting in ahead.Reader.ReadAllAsync(CancellationToken.None))
            {
                var range = await interpreting;
                Say(origin, list.Apply(range, clock.GetUtcNow().ToUnixTimeSeconds(), roster.Counts));
                applied += (int)(range.End - range.From);
            }
        }
        finally
        {
            // What was read ahead and is not applied is read again.
            await enough.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await reading;
        return applied;
    }

    /// <summary>Reads a log up to an index, or until the list is ready.</summary>
    private async Task ReadAheadAsync(
        Origin origin,
        IMemberLogGrain log,
        long from,
        long end,
        ChannelWriter<Task<InterpretedRange>> ahead,
        CancellationToken enough)
    {
        try
        {
            while (from < end && !IsReady && !enough.IsCancellationRequested)
            {
                var range = await log.ReadAsync(from, PartEntries, Limits.MaxRangeBytes).ConfigureAwait(false);
                if (range.Entries.Count == 0)
                {
                    // The log ends earlier by now, because it forked.
                    break;
                }

                from = range.End;
                var interpreting = Task.Run(() => MergedList.Interpret(origin, range.From, range.Entries), CancellationToken.None);
                await ahead.WriteAsync(interpreting, enough).ConfigureAwait(false);
            }
        }
        finally
        {
            ahead.Complete();
        }
    }

    private async Task<int> ApplyPartAsync(Origin origin, IMemberLogGrain log, int most)
    {
        var range = await log.ReadAsync(list.AppliedOf(origin.Text), most, Limits.MaxRangeBytes);
        Apply(origin, range);
        return range.Entries.Count;
    }

    /// <summary>
    /// Entries of a log that the list should have. Until it is ready, and nobody compares it with others', that is also
    /// what has come of a long log before its head: a detector is better served with it.
    /// </summary>
    private long WantedOf(LogStatus head) =>
        EndOf(head) < long.MaxValue || identity.KeyOf(head.Origin) is not null ? head.HeadSize

        // Below the end of an outline everything is under a checkpoint already.
        : IsReady ? Math.Max(head.HeadSize, Math.Min(head.Size, OutlineOf(head.Origin)))
        : Math.Max(head.HeadSize, head.Size);

    /// <summary>How far a log's outline goes in the list; where none of it is there yet, to where it begins.</summary>
    private long OutlineOf(string origin) =>
        Math.Max(list.OutlinedOf(origin), heads.Outlines.GetValueOrDefault(origin)?.From ?? 0);

    private void ApplyUrgent()
    {
        while (_urgent.TryDequeue(out var urgent))
        {
            list.Overlie(
                Origin.Parse(urgent.Origin),
                urgent.Range.From,
                urgent.Range.Entries,
                clock.GetUtcNow().ToUnixTimeSeconds(),
                roster.Counts);
            SayChanged();
        }
    }

    /// <summary>The log forked, or was closed: what is behind that does not count any more.</summary>
    private async Task TruncateAsync(Origin origin, IMemberLogGrain log, long size, long end)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (var index in list.Truncate(origin, size, end, now, roster.Counts))
        {
            if ((await log.ReadAsync(index, 1, 1)).Entries is [var entry])
            {
                list.Restore(origin, index, entry, now, roster.Counts);
            }
        }

        SayChanged();
    }

    private void NoteMended(string origin)
    {
        if (_heldUp.TryRemove(origin, out var damage))
        {
            damages.Clear(damage.Kind!, damage.Key!);
            LogMended(origin);
        }
    }

    /// <summary>Receipts what is applied, if that is a whole head: the one now, for it may have moved while we read.</summary>
    private async Task ReceiptAsync(string text)
    {
        if (identity.KeyOf(text) is null && heads.Get(text) is { FrozenAt: null } head && list.AppliedOf(text) == head.SignedSize)
        {
            await grains.GetGrain<IReceiptsGrain>(identity.Member).HeldAsync(
                [new HeldStatement(text, head.SignedSize, head.SignedRoot, clock.GetUtcNow().ToUnixTimeMilliseconds())]);
        }
    }

    /// <summary>Says again what is held: a receipts log that was opened since knows nothing of it.</summary>
    internal async Task ReceiptAllAsync()
    {
        foreach (var log in heads.All().Where(l => IsFollowed(l.Origin) && l.SignedSize > 0))
        {
            await ReceiptAsync(log.Origin);
        }
    }

    /// <summary>One wait a log: it may go on failing for days, and grow meanwhile.</summary>
    private async Task RetryAsync(string origin, CancellationToken stopping)
    {
        if (!_retrying.TryAdd(origin, true))
        {
            return;
        }

        await Task.Delay(RetryAfter, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _retrying.TryRemove(origin, out _);
        if (!stopping.IsCancellationRequested)
        {
            Queue(origin);
        }
    }

    private void Queue(string origin)
    {
        if (_pending.TryAdd(origin, true))
        {
            _grown.Writer.TryWrite(origin);
        }
    }

    private void Apply(Origin origin, LogRange range)
    {
        Say(origin, list.Apply(
            origin, range.From, range.Entries, clock.GetUtcNow().ToUnixTimeSeconds(), roster.Counts));
    }

    private void Say(Origin origin, IReadOnlyList<(long Index, string Reason)> without)
    {
        foreach (var (index, reason) in without)
        {
            LogNoMeaning(origin.Text, index, reason);
        }

        SayChanged();
    }

    private void SayChanged()
    {
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _changed, next).SetResult();
    }

    [LoggerMessage(1, LogLevel.Information, "The list is ready: {Indicators} indicators.")]
    private partial void LogReady(long indicators);

    [LoggerMessage(2, LogLevel.Error, "Following {Origin} failed; it is tried again in {Seconds} s, or when the log grows.")]
    private partial void LogFollowFailed(string origin, double seconds, Exception failure);

    [LoggerMessage(3, LogLevel.Debug, "Entry {Index} of {Origin} does nothing: {Reason}")]
    private partial void LogNoMeaning(string origin, long index, string reason);

    [LoggerMessage(5, LogLevel.Warning, "A part of what was kept of the outline of {Origin} cannot be read; the outline is fetched again.")]
    private partial void LogOutlineDamaged(string origin, Exception damage);

    [LoggerMessage(4, LogLevel.Information, "{Origin} can be read again, and is followed.")]
    private partial void LogMended(string origin);
}
