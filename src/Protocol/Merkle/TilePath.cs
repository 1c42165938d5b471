using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FederationNode.Protocol.Merkle;

/// <summary>
/// The path of a tile (C2SP tlog-tiles): <c>tile/&lt;L&gt;/&lt;N&gt;[.p/&lt;W&gt;]</c>, or <c>entries</c> or our
/// <c>payloads</c> in place of the level. N is written in groups of three digits, all but the last with an x before.
/// </summary>
/// <param name="Level">0 to 63, or <see cref="Entries"/> or <see cref="Payloads"/>.</param>
/// <param name="Number">From 0.</param>
/// <param name="Width">256 for a full tile, 1 to 255 for a partial one.</param>
public readonly record struct TilePath(int Level, long Number, int Width)
{
    /// <summary>Level of an entry bundle.</summary>
    public const int Entries = -1;

    /// <summary>Level of a payload tile.</summary>
    public const int Payloads = -2;

    /// <summary>Hashes or entries of a full tile.</summary>
    public const int FullWidth = 256;

    private const int GroupSize = 1000;

    /// <summary>All tiles of one level for a tree of this size: the full ones and at most one partial one.</summary>
    public static IEnumerable<TilePath> ForLevel(int level, long size)
    {
        var hashes = size >> (8 * Math.Max(level, 0));
        for (var number = 0L; number < hashes / FullWidth; number++)
        {
            yield return new TilePath(level, number, FullWidth);
        }

        if (hashes % FullWidth is > 0 and var width)
        {
            yield return new TilePath(level, hashes / FullWidth, (int)width);
        }
    }

    /// <summary>All hash tiles for a tree of this size, level by level.</summary>
    public static IEnumerable<TilePath> ForTree(long size)
    {
        for (var level = 0; level < 8 && size >> (8 * level) > 0; level++)
        {
            foreach (var tile in ForLevel(level, size))
            {
                yield return tile;
            }
        }
    }

    /// <summary>Reads a path; there is exactly one way to write each.</summary>
    public static bool TryParse(string path, out TilePath tile, [NotNullWhen(false)] out string? error)
    {
        tile = default;
        error = "A tile is asked for as tile/<level|entries|payloads>/<number>[.p/<width>], numbers in groups as x001/234.";
        var parts = path.Split('/');
        if (path.Length > 100 || parts.Length < 3 || parts[0] != "tile" || !TryReadLevel(parts[1], out var level))
        {
            return false;
        }

        var groups = parts.AsSpan(2);
        var width = FullWidth;
        if (groups.Length >= 2 && groups[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!TryReadNumber(groups[^1], 1, FullWidth - 1, out width))
            {
                return false;
            }

            groups = groups[..^1];
            groups[^1] = groups[^1][..^2];
        }

        if (!TryReadGroups(groups, out var number))
        {
            return false;
        }

        var candidate = new TilePath(level, number, width);
        if (candidate.ToString() != path)
        {
            return false;
        }

        tile = candidate;
        error = null;
        return true;
    }

    /// <summary>The path, without a leading slash.</summary>
    public override string ToString()
    {
        var text = new StringBuilder((Number % GroupSize).ToString("000", CultureInfo.InvariantCulture));
        for (var rest = Number / GroupSize; rest > 0; rest /= GroupSize)
        {
            text.Insert(0, string.Create(CultureInfo.InvariantCulture, $"x{rest % GroupSize:000}/"));
        }

        var level = Level switch
        {
            Entries => "entries",
            Payloads => "payloads",
            _ => Level.ToString(CultureInfo.InvariantCulture),
        };
        var partial = Width == FullWidth ? "" : string.Create(CultureInfo.InvariantCulture, $".p/{Width}");
        return $"tile/{level}/{text}{partial}";
    }

    private static bool TryReadLevel(string text, out int level)
    {
        level = text switch { "entries" => Entries, "payloads" => Payloads, _ => 0 };
        return level < 0 || TryReadNumber(text, 0, 63, out level);
    }

    private static bool TryReadNumber(string text, int min, int max, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= min && number <= max;

    private static bool TryReadGroups(ReadOnlySpan<string> groups, out long number)
    {
        number = 0;
        if (groups.Length is 0 or > 5)
        {
            return false;
        }

        for (var i = 0; i < groups.Length; i++)
        {
            var digits = i < groups.Length - 1 && groups[i].StartsWith('x') ? groups[i][1..] : groups[i];
            if (digits.Length != 3 || !TryReadNumber(digits, 0, GroupSize - 1, out var group))
            {
                return false;
            }

            number = (number * GroupSize) + group;
        }

        return true;
    }
}
