using FederationNode.Audit.Report;
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
    public HeldBeyond? Beyond => key is null && stored.Log is { HasCover: true } log
        ? new HeldBeyond(log.Head.Cover, log.Size, log.CoverAfter)
        : null;

    /// <inheritdoc/>
    /// <remarks>A head that contradicts itself was reported when it was opened.</remarks>
    public IReadOnlyList<SuspectEntries> Suspects =>
    [
        .. (stored.Log?.Suspects ?? [])
            .Where(s => s.Kind != LogRowKind.Head || stored.Log!.Contradiction is null)
            .Select(s => new SuspectEntries(
                s.First, s.End, s.Kind == LogRowKind.Head ? FindingKind.HeadDamaged : FindingKind.RowDamaged, s.Fault)),
    ];

    /// <summary>How many entries of a log are audited: all of an own one, of another those that are proven.</summary>
    public static long SizeOf(StoredLog log, SigningKey? key) =>
        key is null && !log.HasCover ? log.Head.SignedSize : log.Size;

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
            return TilePath.TryParse(path, out var tile, out _) ? await ReadTileAsync(log, tile) : null;
        }
        catch (CorruptStateException damaged) when (damaged.IsMissing)
        {
            throw new MissingRowException(damaged.Message, damaged);
        }
        catch (CorruptStateException damaged)
        {
            // This row, or the page of the file that it lies on: the auditor goes on with the next.
            throw new InvalidDataException(damaged.Message, damaged);
        }
        catch (StorageException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <summary>A full bundle as it is stored: where its bytes break, the auditor says at which entry.</summary>
    private async Task<byte[]?> ReadTileAsync(StoredLog log, TilePath tile)
    {
        var size = SizeOf(log, key);
        return tile is { Level: TilePath.Entries, Width: TilePath.FullWidth } && tile.Number < size / TilePath.FullWidth
            ? await log.ReadSealedBytesAsync(tile.Number)
            : await LogTiles.ReadAsync(log, size, tile.Level, tile.Number, tile.Width);
    }

    /// <summary>An own log's checkpoint is signed again, as at every start: the same head gives the same bytes.</summary>
    private byte[]? CheckpointOf(StoredLog log) => key is null
        ? log.Head.Checkpoint is { Length: > 0 } note ? note : null
        : log.Size == 0 ? null : new Checkpoint(origin, log.Size, log.Root).Sign(key);
}
