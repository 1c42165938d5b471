using FederationNode.Protocol;

namespace FederationNode.Detector;

/// <content>
/// What the replica keeps on disk. A disk that fails is no reason to forget the list: it is said in the status, and tried
/// again later.
/// </content>
public sealed partial class FederationReplica
{
    /// <summary>
    /// The file is written anew when it has had rows for so long that newer ones have taken the place of, or may have: what was
    /// erased from the list leaves the disk by it, well within the time that the protocol gives.
    /// </summary>
    private static readonly TimeSpan s_longestGone = TimeSpan.FromHours(6);

    // Since when rows may stand in the file that do not count any more; null: none do.
    private DateTimeOffset? _goneSince;

    private bool IsFileOld => _goneSince is { } since && _clock.GetUtcNow() - since >= s_longestGone;

    private void LoadFile()
    {
        try
        {
            var loaded = _file!.Load(_options.MaxIndicators, out var fault);
            if (fault is not null)
            {
                LogFileDamaged(fault);
            }

            if (loaded is not var (list, place))
            {
                return;
            }

            Interlocked.Exchange(ref _heard, DateTimeOffset.FromUnixTimeSeconds(place.Heard).UtcTicks);
            Hold(list, place);
            _fileIsBehind = false;
            _goneSince = _clock.GetUtcNow();
            LogLoaded(list.Count);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            // The node has the list, too.
            _file!.Close();
            _fileError = e.Message;
            LogFileFailed(e.Message);
        }
    }

    /// <summary>Puts on disk what was just taken into the list.</summary>
    private void Keep(List<KeyValuePair<Hash256, byte[]?>> rows)
    {
        if (_file is not { } file || _held is not { } held || (_fileError is not null && _clock.GetUtcNow() < _fileAgain))
        {
            return;
        }

        try
        {
            if (_fileIsBehind || file.IsLong || IsFileOld)
            {
                file.Write(held.List, held.Place);
                _goneSince = null;
            }
            else
            {
                file.Append(rows, held.Place);
                _goneSince ??= rows.Count > 0 ? _clock.GetUtcNow() : null;
            }

            (_fileIsBehind, _fileError) = (false, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.Close();
            (_fileIsBehind, _fileError, _fileAgain) = (true, e.Message, _clock.GetUtcNow() + s_filePause);
            LogFileFailed(e.Message);
        }
    }
}
