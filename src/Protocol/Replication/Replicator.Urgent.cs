namespace FederationNode.Protocol.Replication;

/// <content>
/// Urgent entries go to everybody before what lies below them: each run is pushed once, at once, and shown with the
/// heads, from which whoever missed the push fetches it. What comes before it follows as ever.
/// </content>
public sealed partial class Replicator
{
    private void TakeUrgent(UrgentRun run)
    {
        if (!_byOrigin.TryGetValue(run.Origin, out var log) || run.End > log.Limit)
        {
            return;
        }

        Heads.PutUrgent(run);
        if (!log.Own)
        {
            log.Overlay.Add(run);
            log.Overlay.RemoveRange(0, Math.Max(0, log.Overlay.Count - _options.MaxOverlayRuns));
        }

        foreach (var peer in log.Own ? _everybody : ForwardTargets(log))
        {
            if (peer.Size(log) < run.End)
            {
                QueueUrgent(peer, log, run);
            }
        }
    }

    private void QueueUrgent(Peer peer, Log log, UrgentRun run)
    {
        if (!peer.Urgent.TryGetValue(log.Number, out var runs))
        {
            peer.Urgent[log.Number] = runs = new(HeadsVector.MaxUrgentRuns);
        }

        // Whoever is so far behind is shown the rest with the heads.
        runs.RemoveRange(0, Math.Max(0, runs.Count - HeadsVector.MaxUrgentRuns + 1));
        runs.Add(run);
        var due = log.Own ? _now : ForwardTime();
        peer.Announce[log.Number] = peer.Announce.TryGetValue(log.Number, out var other) ? Math.Min(due, other) : due;
    }

    private static UrgentRun? TakeUrgentOf(Peer peer, Log log)
    {
        if (!peer.Urgent.TryGetValue(log.Number, out var runs))
        {
            return null;
        }

        runs.RemoveAll(r => r.End <= peer.Size(log));
        var first = runs.Count == 0 ? null : runs[0];
        if (runs.Count <= 1)
        {
            peer.Urgent.Remove(log.Number);
        }
        else
        {
            runs.RemoveAt(0);
        }

        return first;
    }

    /// <summary>A peer shows entries that are not to wait.</summary>
    private void NoteUrgent(Peer peer, UrgentRun run)
    {
        if (_byOrigin.TryGetValue(run.Origin, out var log) && !log.Own && log.FrozenAt is null
            && run.From >= 0 && run.From < run.End && run.End <= ProtocolLimits.MaxLogSize
            && run.End - run.From <= _options.UrgentEntries && Lacks(log, run))
        {
            // Each peer has its own few places, so that nobody's inventions keep out what others show.
            if (log.UrgentShown.Count(s => s.Peer == peer) >= HeadsVector.MaxUrgentRuns)
            {
                log.UrgentShown.RemoveAt(log.UrgentShown.FindIndex(s => s.Peer == peer));
            }

            log.UrgentShown.Add((run, peer));
        }
    }

    private static bool Lacks(Log log, UrgentRun run) => run.End > log.Held && !log.Overlay.Contains(run);

    private void FetchUrgent()
    {
        if (_paused)
        {
            return;
        }

        foreach (var log in _logs)
        {
            if (log.UrgentShown.Count == 0)
            {
                continue;
            }

            log.UrgentShown.RemoveAll(s => log.FrozenAt is not null || !Lacks(log, s.Run) || !_peers.ContainsValue(s.Peer));
            foreach (var (run, peer) in log.UrgentShown.ToList())
            {
                // What joins the prefix comes with it.
                if (run.From > log.Held && CanAsk(peer, log) && _now >= peer.FetchAfter(log) && peer.UrgentFetches < _options.MaxFetchesPerPeer
                    && AllowedEnd(log) >= run.End && !IsAsked(log, run))
                {
                    log.UrgentShown.Remove((run, peer));
                    var request = Begin(RequestKind.Urgent, peer, log, run.From, run.End);
                    peer.UrgentFetches++;
                    Do(new FetchRange(
                        request.Id,
                        peer.Name,
                        _options.ExchangeTimeout,
                        log.Origin,
                        run.From,
                        (int)(run.End - run.From),
                        _options.UrgentBytes,
                        Urgent: true));
                }
            }
        }
    }

    private bool IsAsked(Log log, UrgentRun run) => _requests.Values.Any(
        r => r.Kind is RequestKind.Urgent && r.Log == log && r.From == run.From && r.End == run.End);

    private void TakeUrgentRange(Request request, RangeFetched fetched)
    {
        var (peer, log) = (request.Peer, request.Log!);
        peer.UrgentFetches--;
        Succeeded(peer);
        if (fetched.Entries == 0)
        {
            Do(new DropRange(fetched.Id));
            BackOff(peer, log, RequestFault.NotHeld);
            return;
        }

        // It waits in the books until it is stored; LogMoved or UrgentHeld tell what became of it.
        _requests.Add(request.Id, request);
        Do(new StoreRange(fetched.Id, log.Origin));
    }

    private void TakeUrgentStored(Request request, StoreOutcome outcome)
    {
        _requests.Remove(request.Id);
        Do(new DropRange(request.Id));
        if (outcome is StoreOutcome.Contradicts)
        {
            Suspect(request.Peer, request.Log!, Math.Min(request.Log!.Held, request.End));
        }
    }

    private long NextUrgentDue()
    {
        var due = long.MaxValue;
        if (_paused)
        {
            return due;
        }

        foreach (var log in _logs)
        {
            foreach (var (run, peer) in log.UrgentShown)
            {
                var until = Math.Max(peer.FetchAfter(log), MayAskAt(peer, log));
                due = run.From > log.Held && until > _now ? Math.Min(due, until) : due;
            }
        }

        return due;
    }
}
