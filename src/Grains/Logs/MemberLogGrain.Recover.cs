using FederationNode.Contracts.Logs;
using FederationNode.Protocol.Notes;

namespace FederationNode.Grains.Logs;

/// <content>
/// An own log that an old backup set back. Nothing is appended, and nothing beyond the last checkpoint is signed,
/// before enough peers could have shown that they hold more, and all that they did show is fetched back. A checkpoint
/// under the own key proves that there is more; a mere claim is not heard.
/// </content>
public sealed partial class MemberLogGrain
{
    // The largest checkpoint of this log beyond what is held; kept in the head row with the first entries fetched back.
    private byte[] _shown = [];
    private long _shownSize;

    /// <inheritdoc/>
    public async Task ConfirmAsync()
    {
        _heads.Confirm(_origin);
        if (_damage is null)
        {
            await AppendDeferredAsync();
        }
    }

    /// <inheritdoc/>
    public async Task<long?> NoteShownAsync(byte[] checkpoint)
    {
        if (!IsOwn || !Checkpoint.TryOpen(checkpoint, OwnKey!.VerificationKey, out var shown, out _))
        {
            return null;
        }

        if (_damage is not null)
        {
            // The peer shows what is true; that this log takes nothing anyhow is no fault of its.
            return shown.Size;
        }

        NoteShown(checkpoint, shown);
        if (shown.Size <= _log.Size)
        {
            await TakeHeadAsync(checkpoint, shown);
        }

        return shown.Size;
    }

    private void NoteShown(byte[] note, Checkpoint checkpoint)
    {
        if (IsOwn && checkpoint.Size > Math.Max(_log.Size, _shownSize))
        {
            (_shown, _shownSize) = (note, checkpoint.Size);
            _heads.Show(_origin, note);
            LogBehind(_origin, _log.Size, checkpoint.Size);
        }
    }

    /// <summary>What an earlier activation was shown and could not yet fetch back.</summary>
    private void RestoreShown()
    {
        foreach (var note in (byte[]?[])[_log.Head.Checkpoint, _heads.ShownOf(_origin)])
        {
            if (Checkpoint.TryOpen(note, OwnKey!.VerificationKey, out var shown, out _))
            {
                NoteShown(note!, shown);
            }
        }
    }

    private AppendResult? WhyBehind()
    {
        if (_shownSize > _log.Size)
        {
            return AppendResult.Refused(
                AppendRefusal.Behind,
                $"A peer holds {_shownSize} entries of {_origin}, this node {_log.Size}: it was restored from an old backup "
                    + "and first fetches what it lost. Try again soon.");
        }

        return _heads.IsConfirmed(_origin)
            ? null
            : AppendResult.Refused(
                AppendRefusal.Behind,
                $"The node has just started and first asks the other members whether they hold more of {_origin}: after an "
                    + "old backup was restored they would. It needs an answer of more than a third of them. Try again soon.");
    }
}
