namespace FederationNode.Protocol.Replication;

/// <content>
/// Fetching: which ranges of which logs from whom. Ranges are verified one by one, so several peers are asked at the
/// same time, and who sends a bad one is known; they are stored in order.
/// </content>
public sealed partial class Replicator
{
    private readonly List<Request> _flying = [];

    private void Want(Log log)
    {
        if (!log.Wanted)
        {
            (log.Wanted, log.WantedSince) = (true, _now);
        }

        if (log.Outline is { } outline)
        {
            Want(outline);
        }
    }

    private IEnumerable<Log> Outlines => _logs.Select(l => l.Outline).OfType<Log>();

    /// <summary>Logs and their outlines.</summary>
    private IEnumerable<Log> Fetchables => Outlines.Concat(_logs);

    private void Pull()
    {
        if (_paused)
        {
            return;
        }

        // What counts comes first, the history behind it.
        foreach (var log in Fetchables.Where(l => l.Wanted).OrderBy(l => l.Of is null).ThenBy(l => l.Asked).ThenBy(l => l.Number).ToList())
        {
            Store(log);
            GiveUpIfStalled(log);
            if (_now < log.PullAfter)
            {
                continue;
            }

            if (!PullLog(log) && log.Segments.Count == 0)
            {
                log.Wanted = false;
            }
        }
    }

    /// <summary>Asks for what can be asked for now; false if no peer shows anything that is lacking.</summary>
    private bool PullLog(Log log)
    {
        var shown = _everybody.Any(p => p.Dialable && Lacks(log, p));
        if (!shown || log.Held >= log.Limit || !IsWorthwhile(log))
        {
            NoteQuota(log, false);
            return false;
        }

        var allowed = log.Of is { } whole ? Math.Min(AllowedEnd(whole), Credible(whole)) : AllowedEnd(log);
        NoteQuota(log, allowed <= log.Held && _everybody.Any(p => p.Dialable && p.Has(log) > log.Held));
        if (GivesWay(log))
        {
            // Nor do the gateways of the region get on with it meanwhile.
            log.WantedSince = _now;
            return true;
        }

        // A fetch that is late takes nobody's place: who never answers must not hold up what others could give.
        var underWay = _flying.Where(r => !IsLate(r)).ToList();
        var active = underWay.Count;
        var others = underWay.Where(r => r.Log != log && r.End - r.Log!.Held > _options.SmallGap).Select(r => r.Log).Distinct().Count();
        while (active < _options.MaxFetches && CreditOut + _options.RangeBytes <= _options.MaxCredit
            && log.Segments.Count < MostSegments(log) && NextGap(log, allowed) is var (from, end))
        {
            var bulk = end - log.Held > _options.SmallGap;
            if ((bulk && others >= _options.MaxBulkLogs) || Source(log, from, bulk, null) is not { } peer)
            {
                break;
            }

            var segment = new Segment(from, end);
            log.Segments.Insert(log.Segments.FindLastIndex(s => s.From <= from) + 1, segment);
            log.MovedAt = log.Segments.Count == 1 ? _now : log.MovedAt;
            Fetch(peer, log, segment);
            active++;
        }

        Hedge(log);
        return true;
    }

    /// <summary>Of a log that could not be stored again and again one range is enough to try.</summary>
    private int MostSegments(Log log) => log.StoreFailures < MostStoreFailures ? _options.MaxFetchesPerLog : 1;

    /// <summary>Whether a peer shows entries, or a signed head, that are lacking here.</summary>
    private static bool Lacks(Log log, Peer peer) =>
        Math.Min(peer.Size(log), log.Limit) > log.HeadSize || Math.Min(peer.Has(log), log.Limit) > log.Held;

    /// <summary>Bytes that peers may send, and that they have sent and that are not stored.</summary>
    private long CreditOut => WaitingBytes + ((long)_flying.Count * _options.RangeBytes);

    private bool IsLate(Request fetch) => _now >= fetch.Started + HedgeDelay(fetch.Peer);

    /// <summary>
    /// What waits for entries before it that nobody gives makes room for other logs, and the log is left alone for a
    /// while.
    /// </summary>
    private void GiveUpIfStalled(Log log)
    {
        if (log.Storing != 0 || _now < log.StoreAfter || !log.Segments.Exists(s => s.Ready != 0)
            || _now - log.MovedAt <= _options.RangeTimeout)
        {
            return;
        }

        GiveUp(log);
    }

    private void GiveUp(Log log)
    {
        foreach (var segment in log.Segments.Where(s => s.Ready != 0).ToList())
        {
            Discard(log, segment);
        }

        log.PullAfter = Math.Max(log.StoreAfter, _now + Jittered(Doubled(++log.Stalls, _options.MaxLogBackoff)));
    }

