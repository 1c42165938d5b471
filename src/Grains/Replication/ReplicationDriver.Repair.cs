using System.Collections.Concurrent;
using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
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
            var request = new RangeRequestMessage
            {
                Origin = fetch.Origin,
                From = from,
                MaxEntries = (int)(fetch.End - from),
                MaxBytes = Limits.MaxRangeBytes,
            };
            var range = await _transport.GetRangeAsync(fetch.Peer, request, false, cancel);
            if ((range.Entries.Count > 0 && range.From != from) || range.Entries.Count > request.MaxEntries
                || !RangeCheck.TryCheck(fetch.Origin, range, key, out var verified, out _))
            {
                LogBad(fetch.Peer, fetch.Origin, $"the range from {from} does not verify");
                return new RequestFailed(fetch.Id, RequestFault.Bad);
            }

            if (_identity.KeyOf(fetch.Origin) is not null)
            {
                Post(new OwnHeadSeen(new LogSize(fetch.Origin, verified.Restore().Head.Size), fetch.Peer));
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

    private async Task StoreRepairAsync(StoreRepair store)
    {
        var outcome = RepairOutcome.Unavailable;
        try
        {
            if (_repairs.TryRemove(store.Id, out var entries))
            {
                var log = _grains.GetGrain<IMemberLogGrain>(store.Origin);
                outcome = await log.RepairAsync(store.From, entries, null);
                if (outcome is RepairOutcome.Incomplete)
                {
                    outcome = await log.RepairAsync(
                        store.From, entries, await FindErasedAsync(log, store.Origin, store.From, entries));
                }
            }
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            LogFailed(store.Origin, failure);
        }

        if (outcome is RepairOutcome.Repaired)
        {
            s_repairs.Add(1, new KeyValuePair<string, object?>("peer", store.Peer));
            LogRepaired(store.Origin, store.From, store.Peer);
        }

        Post(new RepairStored(store.Id, outcome));
    }

    private async Task RepairTileAsync(RepairTile tile)
    {
        var outcome = RepairOutcome.Unavailable;
        try
        {
            var place = tile.From >> (8 * (tile.Level + 1));
            outcome = await _grains.GetGrain<IMemberLogGrain>(tile.Origin).RepairTileAsync(tile.Level, place);
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            LogFailed(tile.Origin, failure);
        }

        if (outcome is RepairOutcome.Repaired)
        {
            s_repairs.Add(1, new KeyValuePair<string, object?>("peer", _identity.Member));
            LogTileRepaired(tile.Origin, tile.Level, tile.From);
        }

        Post(new RepairStored(tile.Id, outcome));
    }

    /// <summary>
    /// The entries of a damaged row whose erasure the log orders, at any place behind them: what was erased stays erased,
    /// whoever still has it. All that follows is read for it; only a row that is damaged costs that.
    /// </summary>
    private static async Task<IReadOnlyList<long>> FindErasedAsync(
        IMemberLogGrain log, string text, long from, IReadOnlyList<StoredEntry> entries)
    {
        var origin = Origin.Parse(text);
        if (origin.Log != Origin.Indicators)
        {
            return [];
        }

        var erased = OrdersIn(origin, from, entries).ToList();
        var end = (await log.GetStatusAsync()).HeadSize;
        for (var at = from + entries.Count; at < end;)
        {
            var range = await log.ReadAsync(at, Limits.MaxRangeEntries, Limits.MaxRangeBytes);
            if (range.Entries.Count == 0)
            {
                break;
            }

            erased.AddRange(OrdersIn(origin, at, range.Entries).Where(i => i >= from && i < from + entries.Count));
            at = range.End;
        }

        return erased;
    }

    private static IEnumerable<long> OrdersIn(Origin origin, long from, IReadOnlyList<StoredEntry> entries)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            var (bytes, salt, payload) = entries[i];
            if (Leaf.TryDecode(bytes, out var leaf, out _) && leaf.Kind == EntryKind.Erase
                && LogEntry.TryInterpret(origin, from + i, default, bytes, salt, payload, out var entry, out _)
                && entry.Payload is ErasePayload order)
            {
                yield return order.Index;
            }
        }
    }
}
