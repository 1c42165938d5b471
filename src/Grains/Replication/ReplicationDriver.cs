using System.Collections.Concurrent;
using System.Security.Cryptography;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Replication;

/// <summary>
/// The shell around <see cref="Replicator"/>: tells it what happened and does what it says. What to say to whom and when
/// is decided there, and not here. docs/architecture.md, "Replication".
/// </summary>
/// <remarks>
/// <see cref="_gate"/> guards the core; nothing is awaited and nothing slow is done under it. Effects are begun under
/// it, too, so that none overtakes an earlier one, and go on by themselves. This file: life, time and events;
/// .Effects.cs: what the core wants done; .Repair.cs: of that, damaged rows; .Outlines.cs: outlines; .Serving.cs: what
/// peers ask.
/// </remarks>
public sealed partial class ReplicationDriver : BackgroundService
{
    private readonly IGrainFactory _grains;
    private readonly IPeerTransport _transport;
    private readonly NodeIdentity _identity;
    private readonly RosterBoard _roster;
    private readonly HeadBoard _heads;
    private readonly LinkBoard _links;
    private readonly RowStore _rows;
    private readonly DamageBoard _damages;
    private readonly MergedList _list;
    private readonly ListFollower _follower;
    private readonly ReplicationOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<ReplicationDriver> _logger;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _checking = new(1);
    private readonly Replicator _core;
    private readonly long _startedAt;
    private readonly long _startStamp;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, UrgentRun> _urgent = new(StringComparer.Ordinal);
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _newsVersion;
    private long _due = long.MaxValue;
    private bool _started;

