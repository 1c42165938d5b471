using System.Collections.Concurrent;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Replication;

/// <content>Outlines, docs/protocol.md: fetched, compared, judged when the whole log is here, and given to others.</content>
public sealed partial class ReplicationDriver
{
    private static readonly TimeSpan s_dropAgain = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<long, CheckedOutline> _outlines = new();
    private readonly SemaphoreSlim _digesting = new(1);

    /// <summary>Whether entries of a log can be dead: of the others every entry is needed.</summary>
    public static bool HasOutline(string origin) => Origin.Parse(origin).Log == Origin.Indicators;

    /// <summary>
    /// A part of a log's outline for a peer; null while the list here does not have the log so far. Without entries where
    /// nothing from there on counts.
    /// </summary>
    public async Task<LogOutline?> AnswerOutlineAsync(RangeRequestMessage request)
    {
        var log = _grains.GetGrain<IMemberLogGrain>(request.Origin);
        var asOf = Math.Min((await log.GetStatusAsync()).HeadSize, _list.AppliedOf(request.Origin));
        if ((asOf <= request.From && asOf < (_heads.Get(request.Origin)?.HeadSize ?? 0)) || _list.OutlinedOf(request.Origin) > asOf)
        {
            // What the list knows of what is behind only by an outline is not enough to tell who is live.
            return null;
        }

        var end = Math.Min(asOf, request.From + Math.Min(request.MaxEntries, Limits.MaxRangeEntries));
        var whole = _list.WholeOf(Origin.Parse(request.Origin), request.From, end, asOf);
        return await log.ReadOutlineAsync(request.From, request.MaxEntries, request.MaxBytes, asOf, whole);
    }

    /// <summary>
    /// Which entries of a log are live, if it ended at a size, as a digest; null while the list here does not have it so far.
    /// </summary>
    public async Task<Hash256?> AnswerLiveAsync(string origin, long size, CancellationToken cancel) =>
        size <= Math.Min(_heads.Get(origin)?.HeadSize ?? 0, _list.AppliedOf(origin)) && _list.OutlinedOf(origin) <= _list.AppliedOf(origin)
            ? await LiveDigestAsync(origin, size, cancel)
            : null;

    /// <summary>One at a time: it takes a processor.</summary>
    private async Task<Hash256> LiveDigestAsync(string origin, long size, CancellationToken cancel)
    {
        await _digesting.WaitAsync(cancel);
        try
        {
            return _list.LiveDigest(Origin.Parse(origin), size, cancel);
        }
        finally
        {
            _digesting.Release();
        }
    }

    private async Task<ReplicationEvent> FetchOutlineAsync(FetchOutline fetch, CancellationToken cancel)
    {
        if (KeyOf(fetch.Origin) is not { } key)
        {
            return new RequestFailed(fetch.Id, RequestFault.Refused);
        }

        var request = RequestFor(fetch.Origin, fetch.From, fetch.MaxEntries, fetch.MaxBytes);
        var part = await _transport.GetOutlineAsync(fetch.Peer, request, cancel);
        if ((part.Count > 0 && part.From != request.From)
            || await CheckAsync(part.Count, () => RangeCheck.TryCheck(fetch.Origin, part, key, out var good, out _) ? good : null, cancel) is not { } verified)
        {
            LogBad(fetch.Peer, fetch.Origin, $"the outline from {request.From} does not verify");
            return new RequestFailed(fetch.Id, RequestFault.Bad);
        }

        _outlines[fetch.Id] = verified;
        return new RangeFetched(fetch.Id, part.Count, part.WireSize, part.AsOf);
    }

    private async Task StoreOutlineAsync(StoreOutline store)
    {
        var outcome = StoreOutcome.Unavailable;
        try
        {
            if (_outlines.TryGetValue(store.Id, out var part))
            {
                outcome = OutcomeOf(
                    await _grains.GetGrain<IMemberLogGrain>(store.Origin).StoreOutlineAsync(part, store.Peer));
            }
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            LogFailed(store.Origin, failure);
        }

        Post(new RangeStored(store.Id, outcome));
    }

    private async Task<ReplicationEvent> CompareOutlineAsync(CompareOutline compare, CancellationToken cancel)
    {
        Hash256 own;
        try
        {
            if (!await _follower.WaitOutlinedAsync(compare.Origin, compare.Size, cancel))
            {
                return new RequestFailed(compare.Id, RequestFault.Busy);
            }

            own = await LiveDigestAsync(compare.Origin, compare.Size, cancel);
        }
        catch (OperationCanceledException)
        {
            // It is this node that was slow, and not the peer, which has not been asked yet.
            return new RequestFailed(compare.Id, RequestFault.Busy);
        }

        var request = new LiveRequestMessage { Origin = compare.Origin, Size = compare.Size };
        return new OutlineCompared(compare.Id, own == await _transport.GetLiveAsync(compare.Peer, request, cancel));
    }

    private async Task DropOutlineAsync(string origin)
    {
        var log = _grains.GetGrain<IMemberLogGrain>(origin);
        if (_heads.Outlines.GetValueOrDefault(origin) is not { } outline)
        {
            return;
        }

        try
        {
            if (await log.CheckOutlineAsync())
            {
                await JudgeAsync(log, outline);
            }
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            // What cannot be read blames nobody, and goes like the rest.
            LogUnjudged(origin, failure);
        }

        await log.DropOutlineAsync();
        while (_heads.Outlines.GetValueOrDefault(origin) == outline)
        {
            // The storage did not take it.
            await Task.Delay(s_dropAgain, _clock, _stopping.Token);
            await log.DropOutlineAsync();
        }
    }

    /// <summary>Now that all of the log is here: who left live entries out when it gave its outline?</summary>
    private async Task JudgeAsync(IMemberLogGrain log, OutlineStatus outline)
    {
        var origin = Origin.Parse(outline.Origin);
        bool IsToCome() => _heads.Get(outline.Origin) is { FrozenAt: null } head && head.HeadSize >= outline.End
            && !_follower.HeldUp.ContainsKey(outline.Origin);
        await _follower.WaitUntilAsync(
            () => _list.AppliedOf(outline.Origin) >= outline.End || !IsToCome(), _stopping.Token);
        if (_list.AppliedOf(outline.Origin) < outline.End)
        {
            return;
        }

        for (var from = outline.From;
            await log.ReadKeptOutlineAsync(from) is var (part, peer);
            from = part.End)
        {
            if (part.AsOf <= _list.AppliedOf(outline.Origin) && _list.LeftOut(origin, part) is { Count: > 0 } left)
            {
                LogHides(peer, left.Count, outline.Origin, left[0]);
                Note(new Noted(Protocol.Replication.Note.HidesLive, peer, outline.Origin));
            }
        }
    }

    [LoggerMessage(11, LogLevel.Warning, "What was kept of the outline of {Origin} could not be compared with the whole log.")]
    private partial void LogUnjudged(string origin, Exception damage);

    [LoggerMessage(10, LogLevel.Warning, "{Member} left out {Count} live entries, the first at {First}, when it gave the outline of {Origin}.")]
    private partial void LogHides(string member, int count, string origin, long first);
}
