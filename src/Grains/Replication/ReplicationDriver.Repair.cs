using System.Collections.Concurrent;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Replication;

/// <content>Damaged rows: what a peer gives for them goes to the log, which knows what must stand there.</content>
public sealed partial class ReplicationDriver
{
    // More than 256 entries of any log but one of rosters have.
    private const long MaxRepairBytes = 64 * 1024 * 1024;

    private readonly ConcurrentDictionary<long, IReadOnlyList<StoredEntry>> _repairs = new();

    private async Task<ReplicationEvent> FetchRepairAsync(FetchRepair fetch, CancellationToken cancel)
    {
        if (KeyOf(fetch.Origin) is not { } key)
        {
            return new RequestFailed(fetch.Id, RequestFault.Refused);
        }

        var entries = new List<StoredEntry>();
        var bytes = 0L;
        for (var from = fetch.From; from < fetch.End; from = fetch.From + entries.Count)
        {
            var request = RequestFor(fetch.Origin, from, (int)(fetch.End - from), Limits.MaxRangeBytes);
            if (await GetVerifiedAsync(fetch.Peer, request, key, false, cancel) is not var (range, _))
            {
                return new RequestFailed(fetch.Id, RequestFault.Bad);
            }

            bytes += range.Entries.Sum(e => (long)e.WireSize);
            if (range.Entries.Count == 0 || bytes > MaxRepairBytes)
            {
                return new RequestFailed(fetch.Id, RequestFault.NotHeld);
            }

            entries.AddRange(range.Entries);
        }

        _repairs[fetch.Id] = entries;
        return new RepairFetched(fetch.Id);
    }

    private Task StoreRepairAsync(StoreRepair store) => RepairAsync(
        store.Id,
        store.Origin,
        async log =>
        {
            if (!_repairs.TryRemove(store.Id, out var entries))
            {
                return RepairOutcome.Unavailable;
            }

            var outcome = await log.RepairAsync(store.From, entries, null);
            return outcome is RepairOutcome.Incomplete
                ? await log.RepairAsync(store.From, entries, await FindErasedAsync(log, store.Origin, store.From, entries))
                : outcome;
        },
        store.Peer,
        () => LogRepaired(store.Origin, store.From, store.Peer));

    private Task RepairTileAsync(RepairTile tile) => RepairAsync(
        tile.Id,
        tile.Origin,
        log => log.RepairTileAsync(tile.Level, tile.From >> (8 * (tile.Level + 1))),
        _identity.Member,
        () => LogTileRepaired(tile.Origin, tile.Level, tile.From));

    /// <summary>Has a log write a row anew, and says what came of it: to people, who must look at the disk, and to the core.</summary>
    private async Task RepairAsync(
        long id, string origin, Func<IMemberLogGrain, Task<RepairOutcome>> repair, string giver, Action say)
    {
        var outcome = RepairOutcome.Unavailable;
        try
        {
            outcome = await repair(_grains.GetGrain<IMemberLogGrain>(origin));
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            LogFailed(origin, failure);
        }

        if (outcome is RepairOutcome.Repaired)
        {
            s_repairs.Add(1, new KeyValuePair<string, object?>("peer", giver));
            say();
        }

        Post(new RepairStored(id, outcome));
    }

    /// <summary>
    /// The entries of a damaged row whose erasure the log orders, at any place behind them, or that have lapsed: what was
    /// erased stays erased, whoever still has it. All that follows is read for it; only a row that is damaged costs that.
    /// </summary>
    private async Task<IReadOnlyList<long>> FindErasedAsync(
        IMemberLogGrain log, string text, long from, IReadOnlyList<StoredEntry> entries)
    {
        var origin = Origin.Parse(text);
        if (origin.Log != Origin.Indicators)
        {
            return [];
        }

        var lifetimes = Lifetimes.Of(_roster.Current);
        List<long?> ends = [.. entries.Select(e => Leaf.TryDecode(e.Leaf, out var leaf, out _) ? lifetimes.EndOf(leaf) : null)];
        IEnumerable<long> LapsedBy(long time, long below) => Enumerable.Range(0, ends.Count)
            .Where(i => from + i < below && ends[i] is { } ended && Lifetimes.HasLapsed(ended, time)).Select(i => from + i);

        var erased = LapsedBy(lifetimes.AsOf, long.MaxValue).ToList();
        foreach (var (index, order) in OrdersIn(origin, from, entries))
        {
            erased.AddRange(order is LapsePayload lapse ? LapsedBy(lapse.Time, index) : [((ErasePayload)order).Index]);
        }

        var end = (await log.GetStatusAsync()).HeadSize;
        for (var at = from + entries.Count; at < end;)
        {
            var range = await log.ReadAsync(at, Limits.MaxRangeEntries, Limits.MaxRangeBytes);
            if (range.Entries.Count == 0)
            {
                break;
            }

            foreach (var (index, order) in OrdersIn(origin, at, range.Entries))
            {
                erased.AddRange(order is LapsePayload lapse ? LapsedBy(lapse.Time, index) : [((ErasePayload)order).Index]);
            }

            at = range.End;
        }

        return erased;
    }

    /// <summary>The erase and lapse entries of a range.</summary>
    private static IEnumerable<(long Index, Payload Order)> OrdersIn(Origin origin, long from, IReadOnlyList<StoredEntry> entries)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            var (bytes, salt, payload) = entries[i];
            if (Leaf.TryDecode(bytes, out var leaf, out _) && EntryKind.IsOrder(leaf.Kind)
                && LogEntry.TryInterpret(origin, from + i, default, bytes, salt, payload, out var entry, out _)
                && entry.Payload is ErasePayload or LapsePayload)
            {
                yield return (entry.Index, entry.Payload);
            }
        }
    }
}