    /// <summary>The first run of entries that nobody was asked for, up to where ranges end.</summary>
    private (long From, long End)? NextGap(Log log, long allowed)
    {
        var limit = Math.Min(log.Limit, allowed);
        var from = log.Held;
        foreach (var segment in log.Segments)
        {
            if (segment.From > from)
            {
                return (from, Math.Min(segment.From, RangeEnd(from, limit)));
            }

            from = Math.Max(from, segment.End);
        }

        return from < limit ? (from, RangeEnd(from, limit)) : null;
    }

    private long RangeEnd(long from, long limit) =>
        Math.Min(limit, ((from / _options.RangeEntries) + 1) * _options.RangeEntries);

    /// <summary>
    /// Who should be asked for the entries from an index on: the one expected to answer first. In bulk a log crosses a
    /// region's border only to its gateways; the others wait for these, but not for long.
    /// </summary>
    private Peer? Source(Log log, long from, bool bulk, Peer? except)
    {
        Peer? best = null;
        var (bestRegion, bestTime, bestRank) = (false, long.MaxValue, ulong.MaxValue);
        var hold = bulk && _region.Length > 0 && _now - log.WantedSince < _options.GatewayGrace && !IsGateway(log);
        foreach (var peer in _everybody)
        {
            if (peer == except || !peer.Dialable || _now < peer.FetchAfter(log)
                || !HasRoom(peer) || !Offers(peer, log, from) || !MayAsk(peer, log))
            {
                continue;
            }

            var sameRegion = peer.Region == _region;
            if (hold && !sameRegion)
            {
                continue;
            }

            var time = (peer.FetchTime + 1) * (peer.Fetches + 1);
            var rank = Rank(peer.Name, log.Origin + _self);
            if (best is null || (sameRegion, -time, ulong.MaxValue - rank).CompareTo(
                (bestRegion, -bestTime, ulong.MaxValue - bestRank)) > 0)
            {
                (best, bestRegion, bestTime, bestRank) = (peer, sameRegion, time, rank);
            }
        }

        return best;
    }

    /// <summary>
    /// Who was not tried yet, is slow or late, gets one request at a time: several would share one line.
    /// </summary>
    private bool HasRoom(Peer peer) =>
        peer.Fetches == 0
        || (peer.FetchTime > 0 && peer.FetchTime <= _options.RangeTime && peer.Fetches < _options.MaxFetchesPerPeer
            && !_flying.Exists(r => r.Peer == peer && IsLate(r)));

    /// <summary>
    /// Whether a peer shows entries from here on; or, where all are held that anybody shows, the checkpoint that is
    /// lacking for them because a transfer broke off.
    /// </summary>
    private static bool Offers(Peer peer, Log log, long from) =>
        peer.Has(log) > from || (from == log.Held && peer.Size(log) > log.HeadSize);

    private bool IsGateway(Log log)
    {
        if (!_peers.TryGetValue(log.Owner, out var owner) || owner.Region == _region)
        {
            return true;
        }

        var own = Rank(_self, log.Origin);
        return _everybody.Count(p => p.Alive && p.Region == _region && Rank(p.Name, log.Origin) < own) < _options.Gateways;
    }

    private void Fetch(Peer peer, Log log, Segment segment)
    {
        // A peer that has no more than is held here answers with its checkpoint alone, over what it has.
        var from = Math.Max(segment.From, log.Held);
        var bytes = peer.RangeBytes > 0 ? peer.RangeBytes : Math.Min(_options.FirstRangeBytes, _options.RangeBytes);
        var request = Begin(RequestKind.Range, peer, log, from, segment.End, bytes: bytes);
        segment.Asked.Add(request);
        peer.Fetches++;
        _flying.Add(request);
        log.Asked = _now;
        var most = (int)(segment.End - from);
        Do(log.Of is null
            ? new FetchRange(request.Id, peer.Name, _options.RangeTimeout, log.Origin, from, most, bytes)
            : new FetchOutline(request.Id, peer.Name, _options.RangeTimeout, log.Origin, from, most, bytes));
    }

    /// <summary>
    /// A range that does not come within its time is lost as a whole, and asked for anew it would be lost again: how
    /// much is asked for depends on how long the last took. Each is judged by its own size, for several may be under way.
    /// </summary>
    private void FitRanges(Request request, long took, long bytes)
    {
        var (peer, asked) = (request.Peer, request.Bytes);
        var now = peer.RangeBytes > 0 ? peer.RangeBytes : asked;
        peer.RangeBytes = took > _options.RangeTime
            ? Math.Min(now, Math.Max(_options.MinRangeBytes, asked / 2))
            : took <= _options.RangeTime / 4 && bytes >= asked
                ? Math.Max(now, (int)Math.Min(_options.RangeBytes, asked * 2L))
                : now;
    }

