using System.Diagnostics.CodeAnalysis;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Logs;

/// <content>Extending a log by what a peer sent: a foreign log, or an own one that a restored backup set back.</content>
public sealed partial class MemberLogGrain
{
    /// <inheritdoc/>
    public async Task<ExtendResult> ExtendAsync(LogRange range)
    {
        if (_damage is not null)
        {
            return new ExtendResult(ExtendOutcome.Damaged, 0, _damage.Message);
        }

        if (!TryGetKey(out var key, out var unknown))
        {
            return Outcome(ExtendOutcome.UnknownLog, unknown);
        }

        return RangeCheck.TryCheck(_origin, range, key, out var verified, out var error)
            ? await ExtendCheckedAsync(verified)
            : Outcome(ExtendOutcome.Refused, error);
    }

    /// <inheritdoc/>
    public async Task<ExtendResult> ExtendCheckedAsync(CheckedRange range)
    {
        if (_damage is not null)
        {
            return new ExtendResult(ExtendOutcome.Damaged, 0, _damage.Message);
        }

        try
        {
            return TryGetKey(out _, out var unknown)
                ? await TakeAsync(range)
                : Outcome(ExtendOutcome.UnknownLog, unknown);
        }
        catch (CorruptStateException damage)
        {
            _damages.Note(damage);
            return new ExtendResult(ExtendOutcome.Damaged, _log.Size, damage.Message);
        }
    }

    private async Task<ExtendResult> TakeAsync(CheckedRange given)
    {
        var range = given.Restore();
        NoteShown(range.Note, range.Head);
        if (given.Range.Entries.Count == 0)
        {
            return await TakeHeadAsync(range.Note, range.Head);
        }

        var own = await _log.ReadNodesAsync(range.NodesToJoin(_log.Size));
        switch (range.Join(_log.Size, own))
        {
            case RangeJoin.Contradicts:
                return await ContradictAsync(range);
            case RangeJoin.Gap:
                return Overlie(given, range);
            case RangeJoin.Held:
                return await TakeHeadAsync(range.Note, range.Head);
            default:
                return await StoreAsync(given, range);
        }
    }

    /// <summary>No new entries; at most a checkpoint for what a broken-off transfer had already brought.</summary>
    private async Task<ExtendResult> TakeHeadAsync(byte[] note, Checkpoint head)
    {
        if (head.Size > _log.Size)
        {
            return Outcome(ExtendOutcome.Gap, null);
        }

        if (head.Root != await RootAtAsync(head.Size))
        {
            return await ContradictAsync(note, head);
        }

        return IsOwn || head.Size <= SignedSize
            ? Outcome(ExtendOutcome.AlreadyHeld, null)
            : await CommitExtendAsync(_log.Plan([]), row =>
            {
                (row.SignedSize, row.Checkpoint) = (head.Size, note);
                if (head.Size == row.Size)
                {
                    (row.Cover, row.CoverAfter) = ([], []);
                }
            });
    }

    private async Task<ExtendResult> StoreAsync(CheckedRange given, VerifiedRange range)
    {
        var end = Math.Min(range.End, Limit ?? long.MaxValue);
        if (end <= _log.Size)
        {
            return Outcome(ExtendOutcome.AlreadyHeld, null);
        }

        var (skip, take) = ((int)(_log.Size - range.From), (int)(end - _log.Size));
        var plan = _log.Plan(
            [.. given.Range.Entries.Skip(skip).Take(take)], new ArraySegment<Hash256>(given.LeafHashes, skip, take));
        if (range.Head.Size == plan.Size && plan.Root != range.Head.Root)
        {
            throw new InvalidOperationException($"A range of {_origin} was said to be verified and does not fit.");
        }

        return await CommitExtendAsync(plan, row =>
        {
            var isWhole = range.Head.Size == row.Size;
            if (IsOwn)
            {
                var isBack = row.Size >= _shownSize;
                row.SignedSize = isBack ? row.Size : row.SignedSize;
                row.Checkpoint = isBack ? [] : _shown;
            }
            else if (isWhole)
            {
                (row.SignedSize, row.Checkpoint) = (range.Head.Size, range.Note);
            }

            (row.Cover, row.CoverAfter) = isWhole || row.SignedSize == row.Size
                ? ([], [])
                : (range.Note, HeadEdge.Join([.. CompactRange.Nodes(row.Size, range.Head.Size).Select(n => HashOf(range, n))]));
        });
    }

    private static Hash256 HashOf(VerifiedRange range, NodeId node) => range.TryHash(node, out var hash)
        ? hash
        : throw new InvalidOperationException("A verified range tells everything that lies behind its first entry.");

    private async Task<ExtendResult> CommitExtendAsync(LogPlan plan, Action<HeadRow> complete)
    {
        try
        {
            await _log.CommitAsync(plan, complete);
        }
        catch (RowConflictException conflict)
        {
            StepDown(conflict);
            return Outcome(ExtendOutcome.StorageUnavailable, "Another writer moved the log's head.");
        }
        catch (StorageException failure)
        {
            LogStorageFailed(_origin, failure);
            DeactivateOnIdle();
            return Outcome(ExtendOutcome.StorageUnavailable, failure.Message);
        }

        // An own log that is being fetched back is signed only once it has caught up with what the peers have seen.
        _checkpoint = !IsOwn ? _log.Head.Checkpoint
            : SignedSize == _log.Size ? await SignCheckpointAsync()
            : _checkpoint;
        TrimOverlay();
        await ShowAsync();
        if (IsOwn)
        {
            await AppendDeferredAsync();
        }

        return Outcome(ExtendOutcome.Extended, null);
    }

    private bool TryGetKey([NotNullWhen(true)] out VerificationKey? key, [NotNullWhen(false)] out string? error)
    {
        if (OwnKey is not null)
        {
            key = OwnKey.VerificationKey;
            error = null;
            return true;
        }

        return _roster.TryGetLogKey(_origin, out key, out error);
    }

    private ExtendResult Outcome(ExtendOutcome outcome, string? error)
    {
        if (outcome is ExtendOutcome.Refused)
        {
            LogRefused(_origin, error!);
        }

        return new ExtendResult(outcome, _log.Size, error, HeadSize);
    }
}