    /// <summary>Made by the silo.</summary>
    public ReplicationDriver(
        IGrainFactory grains,
        IPeerTransport transport,
        NodeIdentity identity,
        RosterBoard roster,
        HeadBoard heads,
        LinkBoard links,
        RowStore rows,
        DamageBoard damages,
        MergedList list,
        ListFollower follower,
        ReplicationOptions options,
        [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
        ILogger<ReplicationDriver> logger)
    {
        _grains = grains;
        _transport = transport;
        _identity = identity;
        _roster = roster;
        _heads = heads;
        _links = links;
        _rows = rows;
        _damages = damages;
        _list = list;
        _follower = follower;
        _options = options;
        _clock = clock;
        _logger = logger;
        _startedAt = clock.GetUtcNow().ToUnixTimeMilliseconds();
        _startStamp = clock.GetTimestamp();
        _core = new Replicator(identity.Member, Seed(), options);
        _timer = clock.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Ends when this node has all that others were seen to hold when it started. Until then its list is older than it
    /// may know.
    /// </summary>
    public Task CaughtUpAsync() => _caughtUp.Task;

    /// <summary>
    /// Unix milliseconds at the start, counted on by the monotonic clock: a jump of the wall clock moves no timer, and
    /// what is saved can be understood after a restart.
    /// </summary>
    private long Now => _startedAt + (long)_clock.GetElapsedTime(_startStamp).TotalMilliseconds;

    /// <summary>Begins once every log held is on the board.</summary>
    public async Task BeginAsync()
    {
        var remembered = new List<PeerBackoff>();
        foreach (var peer in _roster.ActivePeers())
        {
            remembered.Add(Restored(peer.Name, await _grains.GetGrain<IPeerGrain>(peer.Name).LoadAsync()));
        }

        lock (_gate)
        {
            _started = true;
            PostLocked(new Started(
                TakeRoster(),
                [.. _heads.All().Select(MovedOf)],
                remembered,
                _rows.Health.Fault is not null,
                [.. _heads.Outlines.Values.OrderBy(o => o.Origin, StringComparer.Ordinal).Select(MovedOf)]));
        }

        foreach (var (kind, key) in _damages.Rows())
        {
            OnDamaged(kind, key);
        }
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Here and not in ExecuteAsync, which begins some time later: nothing that happens after this is missed.
        _heads.Grew += OnGrew;
        _heads.Overlaid += OnOverlaid;
        _heads.UrgentAppended += OnUrgent;
        _heads.Outlined += OnOutlined;
        _roster.Changed += OnRoster;
        _rows.Health.Changed += OnStorage;
        _damages.Found += OnDamaged;
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        _heads.Grew -= OnGrew;
        _heads.Overlaid -= OnOverlaid;
        _heads.UrgentAppended -= OnUrgent;
        _heads.Outlined -= OnOutlined;
        _roster.Changed -= OnRoster;
        _rows.Health.Changed -= OnStorage;
        _damages.Found -= OnDamaged;
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_working.Keys);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _timer.Dispose();
        _checking.Dispose();
        _digesting.Dispose();
        _stopping.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken) =>
        await Task.Delay(Timeout.Infinite, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Never 0, and within what every MessagePack library can hold.</summary>
    private static ulong Seed() => (BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 1) | 1;

    private void OnGrew(LogStatus log) =>
        Post(_urgent.TryRemove(log.Origin, out var run) ? MovedOf(log) with { Urgent = run } : MovedOf(log));

    private void OnOverlaid(string origin, CheckedRange range) =>
        Post(new UrgentHeld(new UrgentRun(origin, range.Range.From, range.Range.End)));

    private void OnUrgent(string origin, long from, long end) => _urgent[origin] = new UrgentRun(origin, from, end);

    private void OnOutlined(OutlineStatus outline) => Post(MovedOf(outline));

    private void OnStorage(string? fault) => Post(new StorageChanged(fault is not null));

    private void OnDamaged(string kind, string key)
    {
        if (kind is LogRowKind.Bundle or LogRowKind.Payloads or LogRowKind.Tile
            && SealedPlace.TryParse(kind, key, out var place))
        {
            Post(new RowDamaged(
                place.Origin, place.First, (place with { Number = place.Number + 1 }).First, place.Level));
        }
    }

    private void OnRoster(RosterDocument document)
    {
        lock (_gate)
        {
            if (_started)
            {
                PostLocked(TakeRoster());
            }
        }
    }

    private static LogMoved MovedOf(LogStatus log) =>
        new(log.Origin, log.Size, log.HeadSize, log.HeadRoot, log.FrozenAt);

    private static OutlineMoved MovedOf(OutlineStatus outline) =>
        new(outline.Origin, outline.End > outline.From ? outline.End : 0, outline.AsOf);

    private void Post(ReplicationEvent happened)
    {
        lock (_gate)
        {
            // What happens before the start is read from the boards at the start.
            if (_started && !_stopping.IsCancellationRequested)
            {
                PostLocked(happened);
            }
        }
    }

    private void PostLocked(ReplicationEvent happened)
    {
        foreach (var effect in _core.Step(happened, Now))
        {
            Do(effect);
        }

        if (_core.NextDue != _due)
        {
            _due = _core.NextDue;
            _timer.Change(
                _due == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Max(0, _due - Now)),
                Timeout.InfiniteTimeSpan);
        }

        if (_core.Heads.Version != _newsVersion)
        {
            _newsVersion = _core.Heads.Version;
            var news = _news;
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            news.SetResult();
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _due = long.MaxValue;
        }

        Post(new Tick());
    }

    private RosterTaken TakeRoster()
    {
        if (_roster.Current is not { } document)
        {
            // Only the secretariat is known, and only its roster log.
            var rosterLog = new LogInfo(_identity.Anchor.RosterLogKey.Name, Origin.Secretariat);
            return _identity.Member == Origin.Secretariat
                ? new RosterTaken([], [rosterLog])
                : new RosterTaken([new PeerInfo(Origin.Secretariat, true)], [rosterLog], Provisional: true);
        }

        var self = document.Member(_identity.Member);
        return new RosterTaken(
            [.. _roster.ActivePeers().Select(p => new PeerInfo(p.Name, p.Endpoint.Length > 0, p.Region))],
            [.. document.Members.Where(m => m.Status == MemberStatus.Active).SelectMany(m => m.Logs).Select(LogOf)],
            self?.Region ?? "",
            self is { Endpoint.Length: > 0 });
    }

    /// <summary>Receipts are many and never urgent: they go with the comparison of heads.</summary>
    private static LogInfo LogOf(RosterLog log) => new(
        log.Origin.Text,
        log.Origin.Member,
        log.Origin.Log == Origin.Receipts,
        log.ClosedAt?.Size,
        HasOutline(log.Origin.Text));

    private static PeerBackoff Restored(string member, PeerMemory memory) => new(
        member,
        memory.Failures,
        memory.NextAttempt,
        [
            .. memory.Logs.Where(l => Enum.TryParse<RequestFault>(l.Reason, out _))
                .Select(l => new LogBackoff(l.Origin, Enum.Parse<RequestFault>(l.Reason), l.Failures, l.Until)),
        ]);
}
