using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Logs;

/// <content>
/// Outlines: what of a log counts, kept above what is held of it while its history is fetched. Nothing of it is part of
/// the log's size, of what is served, exported or receipted; it is dropped when everything below its end is held. It is
/// durable, so that a node that is stopped in the middle goes on where it was.
/// </content>
public sealed partial class MemberLogGrain
{
    private OutlineRow _outline = new();
    private string? _outlineETag;

    /// <inheritdoc/>
    public async Task<LogOutline> ReadOutlineAsync(
        long from, int maxEntries, int maxBytes, long asOf, IReadOnlyList<long> whole)
    {
        RefuseDamaged();
        asOf = Math.Min(asOf, HeadSize);
        from = Math.Max(0, from);
        if (from >= asOf || CoverOf(asOf) is not var (note, size))
        {
            return new LogOutline(_checkpoint, Math.Min(from, HeadSize), HeadSize, [], [], [], []);
        }

        var end = Math.Min(asOf, from + Math.Clamp(maxEntries, 1, Limits.MaxRangeEntries));
        var (hashes, entries) = await _log.ReadOutlineAsync(from, end, Math.Clamp(maxBytes, 1, Limits.MaxRangeBytes), whole);
        var part = new LogOutline(note, from, asOf, hashes, entries, [], []);
        var proof = RangeProof.Of(from, await _log.ReadNodesAsync(RangeProof.Nodes(from, part.End, size)));
        return part with { Before = proof.Before, After = proof.After };
    }

    /// <inheritdoc/>
    public async Task<ExtendOutcome> StoreOutlineAsync(CheckedOutline part, string peer)
    {
        if (_damage is not null)
        {
            return ExtendOutcome.Damaged;
        }

        if (IsOwn || _fork is not null || !TryGetKey(out _, out _))
        {
            return ExtendOutcome.Refused;
        }

        var range = part.Restore();
        var isFirst = _outline.Parts.Length == 0;
        var end = isFirst ? _log.Size : _outline.End;
        if (range.From > end || range.End > (Limit ?? long.MaxValue))
        {
            return ExtendOutcome.Gap;
        }

        if (!isFirst && range.From < end)
        {
            return ExtendOutcome.AlreadyHeld;
        }

        if (!await JoinsAsync(range))
        {
            return ExtendOutcome.Fork;
        }

        try
        {
            await _rows.WriteContentAsync(LogRowKind.OutlinePart, PartKey(range.From), RowOf(part.Outline, peer));
            await WriteOutlineAsync(new OutlineRow
            {
                Parts = [.. _outline.Parts, range.From],
                End = range.End,
                AsOf = Math.Max(_outline.AsOf, part.Outline.AsOf),
                Tree = HeadEdge.Join([.. range.TreeAt(range.End).Hashes]),
            });
            return ExtendOutcome.Extended;
        }
        catch (RowConflictException conflict)
        {
            StepDown(conflict);
        }
        catch (StorageException failure)
        {
            LogStorageFailed(_origin, failure);
            DeactivateOnIdle();
        }

        return ExtendOutcome.StorageUnavailable;
    }

    /// <inheritdoc/>
    public async Task<(LogOutline Part, string Peer)?> ReadKeptOutlineAsync(long from)
    {
        var at = Array.BinarySearch(_outline.Parts, from);
        at = at < 0 ? ~at - 1 : at;
        if (at < 0 || from >= _outline.End)
        {
            return null;
        }

        from = _outline.Parts[at];
        var stored = await _rows.ReadAsync<OutlinePartRow>(LogRowKind.OutlinePart, PartKey(from))
            ?? throw CorruptStateException.Missing(LogRowKind.OutlinePart, PartKey(from));
        return FaultOf(stored.Value, from) is { } fault
            ? throw new CorruptStateException(LogRowKind.OutlinePart, PartKey(from), fault)
            : (OutlineOf(from, stored.Value), stored.Value.Peer);
    }

    /// <summary>An entry that is whole in the outline is as proven as one that is held.</summary>
    private async Task<EntryEvidence?> EvidenceInOutlineAsync(long index)
    {
        return await ReadKeptOutlineAsync(index) is var (part, _) && part.Whole.FirstOrDefault(w => w.Index == index) is { } whole
            ? EvidenceIn(part.Restore(), index, whole.Entry)
            : null;
    }

