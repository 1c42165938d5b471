namespace FederationNode.Protocol.Replication;

/// <content>Links: questions for heads, who is alive, how long to leave somebody alone.</content>
public sealed partial class Replicator
{
    private void AskForHeads()
    {
        foreach (var peer in _everybody)
        {
            if (!peer.Dialable || peer.HeadsAsked || _now < Math.Max(peer.HeadsDue, peer.NextAttempt))
            {
                continue;
            }

            peer.HeadsAsked = true;
            var request = Begin(RequestKind.Heads, peer, since: peer.Version);
            var wait = _dialable || peer.Version == 0 ? 0 : _options.LongPoll;
            Do(new AskHeads(
                request.Id,
                peer.Name,
                _options.ExchangeTimeout + wait,
                new HeadsQuestion(Heads.Digest, peer.Instance, peer.Version, [], wait),
                [.. _logs.Where(l => l.Owner == peer.Name && l.FrozenAt is null && l.HeadSize > Math.Max(0, peer.Size(l)))
                    .Select(l => l.Origin)]));
        }
    }

    private void TakeQuestion(Peer peer, PeerAsked asked)
    {
        Heard(peer);
        TakeProven(peer, asked.Proven);
        peer.Witnessed |= asked.Current;

        // Both have the same: one question says it to both, as long as its own way round is tried now and then.
        if (asked.Current && peer.ShownAll && asked.Digest == Heads.Digest && _now - peer.Compared < 2 * _options.HeadsInterval)
        {
            peer.HeadsDue = Math.Max(peer.HeadsDue, _now + Jittered(_options.HeadsInterval));
        }
    }

    private void TakeHeads(HeadsAnswered answered)
    {
        if (End(answered.Id) is not { Kind: RequestKind.Heads, Peer: var peer } request)
        {
            return;
        }

        peer.HeadsAsked = false;
        peer.Compared = _now;
        var answer = answered.Answer;
        // Who holds a question until there is news is asked again at once; who does not, at the usual pace.
        var held = !_dialable && (answer.Version != peer.Version || _now - request.Started > _options.LongPoll / 2);
        var more = HasMoreHeads(peer, answer);
        // Who never comes to an end is asked for the rest at the usual pace: no more is told than there are logs.
        var goOn = held || (more && peer.FullAnswers <= _logs.Count / HeadsVector.MaxHeadsShown);
        peer.HeadsDue = _now + Jittered(goOn ? _options.LongPollGap : _options.HeadsInterval);
        var all = request.Since == 0;
        if (answer.Instance != peer.Instance)
        {
            peer.Restarted();
            peer.Instance = answer.Instance;
        }

        if (all)
        {
            peer.FullHeads = _now;
        }

        // Unless all is to be heard anew since it was asked.
        peer.Version = peer.Version == request.Since ? answer.Version : 0;
        peer.ShowingAll = (all || peer.ShowingAll) && peer.Version != 0;
        peer.ShownAll |= peer.ShowingAll && !more;
        peer.ShowingAll &= more;
        peer.Links = answer.Links is { } links ? [.. links] : peer.Links;
        foreach (var head in answer.Heads)
        {
            if (_byOrigin.TryGetValue(head.Origin, out var log))
            {
                TakeHead(peer, log, head);
            }
        }

        foreach (var run in answer.Urgent)
        {
            NoteUrgent(peer, run);
        }

        Succeeded(peer);
        TakePause(peer, answer.Paused);
        HearAllAgain(peer, answer);
        if (!more)
        {
            // What seems to be missing may be in the next answer.
            AnnounceMissing(peer);
        }

        TakeProven(peer, answered.Proven);
        peer.Answered = true;
        peer.Witnessed |= all;
    }

    /// <summary>An answer with as many heads as it can have may leave out others.</summary>
    private static bool HasMoreHeads(Peer peer, HeadsAnswer answer)
    {
        var more = answer.Heads.Count >= HeadsVector.MaxHeadsShown;
        peer.FullAnswers = more ? peer.FullAnswers + 1 : 0;
        return more;
    }

    /// <summary>
    /// New logs are known: what peers told of them before was not kept, and only changes are told. Nor is it known yet
    /// how much of them there was at the start.
    /// </summary>
    private void HearOfNewLogs()
    {
        foreach (var peer in _everybody)
        {
            (peer.Version, peer.ShowingAll, peer.ShownAll, peer.Attempted) = (0, false, false, false);
            peer.HeadsDue = Math.Min(peer.HeadsDue, _now + Random(_options.HeadsInterval / 4));
        }

        _captured = false;
        _startedAt = null;
    }

    private void TakePause(Peer peer, bool paused)
    {
        if (peer.Paused != paused)
        {
            peer.Paused = paused;
            Do(new Noted(paused ? Note.Paused : Note.Resumed, peer.Name, null));
            foreach (var log in _logs)
            {
                // What it could not take it must be told again.
                peer.Announced(log) = -1;
            }
        }
    }

