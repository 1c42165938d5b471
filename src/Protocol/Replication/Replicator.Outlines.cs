namespace FederationNode.Protocol.Replication;

/// <content>
/// Outlines: of a log of which much is missing, first all leaf hashes and only the live entries whole, so that this
/// node's list is soon complete; its history comes behind. Every part is verified under a signed root, but who is live
/// is the sender's claim. So before the node relies on it, the live entries are compared with those of other peers; and
/// in the end everything is held, and nobody's claim counts any more. docs/protocol.md, "Outlines".
/// </content>
public sealed partial class Replicator
{
    private void TakeOutline(OutlineMoved moved)
    {
        if (!_byOrigin.TryGetValue(moved.Origin, out var log) || log.Outline is not { } outline)
        {
            // No outlines any more: whoever keeps one may forget it.
            Do(new DropOutline(moved.Origin));
            return;
        }

        (outline.MovedAt, outline.Stalls, outline.PullAfter) = moved.End > outline.Held
            ? (_now, 0, 0)
            : (outline.MovedAt, outline.Stalls, outline.PullAfter);
        // The next part begins where the last one ends, even if the history has overtaken it: parts have no gaps.
        outline.Kept = moved.End > 0;
        outline.Dropping &= outline.Kept;
        outline.Held = outline.HeadSize = outline.Kept ? moved.End : log.Held;
        outline.AsOf = outline.Kept ? moved.AsOf : 0;
        if (!outline.Kept)
        {
            EndComparisons(outline);

            // Much may be missing again, and none was fetched while the old one was there.
            Want(outline);
        }

        TrimSegments(outline);
    }

    /// <summary>Of a log that forked, or lacks little, no outline is fetched; and none while an old one is still there.</summary>
    private bool IsWorthwhile(Log log)
    {
        if (log.Of is not { } whole)
        {
            return true;
        }

        if (!log.Kept && log.Held != whole.Held)
        {
            log.Held = log.HeadSize = whole.Held;
            TrimSegments(log);
        }

        return whole.FrozenAt is null && !log.Dropping && Credible(whole) - whole.Held > _options.OutlineGap;
    }

    /// <summary>
    /// What counts comes first, and the history behind it, also while others are asked whether it is what counts. But who
    /// does not give the outline in its time must not keep others from giving the log.
    /// </summary>
    private bool GivesWay(Log log) => _now < GivesWayUntil(log);

    private long GivesWayUntil(Log log)
    {
        if (log.Outline is not { } outline)
        {
            return 0;
        }

        // At the start it is not yet known how much there is of the log, and who has it.
        var until = !_captured && _startedAt is not null && MostShown(log) - log.Held > _options.OutlineGap ? CaptureBy : 0;
        foreach (var segment in outline.Segments)
        {
            foreach (var asked in segment.Asked)
            {
                until = Math.Max(until, asked.Started + _options.RangeTime);
            }

            until = segment.Ready == 0 ? until : Math.Max(until, outline.MovedAt + _options.RangeTime);
        }

        return !_caughtUp && outline.Kept && Covers(outline) && !IsOutlined(log)
            ? Math.Max(until, outline.MovedAt + _options.RangeTime)
            : until;
    }

    private long MostShown(Log log) => _everybody.Count == 0 ? 0 : _everybody.Max(p => p.Size(log));

    /// <summary>
    /// How much there probably is of a log: what more than a third show, or its owner. Who claims more is asked as usual,
    /// and must not make others' logs wait for outlines that do not exist.
    /// </summary>
    private long Credible(Log log) =>
        Math.Min(log.Limit, Math.Max(Vouched(log), Owner(log) is { } owner ? Believed(owner, log) : 0));

    /// <summary>
    /// Forgets outlines of logs that are held as far, or that forked: then who is live is not what those who gave it
    /// thought, and the log is fetched as usual up to where it counts.
    /// </summary>
    private void EndOutlines()
    {
        foreach (var whole in _logs)
        {
            if (whole.Outline is not { Kept: true, Dropping: false } outline)
            {
                continue;
            }

            var isVoid = whole.FrozenAt is not null || outline.AsOf > whole.Limit;
            if (isVoid || (whole.HeadSize >= outline.Held && outline.Storing == 0))
            {
                outline.Storing = 0;
                foreach (var segment in outline.Segments.ToList())
                {
                    Discard(outline, segment);
                }

                EndComparisons(outline);
                outline.Dropping = true;
                Do(new DropOutline(whole.Origin));
            }
        }
    }

