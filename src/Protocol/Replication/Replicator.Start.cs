namespace FederationNode.Protocol.Replication;

/// <content>The start: when own logs may sign, and when this node has what the others had.</content>
public sealed partial class Replicator
{
    private const int MostStoreFailures = 3;

    private long? _startedAt;
    private bool _captured;
    private bool _caughtUp;

    private void TakeStart(Started started)
    {
        TakeRoster(started.Roster);
        foreach (var log in started.Logs)
        {
            TakeLog(log, loaded: true);
        }

        foreach (var outline in started.Outlines ?? [])
        {
            TakeOutline(outline);
        }

        foreach (var backoff in started.Backoffs)
        {
            if (_peers.TryGetValue(backoff.Member, out var peer))
            {
                Restore(peer, backoff);
            }
        }

        _paused = Heads.Paused = started.Paused;
    }

    /// <summary>
    /// Lets own logs sign once more than a third of the peers have had the chance to show what they hold of them, and
    /// all that was shown is here: fewer peers may all be hostile, and show nothing. What counts is a checkpoint under
    /// the own signature; a mere claim holds nothing up.
    /// </summary>
    private void ConfirmOwnLogs()
    {
        if (!_rostered || _everybody.Count(p => p.Witnessed) < Witnesses)
        {
            return;
        }

        foreach (var log in _logs)
        {
            if (log.Own && !log.Confirmed && log.Proven <= log.Held)
            {
                log.Confirmed = true;
                Do(new ConfirmLog(log.Origin));
            }
        }
    }

    /// <summary>Peers that must have been asked before own logs sign.</summary>
    private int Witnesses => _peers.Count == 0 ? 0 : (_peers.Count / 3) + 1;

    private void TakeProven(Peer peer, IReadOnlyList<LogSize> proven)
    {
        foreach (var (origin, size) in proven)
        {
            if (_byOrigin.TryGetValue(origin, out var log) && log.Own && size > Math.Max(log.Held, log.Proven))
            {
                log.Proven = size;
                peer.Size(log) = Math.Max(peer.Size(log), size);
                Want(log);
                Do(new Noted(Note.HoldsMoreOfOurs, peer.Name, log.Origin));
            }
        }
    }

    /// <summary>What a peer shows of a log, unless it has failed to give it.</summary>
    private static long Believed(Peer peer, Log log) =>
        peer.Backoffs.TryGetValue(log.Number, out var backoff)
            && backoff is { Failures: >= 3, Reason: RequestFault.NotHeld or RequestFault.Bad }
            ? -1
            : peer.Size(log);

    /// <summary>
    /// Once all peers that can be asked have answered or failed, what they show is what this node must reach to be
    /// caught up. Claims that turn out to be lies do not count. A node that is new learns of the logs one roster after the
    /// other, and asks again each time.
    /// </summary>
    private void Capture()
    {
        if (_captured || !_rostered)
        {
            return;
        }

        // Who is being asked is waited for, however long ago that the start was: a process may have slept meanwhile.
        _startedAt ??= _now;
        if (_everybody.Exists(p => p.Dialable && !p.ShownAll && !p.Attempted && (p.HeadsAsked || _now < CaptureBy)))
        {
            return;
        }

        _captured = true;
        foreach (var log in _logs)
        {
            log.Target = Credible(log);
            if (log is { Wanted: true, Outline: { } outline })
            {
                // Only now it is known how much is missing.
                Want(outline);
            }
        }
    }

    private void CatchUp()
    {
        if (!_caughtUp && _captured && _logs.TrueForAll(IsCaughtUp))
        {
            _caughtUp = true;
            Do(new CaughtUp());
        }
    }

    private long CaptureBy => _startedAt!.Value + (2 * _options.ExchangeTimeout);

    private Peer? Owner(Log log) => _peers.GetValueOrDefault(log.Owner);

    private bool IsCaughtUp(Log log)
    {
        // What cannot be stored, as when a row of that log is damaged, must not keep the others waiting.
        if (log.HeadSize >= Math.Min(log.Target, log.Limit) || IsOutlined(log) || log.OverQuota || log.StoreFailures >= MostStoreFailures)
        {
            return true;
        }

        // Nobody who showed so much can be believed any more.
        log.Target = Math.Min(log.Target, _everybody.Count == 0 ? 0 : _everybody.Max(p => Believed(p, log)));
        return log.HeadSize >= log.Target;
    }

    private long NextStartDue() => _captured || _startedAt is null ? long.MaxValue : CaptureBy;
}
