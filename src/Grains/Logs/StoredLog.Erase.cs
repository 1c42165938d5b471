using FederationNode.Grains.Storage;
using FederationNode.Protocol.Entries;

namespace FederationNode.Grains.Logs;

/// <content>
/// Erasure: payloads and salts leave the rows, leaves and hashes stay. Doing it again changes nothing, so that whoever was
/// killed in the middle begins anew.
/// </content>
public sealed partial class StoredLog
{
    /// <summary>
    /// Removes payload and salt of entries of one bundle, sealed or not: also from rows that a crash left at its place,
    /// to which no head refers.
    /// </summary>
    /// <param name="number">The bundle.</param>
    /// <param name="indexes">Entries of it, below the size. Those of kind <c>erase</c> and <c>lapse</c> keep their payload.</param>
    /// <returns>Payloads that were there, and are gone from the disk.</returns>
    /// <exception cref="CorruptStateException">A row at this place is damaged: nothing of it was written.</exception>
    /// <exception cref="RowConflictException">Somebody else wrote a row meanwhile.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    internal async Task<int> EraseAsync(long number, IReadOnlyList<long> indexes)
    {
        var rows = Writable();
        var leaves = await ReadLeavesAsync(number);
        var places = indexes.Select(i => (int)(i - (number * Width))).Distinct()
            .Where(i => !Leaf.TryDecode(leaves[i].Span, out var leaf, out _) || !EntryKind.IsOrder(leaf.Kind)).ToList();
        var sealedKey = number == Size / Width ? null : BundleKey(number, await RootOfTileAsync(0, number));

        // What a crash left comes first: once the payload is gone from the log itself, nobody would look here again for a
        // listing that has lapsed.

        var beginning = new SealedPlace(Origin, 0, number, default).BeginningFor(LogRowKind.Payloads);
        var leftOver = new List<string>();
        await foreach (var key in rows.ListKeysAsync(LogRowKind.Payloads, beginning))
        {
            if (key != sealedKey)
            {
                leftOver.Add(key);
            }
        }

        foreach (var key in leftOver)
        {
            _ = await EraseRowAsync(rows, key, places);
        }

        return sealedKey is null ? await EraseUnsealedAsync(places) : await EraseRowAsync(rows, sealedKey, places);
    }

    private async Task<int> EraseUnsealedAsync(List<int> places)
    {
        var there = places.Where(i => Head.Tail[i] is { Salt: not null } or { Payload: not null }).ToHashSet();
        if (there.Count == 0)
        {
            return 0;
        }

        var plan = Plan([]);
        plan.Tail = [.. Head.Tail.Select((entry, i) => there.Contains(i) ? new TailEntry { Leaf = entry.Leaf } : entry)];
        await CommitAsync(plan, _ => { });
        return there.Count;
    }

    private static async Task<int> EraseRowAsync(RowStore rows, string key, List<int> places)
    {
        var row = await rows.ReadAsync<PayloadsRow>(LogRowKind.Payloads, key)
            ?? throw CorruptStateException.Missing(LogRowKind.Payloads, key);
        if (row.Value.Items is not { Length: Width } items)
        {
            throw Damaged(LogRowKind.Payloads, key, $"It has {row.Value.Items?.Length ?? 0} items, not {Width}.");
        }

        var there = places.Where(i => items[i] is not null).ToHashSet();
        if (there.Count > 0)
        {
            var rest = new PayloadsRow { Items = [.. items.Select((item, i) => there.Contains(i) ? null : item)] };
            await rows.WriteAsync(LogRowKind.Payloads, key, rest, row.ETag);
        }

        return there.Count;
    }
}
