using FederationNode.Audit.Sources;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

namespace FederationNode.Node.Cli;

/// <summary>One log in the database of a stopped node.</summary>
/// <param name="folder">The node's folder.</param>
/// <param name="origin">The log.</param>
/// <param name="stored">The log as it was opened.</param>
/// <param name="key">The key of an own log, or null.</param>
internal sealed class StoppedLogSource(string folder, string origin, StoredLogOrDamage stored, SigningKey? key)
    : ILogSource
{
    /// <inheritdoc/>
    public string Name => $"{folder} ({origin})";

    /// <inheritdoc/>
    public string? Origin => origin;

    /// <inheritdoc/>
    public async Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (stored.Log is not { } log)
        {
            throw new DamagedHeadException(stored.Damage!);
        }

        if (path == LogFiles.Checkpoint)
        {
            return CheckpointOf(log);
        }

        try
        {
            var size = key is null ? log.Head.SignedSize : log.Size;
            return TilePath.TryParse(path, out var tile, out _)
                ? await LogTiles.ReadAsync(log, size, tile.Level, tile.Number, tile.Width)
                : null;
        }
        catch (StorageException damaged) when (damaged.Fault == StorageFault.Corrupt)
        {
            // This row, or the page of the file that it lies on: the auditor goes on with the next.
            throw new InvalidDataException(damaged.Message, damaged);
        }
        catch (StorageException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <summary>An own log's checkpoint is signed again, as at every start: the same head gives the same bytes.</summary>
    private byte[]? CheckpointOf(StoredLog log) => key is null
        ? log.Head.Checkpoint is { Length: > 0 } note ? note : null
        : log.Size == 0 ? null : new Checkpoint(origin, log.Size, log.Root).Sign(key);
}
