using System.Collections.Concurrent;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Replication;

/// <content>What the core wants done.</content>
public sealed partial class ReplicationDriver
{
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _requests = new();
    private readonly ConcurrentDictionary<long, CheckedRange> _fetched = new();
    private readonly ConcurrentDictionary<Task, bool> _working = new();
    private readonly Dictionary<string, (PeerMemory? Next, bool Saving)> _saves = new(StringComparer.Ordinal);

    private void Do(ReplicationEffect effect)
    {
        switch (effect)
        {
            case AskHeads ask:
                Request(ask, cancel => AskHeadsAsync(ask, cancel));
                break;
            case PushHead push:
                Request(push, cancel => PushHeadAsync(push, cancel));
                break;
            case PushFork push:
                Request(push, cancel => PushForkAsync(push, cancel));
                break;
            case FetchRange fetch:
                Request(fetch, cancel => FetchRangeAsync(fetch, cancel));
                break;
            case SearchFork search:
                // The time is for each single question, and there are few.
                Request(search with { Timeout = search.Timeout * MaxQuestions }, cancel => SearchForkAsync(search, cancel));
                break;
            case FetchFork fetch:
                Request(fetch, cancel => FetchForkAsync(fetch, cancel));
                break;
            case StoreRange store:
                Work(() => StoreRangeAsync(store));
                break;
            case FetchOutline fetch:
                Request(fetch, cancel => FetchOutlineAsync(fetch, cancel));
                break;
            case StoreOutline store:
                Work(() => StoreOutlineAsync(store));
                break;
            case CompareOutline compare:
                Request(compare, cancel => CompareOutlineAsync(compare, cancel));
                break;
            case DropOutline drop:
                Work(() => DropOutlineAsync(drop.Origin));
                break;
            case FetchRepair fetch:
                Request(fetch, cancel => FetchRepairAsync(fetch, cancel));
                break;
            case StoreRepair store:
                Work(() => StoreRepairAsync(store));
                break;
            case RepairTile tile:
                Work(() => RepairTileAsync(tile));
                break;
            case DropRange drop:
                _fetched.TryRemove(drop.Id, out _);
                _outlines.TryRemove(drop.Id, out _);
                _repairs.TryRemove(drop.Id, out _);
                if (_requests.TryRemove(drop.Id, out var dropped))
                {
                    // Its own task disposes it.
                    Work(dropped.CancelAsync);
                }

                break;
            case ConfirmLog confirm:
                Work(() => _grains.GetGrain<IMemberLogGrain>(confirm.Origin).ConfirmAsync());
                break;
            case CaughtUp:
                _caughtUp.TrySetResult();
                break;
            case SaveBackoff save:
                Save(save);
                break;
            case Noted noted:
                Note(noted);
                break;
        }
    }

