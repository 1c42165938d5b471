namespace FederationNode.Protocol.Replication;

/// <content>
/// Repair: the entries of a stored row that was found damaged are fetched again from whoever shows them. Each such peer
/// is asked once; when all were, that is a round, and the next one waits, longer each time. A tile needs no peer.
/// </content>
public sealed partial class Replicator
{
    private readonly List<Repair> _repairs = [];

    /// <summary>Damaged rows that are to be fetched again.</summary>
    public int Damaged => _repairs.Count;

    private void TakeDamage(RowDamaged damaged)
    {
        if (_byOrigin.TryGetValue(damaged.Origin, out var log) && _repairs.Count < _options.MaxDamagedRows
            && !_repairs.Exists(r => r.Log == log && r.From == damaged.From && r.Level == damaged.Level))
        {
            _repairs.Add(new Repair(log, damaged.From, damaged.End, damaged.Level));
        }
    }

    private void RepairRows()
    {
        if (_paused)
        {
            return;
        }

        foreach (var repair in _repairs)
        {
            if (_repairs.Count(r => r.IsUnderWay) >= _options.MaxRepairs)
            {
                return;
            }

            if (repair.IsUnderWay || _now < repair.After)
            {
                continue;
            }

            if (repair.Level > 0)
            {
                (repair.Request, repair.IsStoring) = (++_lastId, true);
                Do(new RepairTile(repair.Request, repair.Log.Origin, repair.Level, repair.From));
            }
            else if (RepairSource(repair) is { } peer)
            {
                repair.Tried.Add(peer.Name);
                var request = Begin(RequestKind.Repair, peer, repair.Log, repair.From, repair.End);
                repair.Request = request.Id;
                Do(new FetchRepair(
                    request.Id, peer.Name, _options.RangeTimeout, repair.Log.Origin, repair.From, repair.End));
            }
            else if (repair.Tried.Count > 0 && !_everybody.Exists(p => IsUntried(repair, p)))
            {
                repair.Tried.Clear();
                repair.After = _now + Jittered(Doubled(++repair.Rounds, _options.MaxLogBackoff));
            }
        }
    }

    /// <summary>Who is expected to answer first, of those that show the entries and were not asked in this round.</summary>
    private Peer? RepairSource(Repair repair) => _everybody
        .Where(p => IsUntried(repair, p) && RepairableAt(repair, p) <= _now
            && !_repairs.Exists(r => r.IsUnderWay && r.Source == p.Name))
        .OrderByDescending(p => p.Region == _region)
        .ThenBy(p => (p.FetchTime + 1) * (p.Fetches + 1))
        .ThenBy(p => Rank(p.Name, repair.Log.Origin + _self))
        .FirstOrDefault();

    private static bool IsUntried(Repair repair, Peer peer) =>
        peer.Dialable && peer.Has(repair.Log) >= repair.End && !repair.Tried.Contains(peer.Name);

    /// <summary>When a peer may be asked for it.</summary>
    private static long RepairableAt(Repair repair, Peer peer) =>
        Math.Max(peer.FetchAfter(repair.Log), MayAskAt(peer, repair.Log));

    private void EndRepair(Request request)
    {
        if (_repairs.Find(r => r.Request == request.Id) is { } repair)
        {
            repair.Request = 0;
        }
    }

    private void TakeRepair(RepairFetched fetched)
    {
        if (End(fetched.Id) is not { Kind: RequestKind.Repair, Peer: var peer }
            || _repairs.Find(r => r.Request == fetched.Id) is not { } repair)
        {
            return;
        }

        Succeeded(peer);
        repair.IsStoring = true;
        Do(new StoreRepair(fetched.Id, peer.Name, repair.Log.Origin, repair.From));
    }

    private void TakeRepairStored(RepairStored stored)
    {
        if (_repairs.Find(r => r.IsStoring && r.Request == stored.Id) is not { } repair)
        {
            return;
        }

        (repair.IsStoring, repair.Request) = (false, 0);
        var log = repair.Log;
        var peer = _peers.GetValueOrDefault(repair.Source ?? "");
        switch (stored.Outcome)
        {
            case RepairOutcome.Repaired or RepairOutcome.Sound:
                _repairs.Remove(repair);
                if (peer is not null)
                {
                    Forgive(peer, log);
                }

                break;
            case RepairOutcome.Lost:
                _repairs.Remove(repair);
                break;
            case RepairOutcome.Contradicts when peer is not null:
                Suspect(peer, log, Math.Min(log.Held, repair.End));
                BackOff(peer, log, RequestFault.OtherBranch);
                break;
            case RepairOutcome.Incomplete when peer is not null:
                BackOff(peer, log, RequestFault.NotHeld);
                break;
            case RepairOutcome.Unavailable:
                // Not the peer's fault: it may be asked again.
                repair.Tried.Remove(repair.Source ?? "");
                repair.After = _now + Jittered(Doubled(++repair.Rounds, _options.MaxLogBackoff));
                break;
        }
    }

    private long NextRepairDue()
    {
        var due = long.MaxValue;
        foreach (var repair in _paused ? [] : _repairs.Where(r => !r.IsUnderWay))
        {
            if (repair.After > _now)
            {
                due = Math.Min(due, repair.After);
                continue;
            }

            // A tile that must wait waits for another to end.
            foreach (var peer in repair.Level > 0 ? [] : _everybody.Where(p => IsUntried(repair, p)))
            {
                var at = RepairableAt(repair, peer);
                due = at > _now ? Math.Min(due, at) : due;
            }
        }

        return due;
    }

    /// <summary>A damaged row.</summary>
    private sealed class Repair(Log log, long from, long end, int level)
    {
        public Log Log => log;

        public long From => from;

        public long End => end;

        public int Level => level;

        /// <summary>The request for its entries, which are being fetched or stored; or 0.</summary>
        public long Request { get; set; }

        /// <summary>The entries have come.</summary>
        public bool IsStoring { get; set; }

        public bool IsUnderWay => Request != 0;

        /// <summary>Whom it was asked of in this round, in order.</summary>
        public List<string> Tried { get; } = [];

        /// <summary>Who was asked last.</summary>
        public string? Source => Tried.LastOrDefault();

        /// <summary>How many rounds have come to nothing.</summary>
        public int Rounds { get; set; }

        /// <summary>Nobody is asked before.</summary>
        public long After { get; set; }
    }
}
