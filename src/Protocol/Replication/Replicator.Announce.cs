namespace FederationNode.Protocol.Replication;

/// <content>
/// Announcements: the own logs' heads to everybody, other logs' heads to whom their origin cannot reach. What waits is
/// kept by log, and always the newest head is sent, so a slow peer's backlog is never longer than the number of logs.
/// </content>
public sealed partial class Replicator
{
    private void Announce(Log log)
    {
        if (log.FrozenAt is not null)
        {
            foreach (var peer in _everybody)
            {
                if (peer.Frozen(log) < 0 || peer.Frozen(log) > log.FrozenAt)
                {
                    peer.Announce[log.Number] = _now;
                }
            }
        }
        else if (log.Own && !log.Lazy)
        {
            foreach (var peer in _everybody)
            {
                peer.Announce[log.Number] = _now;
            }
        }
        else if (!log.Own && !log.Lazy)
        {
            Forward(log);
        }
    }

    /// <summary>
    /// Passes a head on to members that its origin does not reach, as the origin itself says. A few nodes do it, those
    /// that come first in an order that all of them compute alike; each waits a little, for another may be quicker.
    /// </summary>
    private void Forward(Log log)
    {
        foreach (var peer in ForwardTargets(log))
        {
            if (peer.Size(log) < log.HeadSize)
            {
                peer.Announce.TryAdd(log.Number, ForwardTime());
            }
        }
    }

    private List<Peer> ForwardTargets(Log log) =>
        _peers.TryGetValue(log.Owner, out var owner) && owner.Alive && owner.Links is { } reached
            ? _everybody.FindAll(p => p.Alive && p != owner && !reached.Contains(p.Name) && IsForwarder(owner, p, log))
            : [];

    private long ForwardTime() => _now + (_options.ForwardHold / 2) + Random(_options.ForwardHold / 2);

