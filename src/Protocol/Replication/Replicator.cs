namespace FederationNode.Protocol.Replication;

/// <summary>
/// Decides what a node says to whom and when, so that all members come to hold the same logs: announces new heads,
/// compares heads, fetches what is missing from whoever has it, passes on what others cannot reach, leaves alone who
/// fails. It does nothing itself: <see cref="Step"/> takes what happened and the time, and returns what to do. The same
/// events at the same times always give the same effects, so the node and the simulator run this very code.
/// docs/protocol.md, section 10; docs/architecture.md, "Replication".
/// </summary>
/// <remarks>
/// Not thread-safe. What it remembers of a peer is a hint, corrected by the peer's next answer. Bounds: one request for
/// heads and <see cref="ReplicationOptions.MaxPushesPerPeer"/> pushes a peer, at most one announcement and 8 urgent runs a
/// peer and log waiting, <see cref="ReplicationOptions.MaxFetches"/> fetches, <see cref="ReplicationOptions.MaxCredit"/>
/// bytes asked for or fetched and not yet stored, <see cref="ReplicationOptions.MaxRepairs"/> damaged rows under way, a
/// comparison of a log's outline with each peer.
/// Nothing is kept of a log that the roster does not name.
/// This file: events and time; the rest is beside it.
/// </remarks>
public sealed partial class Replicator
{
    private readonly string _self;
    private readonly ReplicationOptions _options;
    private readonly Dictionary<string, Peer> _peers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Log> _byOrigin = new(StringComparer.Ordinal);
    private readonly List<Log> _logs = [];
    private readonly Dictionary<long, Request> _requests = [];
    private List<ReplicationEffect> _effects = [];
    private List<Peer> _everybody = [];
    private string _region = "";
    private ulong _random;
    private long _lastId;
    private long _now;
    private bool _paused;
    private bool _rostered;
    private bool _dialable = true;

    /// <summary>Starts with nothing known; the first event is <see cref="Started"/>.</summary>
    /// <param name="self">This member's name.</param>
    /// <param name="seed">For jitter, and to tell this run from others: different at every start, never 0.</param>
    /// <param name="options">Times and limits.</param>
    public Replicator(string self, ulong seed, ReplicationOptions options)
    {
        _self = self;
        _options = options;
        _random = seed;
        Heads = new HeadsVector(seed);
    }

    /// <summary>The heads of this node, from which peers are answered.</summary>
    public HeadsVector Heads { get; }

    /// <summary>When to step with <see cref="Tick"/> if nothing happens before; <see cref="long.MaxValue"/>: never.</summary>
    public long NextDue { get; private set; } = long.MaxValue;

    /// <summary>Requests that have not ended, and ranges that wait to be stored.</summary>
    public int Pending => _requests.Count;

    /// <summary>Fetches under way.</summary>
    public int Fetching => _flying.Count;

    /// <summary>Announcements that wait: at most one a peer and log.</summary>
    public int Waiting => _everybody.Sum(p => p.Announce.Count);

    /// <summary>Bytes of ranges fetched and not yet stored.</summary>
    public long WaitingBytes { get; private set; }

    /// <summary>Urgent runs kept above what is held without a gap.</summary>
    public int Overlaid => _logs.Sum(l => l.Overlay.Count);

    /// <summary>Takes an event and says what to do.</summary>
    /// <param name="happened">What happened.</param>
    /// <param name="now">Milliseconds from any start; never goes back.</param>
    public IReadOnlyList<ReplicationEffect> Step(ReplicationEvent happened, long now)
    {
        _now = Math.Max(_now, now);
        _effects = [];
        Take(happened);
        ExpireLinks();
        AskForHeads();
        SendAnnouncements();
        FetchUrgent();
        Capture();
        Pull();
        RepairRows();
        EndOutlines();
        CompareOutlines();
        ConfirmOwnLogs();
        CatchUp();
        NextDue = FindNextDue();
        return _effects;
    }