    /// <summary>Begins an exchange. It ends with one event, unless the core drops it before.</summary>
    private void Request(PeerRequest request, Func<CancellationToken, Task<ReplicationEvent>> exchange)
    {
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        _requests[request.Id] = cancel;
        Work(async () =>
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(request.Timeout), _clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel.Token, timeout.Token);
            var happened = await TryAsync(request, exchange, either.Token);
            if (_requests.TryRemove(request.Id, out _))
            {
                Post(happened);
            }
            else
            {
                _fetched.TryRemove(request.Id, out _);
                _outlines.TryRemove(request.Id, out _);
                _repairs.TryRemove(request.Id, out _);
            }

            cancel.Dispose();
        });
    }

    private async Task<ReplicationEvent> TryAsync(
        PeerRequest request, Func<CancellationToken, Task<ReplicationEvent>> exchange, CancellationToken cancel)
    {
        try
        {
            var happened = await exchange(cancel);
            Contacted(request.Peer);
            return happened;
        }
        catch (PeerException failure)
        {
            var fault = FaultOf(failure.Status);
            if (fault is RequestFault.Unreachable)
            {
                Failed(request.Peer, failure.Message);
            }
            else
            {
                _links.Change(request.Peer, l => l with { LastError = failure.Message });
            }

            return new RequestFailed(request.Id, fault);
        }
        catch (OperationCanceledException)
        {
            Failed(request.Peer, $"{request.Peer}: no answer within {request.Timeout / 1000.0:0.#} s");
            return new RequestFailed(request.Id, RequestFault.Unreachable);
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            // Not the peer's fault: this node's storage or silo. The core waits and asks again.
            LogFailed(request.Peer, failure);
            return new RequestFailed(request.Id, RequestFault.Busy);
        }
    }

    /// <summary>docs/protocol.md, section 10, "Status codes".</summary>
    private static RequestFault FaultOf(int status) => status switch
    {
        0 => RequestFault.Unreachable,
        200 or 409 => RequestFault.Bad,
        404 => RequestFault.NotHeld,
        429 or >= 500 => RequestFault.Busy,
        _ => RequestFault.Refused,
    };

    private async Task<ReplicationEvent> AskHeadsAsync(AskHeads ask, CancellationToken cancel)
    {
        var notes = ask.Lagging.Select(o => _heads.Get(o)?.Checkpoint).OfType<byte[]>().Where(n => n.Length > 0);
        var answer = await _transport.AskHeadsAsync(
            ask.Peer, ask.Question with { Yours = [.. notes.Take(Limits.MaxOwnHeads)] }, cancel);
        return await ProveAsync(answer.Yours) is { } proven
            ? new HeadsAnswered(ask.Id, answer, proven)
            : new RequestFailed(ask.Id, RequestFault.Bad);
    }

    /// <summary>
    /// The sizes under checkpoints of own logs that a peer shows, each handed to its log; null if one is not signed by
    /// this node. An epoch of which the key is lost is nothing that this node could sign, and like any other's log.
    /// </summary>
    private async Task<List<LogSize>?> ProveAsync(IReadOnlyList<byte[]> notes)
    {
        var proven = new List<LogSize>();
        foreach (var note in notes)
        {
            if (!Checkpoint.TryParse(note, out var head, out _) || !Origin.TryParse(head.Origin, out var origin, out _)
                || origin.Member != _identity.Member)
            {
                return null;
            }

            if (_identity.KeyOf(head.Origin) is null)
            {
                continue;
            }

            if (await _grains.GetGrain<IMemberLogGrain>(head.Origin).NoteShownAsync(note) is not { } size)
            {
                return null;
            }

            proven.Add(new LogSize(head.Origin, size));
        }

        return proven;
    }

    private async Task<ReplicationEvent> PushHeadAsync(PushHead push, CancellationToken cancel)
    {
        var (range, size) = await MakePushAsync(push);
        var answer = await _transport.PushAsync(push.Peer, range, size, cancel);
        return new PushAnswered(push.Id, answer.Size, answer.Held);
    }

    /// <summary>The newest head, and of the entries what goes with it: see <see cref="PushHead"/>.</summary>
    private async Task<(LogRange Range, long Size)> MakePushAsync(PushHead push)
    {
        var log = _grains.GetGrain<IMemberLogGrain>(push.Origin);
        var status = await log.GetStatusAsync();
        var size = status.HeadSize;
        var from = push.PeerSize >= 0 && push.PeerSize <= size ? push.PeerSize
            : push.Bulk ? 0
            : push.Urgent?.From ?? Math.Max(0, size - 1);
        var range = await log.ReadAsync(
            from, Limits.MaxRangeEntries, push.Bulk ? Limits.MaxBulkPushBytes : Limits.MaxPushBytes + 1);
        var inline = range.Entries.Count > 0
            && (push.Bulk || (range.End >= size && range.Entries.Sum(e => e.WireSize) <= Limits.MaxPushBytes));
        if (push.Urgent is { } run && (!inline || range.End < run.End))
        {
            range = await log.ReadAsync(run.From, (int)(run.End - run.From), Limits.MaxPushBytes);
            inline = range.Entries.Count > 0 && range.From == run.From;
        }

        return (inline ? range : new LogRange(status.Checkpoint, 0, [], [], []), size);
    }

    private async Task<ReplicationEvent> PushForkAsync(PushFork push, CancellationToken cancel)
    {
        var proof = await _grains.GetGrain<IMemberLogGrain>(push.Origin).GetForkAsync()
            ?? throw new InvalidOperationException($"The log {push.Origin} is not frozen.");
        var answer = await _transport.PushForkAsync(push.Peer, push.Origin, proof, cancel);
        return new PushAnswered(push.Id, answer.Size, answer.Held);
    }

    private async Task<ReplicationEvent> FetchRangeAsync(FetchRange fetch, CancellationToken cancel)
    {
        if (KeyOf(fetch.Origin) is not { } key)
        {
            return new RequestFailed(fetch.Id, RequestFault.Refused);
        }

        var request = RequestFor(fetch.Origin, fetch.From, fetch.MaxEntries, fetch.MaxBytes);
        if (await GetVerifiedAsync(fetch.Peer, request, key, fetch.Urgent, cancel) is not var (range, verified))
        {
            return new RequestFailed(fetch.Id, RequestFault.Bad);
        }

        _fetched[fetch.Id] = verified;
        return new RangeFetched(
            fetch.Id, range.Entries.Count, range.Entries.Sum(e => (long)e.WireSize), verified.Restore().Head.Size);
    }

    /// <summary>
    /// Asks for a range; null if what came is bad. A head of an own log counts, whatever else comes of the range.
    /// </summary>
    private async Task<(LogRange Range, CheckedRange Verified)?> GetVerifiedAsync(
        string peer, RangeRequestMessage request, Protocol.Keys.VerificationKey key, bool urgent, CancellationToken cancel)
    {
        var range = await _transport.GetRangeAsync(peer, request, urgent, cancel);
        if ((range.Entries.Count > 0 && range.From != request.From) || range.Entries.Count > request.MaxEntries
            || await CheckAsync(request.Origin, range, key, cancel) is not { } verified)
        {
            LogBad(peer, request.Origin, $"the range from {request.From} does not verify");
            return null;
        }

        if (_identity.KeyOf(request.Origin) is not null)
        {
            Post(new OwnHeadSeen(new LogSize(request.Origin, verified.Restore().Head.Size), peer));
        }

        return (range, verified);
    }

    /// <summary>
    /// Verifies a range; null if it is bad. One long range at a time: that takes a processor for many milliseconds, and
    /// a takedown needs one at once.
    /// </summary>
    private Task<CheckedRange?> CheckAsync(
        string origin, LogRange range, Protocol.Keys.VerificationKey key, CancellationToken cancel) => CheckAsync(
            range.Entries.Count,
            () => RangeCheck.TryCheck(origin, range, key, out var verified, out _) ? verified : null,
            cancel);

    private async Task<T?> CheckAsync<T>(int entries, Func<T?> check, CancellationToken cancel)
        where T : class
    {
        var isLong = entries > _options.SmallGap;
        if (isLong)
        {
            await _checking.WaitAsync(cancel);
        }

        try
        {
            return check();
        }
        finally
        {
            if (isLong)
            {
                _checking.Release();
            }
        }
    }

    private async Task StoreRangeAsync(StoreRange store)
    {
        var outcome = StoreOutcome.Unavailable;
        try
        {
            if (_fetched.TryGetValue(store.Id, out var range))
            {
                outcome = OutcomeOf(
                    (await _grains.GetGrain<IMemberLogGrain>(store.Origin).ExtendCheckedAsync(range)).Outcome);
            }
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            LogFailed(store.Origin, failure);
        }

        Post(new RangeStored(store.Id, outcome));
    }

    private static StoreOutcome OutcomeOf(ExtendOutcome outcome) => outcome switch
    {
        ExtendOutcome.Fork => StoreOutcome.Contradicts,
        ExtendOutcome.UnknownLog or ExtendOutcome.Refused => StoreOutcome.Closed,
        ExtendOutcome.StorageUnavailable or ExtendOutcome.Damaged => StoreOutcome.Unavailable,
        _ => StoreOutcome.Stored,
    };

    private static RangeRequestMessage RequestFor(string origin, long from, int maxEntries, int maxBytes) => new()
    {
        Origin = origin,
        From = from,
        MaxEntries = maxEntries,
        MaxBytes = maxBytes,
    };

    private const int MaxQuestions = 48;

    private async Task<ReplicationEvent> SearchForkAsync(SearchFork search, CancellationToken cancel)
    {
        if (KeyOf(search.Origin) is not { } key)
        {
            return new RequestFailed(search.Id, RequestFault.Refused);
        }

        var log = _grains.GetGrain<IMemberLogGrain>(search.Origin);
        var state = new ForkSearch(search.Size);
        for (var questions = 0; !state.IsOver && questions < MaxQuestions; questions++)
        {
            var request = RequestFor(search.Origin, state.From, state.Count, Limits.MaxRangeBytes);
            var range = await _transport.GetRangeAsync(search.Peer, request, true, cancel);
            if (range.From != state.From || range.Entries.Count == 0
                || !RangeCheck.TryCheck(search.Origin, range, key, out var verified, out _))
            {
                return new RequestFailed(search.Id, RequestFault.Bad);
            }

            var answer = verified.Restore();
            var held = (await log.GetStatusAsync()).Size;
            var own = await log.ReadNodesAsync([.. ForkSearch.NodesFor(answer, held).Select(n => (n.Level, n.Index))]);
            if (state.Take(answer, own) is null)
            {
                continue;
            }

            // The log proves the fork from the range in which its branches part, and is frozen.
            await log.ExtendCheckedAsync(verified);
            return new ForkAnswered(search.Id, (await log.GetStatusAsync()).FrozenAt is not null);
        }

        return new ForkAnswered(search.Id, false);
    }

    private async Task<ReplicationEvent> FetchForkAsync(FetchFork fetch, CancellationToken cancel)
    {
        var proof = await _transport.GetForkAsync(fetch.Peer, fetch.Origin, cancel);
        return await _grains.GetGrain<IMemberLogGrain>(fetch.Origin).TakeForkAsync(proof) switch
        {
            ForkOutcome.Taken => new ForkAnswered(fetch.Id, true),
            ForkOutcome.Refused => new RequestFailed(fetch.Id, RequestFault.Bad),
            _ => new RequestFailed(fetch.Id, RequestFault.Busy),
        };
    }

    private Protocol.Keys.VerificationKey? KeyOf(string origin) =>
        _identity.KeyOf(origin)?.VerificationKey ?? (_roster.TryGetLogKey(origin, out var key, out _) ? key : null);

    /// <summary>Newest state wins: while one write of a peer's row is under way, at most one more waits.</summary>
    private void Save(SaveBackoff save)
    {
        var memory = new PeerMemory(
            _links.Get(save.Peer).LastContact,
            save.Failures,
            save.Until,
            [.. save.Logs.Select(l => new PeerLogBackoff(l.Origin, l.Reason.ToString(), l.Failures, l.Until))]);
        _links.Change(save.Peer, l => l with { Failures = save.Failures });
        if (_saves.TryGetValue(save.Peer, out var state) && state.Saving)
        {
            _saves[save.Peer] = (memory, true);
            return;
        }

        _saves[save.Peer] = (null, true);
        Work(() => SaveAsync(save.Peer, memory));
    }

    private async Task SaveAsync(string peer, PeerMemory memory)
    {
        for (PeerMemory? next = memory; next is not null;)
        {
            try
            {
                await _grains.GetGrain<IPeerGrain>(peer).SaveAsync(next);
            }
            catch (Exception failure) when (!_stopping.IsCancellationRequested)
            {
                LogFailed(peer, failure);
            }

            lock (_gate)
            {
                next = _saves[peer].Next;
                _saves[peer] = (null, next is not null);
            }
        }
    }

    private void Contacted(string peer)
    {
        var now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        _links.Change(peer, l => l with { Reachable = true, LastContact = now, Failures = 0, LastError = null });
    }

    private void Failed(string peer, string error) =>
        _links.Change(peer, l => l with { Reachable = false, LastError = error });

    /// <summary>Begins something that goes on by itself, and is waited for at the end.</summary>
    private void Work(Func<Task> work)
    {
        var task = Task.Run(work, CancellationToken.None);
        _working[task] = true;
        task.ContinueWith(
            done =>
            {
                _working.TryRemove(done, out _);
                if (done.Exception is { } failure && !_stopping.IsCancellationRequested)
                {
                    LogBroken(failure);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }
}
