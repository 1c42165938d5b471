using System.Globalization;

namespace FederationNode.TableGenerator;

/// <summary>Readers of the Unicode character database's text files (UAX #44 section 4.2).</summary>
internal static class UnicodeFiles
{
    /// <summary>The data lines of a file, fields split at semicolons and trimmed, comments cut off.</summary>
    public static IEnumerable<string[]> Fields(string path) =>
        File.ReadLines(path)
            .Select(line => line.Split('#')[0])
            .Where(line => line.Trim().Length > 0)
            .Select(line => line.Split(';', StringSplitOptions.TrimEntries));

    /// <summary>Reads <c>0041</c> or <c>0041..005A</c> as every code point of the range.</summary>
    public static IEnumerable<int> Range(string field)
    {
        var ends = field.Split("..");
        var first = Hex(ends[0]);
        return Enumerable.Range(first, Hex(ends[^1]) - first + 1);
    }

    /// <summary>Reads code points in hexadecimal, separated by spaces; an empty text gives none.</summary>
    public static int[] CodePoints(string field) =>
        [.. field.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Hex)];

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
