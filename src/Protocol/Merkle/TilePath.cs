using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FederationNode.Protocol.Merkle;

/// <summary>
/// Paths of tiles below a log's prefix (C2SP tlog-tiles v0.1.0): <c>tile/L/N[.p/W]</c> and <c>tile/entries/N[.p/W]</c>.
/// N stands in groups of three digits, all but the last with an x in front: 1234067 is <c>x001/x234/067</c>.
/// </summary>
public static class TilePath
{
    /// <summary>Longest path in characters: <c>tile/entries/</c>, five groups, <c>.p/255</c>.</summary>
    public const int MaxLength = 13 + (4 * 5) + 3 + 6;

    private const string Prefix = "tile/";
    private const string Entries = "entries";
    private const string Partial = ".p/";
    private const int GroupDigits = 3;
    private const long GroupSize = 1000;

    /// <summary>The path of a tile, without a slash in front.</summary>
    /// <exception cref="ArgumentException">No tree has such a tile.</exception>
    public static string Format(TileId tile)
    {
        if (!tile.IsValid)
        {
            throw new ArgumentException(
                $"There is no tile of level {tile.Level}, index {tile.Index} and width {tile.Width}.", nameof(tile));
        }

        var path = new StringBuilder(Prefix, MaxLength);
        _ = tile.IsEntries ? path.Append(Entries) : path.Append(CultureInfo.InvariantCulture, $"{tile.Level}");
        path.Append('/');
        var divisor = 1L;
        while (tile.Index / divisor >= GroupSize)
        {
            divisor *= GroupSize;
        }

        for (; divisor > 1; divisor /= GroupSize)
        {
            path.Append(CultureInfo.InvariantCulture, $"x{tile.Index / divisor % GroupSize:d3}/");
        }

        path.Append(CultureInfo.InvariantCulture, $"{tile.Index % GroupSize:d3}");
        return tile.IsFull
            ? path.ToString()
            : path.Append(CultureInfo.InvariantCulture, $"{Partial}{tile.Width}").ToString();
    }

    /// <summary>Reads a path. Strict: each tile has one path only, that of <see cref="Format"/>.</summary>
    public static bool TryParse(ReadOnlySpan<char> path, out TileId tile, [NotNullWhen(false)] out string? error)
    {
        tile = default;
        if (path.Length > MaxLength || !path.StartsWith(Prefix, StringComparison.Ordinal))
        {
            error = "A tile path starts with tile/ and has at most 42 characters.";
            return false;
        }

        var rest = path[Prefix.Length..];
        var slash = rest.IndexOf('/');
        if (slash < 0 || !TryParseLevel(rest[..slash], out var level))
        {
            error = $"A tile path goes on with the level, 0 to {TileId.MaxLevel}, or with entries.";
            return false;
        }

        rest = rest[(slash + 1)..];
        var width = MerkleTree.TileWidth;
        var partial = rest.IndexOf(Partial);
        if (partial >= 0)
        {
            if (!TryParseNumber(rest[(partial + Partial.Length)..], 3, out width)
                || width is < 1 or >= MerkleTree.TileWidth)
            {
                error = "The width of a partial tile is a number from 1 to 255 without leading zeros.";
                return false;
            }

            rest = rest[..partial];
        }

        if (!TryParseIndex(rest, out var index))
        {
            error = "A tile's index is written in groups of three digits, each but the last with an x in front, "
                + "without leading groups of zeros.";
            return false;
        }

        var candidate = new TileId(level, index, width);
        if (!candidate.IsValid)
        {
            error = $"The tile lies beyond the largest tree of {MerkleTree.MaxSize} entries.";
            return false;
        }

        tile = candidate;
        error = null;
        return true;
    }

    private static bool TryParseLevel(ReadOnlySpan<char> text, out int level)
    {
        if (text is Entries)
        {
            level = TileId.EntriesLevel;
            return true;
        }

        return TryParseNumber(text, 2, out level) && level <= TileId.MaxLevel;
    }

    private static bool TryParseIndex(ReadOnlySpan<char> text, out long index)
    {
        index = 0;
        var first = true;
        while (text.StartsWith('x'))
        {
            if (text.Length < GroupDigits + 2 || text[GroupDigits + 1] != '/'
                || !TryAddGroup(text.Slice(1, GroupDigits), ref index) || (first && index == 0))
            {
                return false;
            }

            first = false;
            text = text[(GroupDigits + 2)..];
        }

        return text.Length == GroupDigits && TryAddGroup(text, ref index);
    }

    /// <summary>Appends three digits; refuses indexes far beyond the largest tree before they could overflow.</summary>
    private static bool TryAddGroup(ReadOnlySpan<char> digits, ref long index)
    {
        if (digits.ContainsAnyExceptInRange('0', '9') || index > MerkleTree.MaxSize / GroupSize)
        {
            return false;
        }

        index = (index * GroupSize) + int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        return true;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, int maxDigits, out int number)
    {
        number = 0;
        return text.Length >= 1 && text.Length <= maxDigits && !text.ContainsAnyExceptInRange('0', '9')
            && (text.Length == 1 || text[0] != '0')
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
