using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Logs;

/// <content>
/// Writing damaged sealed rows anew. What such a row must hold is told by the tree alone: by the hash of its place, which
/// is followed up to the head, so that nothing but what was signed or verified before can get in.
/// </content>
public sealed partial class StoredLog
{
    // Of two rows at one place all but one are left over from crashes; more ways to choose than this are not tried.
    private const int MaxChoices = 1 << 10;

    /// <summary>Writes a bundle and its payloads anew, whichever is damaged.</summary>
    /// <param name="number">The bundle.</param>
    /// <param name="entries">Its entries, each of which a payload, if there is one, opens.</param>
    /// <param name="erased">Indices of entries whose payload is not kept; null: not known, so no payloads are written.</param>
    /// <exception cref="CorruptStateException">A row above it is damaged, too.</exception>
    /// <exception cref="RowConflictException">Somebody else wrote the row meanwhile.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    internal async Task<(RepairOutcome Outcome, IReadOnlyList<(string Kind, string Key)> Sound)> RepairBundleAsync(
        long number, IReadOnlyList<StoredEntry> entries, IReadOnlyList<long>? erased)
    {
        var rows = Writable();
        if (number >= Size / Width)
        {
            return (RepairOutcome.Lost, []);
        }

        var root = await CommittedRootAsync(0, number);
        Hash256[] hashes = [.. entries.Select(e => MerkleHash.Leaf(e.Leaf))];
        if (hashes.Length != Width || HeadEdge.RootOf(hashes, 0, Width) != root)
        {
            return (RepairOutcome.Contradicts, []);
        }

        var key = BundleKey(number, root);
        var bundle = new BundleRow
        {
            Leaves = EntryBundle.Encode([.. entries.Select(e => (ReadOnlyMemory<byte>)e.Leaf)]),
            Hashes = HeadEdge.Join(hashes),
        };
        var found = await FindDamageAsync<BundleRow>(
            rows,
            LogRowKind.Bundle,
            key,
            r => bundle.Leaves.AsSpan().SequenceEqual(r.Leaves) && bundle.Hashes.AsSpan().SequenceEqual(r.Hashes));
        var beside = await FindDamageAsync<PayloadsRow>(rows, LogRowKind.Payloads, key, r => AreBeside(r, entries));
        if (found is { IsWritable: false } || beside is { IsWritable: false })
        {
            return (RepairOutcome.Lost, []);
        }

        if (found is not null)
        {
            await rows.WriteAsync(LogRowKind.Bundle, key, bundle, found.ETag);
            _tiles.Remove((0, number));
        }

        if (beside is not null)
        {
            if (erased is null || !TryMakePayloads(number * Width, entries, erased, out var payloads))
            {
                return (RepairOutcome.Incomplete, [(LogRowKind.Bundle, key)]);
            }

            await rows.WriteAsync(LogRowKind.Payloads, key, payloads, beside.ETag);
        }

        return (
            found is null && beside is null ? RepairOutcome.Sound : RepairOutcome.Repaired,
            [(LogRowKind.Bundle, key), (LogRowKind.Payloads, key)]);
    }

    /// <summary>Writes a tile anew, out of the keys of the rows below it.</summary>
    /// <param name="level">Its level, from 1 on.</param>
    /// <param name="number">Its number.</param>
    /// <inheritdoc cref="RepairBundleAsync"/>
    internal async Task<(RepairOutcome Outcome, IReadOnlyList<(string Kind, string Key)> Sound)> RepairTileAsync(
        int level, long number)
    {
        var rows = Writable();
        if (level < 1 || number >= Size >> (WidthBits * (level + 1)))
        {
            return (RepairOutcome.Lost, []);
        }

        var root = await CommittedRootAsync(level, number);
        var key = TileKey(level, number, root);
        var found = await FindDamageAsync<TileRow>(
            rows,
            LogRowKind.Tile,
            key,
            r => r.Hashes is { Length: Width * Hash256.Size } && HeadEdge.RootOf(HeadEdge.Split(r.Hashes), 0, Width) == root);
        if (found is not null)
        {
            if (!found.IsWritable || await FindHashesAsync(rows, level, number, root) is not { } hashes)
            {
                return (RepairOutcome.Lost, []);
            }

            await rows.WriteAsync(LogRowKind.Tile, key, new TileRow { Hashes = HeadEdge.Join(hashes) }, found.ETag);
        }

        _tiles.Remove((level, number));
        return (found is null ? RepairOutcome.Sound : RepairOutcome.Repaired, [(LogRowKind.Tile, key)]);
    }

    private RowStore Writable() => _rows as RowStore
        ?? throw new InvalidOperationException("A log that was opened for an audit is for reading only.");

    /// <summary>
    /// The root that the head commits a sealed place to. A tile on the way up is not believed: it must itself have the
    /// hash that the tile above it names.
    /// </summary>
    private async Task<Hash256> CommittedRootAsync(int level, long number)
    {
        var root = await RootOfTileAsync(level, number);
        var above = number / Width;
        if (above != Size >> (WidthBits * (level + 2)))
        {
            var committed = await CommittedRootAsync(level + 1, above);
            if (HeadEdge.RootOf(await ReadTileAsync(level + 1, above), 0, Width) != committed)
            {
                throw Damaged(LogRowKind.Tile, TileKey(level + 1, above, committed), "Its hashes do not lead to its root.");
            }
        }

        return root;
    }

    /// <summary>The hashes of a tile: of the rows at each place below it, the one that makes the root come out.</summary>
    private async Task<Hash256[]?> FindHashesAsync(RowStore rows, int level, long number, Hash256 root)
    {
        var (kind, first) = (level == 1 ? LogRowKind.Bundle : LogRowKind.Tile, number * Width);
        var found = new List<Hash256>[Width];
        var beginning = level == 1 ? $"{Origin}|" : $"{Origin}|{level - 1}|";
        await foreach (var key in rows.ListKeysAsync(kind, beginning))
        {
            if (SealedPlace.TryParse(kind, key, out var place) && place.Level == level - 1
                && place.Number >= first && place.Number < first + Width)
            {
                (found[place.Number - first] ??= []).Add(place.Root);
            }
        }

        var choices = 1L;
        foreach (var at in found)
        {
            choices = Math.Min(choices * (at?.Count ?? 0), MaxChoices);
        }

        var hashes = new Hash256[Width];
        for (var choice = 0L; choice < choices; choice++)
        {
            var rest = choice;
            for (var i = 0; i < Width; i++)
            {
                hashes[i] = found[i][(int)(rest % found[i].Count)];
                rest /= found[i].Count;
            }

            if (HeadEdge.RootOf(hashes, 0, Width) == root)
            {
                return hashes;
            }
        }

        return null;
    }

    /// <summary>What stands beside the leaves is right if every payload opens its leaf; one may have been erased.</summary>
    private static bool AreBeside(PayloadsRow row, IReadOnlyList<StoredEntry> entries) =>
        row.Items is { Length: Width } items && !items.Where((item, i) => item is not null && VerifiedRange.FaultOf(
            new SentEntry(entries[i].Leaf, item.Salt, item.Payload)) is not null).Any();

    /// <summary>docs/protocol.md, "erase": a payload is absent only if an entry of the same log orders its erasure, or it has lapsed.</summary>
    private static bool TryMakePayloads(
        long first, IReadOnlyList<StoredEntry> entries, IReadOnlyList<long> erased, out PayloadsRow row)
    {
        row = new PayloadsRow { Items = new PayloadItem?[Width] };
        for (var i = 0; i < Width; i++)
        {
            var entry = entries[i];
            if (VerifiedRange.FaultOf(new SentEntry(entry.Leaf, OrNull(entry.Salt), OrNull(entry.Payload))) is { } fault)
            {
                throw new ArgumentException($"Entry {first + i} was said to be verified: {fault}", nameof(entries));
            }

            // A leaf without meaning has none.
            var isWanted = Leaf.TryDecode(entry.Leaf, out var leaf, out _)
                && (EntryKind.IsOrder(leaf.Kind) || !erased.Contains(first + i));
            row.Items[i] = isWanted ? Item(entry.Salt, entry.Payload) : null;
            if (isWanted && row.Items[i] is null)
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlyMemory<byte>? OrNull(byte[]? bytes) => bytes is null ? (ReadOnlyMemory<byte>?)null : bytes;

    /// <summary>What is needed to write a row over, or null if it is sound.</summary>
    private static async Task<DamagedRow?> FindDamageAsync<T>(RowStore rows, string kind, string key, Func<T, bool> isSound)
        where T : class, new()
    {
        try
        {
            var row = await rows.ReadAsync<T>(kind, key);
            return row is null ? new DamagedRow(null, true) : isSound(row.Value) ? null : new DamagedRow(row.ETag, true);
        }
        catch (CorruptStateException damage)
        {
            return new DamagedRow(damage.ETag, damage.ETag is not null);
        }
    }

    private sealed record DamagedRow(string? ETag, bool IsWritable);
}