    /// <summary>
    /// Only changes are told, and what was made of them may be wrong. If a peer's heads go on differing from the own
    /// ones, all are heard anew now and then.
    /// </summary>
    private void HearAllAgain(Peer peer, HeadsAnswer answer)
    {
        if (answer.Digest == Heads.Digest)
        {
            peer.FullHeads = _now;
        }
        else if (_now - peer.FullHeads >= _options.FullHeadsInterval)
        {
            peer.FullHeads = _now;
            peer.Version = 0;
            peer.Instance = 0;
        }
    }

    private void TakeHead(Peer peer, Log log, Head head)
    {
        peer.Size(log) = head.Size;
        peer.Held(log) = head.Held;
        peer.Frozen(log) = head.FrozenAt ?? -1;
        if (head.FrozenAt is { } frozen && frozen < (log.FrozenAt ?? long.MaxValue))
        {
            AskForFork(peer, log);
            return;
        }

        // Also of a frozen log: the proof may not have shown where the branches part, and each node holds its own.
        if (head.Size == log.HeadSize && head.Root != log.HeadRoot && head.Size > 0)
        {
            Suspect(peer, log, head.Size);
        }

        if (log.FrozenAt is not null || head.Size > log.HeadSize || head.Held > log.Held)
        {
            Want(log);
        }
    }

    private void TakePush(HeadPushed pushed)
    {
        if (!_peers.TryGetValue(pushed.Member, out var peer))
        {
            return;
        }

        Heard(peer);
        if (_byOrigin.TryGetValue(pushed.Origin, out var log) && pushed.Size > peer.Size(log))
        {
            peer.Size(log) = pushed.Size;
            if (pushed.Size > log.HeadSize)
            {
                Want(log);
            }
        }
    }

    private void Heard(Peer peer)
    {
        // It was silent and speaks again: it can be reached again, whatever wait its silence has earned.
        if (peer.Failures > 0 && peer.Heard < _now - LinkTimeout(peer))
        {
            (peer.NextAttempt, peer.HeadsDue) = (Math.Min(peer.NextAttempt, _now), Math.Min(peer.HeadsDue, _now));
        }

        peer.Heard = _now;
        if (!peer.Alive && peer.Failures == 0)
        {
            SetAlive(peer, true);
        }
    }

    private void Succeeded(Peer peer)
    {
        var failed = peer.Failures > 0;
        (peer.Failures, peer.NextAttempt) = (0, 0);
        Heard(peer);
        if (failed)
        {
            Do(new Noted(Note.Reachable, peer.Name, null));
            Save(peer);
        }
    }

    private void TakeFailure(RequestFailed failed)
    {
        if (End(failed.Id) is not { } request)
        {
            return;
        }

        var (peer, log) = (request.Peer, request.Log);
        peer.Attempted = true;
        switch (request.Kind)
        {
            case RequestKind.Heads:
                peer.HeadsAsked = false;
                peer.HeadsDue = _now + Jittered(_options.HeadsInterval);
                break;
            case RequestKind.Push:
                peer.Pushes--;
                break;
            case RequestKind.Range:
                EndFetch(request);
                break;
            case RequestKind.Urgent:
                peer.UrgentFetches--;
                break;
            case RequestKind.Repair:
                EndRepair(request);
                break;
            case RequestKind.Compare:
                ForgetComparison(request);
                break;
            case RequestKind.Fork:
                log!.ForkUnderWay = false;
                break;
        }

        var unreachable = failed.Fault is RequestFault.Unreachable;
        if (unreachable && request.Kind is RequestKind.Range)
        {
            ShrinkRanges(request);
        }

        if (unreachable && request.Kind is RequestKind.Range or RequestKind.Repair && peer.Alive && peer.Heard > request.Started)
        {
            // The line takes other things: it is slow, and not dead.
            BackOff(peer, log!, RequestFault.Unreachable);
        }
        else if (unreachable)
        {
            LinkFailed(peer, request.Started);
        }
        else if (failed.Fault is RequestFault.Busy && log?.Of is null)
        {
            // Of an outline it may be the peer's list that lacks the log, for whatever reason and time.
            peer.BusyUntil = _now + Jittered(_options.MinBackoff);
        }
        else if (log is not null && request.Kind is not RequestKind.Push)
        {
            BackOff(peer, log, failed.Fault);
        }
        else
        {
            NoteFault(peer, log, failed.Fault);
        }
    }

    /// <summary>
    /// Several requests that were under way when a link broke are one failure, not several: only one that began after
    /// the last counts anew.
    /// </summary>
    private void LinkFailed(Peer peer, long started)
    {
        SetAlive(peer, false);
        if (peer.Failures > 0 && started < peer.NextAttempt - 1)
        {
            return;
        }

        peer.Failures++;
        peer.NextAttempt = _now + Jittered(Doubled(peer.Failures, _options.MaxLinkBackoff));
        if (peer.Failures == 1)
        {
            Do(new Noted(Note.OutOfReach, peer.Name, null));
        }

        Save(peer);
    }

