using FederationNode.Protocol;

namespace FederationNode.Detector;

/// <content>
/// What the replica keeps on disk. A disk that fails is no reason to forget the list: it is said in the status, and tried
/// again later.
/// </content>
public sealed partial class FederationReplica
{
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
    private void Keep(IReadOnlyCollection<KeyValuePair<Hash256, byte[]?>> rows)
    {
        if (_file is not { } file || _held is not { } held || (_fileError is not null && _clock.GetUtcNow() < _fileAgain))
        {
            return;
        }

        try
        {
            if (_fileIsBehind || file.IsLong)
            {
                file.Write(held.List, held.Place);
            }
            else
            {
                file.Append(rows, held.Place);
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