    private void Take(ReplicationEvent happened)
    {
        switch (happened)
        {
            case RosterTaken roster:
                TakeRoster(roster);
                break;
            case LogMoved moved:
                TakeLog(moved, loaded: false);
                break;
            case HeadsAnswered answered:
                TakeHeads(answered);
                break;
            case PushAnswered answered:
                TakePushAnswer(answered);
                break;
            case OutlineMoved moved:
                TakeOutline(moved);
                break;
            case OutlineCompared compared:
                TakeComparison(compared);
                break;
            case RangeFetched fetched:
                TakeRange(fetched);
                break;
            case RangeStored stored:
                TakeStored(stored);
                break;
            case RowDamaged damaged:
                TakeDamage(damaged);
                break;
            case RepairFetched fetched:
                TakeRepair(fetched);
                break;
            case RepairStored stored:
                TakeRepairStored(stored);
                break;
            case RequestFailed failed:
                TakeFailure(failed);
                break;
            case PeerAsked asked when _peers.TryGetValue(asked.Member, out var peer):
                TakeQuestion(peer, asked);
                break;
            case OwnHeadSeen seen when _peers.TryGetValue(seen.Member, out var peer):
                TakeProven(peer, [seen.Head]);
                break;
            case UrgentHeld held:
                TakeUrgent(held.Run);
                break;
            case HeadPushed pushed:
                TakePush(pushed);
                break;
            case ForkAnswered answered:
                TakeForkAnswer(answered);
                break;
            case StorageChanged changed:
                _paused = Heads.Paused = changed.Paused;
                if (!_paused)
                {
                    DropOutlinesAnew();
                }

                break;
            case Started started:
                TakeStart(started);
                break;
        }
    }

    private void TakeRoster(RosterTaken roster)
    {
        _region = roster.Region;
        _dialable = roster.Dialable;
        _rostered = !roster.Provisional;
        var logs = _logs.Count;
        foreach (var info in roster.Logs.OrderBy(l => l.Origin, StringComparer.Ordinal))
        {
            if (_byOrigin.TryGetValue(info.Origin, out var known))
            {
                (known.Lazy, known.ClosedAt) = (info.Lazy, info.ClosedAt);
                continue;
            }

            var log = new Log(_logs.Count, info.Origin, info.Owner, info.Owner == _self)
            {
                Lazy = info.Lazy,
                ClosedAt = info.ClosedAt,
                Allowance = _options.QuotaBurst,
                AllowanceAt = _now,
            };
            _logs.Add(log);
            _byOrigin[info.Origin] = log;
            if (_options.Outlines && info.HasOutline && !log.Own)
            {
                log.Outline = new Log(log.Number, log.Origin, log.Owner, false, log);
            }
        }

        var wanted = roster.Peers.ToDictionary(p => p.Name, StringComparer.Ordinal);
        foreach (var peer in _everybody.Where(p => !wanted.ContainsKey(p.Name)).ToList())
        {
            Forget(peer);
        }

        foreach (var info in roster.Peers.OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            if (!_peers.TryGetValue(info.Name, out var peer))
            {
                // Spread over an interval: a node that starts must not ask everybody in the same moment.
                _peers[info.Name] = peer = new Peer(info.Name) { HeadsDue = _now + Random(_options.HeadsInterval / 4) };
            }

            peer.Dialable = info.Dialable;
            peer.Region = info.Region;
            peer.Reserve(_logs.Count);
        }

        _everybody = [.. _peers.Values.OrderBy(p => p.Name, StringComparer.Ordinal)];
        if (_logs.Count > logs)
        {
            HearOfNewLogs();
        }
    }

