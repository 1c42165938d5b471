using FederationNode.Audit.Sources;
using FederationNode.Grains.Storage;

namespace FederationNode.Node.Cli;

/// <summary>A log of a node, running or stopped, for the auditor and the exporter.</summary>
internal sealed class NodeLogSource(NodeTarget target, string origin) : ILogSource
{
    /// <inheritdoc/>
    public string Name => target.Folder is { } folder ? $"{folder.Path} ({origin})" : origin;

    /// <inheritdoc/>
    public string? Origin => origin;

    /// <inheritdoc/>
    public async Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await target.ReadLogFileAsync(origin, path, cancellationToken);
        }
        catch (Exception damaged) when (damaged is CorruptStateException or DamagedRowException)
        {
            // Everything hangs on the head; of another file the auditor goes on with the next and reports this one.
            throw path == LogFiles.Checkpoint
                ? new DamagedHeadException(damaged.Message, damaged)
                : new InvalidDataException(damaged.Message, damaged);
        }
        catch (StorageException failure)
        {
            throw new IOException(failure.Message, failure);
        }
        catch (CliException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }
}
