using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

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

        try
        {
            return await ExtendSoundAsync(range);
        }
        catch (CorruptStateException damage)
        {
            _damages.Note(damage);
            return new ExtendResult(ExtendOutcome.Damaged, _log.Size, damage.Message);
        }
    }

    private async Task<ExtendResult> ExtendSoundAsync(LogRange range)
    {
        if (!TryGetKey(out var key, out var unknown))
        {
            return Outcome(ExtendOutcome.UnknownLog, unknown);
        }

        if (range.Entries.Count > Limits.MaxRangeEntries || range.Proof.Count > Limits.MaxProofHashes)
        {
            return Outcome(ExtendOutcome.Refused, "The range has too many entries or proof hashes.");
        }

        if (!Checkpoint.TryOpen(range.Checkpoint, key, out var checkpoint, out var error))
        {
            return Outcome(ExtendOutcome.Refused, error);
        }

        NoteShown(range.Checkpoint, checkpoint);
        if (checkpoint.Size <= _log.Size)
        {
            return await TakeCheckpointAsync(range.Checkpoint, checkpoint);
        }

        var end = range.From + range.Entries.Count;
        if (end > checkpoint.Size)
        {
            return Outcome(ExtendOutcome.Refused, "The range goes beyond its checkpoint.");
        }

        return range.From > _log.Size || end <= _log.Size
            ? Outcome(ExtendOutcome.Gap, null)
            : await StoreRangeAsync(range, checkpoint);
    }

    private bool TryGetKey(
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out VerificationKey? key,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        if (_key is not null)
        {
            key = _key.VerificationKey;
            error = null;
            return true;
        }

        return _roster.TryGetLogKey(_origin, out key, out error);
    }

    /// <summary>No new entries; at most a checkpoint for what a broken-off transfer had already brought.</summary>
    private async Task<ExtendResult> TakeCheckpointAsync(byte[] note, Checkpoint checkpoint)
    {
        if (checkpoint.Root != await RootAtAsync(checkpoint.Size))
        {
            return await RecordForkAsync(note, checkpoint, []);
        }

        return IsOwn || checkpoint.Size <= SignedSize
            ? Outcome(ExtendOutcome.AlreadyHeld, null)
            : await CommitExtendAsync(_log.Plan([]), note, checkpoint.Size);
    }

    private async Task<ExtendResult> StoreRangeAsync(LogRange range, Checkpoint checkpoint)
    {
        var fresh = range.Entries.Skip((int)(_log.Size - range.From)).ToList();
        for (var i = 0; i < fresh.Count; i++)
        {
            if (FaultOf(fresh[i]) is { } fault)
            {
                return Outcome(ExtendOutcome.Refused, $"Entry {_log.Size + i}: {fault}");
            }
        }

        var plan = _log.Plan(fresh);
        if (!ConsistencyProof.Verify(plan.Size, checkpoint.Size, plan.Root, checkpoint.Root, range.Proof))
        {
            return Contradicts(range, checkpoint) is { } leaves
                ? await RecordForkAsync(range.Checkpoint, checkpoint, leaves)
                : Outcome(
                    ExtendOutcome.Refused,
                    $"The entries up to {plan.Size} and the proof do not lead to the checkpoint at {checkpoint.Size}.");
        }

        return await CommitExtendAsync(plan, range.Checkpoint, checkpoint.Size);
    }

    private async Task<ExtendResult> CommitExtendAsync(LogPlan plan, byte[] note, long signedSize)
    {
        try
        {
            await _log.CommitAsync(plan, head =>
            {
                if (IsOwn)
                {
                    var whole = head.Size >= _shownSize;
                    head.SignedSize = whole ? head.Size : head.SignedSize;
                    head.Checkpoint = whole ? [] : _shown;
                }
                else if (signedSize <= head.Size)
                {
                    head.SignedSize = signedSize;
                    head.Checkpoint = note;
                }
            });
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
        Show();
        return Outcome(ExtendOutcome.Extended, null);
    }

    /// <summary>What is wrong with an entry so that its sender is to blame, or null.</summary>
    private static string? FaultOf(StoredEntry entry)
    {
        if (entry.Leaf.Length is 0 or > ProtocolLimits.MaxEntry)
        {
            return $"an entry has 1 to {ProtocolLimits.MaxEntry} bytes.";
        }

        if (entry.Salt is null && entry.Payload is null)
        {
            return null;
        }

        if (entry.Salt is not { Length: ProtocolLimits.SaltSize } || entry.Payload is null)
        {
            return "salt and payload come together, or not at all.";
        }

        return !Leaf.TryDecode(entry.Leaf, out var leaf, out _) ? "a leaf without meaning has no payload."
            : entry.Payload.Length > EntryKind.MaxPayload(leaf.Kind) ? "the payload is too long."
            : leaf.Opens(entry.Salt, entry.Payload) ? null
            : "the payload is not what the leaf commits to.";
    }

    private ExtendResult Outcome(ExtendOutcome outcome, string? error)
    {
        if (outcome is ExtendOutcome.Refused)
        {
            LogRefused(_origin, error!);
        }

        return new ExtendResult(outcome, _log.Size, error);
    }
}