    private void BackOff(Peer peer, Log log, RequestFault fault)
    {
        var before = peer.Backoffs.GetValueOrDefault(log.Key);
        var failures = (before?.Failures ?? 0) + 1;
        peer.Backoffs[log.Key] = new LogBackoff(
            log.Origin, fault, failures, _now + Jittered(Doubled(failures, _options.MaxLogBackoff)));
        if (log.Of is null || fault is not RequestFault.NotHeld)
        {
            // Who has no outline to give may have all of the log.
            NoteFault(peer, log, fault);
            Doubt(peer, fault);
        }

        Save(peer);
    }

    /// <summary>
    /// Who lies about one log may lie about all, and would be asked for each of them anew: after a few answers in a row
    /// that were worth nothing it is asked for one range at a time, and for others' logs more and more rarely.
    /// </summary>
    private void Doubt(Peer peer, RequestFault fault)
    {
        if (fault is RequestFault.NotHeld or RequestFault.Bad && ++peer.Disappointed >= _options.MaxDisappointments)
        {
            peer.FetchTime = 0;
            peer.DoubtedUntil = _now + Jittered(
                Doubled(peer.Disappointed - _options.MaxDisappointments + 1, _options.MaxLinkBackoff));
        }
    }

    private void NoteFault(Peer peer, Log? log, RequestFault fault)
    {
        if (fault is RequestFault.Bad)
        {
            Do(new Noted(Note.BadContent, peer.Name, log?.Origin));
        }
        else if (fault is RequestFault.NotHeld)
        {
            Do(new Noted(Note.Withholds, peer.Name, log?.Origin));
        }
    }

    private void Forgive(Peer peer, Log log)
    {
        peer.Disappointed = 0;
        if (peer.Backoffs.Remove(log.Key))
        {
            Save(peer);
        }
    }

    private bool MayAsk(Peer peer, Log log) => _now >= MayAskAt(peer, log);

    private static long MayAskAt(Peer peer, Log log) =>
        peer.Backoffs.TryGetValue(log.Key, out var backoff) ? backoff.Until : 0;

    private bool CanAsk(Peer peer, Log log) => peer.Dialable && _now >= peer.NextAttempt && MayAsk(peer, log);

    private long Doubled(int failures, long most) =>
        Math.Min(most, _options.MinBackoff << Math.Min(failures - 1, 20));

    private void Save(Peer peer) =>
        Do(new SaveBackoff(peer.Name, peer.Failures, peer.NextAttempt, [.. peer.Backoffs.Where(b => b.Key >= 0).Select(b => b.Value)]));

    private void Restore(Peer peer, PeerBackoff restored)
    {
        // A wait longer than any that is ever given is left over from a clock that was set back since.
        peer.Failures = restored.Failures;
        peer.NextAttempt = Math.Min(restored.Until, _now + Longest(_options.MaxLinkBackoff));
        foreach (var backoff in restored.Logs)
        {
            if (_byOrigin.TryGetValue(backoff.Origin, out var log))
            {
                peer.Backoffs[log.Key] = backoff with { Until = Math.Min(backoff.Until, _now + Longest(_options.MaxLogBackoff)) };
            }
        }
    }

    /// <summary>The most that <see cref="Jittered"/> makes of a time.</summary>
    private static long Longest(long time) => time + (time / 5);

    private void ExpireLinks()
    {
        foreach (var peer in _everybody)
        {
            if (peer.Alive && _now - peer.Heard > LinkTimeout(peer))
            {
                SetAlive(peer, false);
            }
        }
    }

    /// <summary>Where one side cannot be dialled, its questions are held open, and little is heard between.</summary>
    private long LinkTimeout(Peer peer) =>
        _options.LinkTimeout + (_dialable && peer.Dialable ? 0 : _options.LongPoll);

    private void SetAlive(Peer peer, bool alive)
    {
        if (peer.Alive != alive)
        {
            peer.Alive = alive;
            Heads.PutLinks(_everybody.Where(p => p.Alive).Select(p => p.Name));
        }
    }

    private void Forget(Peer peer)
    {
        _peers.Remove(peer.Name);
        _everybody.Remove(peer);
        foreach (var outline in Outlines)
        {
            outline.Compared.Remove(peer.Name);
        }

        foreach (var request in _requests.Values.Where(r => r.Peer == peer).OrderBy(r => r.Id).ToList())
        {
            Drop(request);
        }

        SetAlive(peer, false);
    }

    private long NextLinkDue()
    {
        var due = long.MaxValue;
        foreach (var peer in _everybody)
        {
            if (peer.Dialable && !peer.HeadsAsked)
            {
                due = Math.Min(due, Math.Max(peer.HeadsDue, peer.NextAttempt));
            }

            if (peer.Alive)
            {
                due = Math.Min(due, peer.Heard + LinkTimeout(peer) + 1);
            }
        }

        return due;
    }
}