    /// <inheritdoc/>
    public async Task<bool> CheckOutlineAsync()
    {
        if (_damage is not null || _outline.Parts.Length == 0 || _log.Size < _outline.End
            || (await _log.ReadNodesAsync(CompactRange.Nodes(0, _outline.End))).SequenceEqual(HeadEdge.Split(_outline.Tree)))
        {
            return true;
        }

        foreach (var from in _outline.Parts)
        {
            // The first part of the other branch shows where it parts from this one.
            if (await ReadKeptOutlineAsync(from) is var (part, _) && part.Restore() is var range
                && range.Join(_log.Size, await _log.ReadNodesAsync(range.NodesToJoin(_log.Size))) is RangeJoin.Contradicts)
            {
                await ContradictAsync(range);
                break;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public async Task DropOutlineAsync()
    {
        var parts = _outline.Parts;
        if (parts.Length == 0)
        {
            return;
        }

        try
        {
            await WriteOutlineAsync(new OutlineRow());
            foreach (var from in parts)
            {
                await ClearPartAsync(from);
            }
        }
        catch (RowConflictException conflict)
        {
            StepDown(conflict);
        }
        catch (StorageException failure)
        {
            // What is left over is overwritten, or lies about and means nothing.
            LogStorageFailed(_origin, failure);
            DeactivateOnIdle();
        }
    }

    private async Task LoadOutlineAsync()
    {
        (_outline, _outlineETag, var damage) =
            await _rows.ReadDisposableAsync<OutlineRow>(LogRowKind.Outline, _origin, FaultOf);
        if (damage is not null)
        {
            LogOutlineLost(_origin, damage);
        }

        ShowOutline();
    }

    /// <summary>What is wrong with a row of a kept outline, without a full stop, or null.</summary>
    public static string? FaultOf(OutlineRow row) =>
        row.Parts is null || row.Tree is null || row.Tree.Length % Hash256.Size != 0
            || (row.Parts.Length > 0
                && (row.End is < 1 or > ProtocolLimits.MaxLogSize
                    || row.Tree.Length / Hash256.Size != CompactRange.Nodes(0, row.End).Count))
            ? "a part of it is missing or out of range"
            : null;

    /// <summary>What is wrong with a row of a part of a kept outline, without a full stop, or null.</summary>
    public static string? FaultOf(OutlinePartRow row, long from) =>
        row.Checkpoint is null || row.Peer is null || row.Indexes is null || row.Hashes is null || row.Before is null || row.After is null
            || row.Whole?.Length != row.Indexes.Length || row.Whole.Any(e => e?.Leaf is null)
            || row.Hashes.Length % Hash256.Size != 0 || row.Before.Length % Hash256.Size != 0 || row.After.Length % Hash256.Size != 0
            || row.Indexes.Any(i => i < from) || row.AsOf < from
            ? "a part of it is missing or out of range"
            : null;

    /// <summary>Whether a part is of the same branch as what is kept and held.</summary>
    private async Task<bool> JoinsAsync(VerifiedRange range)
    {
        if (range.Join(_log.Size, await _log.ReadNodesAsync(range.NodesToJoin(_log.Size))) is RangeJoin.Contradicts)
        {
            return false;
        }

        return _outline.Parts.Length == 0
            || range.Join(range.From, HeadEdge.Split(_outline.Tree)) is not RangeJoin.Contradicts;
    }

    private async Task WriteOutlineAsync(OutlineRow row)
    {
        _outlineETag = await _rows.WriteAsync(LogRowKind.Outline, _origin, row, _outlineETag);
        _outline = row;
        ShowOutline();
    }

    private void ShowOutline()
    {
        var from = _outline.Parts.Length == 0 ? 0 : _outline.Parts[0];
        _heads.Outline(new OutlineStatus(_origin, from, _outline.Parts.Length == 0 ? from : _outline.End, _outline.AsOf));
    }

    private async Task ClearPartAsync(long from)
    {
        var key = PartKey(from);
        var (_, etag, _) = await _rows.ReadDisposableAsync<OutlinePartRow>(LogRowKind.OutlinePart, key);
        if (etag is not null)
        {
            await _rows.ClearAsync(LogRowKind.OutlinePart, key, etag);
        }
    }

    private string PartKey(long from) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{_origin}:{from}");

    private static OutlinePartRow RowOf(LogOutline part, string peer) => new()
    {
        Checkpoint = part.Checkpoint,
        AsOf = part.AsOf,
        Hashes = part.Hashes,
        Indexes = [.. part.Whole.Select(w => w.Index)],
        Whole = [.. part.Whole.Select(w => new TailEntry { Leaf = w.Entry.Leaf, Salt = w.Entry.Salt, Payload = w.Entry.Payload })],
        Before = HeadEdge.Join(part.Before),
        After = HeadEdge.Join(part.After),
        Peer = peer,
    };

    private static LogOutline OutlineOf(long from, OutlinePartRow row) => new(
        row.Checkpoint,
        from,
        row.AsOf,
        row.Hashes,
        [.. row.Indexes.Zip(row.Whole, (i, e) => new WholeEntry(i, new StoredEntry(e.Leaf, e.Salt, e.Payload)))],
        HeadEdge.Split(row.Before),
        HeadEdge.Split(row.After));
}
