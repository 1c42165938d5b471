using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <content>Outlines: fetched, kept, compared, judged when the whole log is here, and given to others.</content>
public sealed partial class SimNode
{
    private readonly Dictionary<long, (SimOutline Part, VerifiedRange Verified)> _outlines = [];

    private ReplicationEvent? TakeOutline(FetchOutline fetch, SimOutline part)
    {
        if (!_fetching.Remove(fetch.Id))
        {
            return null;
        }

        if (part.Origin != fetch.Origin || (part.Entries.Count > 0 && part.From != fetch.From)
            || part.Entries.Count > fetch.MaxEntries || !Verify(part, out var verified))
        {
            return new RequestFailed(fetch.Id, RequestFault.Bad);
        }

        _outlines[fetch.Id] = (part, verified);
        return new RangeFetched(fetch.Id, part.Entries.Count, part.Content, part.AsOf);
    }

    private bool Verify(SimOutline part, [NotNullWhen(true)] out VerifiedRange? verified)
    {
        if (part.Entries.Count == 0)
        {
            // A checkpoint alone.
            verified = World.Signatures.Open(part.Origin, part.Note, out _, out _)
                ? VerifiedRange.Restore(part.Note, part.From, [], part.Proof)
                : null;
            return verified is not null;
        }

        return VerifiedRange.TryVerifyOutline(
                part.Origin,
                part.Note,
                part.From,
                [.. part.Entries.Select(e => new OutlinedEntry(e.Hash, e.Whole?.Sent))],
                part.Proof,
                World.Signatures.Open,
                out verified,
                out _)
            && part.AsOf >= part.End && part.AsOf <= verified.Head.Size;
    }

    private void Store(StoreOutline store)
    {
        var (part, verified) = _outlines[store.Id];
        var log = Log(store.Origin);
        if (DiskFull || log.IsDamaged)
        {
            Step(new RangeStored(store.Id, StoreOutcome.Unavailable));
            return;
        }

        var (outcome, kept) = (StoreOutcome.Unavailable, StoreOutcome.Unavailable);
        Write(
            store.Origin,
            on => outcome = on.TakeOutline(part, verified, store.Peer),
            () =>
            {
                kept = outcome;
                World.Outlined(this, log);
                Step(log.OutlineMoved());
            },
            () => { });
        World.Time.After(DiskLatency + 10, Living(() => Step(new RangeStored(store.Id, kept))));
    }

    /// <summary>A full disk lets nothing be dropped either.</summary>
    private void DropOutline(string origin)
    {
        var log = Log(origin);
        if (log.Outline.Count == 0 || DiskFull)
        {
            return;
        }

        if (log.Fork is null && log.HeadSize >= log.OutlineEnd)
        {
            Judge(log);
        }

        Write(origin, on => on.DropOutline(), () => Step(log.OutlineMoved()), () => { });
    }

    /// <summary>Now that all of the log is here: who left live entries out?</summary>
    private void Judge(ReplicaLog log)
    {
        World.Filled(log);
        foreach (var (part, _, peer) in log.Outline.Where(p => p.Part.AsOf <= log.HeadSize))
        {
            var live = Liveness.Of(log.Entries, part.AsOf);
            if (live.GetViewBetween(part.From, part.End - 1).Any(i => part.Entries[(int)(i - part.From)].Whole is null))
            {
                World.Noted(this, new Noted(Note.HidesLive, peer, log.Origin));
            }
        }
    }

    private void Compare(CompareOutline compare)
    {
        var log = Log(compare.Origin);
        if (Math.Max(log.HeadSize, log.OutlineEnd) < compare.Size)
        {
            World.Time.After(1, Living(() => Step(new RequestFailed(compare.Id, RequestFault.Busy))));
            return;
        }

        var own = Liveness.Digest(Liveness.Of(log.Whole(compare.Size)));
        Request(
            compare,
            new LiveRequest(compare.Origin, compare.Size),
            content =>
            {
                var isSame = World.Mutant is Mutant.TrustOutlines || own == (Hash256)content;
                World.Compared(this, compare, isSame);
                return new OutlineCompared(compare.Id, isSame);
            });
    }

    private SimAnswer OutlineFor(OutlineRequest ask)
    {
        var log = Log(ask.Origin);
        var asOf = Readable(log);
        return log.IsDamaged || (asOf <= ask.From && asOf < log.HeadSize) ? No(RequestFault.Busy)
            : log.ReadOutline(ask, asOf, Liveness.Of(log.Entries, asOf)) is { } part ? new SimAnswer(part, part.Bytes)
            : No(RequestFault.NotHeld);
    }

    private SimAnswer LiveFor(LiveRequest ask)
    {
        var log = Log(ask.Origin);
        return log.IsDamaged || ask.Size > Readable(log) ? No(RequestFault.Busy)
            : new SimAnswer(Liveness.Digest(Liveness.Of(log.Entries, ask.Size)), 60);
    }

    private long Readable(ReplicaLog log) => IsDamaged ? log.Readable() : log.HeadSize;
}
