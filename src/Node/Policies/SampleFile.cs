using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using FederationNode.Node.Folder;

namespace FederationNode.Node.Policies;

/// <summary>Reads a recorded sample of texts: a column of a CSV file, or the lines of any other.</summary>
internal static class SampleFile
{
    /// <summary>The largest file that a command reads, in bytes.</summary>
    public const int MaxBytes = 256 << 20;

    /// <summary>Reads the texts, without those that are empty.</summary>
    /// <param name="file">The file, UTF-8; what is not is replaced by U+FFFD.</param>
    /// <param name="column">The column of a CSV file; empty: its only one.</param>
    /// <param name="maxBytes">The largest file, in bytes.</param>
    /// <exception cref="NodeFolderException">The file cannot be read, or has no such column, or no texts.</exception>
    public static ImmutableArray<string> Read(string file, string column, int maxBytes = MaxBytes)
    {
        var content = NodeFolder.ReadUpTo(file, maxBytes);

        // What people wrote somewhere is not always in the encoding that it claims; a few lost letters change no rate.
        var text = Encoding.UTF8.GetString(content).TrimStart('\uFEFF');
        var isCsv = file.EndsWith(".csv", StringComparison.OrdinalIgnoreCase);
        if (!isCsv && column.Length > 0)
        {
            throw new NodeFolderException($"{file} has no columns, being no .csv file: leave the column out.");
        }

        var texts = isCsv ? ReadColumn(file, text, column) : [.. text.Split('\n').Select(line => line.TrimEnd('\r'))];
        texts = texts.RemoveAll(string.IsNullOrWhiteSpace);
        return texts.IsEmpty ? throw new NodeFolderException($"{file} has no texts in it.") : texts;
    }

    private static ImmutableArray<string> ReadColumn(string file, string text, string column)
    {
        using var csv = new CsvReader(new StringReader(text), new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = null,
            MissingFieldFound = null,
        });
        if (!csv.Read() || !csv.ReadHeader())
        {
            throw new NodeFolderException($"{file} is empty.");
        }

        var header = csv.HeaderRecord!;
        var at = column.Length > 0 ? Array.IndexOf(header, column) : header.Length == 1 ? 0 : -1;
        if (at < 0)
        {
            throw new NodeFolderException(
                $"{file} has {(column.Length > 0 ? $"no column \"{column}\"" : "several columns")}: name the one with the "
                    + $"texts, of {string.Join(", ", header)}.");
        }

        var texts = ImmutableArray.CreateBuilder<string>();
        while (csv.Read())
        {
            texts.Add(csv.GetField(at) ?? "");
        }

        return texts.ToImmutable();
    }
}
