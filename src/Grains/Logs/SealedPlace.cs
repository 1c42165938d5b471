using System.Globalization;
using FederationNode.Protocol;

namespace FederationNode.Grains.Logs;

/// <summary>Where a sealed row of a log stands: its key names its content. docs/architecture.md, "Storage".</summary>
/// <param name="Origin">The log.</param>
/// <param name="Level">0 for a bundle and its payloads, from 1 on for a tile.</param>
/// <param name="Number">Its number within the level.</param>
/// <param name="Root">The Merkle root over what is in it.</param>
public readonly record struct SealedPlace(string Origin, int Level, long Number, Hash256 Root)
{
    private const int WidthBits = 8;
    private const int MaxLevel = 5;

    /// <summary>The first entry below it.</summary>
    public long First => Number << (WidthBits * (Level + 1));

    /// <summary>The key of a row of this kind here: a bundle, its payloads, or a tile.</summary>
    public string KeyFor(string kind) => BeginningFor(kind) + Root;

    /// <summary>That key without the root.</summary>
    public string BeginningFor(string kind) => kind == LogRowKind.Tile
        ? string.Create(CultureInfo.InvariantCulture, $"{Origin}|{Level}|{Number}|")
        : string.Create(CultureInfo.InvariantCulture, $"{Origin}|{Number}|");

    /// <summary>The log that a row of a log is about: its key begins with the origin.</summary>
    public static string OriginOf(string key) => key.Split('|', 2)[0];

    /// <summary>Reads the key of a bundle, its payloads or a tile.</summary>
    /// <param name="kind">The row's kind.</param>
    /// <param name="key">The row's key.</param>
    /// <param name="place">The place, if it is one that this program gives.</param>
    public static bool TryParse(string kind, string key, out SealedPlace place)
    {
        place = default;
        var parts = key.Split('|');
        var isTile = kind == LogRowKind.Tile;
        if (parts.Length != (isTile ? 4 : 3) || !TryNumber(isTile ? parts[1] : "0", out var level)
            || level > MaxLevel || isTile == (level == 0) || !TryNumber(parts[^2], out var number)
            || number > ProtocolLimits.MaxLogSize || !Hash256.TryParseHex(parts[^1], out var root))
        {
            return false;
        }

        place = new SealedPlace(parts[0], (int)level, number, root);
        return key == place.KeyFor(kind);
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
