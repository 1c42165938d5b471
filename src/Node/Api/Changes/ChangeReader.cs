using FederationNode.Contracts;
using FederationNode.Contracts.Api;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Rosters;
using FederationNode.Node.Api.Indicators;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Api.Changes;

/// <summary>Reads what changed the list. What it reports is applied: the list says it, too.</summary>
internal sealed class ChangeReader(MergedList list, RosterBoard roster, IndicatorDescriber describer, IGrainFactory grains)
{
    /// <summary>The kind of a change that no entry made in its turn.</summary>
    public const string Aside = "aside";

    /// <summary>Entries looked at for one page, whether they change an indicator or not.</summary>
    private const int MaxScan = 4096;

    private const int MaxBytes = 1024 * 1024;

    /// <summary>A log of which the reader claims to have read more than there is, or null.</summary>
    public string? FirstAhead(ChangesCursor cursor) =>
        cursor.Read.FirstOrDefault(r => r.Value > list.Applied.GetValueOrDefault(r.Key)).Key;

    /// <summary>The cursor of who takes the list as it is after this call.</summary>
    public ChangesCursor Now(RosterDocument? document) =>
        ChangesCursor.Start.With(list.Position, document?.Version ?? 0).With(list.Applied);

    /// <summary>What of a roster matters to judge what members say.</summary>
    public static RosterFacts Facts(RosterDocument document) => new(
        document.Version,
        document.Expires,
        [.. document.Members.Select(m => m.Name).Where(document.Counts).Order(StringComparer.Ordinal)]);

    /// <summary>
    /// The next changes, and where to go on; null if it is not known any more what changed since the cursor. The logs with
    /// the least news go first, so a takedown does not wait behind an import.
    /// </summary>
    public async Task<(ChangesPage Page, ChangesCursor Next)?> ReadAsync(ChangesCursor cursor, int limit)
    {
        if (ReadAside(cursor, limit) is not var (aside, position))
        {
            return null;
        }

        // Before any row is made: what it says then holds under this roster or a later one.
        var document = roster.Current;
        var facts = document is not null && document.Version != cursor.Roster ? Facts(document) : null;
        var current = list.Latest;
        var changes = aside.Distinct().Select(id => Row(null, null, Aside, id)).ToList();
        cursor = cursor.With(position, document?.Version ?? cursor.Roster);
        var scan = MaxScan;
        var news = list.Applied
            .Where(log => log.Value > cursor.Of(log.Key))
            .OrderBy(log => log.Value - cursor.Of(log.Key))
            .ThenBy(log => log.Key, StringComparer.Ordinal)
            .ToList();
        var more = aside.Count == limit;
        foreach (var (origin, applied) in news)
        {
            while (cursor.Of(origin) < applied && scan > 0 && changes.Count < limit)
            {
                var atMost = Math.Min(scan, limit - changes.Count);
                var read = await ReadLogAsync(Origin.Parse(origin), cursor.Of(origin), applied, atMost, changes);
                if (read == 0)
                {
                    break;
                }

                scan -= read;
                cursor = cursor.With(origin, cursor.Of(origin) + read);
            }

            more |= cursor.Of(origin) < applied;
        }

        var page = new ChangesPage(
            changes,
            facts,
            current.Digest.ToString(),
            current.InForce,
            cursor.ToString(),
            more,
            changes.Count,
            PageBytes.NoSum);
        return (page, cursor);
    }

    /// <summary>Whether it is not known any more what changed since a cursor.</summary>
    public bool IsLost(ChangesCursor cursor) => ReadAside(cursor, 0) is null;

    /// <summary>
    /// A cursor that leads on from about where this one does, for who is told of changes and keeps no copy: what changed
    /// aside is told again where it is not known what was told, and entries that were taken back are told once they come
    /// again.
    /// </summary>
    public ChangesCursor Resume(ChangesCursor cursor)
    {
        if (!IsLost(cursor) && FirstAhead(cursor) is null)
        {
            return cursor;
        }

        var now = list.Position;
        var same = cursor.Position is { } old ? now with { Aside = old.Aside } : now with { Aside = 0 };
        var from = list.ChangedAside(same, 0) is not null ? same
            : list.ChangedAside(now with { Aside = 0 }, 0) is not null ? now with { Aside = 0 }
            : now;
        return ChangesCursor.Start
            .With(from, cursor.Roster)
            .With(cursor.Read.Select(r => KeyValuePair.Create(r.Key, Math.Min(r.Value, list.AppliedOf(r.Key)))));
    }

    private (IReadOnlyList<Hash256> Indicators, ListPosition Next)? ReadAside(ChangesCursor cursor, int most) =>
        cursor.Position is null && cursor.Read.Count > 0 ? null : list.ChangedAside(cursor.Position, most);

    private async Task<int> ReadLogAsync(Origin origin, long from, long applied, int atMost, List<ChangeRow> changes)
    {
        var count = (int)Math.Min(applied - from, Math.Min(atMost, Limits.MaxRangeEntries));
        var range = await grains.GetGrain<IMemberLogGrain>(origin.Text).ReadAsync(from, count, MaxBytes);
        for (var i = 0; i < range.Entries.Count; i++)
        {
            if (await RowOfAsync(origin, from + i, range.Entries[i]) is { } row)
            {
                changes.Add(row);
            }
        }

        return range.Entries.Count;
    }

    /// <summary>The change that an entry made, or null if it is about no indicator.</summary>
    private async Task<ChangeRow?> RowOfAsync(Origin origin, long index, StoredEntry stored)
    {
        if (TryInterpret(origin, index, stored) is { } entry)
        {
            return entry.Payload switch
            {
                ListingPayload or WithdrawalPayload or OpinionPayload =>
                    Row(origin.Text, index, entry.Payload.Kind, IdOf(entry)),
                ErasePayload erase => Row(origin.Text, index, entry.Payload.Kind, await IdOfErasedAsync(origin, erase.Index)),
                _ => null,
            };
        }

        // Its payload is gone: that it was about an indicator is all that is left to say.
        return stored.Salt is null
            && Leaf.TryDecode(stored.Leaf, out var leaf, out _)
            && leaf.Origin == origin.Text
            && leaf.Kind is EntryKind.Listing or EntryKind.Withdrawal or EntryKind.Opinion
                ? Row(origin.Text, index, leaf.Kind, null)
                : null;
    }

    private ChangeRow Row(string? origin, long? index, string kind, Hash256? id) => new(
        origin,
        index,
        kind,
        id?.ToString(),
        id is { } known && list.TryGet(known, out var state) ? describer.SummariseWhole(state, describer.Now) : null);

    private async Task<Hash256?> IdOfErasedAsync(Origin origin, long index)
    {
        var range = await grains.GetGrain<IMemberLogGrain>(origin.Text).ReadAsync(index, 1, 1);
        return range.Entries.Count > 0 && TryInterpret(origin, index, range.Entries[0]) is { } erased
            ? IdOf(erased)
            : null;
    }

    private static LogEntry? TryInterpret(Origin origin, long index, StoredEntry stored) =>
        LogEntry.TryInterpret(
            origin, index, MerkleHash.Leaf(stored.Leaf), stored.Leaf, stored.Salt, stored.Payload, out var entry, out _)
            ? entry
            : null;

    private static Hash256? IdOf(LogEntry entry) => entry.Payload switch
    {
        ListingPayload listing => listing.Indicator.Id,
        WithdrawalPayload withdrawal => withdrawal.IndicatorId,
        OpinionPayload opinion => opinion.IndicatorId,
        _ => null,
    };
}