    /// <summary>As <see cref="FitRanges"/>, after one that did not come.</summary>
    private void ShrinkRanges(Request request) => request.Peer.RangeBytes = Math.Min(
        request.Peer.RangeBytes > 0 ? request.Peer.RangeBytes : request.Bytes,
        Math.Max(_options.MinRangeBytes, request.Bytes / 4));

    /// <summary>The range that everything else waits for is asked of a second peer, once, when the first is slow.</summary>
    private void Hedge(Log log)
    {
        if (log.Segments.Count > 0 && log.Segments[0] is { Ready: 0, Asked: [var asked] } first
            && _now >= asked.Started + HedgeDelay(asked.Peer)
            && Source(log, Math.Max(first.From, log.Held), false, asked.Peer) is { } second)
        {
            Fetch(second, log, first);
        }
    }

    private long HedgeDelay(Peer peer) => Math.Max(_options.HedgeAfter, 3 * peer.FetchTime);

    private void TakeRange(RangeFetched fetched)
    {
        if (End(fetched.Id) is not { Kind: RequestKind.Range or RequestKind.Urgent, Log: { } log, Peer: var peer } request)
        {
            return;
        }

        if (request.Kind is RequestKind.Urgent)
        {
            TakeUrgentRange(request, fetched);
            return;
        }

        var segment = EndFetch(request);
        Succeeded(peer);
        var took = Math.Max(1, _now - request.Started);
        peer.FetchTime = peer.FetchTime == 0 ? took : ((3 * peer.FetchTime) + took) / 4;
        FitRanges(request, took, fetched.Bytes);
        var end = request.From + fetched.Entries;
        // What the log has grown meanwhile by other ways does not make the answer a worse one.
        bool Brings(long held, long headSize) =>
            end > held || (fetched.HeadSize > headSize && fetched.HeadSize <= log.Held);
        if (!Brings(request.Held, request.HeadSize))
        {
            // Less than it showed. What it showed stays: this answer may be older than that.
            BackOff(peer, log, RequestFault.NotHeld);
            segment = null;
        }

        if (segment is null || !Brings(log.Held, log.HeadSize))
        {
            Do(new DropRange(fetched.Id));
            return;
        }

        // The checkpoint may cover more than it holds.
        if (end == fetched.HeadSize)
        {
            peer.Size(log) = Math.Max(peer.Size(log), end);
        }

        if (end < Math.Min(request.End, Math.Min(fetched.HeadSize, peer.Has(log))) && fetched.Bytes < request.Bytes / 2)
        {
            // It has more and there was room: who doles entries out one by one is asked last.
            BackOff(peer, log, RequestFault.NotHeld);
        }
        else
        {
            Forgive(peer, log);
        }

        foreach (var late in segment.Asked.ToList())
        {
            Drop(late);
        }

        (segment.Ready, segment.Source, segment.Bytes) = (fetched.Id, peer, fetched.Bytes);
        segment.End = Math.Max(segment.From, end);
        WaitingBytes += segment.Bytes;
        _requests.Add(request.Id, request);
        if (!log.Segments.Contains(segment))
        {
            log.Segments.Insert(log.Segments.FindLastIndex(s => s.From <= segment.From) + 1, segment);
        }

        Store(log);
    }

    private void Store(Log log)
    {
        if (log.Storing == 0 && !_paused && _now >= log.StoreAfter
            && log.Segments.Find(s => s.Ready != 0 && s.From <= log.Held) is { } segment)
        {
            log.Storing = segment.Ready;
            Do(log.Of is null
                ? new StoreRange(segment.Ready, log.Origin)
                : new StoreOutline(segment.Ready, segment.Source!.Name, log.Origin));
        }
    }

