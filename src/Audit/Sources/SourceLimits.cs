using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

namespace FederationNode.Audit.Sources;

/// <summary>The longest that each file of a log can be. Nothing longer is taken into memory.</summary>
public static class SourceLimits
{
    private const int VkeyFile = 1024;
    private const int PayloadOverhead = 32;

    /// <summary>The most bytes that the file at <paramref name="path"/> has in any well-formed log.</summary>
    /// <param name="path">The path below the log's prefix.</param>
    /// <param name="origin">The log, or null if unknown: only a roster log has payloads of up to 1 MiB.</param>
    public static int MaxBytes(string path, string? origin)
    {
        if (!TilePath.TryParse(path, out var tile, out _))
        {
            return path == LogFiles.Checkpoint ? Checkpoint.MaxNote : VkeyFile;
        }

        var isRoster = origin is null || !Origin.TryParse(origin, out var log, out _) || log.Log == Origin.RosterLog;
        var payload = isRoster ? ProtocolLimits.MaxRosterPayload : ProtocolLimits.MaxPayload;
        return tile.Level switch
        {
            TilePath.Entries => tile.Width * (sizeof(ushort) + ProtocolLimits.MaxEntry),
            TilePath.Payloads => 3 + (tile.Width * (PayloadOverhead + payload)),
            _ => tile.Width * Hash256.Size,
        };
    }

    /// <summary>Reads a stream up to the limit and one byte more, so that a longer file shows as malformed.</summary>
    internal static async Task<byte[]> ReadAsync(Stream stream, int maxBytes, CancellationToken cancellationToken)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (bytes.Length <= maxBytes)
        {
            var wanted = (int)Math.Min(buffer.Length, maxBytes + 1 - bytes.Length);
            var read = await stream.ReadAsync(buffer.AsMemory(0, wanted), cancellationToken);
            if (read == 0)
            {
                break;
            }

            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }
}

/// <summary>The files of a log that are no tiles.</summary>
public static class LogFiles
{
    /// <summary>The newest signed head.</summary>
    public const string Checkpoint = "checkpoint";

    /// <summary>The log's verification key as one line of text, in exports; a hint, since the roster decides.</summary>
    public const string Vkey = "vkey";

    /// <summary>The folder of all tiles.</summary>
    public const string Tiles = "tile";

    /// <summary>The trust anchor of a coalition, beside its logs.</summary>
    public const string TrustAnchor = "coalition.json";
}
