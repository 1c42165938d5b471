using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Threading.Channels;
using FederationNode.Contracts;
using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Matching.Lists;
using FederationNode.Protocol;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Lists;

/// <summary>
/// This silo's copy of the list: the merged view and the matcher, rebuilt from the logs at start and then following
/// them exactly as a peer would. One loop writes; any thread reads. What is in here is durable and verified, since it
/// is read from the log grains only.
/// </summary>
public sealed partial class IndicatorList(
    IGrainFactory grains,
    NodeIdentity identity,
    RosterBoard roster,
    HeadBoard heads,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<IndicatorList> logger) : BackgroundService
{
    private const int SecondsBetweenCounts = 60;

    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(5);

    private readonly Channel<string> _grown = Channel.CreateUnbounded<string>(new() { SingleReader = true });
    private readonly ConcurrentDictionary<string, bool> _pending = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _applied = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Hash256, IndicatorState> _states = new();
    private readonly HashSet<Hash256> _inForce = [];
    private readonly SortedSet<Hash256> _ids = [];
    private readonly Lock _idsLock = new();
    private readonly View _view = new();
    private readonly IndicatorMatcher _matcher = new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _countedAt;
    private Snapshot _snapshot = new(default, 0, 0);

    /// <summary>Whether all that was held at start is applied, and a roster is in force.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Digest and size of the list, as of the last change.</summary>
    public Snapshot Current => Volatile.Read(ref _snapshot);

    /// <summary>The matcher; safe from any thread.</summary>
    public IndicatorMatcher Matcher => _matcher;

    /// <summary>Entries of each indicators log that are applied, by origin.</summary>
    public IReadOnlyDictionary<string, long> Applied => _applied;

    /// <summary>What everybody says of an indicator, or false if nobody says anything.</summary>
    public bool TryGet(Hash256 id, [NotNullWhen(true)] out IndicatorState? state) => _states.TryGetValue(id, out state);

    /// <summary>Up to <paramref name="count"/> indicators in the order of their ids, after <paramref name="after"/>.</summary>
    public IReadOnlyList<IndicatorState> Page(Hash256? after, int count)
    {
        List<Hash256> ids;
        lock (_idsLock)
        {
            if (_ids.Count == 0)
            {
                return [];
            }

            var from = after ?? default;
            ids = [.. _ids.GetViewBetween(from < _ids.Max ? from : _ids.Max, _ids.Max).Where(i => after is null || i > from).Take(count)];
        }

        return [.. ids.Select(i => _states.GetValueOrDefault(i)).OfType<IndicatorState>()];
    }

    /// <summary>Ends when anything was applied after the call.</summary>
    public Task ChangedAsync() => Volatile.Read(ref _changed).Task;

    /// <summary>Waits until this list has an entry of a log: what was published is then found.</summary>
    public async Task WaitAppliedAsync(string origin, long index, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = ChangedAsync();
            if (_applied.GetValueOrDefault(origin) > index)
            {
                return;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        void OnGrew(LogStatus head) => Announce(head.Origin);

        heads.Grew += OnGrew;
        try
        {
            foreach (var head in heads.All())
            {
                OnGrew(head);
            }

            while (await _grown.Reader.WaitToReadAsync(stoppingToken))
            {
                while (_grown.Reader.TryRead(out var origin))
                {
                    _pending.TryRemove(origin, out _);
                    await FollowAsync(origin, stoppingToken);
                }
            }
        }
        finally
        {
            heads.Grew -= OnGrew;
        }
    }

    /// <summary>Says that every log held at start has been announced to this list: once they are applied, it is ready.</summary>
    internal async Task BecomeReadyAsync(IReadOnlyList<LogStatus> held, CancellationToken cancellationToken)
    {
        foreach (var log in held.Where(h => h.SignedSize > 0 && Origin.Parse(h.Origin).Log == Origin.Indicators))
        {
            await WaitAppliedAsync(log.Origin, log.SignedSize - 1, cancellationToken);
        }

        IsReady = true;
        LogReady(_states.Count);
    }

    private void Announce(string origin)
    {
        if (Origin.Parse(origin).Log == Origin.Indicators && _pending.TryAdd(origin, true))
        {
            _grown.Writer.TryWrite(origin);
        }
    }

    private async Task AnnounceLaterAsync(string origin, CancellationToken stopping)
    {
        await Task.Delay(s_retry, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stopping.IsCancellationRequested)
        {
            Announce(origin);
        }
    }

    private async Task FollowAsync(string text, CancellationToken stopping)
    {
        var origin = Origin.Parse(text);
        var log = grains.GetGrain<IMemberLogGrain>(text);
        try
        {
            while (heads.Get(text) is { } head && _applied.GetValueOrDefault(text) < head.SignedSize && !stopping.IsCancellationRequested)
            {
                var range = await log.ReadAsync(_applied.GetValueOrDefault(text), Limits.MaxRangeEntries, Limits.MaxRangeBytes);
                Apply(origin, range);
                await ReceiptAsync(text);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The log stays where it is; the others go on.
            LogFollowFailed(text, failure);
            _ = AnnounceLaterAsync(text, stopping);
        }
    }

    /// <summary>Receipts what is applied if that is a whole head, the one of now: it may have moved meanwhile.</summary>
    private async Task ReceiptAsync(string text)
    {
        if (identity.KeyOf(text) is null && heads.Get(text) is { } head && _applied[text] == head.SignedSize)
        {
            var since = clock.GetUtcNow().ToUnixTimeMilliseconds();
            await grains.GetGrain<IReceiptsGrain>(identity.Member).HeldAsync(
                [new HeldStatement(text, head.SignedSize, head.SignedRoot, since)]);
        }
    }

    private void Apply(Origin origin, LogRange range)
    {
        var touched = new HashSet<Hash256>();
        for (var i = 0; i < range.Entries.Count; i++)
        {
            var stored = range.Entries[i];
            var index = range.From + i;
            if (LogEntry.TryInterpret(
                    origin, index, MerkleHash.Leaf(stored.Leaf), stored.Leaf, stored.Salt, stored.Payload, out var entry, out var reason))
            {
                if (_view.Apply(entry) is { } id)
                {
                    touched.Add(id);
                }
            }
            else
            {
                LogNoMeaning(origin.Text, index, reason);
            }
        }

        Publish(touched);
        _applied[origin.Text] = range.From + range.Entries.Count;
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private void Publish(HashSet<Hash256> touched)
    {
        foreach (var id in touched)
        {
            if (_view.TryGet(id, out var state))
            {
                _states[id] = state;
                _matcher.Put(state);
            }
            else
            {
                _states.TryRemove(id, out _);
            }

            lock (_idsLock)
            {
                _ = state is null ? _ids.Remove(id) : _ids.Add(id);
            }
        }

        _matcher.Publish();
        Volatile.Write(ref _snapshot, new Snapshot(_view.Digest(), _states.Count, CountInForce(touched)));
    }

    /// <summary>
    /// Looks at what changed; at everything only once a minute, because listings expire and members come and go
    /// without a change. A publication must not cost time in proportion to the list.
    /// </summary>
    private int CountInForce(HashSet<Hash256> touched)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var all = now - _countedAt >= SecondsBetweenCounts;
        foreach (var id in all ? _states.Keys : (IEnumerable<Hash256>)touched)
        {
            if (_states.TryGetValue(id, out var state) && state.Active(now, roster.Counts).Any())
            {
                _inForce.Add(id);
            }
            else
            {
                _inForce.Remove(id);
            }
        }

        _countedAt = all ? now : _countedAt;
        return _inForce.Count;
    }

    /// <summary>The list at one moment.</summary>
    /// <param name="Digest">Digest of the merged view.</param>
    /// <param name="Indicators">Indicators that anybody says something about.</param>
    /// <param name="InForce">Those with a listing in force at the time of the last change.</param>
    public sealed record Snapshot(Hash256 Digest, long Indicators, long InForce);

    [LoggerMessage(1, LogLevel.Information, "The list is ready: {Indicators} indicators.")]
    private partial void LogReady(int indicators);

    [LoggerMessage(2, LogLevel.Error, "Following {Origin} failed; it is tried again in a moment.")]
    private partial void LogFollowFailed(string origin, Exception failure);

    [LoggerMessage(3, LogLevel.Debug, "Entry {Index} of {Origin} does nothing: {Reason}")]
    private partial void LogNoMeaning(string origin, long index, string reason);
}