    private void TakeStored(RangeStored stored)
    {
        if (!_requests.TryGetValue(stored.Id, out var request) || request.Log is not { } log)
        {
            return;
        }

        if (request.Kind is RequestKind.Urgent)
        {
            TakeUrgentStored(request, stored.Outcome);
            return;
        }

        if (log.Storing != stored.Id)
        {
            return;
        }

        log.Storing = 0;
        if (stored.Outcome is StoreOutcome.Unavailable)
        {
            log.StoreAfter = _now + Jittered(Doubled(++log.StoreFailures, _options.MaxLinkBackoff));
            if (log.StoreFailures >= MostStoreFailures)
            {
                // Only this log takes nothing, as when its row is damaged: its ranges must not hold the credit of others.
                GiveUp(log);
            }

            return;
        }

        log.StoreFailures = 0;
        if (log.Segments.Find(s => s.Ready == stored.Id) is { } segment)
        {
            // The gateways get on: whoever waits for them goes on waiting.
            log.WantedSince = segment.Source?.Region == _region ? _now : log.WantedSince;
            Discard(log, segment);
        }

        if (stored.Outcome is StoreOutcome.Contradicts)
        {
            var whole = log.Of ?? log;
            Suspect(request.Peer, whole, Math.Min(whole.Held, request.End));
            BackOff(request.Peer, log, RequestFault.OtherBranch);
        }
        else if (stored.Outcome is StoreOutcome.Closed)
        {
            BackOff(request.Peer, log, RequestFault.Refused);
        }

        Store(log);
    }

    /// <summary>Forgets what has become needless because the log grew.</summary>
    private void TrimSegments(Log log)
    {
        foreach (var segment in log.Segments.Where(s =>
            (s.End <= log.Held || s.From >= log.Limit) && (s.Ready == 0 || s.Ready != log.Storing)).ToList())
        {
            Discard(log, segment);
        }
    }

    private void Discard(Log log, Segment segment)
    {
        log.Segments.Remove(segment);
        foreach (var asked in segment.Asked.ToList())
        {
            Drop(asked);
        }

        if (segment.Ready != 0)
        {
            _requests.Remove(segment.Ready);
            WaitingBytes -= segment.Bytes;
            Do(new DropRange(segment.Ready));
        }
    }

    private void Drop(Request request)
    {
        if (!_requests.Remove(request.Id))
        {
            return;
        }

        switch (request.Kind)
        {
            case RequestKind.Range:
                EndFetch(request);
                Do(new DropRange(request.Id));
                break;
            case RequestKind.Urgent:
                request.Peer.UrgentFetches--;
                Do(new DropRange(request.Id));
                break;
            case RequestKind.Repair:
                EndRepair(request);
                Do(new DropRange(request.Id));
                break;
            case RequestKind.Compare:
                ForgetComparison(request);
                break;
            case RequestKind.Push:
                request.Peer.Pushes--;
                break;
            case RequestKind.Heads:
                request.Peer.HeadsAsked = false;
                break;
            case RequestKind.Fork:
                request.Log!.ForkUnderWay = false;
                break;
        }
    }

    /// <summary>Takes a fetch off the books; the answer is the segment that it was for, if that is still wanted.</summary>
    private Segment? EndFetch(Request request)
    {
        var log = request.Log!;
        if (_flying.Remove(request))
        {
            request.Peer.Fetches--;
        }

        var segment = log.Segments.Find(s => s.Asked.Contains(request));
        if (segment is null)
        {
            return null;
        }

        segment.Asked.Remove(request);
        if (segment is { Asked.Count: 0, Ready: 0 })
        {
            log.Segments.Remove(segment);
        }

        return segment;
    }

    private long NextPullDue()
    {
        var due = long.MaxValue;
        if (_paused)
        {
            return due;
        }

        foreach (var fetch in _flying)
        {
            var late = fetch.Started + HedgeDelay(fetch.Peer);
            due = late > _now ? Math.Min(due, late) : due;
        }

        foreach (var log in Fetchables)
        {
            if (!log.Wanted)
            {
                continue;
            }

            due = log.PullAfter > _now ? Math.Min(due, log.PullAfter) : due;
            due = GivesWayUntil(log) is var until && until > _now ? Math.Min(due, until) : due;
            due = NextQuotaDue(log) is var quota && quota > _now ? Math.Min(due, quota) : due;
            var stalled = log.MovedAt + _options.RangeTimeout + 1;
            due = stalled > _now && log.Segments.Exists(s => s.Ready != 0) ? Math.Min(due, stalled) : due;
            if (log.Storing == 0 && log.StoreAfter > _now)
            {
                due = Math.Min(due, log.StoreAfter);
            }

            if (log.Segments.Count > 0 && log.Segments[0] is { Ready: 0, Asked: [var asked] })
            {
                due = Math.Min(due, Math.Max(_now + _options.HedgeAfter, asked.Started + HedgeDelay(asked.Peer)));
            }

            foreach (var peer in _everybody)
            {
                if (peer.Dialable && Lacks(log, peer))
                {
                    var after = Math.Max(peer.FetchAfter(log), MayAskAt(peer, log));
                    due = after > _now ? Math.Min(due, after) : due;
                }
            }

            var grace = log.WantedSince + _options.GatewayGrace;
            due = _region.Length > 0 && grace > _now ? Math.Min(due, grace) : due;
        }

        return due;
    }
}
