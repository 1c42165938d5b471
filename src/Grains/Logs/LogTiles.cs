using FederationNode.Protocol.Merkle;
using MessagePack;

namespace FederationNode.Grains.Logs;

/// <summary>A stored log as C2SP tlog-tiles, and payload tiles in the same manner. docs/protocol.md, section 4.</summary>
public static class LogTiles
{
    /// <summary>The level by which an entry bundle is asked for.</summary>
    public const int Entries = -1;

    /// <summary>The level by which a payload tile is asked for.</summary>
    public const int Payloads = -2;

    /// <summary>
    /// The bytes of a tile, or null if it does not exist at <paramref name="size"/>: a full tile needs all its hashes
    /// below that size; a partial one is served at any width up to what is there.
    /// </summary>
    public static async Task<byte[]?> ReadAsync(StoredLog log, long size, int level, long number, int width)
    {
        if (level is < Payloads or > 63 || width is < 1 or > HeadEdge.Width || number < 0 || number > size)
        {
            return null;
        }

        var shift = 8 * Math.Max(level, 0);
        var available = shift >= 63 ? 0 : (size >> shift) - (number * HeadEdge.Width);
        if (available < width)
        {
            return null;
        }

        switch (level)
        {
            case Entries:
                return EntryBundle.Encode([.. (await log.ReadLeavesAsync(number)).Take(width)]);
            case Payloads:
                return MessagePackSerializer.Serialize((await log.ReadPayloadsAsync(number)).Take(width).ToArray());
            default:
                return HeadEdge.Join([.. (await log.ReadTileAsync(level, number)).Take(width)]);
        }
    }
}
