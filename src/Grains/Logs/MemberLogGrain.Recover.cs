using FederationNode.Contracts.Logs;
using FederationNode.Protocol.Notes;

namespace FederationNode.Grains.Logs;

/// <content>
/// An own log that an old backup set back. Nothing is appended, and nothing beyond the last checkpoint is signed,
/// before all that the peers have seen is fetched back. A checkpoint under the own key proves that there is more; a
/// peer's word does not, so it holds the log up only for as long as fetching the proof may take.
/// </content>
public sealed partial class MemberLogGrain
{
    private static readonly TimeSpan s_claimHolds = TimeSpan.FromSeconds(30);

    // The largest checkpoint of this log beyond what is held; kept in the head row with the first entries fetched back.
    private byte[] _shown = [];
    private long _shownSize;
    private long _claimedSize;
    private long? _claimedAt;

    /// <inheritdoc/>
    public Task NotePeerSizeAsync(long size)
    {
        // Only the first claim counts: somebody who goes on lying must not go on stopping this log.
        if (IsOwn && _damage is null && size > _log.Size && _claimedAt is null)
        {
            (_claimedSize, _claimedAt) = (size, _clock.GetTimestamp());
            LogClaim(_origin, _log.Size, size);
        }

        return Task.CompletedTask;
    }

    private void NoteShown(byte[] note, Checkpoint checkpoint)
    {
        if (IsOwn && checkpoint.Size > Math.Max(_log.Size, _shownSize))
        {
            (_shown, _shownSize) = (note, checkpoint.Size);
            LogBehind(_origin, _log.Size, checkpoint.Size);
        }
    }

    /// <summary>What an earlier activation was shown and could not yet fetch back.</summary>
    private void RestoreShown()
    {
        if (Checkpoint.TryOpen(_log.Head.Checkpoint, _key!.VerificationKey, out var shown, out _))
        {
            NoteShown(_log.Head.Checkpoint, shown);
        }
    }

    private AppendResult? WhyBehind()
    {
        var claimed = _claimedAt is { } at && _clock.GetElapsedTime(at) < s_claimHolds ? _claimedSize : 0;
        var most = Math.Max(_shownSize, claimed);
        return most > _log.Size
            ? AppendResult.Refused(
                AppendRefusal.Behind,
                $"A peer holds {most} entries of {_origin}, this node {_log.Size}: it was restored from an old backup "
                    + "and first fetches what it lost. Try again soon.")
            : null;
    }
}