    private bool IsForwarder(Peer owner, Peer target, Log log)
    {
        var task = log.Origin + "\n" + target.Name;
        var own = Rank(_self, task);
        var before = 0;
        foreach (var other in _everybody)
        {
            if (other != owner && other != target && other.Alive && other.Links is { } links
                && links.Contains(owner.Name) && links.Contains(target.Name) && Rank(other.Name, task) < own
                && ++before >= _options.Forwarders)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>After a comparison of heads: what this peer should have been told and was not, or not heard.</summary>
    private void AnnounceMissing(Peer peer)
    {
        foreach (var log in _logs)
        {
            if (log.FrozenAt is { } frozen
                ? (peer.Frozen(log) < 0 || peer.Frozen(log) > frozen) && peer.Announced(log) != AnnouncedFork(frozen)
                : MustTell(peer, log))
            {
                peer.Announce.TryAdd(log.Number, _now);
            }
        }
    }

    private bool MustTell(Peer peer, Log log)
    {
        if (log.HeadSize <= Math.Max(0, peer.Size(log)))
        {
            return false;
        }

        return (log.Own && !log.Lazy && log.HeadSize > peer.Announced(log)) || PushesBulk(peer, log);
    }

    /// <summary>
    /// Nobody can fetch from a node that cannot be dialled, so it pushes: its own logs to one peer at a time, the one
    /// that has most already, from which the others fetch; what an owner has lost of its log, to the owner; and what it
    /// has of another's log and nobody else shows, because the owner gave it to nobody else, like its own.
    /// </summary>
    private bool PushesBulk(Peer peer, Log log)
    {
        if (_dialable || log.FrozenAt is not null || peer.Paused || !MayAsk(peer, log))
        {
            return false;
        }

        return log.Own ? peer == BulkTarget(log)
            : peer.Name == log.Owner ? peer.Answered
            : IsAloneWith(log) && peer == BulkTarget(log);
    }

    /// <summary>Whether the others had their time to fetch what this node has of a log, and none that it hears has it.</summary>
    private bool IsAloneWith(Log log) =>
        _now - log.MovedAt > _options.RangeTime
        && !_everybody.Exists(p => p.Dialable && p.Name != log.Owner && p.Size(log) >= log.HeadSize);

    private Peer? BulkTarget(Log log)
    {
        Peer? best = null;
        foreach (var peer in _everybody)
        {
            if (peer.Dialable && peer.Alive && !peer.Paused && peer.Name != log.Owner && MayAsk(peer, log)
                && (best is null || peer.Has(log) > best.Has(log)
                    || (peer.Has(log) == best.Has(log) && Rank(peer.Name, log.Origin) < Rank(best.Name, log.Origin))))
            {
                best = peer;
            }
        }

        return best;
    }

    private void SendAnnouncements()
    {
        foreach (var peer in _everybody)
        {
            if (peer.Announce.Count == 0 || !peer.Dialable || peer.Paused || _now < peer.NextAttempt)
            {
                continue;
            }

            foreach (var (number, due) in peer.Announce.Where(a => a.Value <= _now).ToList())
            {
                if (peer.Pushes >= _options.MaxPushesPerPeer)
                {
                    break;
                }

                peer.Announce.Remove(number);
                Push(peer, _logs[number]);
            }
        }
    }

    private void Push(Peer peer, Log log)
    {
        if (log.FrozenAt is { } frozen)
        {
            var proof = Begin(RequestKind.Push, peer, log, AnnouncedFork(frozen));
            peer.Pushes++;
            Do(new PushFork(proof.Id, peer.Name, _options.ExchangeTimeout, log.Origin));
        }
        else if (log.HeadSize > Math.Max(0, peer.Size(log)) || peer.Urgent.ContainsKey(log.Number))
        {
            var urgent = TakeUrgentOf(peer, log);
            if (urgent is null && log.HeadSize <= Math.Max(0, peer.Size(log)))
            {
                return;
            }

            var request = Begin(RequestKind.Push, peer, log, log.HeadSize);
            peer.Pushes++;
            Do(new PushHead(
                request.Id,
                peer.Name,
                _options.ExchangeTimeout,
                log.Origin,
                Math.Max(peer.Size(log), peer.Held(log) > 0 ? peer.Held(log) : -1),
                urgent,
                PushesBulk(peer, log)));
            if (peer.Urgent.ContainsKey(log.Number))
            {
                peer.Announce[log.Number] = _now;
            }
        }
    }

    private void TakePushAnswer(PushAnswered answered)
    {
        if (End(answered.Id) is not { Kind: RequestKind.Push, Peer: var peer, Log: { } log, From: var announced })
        {
            return;
        }

        peer.Pushes--;
        Succeeded(peer);
        peer.Announced(log) = announced;
        if (announced >= 0)
        {
            // An older answer may overtake a newer one; a smaller size only costs a needless entry later.
            peer.Size(log) = Math.Max(peer.Size(log), answered.Size);
            var gotOn = answered.Held > peer.Held(log);
            peer.Held(log) = answered.Held;
            PushOn(peer, log, gotOn);
            if (answered.Size > log.HeadSize)
            {
                Want(log);
            }
        }
    }

    /// <summary>After a push in bulk: the next, as long as the peer gets on by it.</summary>
    private void PushOn(Peer peer, Log log, bool gotOn)
    {
        if (peer.Size(log) >= log.HeadSize || !PushesBulk(peer, log))
        {
            return;
        }

        if (gotOn)
        {
            peer.Announce[log.Number] = _now;
        }
        else
        {
            BackOff(peer, log, RequestFault.Refused);
        }
    }

    /// <summary>A fork proof in the place of a size: below every size.</summary>
    private static long AnnouncedFork(long frozenAt) => -2 - frozenAt;

    private long NextAnnouncementDue()
    {
        var due = long.MaxValue;
        foreach (var peer in _everybody)
        {
            if (peer.Announce.Count > 0 && peer.Dialable && !peer.Paused && peer.Pushes < _options.MaxPushesPerPeer)
            {
                due = Math.Min(due, Math.Max(peer.Announce.Values.Min(), peer.NextAttempt));
            }
        }

        return due;
    }
}
