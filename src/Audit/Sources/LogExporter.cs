using System.Text;
using FederationNode.Audit.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

namespace FederationNode.Audit.Sources;

/// <summary>What an export wrote.</summary>
/// <param name="Origin">The log, or empty if the source has no checkpoint.</param>
/// <param name="Size">Entries exported.</param>
/// <param name="Files">Files written.</param>
/// <param name="Error">Why nothing usable was written, or null. The directory's old checkpoint, if any, then
/// stands.</param>
public sealed record ExportResult(string Origin, long Size, long Files, string? Error);

/// <summary>
/// Writes a log into a directory in the layout of C2SP tlog-tiles, with payload tiles and a file <c>vkey</c>
/// (docs/protocol.md sections 4 and 15). Copies and verifies nothing: that is the auditor's work. The checkpoint comes
/// last and replaces the old one in one step, so that a broken-off export never claims entries that it has not.
/// </summary>
public static class LogExporter
{
    /// <summary>Exports a log.</summary>
    /// <param name="from">The log.</param>
    /// <param name="directory">Where to; made if missing. An older export of the same log is brought up to
    /// date.</param>
    /// <param name="key">The log's key for the file <c>vkey</c>; null to copy the source's own file, if it has
    /// one.</param>
    /// <param name="cancellationToken">Ends the export; the old checkpoint then stands.</param>
    /// <exception cref="IOException">The source cannot be read, or the directory not be written.</exception>
    public static async Task<ExportResult> WriteAsync(
        ILogSource from, string directory, VerificationKey? key, CancellationToken cancellationToken)
    {
        var note = await from.ReadAsync(LogFiles.Checkpoint, cancellationToken);
        if (note is null || !Checkpoint.TryParse(note, out var checkpoint, out _))
        {
            return new ExportResult(from.Origin ?? "", 0, 0, $"{from.Name} has no checkpoint that can be read.");
        }

        if (await RefusalAsync(directory, checkpoint, cancellationToken) is { } refusal)
        {
            return new ExportResult(checkpoint.Origin, checkpoint.Size, 0, refusal);
        }

        Directory.CreateDirectory(directory);
        var reader = new TileReader(from);
        var written = 0L;
        foreach (var path in AllTiles(checkpoint.Size))
        {
            var read = await reader.ReadAsync(path, cancellationToken);
            if (read.Bytes is null || Cut(read, path) is not { } bytes)
            {
                return new ExportResult(
                    checkpoint.Origin, checkpoint.Size, written, read.Error ?? $"{path} is malformed.");
            }

            await WriteFileAsync(directory, path.ToString(), bytes, flush: false, cancellationToken);
            written++;
        }

        var vkey = key is null
            ? await from.ReadAsync(LogFiles.Vkey, cancellationToken)
            : Encoding.UTF8.GetBytes($"{key}\n");
        if (vkey is not null)
        {
            await WriteFileAsync(directory, LogFiles.Vkey, vkey, flush: false, cancellationToken);
            written++;
        }

        await WriteFileAsync(directory, LogFiles.Checkpoint, note, flush: true, cancellationToken);
        DeleteOldPartials(directory, checkpoint.Size);
        return new ExportResult(checkpoint.Origin, checkpoint.Size, written + 1, null);
    }

    private static IEnumerable<TilePath> AllTiles(long size) =>
        TilePath.ForLevel(TilePath.Entries, size)
            .Concat(TilePath.ForLevel(TilePath.Payloads, size))
            .Concat(TilePath.ForTree(size));

    /// <summary>An export must not go back, nor mix two logs in one directory.</summary>
    private static async Task<string?> RefusalAsync(
        string directory, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var old = await new DirectoryLogSource(directory).ReadAsync(LogFiles.Checkpoint, cancellationToken);
        if (old is null)
        {
            return null;
        }

        return !Checkpoint.TryParse(old, out var there, out _) || there.Origin != checkpoint.Origin
            ? $"{directory} holds something else: choose an empty directory."
            : there.Size > checkpoint.Size || (there.Size == checkpoint.Size && there.Root != checkpoint.Root)
                ? $"{directory} holds a larger or another head of {checkpoint.Origin}: it is kept as evidence; "
                    + "choose an empty directory."
                : null;
    }

    /// <summary>Takes a partial tile out of the full one that stood in for it; null if that is malformed.</summary>
    private static byte[]? Cut(TileRead read, TilePath path)
    {
        if (read.Width == path.Width)
        {
            return read.Bytes;
        }

        switch (path.Level)
        {
            case TilePath.Entries:
                var bundle = BundleContent.Parse(read.Bytes, read.Width, path.Width);
                return bundle.Error is null ? read.Bytes![..bundle.Length] : null;
            case TilePath.Payloads:
                var payloads = PayloadTile.Parse(read.Bytes, read.Width, path.Width);
                return payloads.Error is null
                    ? [.. PayloadTile.HeaderOf(path.Width), .. read.Bytes.AsSpan()[payloads.Header..payloads.Length]]
                    : null;
            default:
                return read.Bytes!.Length >= path.Width * Hash256.Size
                    ? read.Bytes[..(path.Width * Hash256.Size)]
                    : null;
        }
    }

    private static async Task WriteFileAsync(
        string directory, string path, byte[] bytes, bool flush, CancellationToken cancellationToken)
    {
        var file = Path.Combine([directory, .. path.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var part = file + ".part";
        await using (var stream = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            await stream.WriteAsync(bytes, cancellationToken);
            stream.Flush(flush);
        }

        File.Move(part, file, overwrite: true);
    }

    /// <summary>
    /// Partial tiles of earlier exports are not needed any more, and their payloads may have been erased since.
    /// </summary>
    private static void DeleteOldPartials(string directory, long size)
    {
        var tiles = Path.Combine(directory, LogFiles.Tiles);
        if (!Directory.Exists(tiles))
        {
            return;
        }

        var current = AllTiles(size)
            .Where(t => t.Width < TilePath.FullWidth)
            .Select(t => t.ToString())
            .ToHashSet(StringComparer.Ordinal);
        foreach (var folder in Directory.GetDirectories(tiles, "*.p", SearchOption.AllDirectories))
        {
            foreach (var file in Directory.GetFiles(folder))
            {
                var path = Path.GetRelativePath(directory, file).Replace(Path.DirectorySeparatorChar, '/');
                if (!current.Contains(path) && TilePath.TryParse(path, out _, out _))
                {
                    File.Delete(file);
                }
            }

            if (!Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }
    }
}