    /// <summary>A storage that took nothing has dropped nothing either.</summary>
    private void DropOutlinesAnew()
    {
        foreach (var outline in Outlines)
        {
            outline.Dropping = false;
        }
    }

    /// <summary>Whether an outline stands for the log: it is complete, and enough peers say the same of who is live.</summary>
    private bool IsOutlined(Log log) =>
        log.Outline is { Kept: true, Dropping: false } outline && Covers(outline) && outline.Comparing >= Needed(log)
        && outline.Compared.Values.Count(c => c is true) >= Comparisons;

    /// <summary>What of a log must be here before this node is caught up.</summary>
    private static long Needed(Log log) => Math.Min(log.Target, log.Limit);

    private static bool Covers(Log outline) => outline.Held >= Math.Max(outline.AsOf, Needed(outline.Of!));

    /// <summary>
    /// Peers that must say the same: more than a third, so that an honest one is among them, or all there are to be asked.
    /// </summary>
    private int Comparisons => Math.Max(1, Math.Min(Witnesses, _everybody.Count(p => p.Dialable)));

    /// <summary>Compares complete outlines with what peers say, until this node is caught up.</summary>
    private void CompareOutlines()
    {
        if (_caughtUp || !_captured)
        {
            return;
        }

        foreach (var whole in _logs)
        {
            if (whole.Outline is { Kept: true, Dropping: false, Segments.Count: 0 } outline && Covers(outline)
                && !IsOutlined(whole))
            {
                Compare(outline);
            }
        }
    }

    private void Compare(Log outline)
    {
        var going = outline.Compared.Values.Any(c => c is null);
        if (outline.Comparing == 0 || outline.Comparing < Needed(outline.Of!)
            || (!going && outline.Held > outline.Comparing && !_everybody.Exists(p => CanCompare(outline, p))))
        {
            // At a size at which nothing is missing; the outline may grow meanwhile.
            outline.Compared.Clear();
            outline.Comparing = outline.Held;
        }

        foreach (var peer in _everybody.Where(p => CanCompare(outline, p)).ToList())
        {
            if (outline.Compared.Values.Count(c => c is not false) >= Comparisons)
            {
                break;
            }

            outline.Compared[peer.Name] = null;
            var request = Begin(RequestKind.Compare, peer, outline, outline.Comparing);
            Do(new CompareOutline(request.Id, peer.Name, _options.RangeTimeout, outline.Origin, outline.Comparing));
        }
    }

    private bool CanCompare(Log outline, Peer peer) =>
        peer.Size(outline) >= outline.Comparing && !outline.Compared.ContainsKey(peer.Name)
        && CanAsk(peer, outline) && _now >= peer.BusyUntil;

    private void TakeComparison(OutlineCompared compared)
    {
        if (End(compared.Id) is not { Kind: RequestKind.Compare, Peer: var peer, Log: { } outline } request)
        {
            return;
        }

        Succeeded(peer);
        if (request.From != outline.Comparing)
        {
            return;
        }

        outline.Compared[peer.Name] = compared.IsSame;
        if (!compared.IsSame)
        {
            // Who of them is wrong is not known before the whole log is here.
            Do(new Noted(Note.OtherLive, peer.Name, outline.Origin));
        }
    }

    private static void ForgetComparison(Request request)
    {
        if (request.From == request.Log!.Comparing)
        {
            request.Log.Compared.Remove(request.Peer.Name);
        }
    }

    private void EndComparisons(Log outline)
    {
        foreach (var request in _requests.Values.Where(r => r.Kind is RequestKind.Compare && r.Log == outline).OrderBy(r => r.Id).ToList())
        {
            Drop(request);
        }

        outline.Compared.Clear();
        outline.Comparing = 0;
    }

    private long NextComparisonDue()
    {
        var due = long.MaxValue;
        if (_caughtUp || !_captured)
        {
            return due;
        }

        foreach (var outline in Outlines.Where(o => o.Comparing > 0 && !IsOutlined(o.Of!)))
        {
            foreach (var peer in _everybody.Where(p => p.Dialable && !outline.Compared.ContainsKey(p.Name)))
            {
                var at = Math.Max(MayAskAt(peer, outline), Math.Max(peer.NextAttempt, peer.BusyUntil));
                due = at > _now ? Math.Min(due, at) : due;
            }
        }

        return due;
    }
}