    private void TakeLog(LogMoved moved, bool loaded)
    {
        if (!_byOrigin.TryGetValue(moved.Origin, out var log))
        {
            return;
        }

        if (!loaded)
        {
            Charge(log, log.Held, moved.Held);
        }

        var (grew, forked) = (moved.HeadSize > log.HeadSize, moved.FrozenAt is { } at && at < (log.FrozenAt ?? long.MaxValue));
        (log.MovedAt, log.Stalls, log.PullAfter) = moved.Held > log.Held ? (_now, 0, 0) : (log.MovedAt, log.Stalls, log.PullAfter);
        log.Held = moved.Held;
        log.HeadSize = moved.HeadSize;
        log.HeadRoot = moved.HeadRoot;
        log.FrozenAt = moved.FrozenAt;
        // What an own log holds beyond its head is not signed yet, and nobody else's business.
        var held = log.Own ? log.HeadSize : Math.Max(log.HeadSize, Math.Min(log.Held, log.Limit));
        Heads.Put(new Head(log.Origin, log.HeadSize, log.HeadRoot, log.FrozenAt, held));
        log.Overlay.RemoveAll(r => r.End <= log.Held || r.End > log.Limit);
        if (forked)
        {
            Heads.DropUrgent(log.Origin, log.Limit);
        }

        TrimSegments(log);
        if (moved.Urgent is { } run)
        {
            TakeUrgent(run);
        }

        if (forked || (grew && log.FrozenAt is null))
        {
            Announce(log);
        }
    }

    /// <summary>A request that has not ended.</summary>
    private sealed record Request(
        long Id, RequestKind Kind, Peer Peer, Log? Log, long From, long End, long Started, long Held, long HeadSize, long Since)
    {
        /// <summary>Of a range: the bytes asked for.</summary>
        public int Bytes { get; init; }
    }

    private enum RequestKind
    {
        Heads,
        Push,
        Range,
        Urgent,
        Repair,
        Compare,
        Fork,
    }

    private Request Begin(
        RequestKind kind, Peer peer, Log? log = null, long from = 0, long end = 0, long since = 0, int bytes = 0)
    {
        var request = new Request(++_lastId, kind, peer, log, from, end, _now, log?.Held ?? 0, log?.HeadSize ?? 0, since)
        {
            Bytes = bytes,
        };
        _requests.Add(request.Id, request);
        return request;
    }

    /// <summary>The request, if it has not ended or been dropped before.</summary>
    private Request? End(long id) => _requests.Remove(id, out var request) ? request : null;

    private void Do(ReplicationEffect effect) => _effects.Add(effect);

    private long FindNextDue()
    {
        ReadOnlySpan<long> dues =
        [
            NextLinkDue(), NextAnnouncementDue(), NextUrgentDue(), NextPullDue(), NextRepairDue(), NextStartDue(), NextComparisonDue(),
        ];
        var due = long.MaxValue;
        foreach (var next in dues)
        {
            due = Math.Min(due, next);
        }

        return due == long.MaxValue ? due : Math.Max(due, _now + 1);
    }

    /// <summary>A number from 0 to below <paramref name="bound"/>; SplitMix64, which needs one word of state.</summary>
    private long Random(long bound)
    {
        unchecked
        {
            _random += 0x9E3779B97F4A7C15;
            var z = (_random ^ (_random >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return bound <= 1 ? 0 : (long)((z ^ (z >> 31)) % (ulong)bound);
        }
    }

    private long Jittered(long time) => time - (time / 5) + Random((2 * time / 5) + 1);

    /// <summary>
    /// Rendezvous hashing: everybody gives the same nodes the same places for a task, with nothing agreed before.
    /// FNV-1a and a final mix; it decides who works, never what is true.
    /// </summary>
    private static ulong Rank(string node, string task)
    {
        unchecked
        {
            var hash = 14695981039346656037;
            foreach (var c in node)
            {
                hash = (hash ^ c) * 1099511628211;
            }

            hash = (hash ^ 0xFFFF) * 1099511628211;
            foreach (var c in task)
            {
                hash = (hash ^ c) * 1099511628211;
            }

            hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
            return hash ^ (hash >> 33);
        }
    }
}
