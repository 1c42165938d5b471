using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>A record of a file: its fields, or what is wrong with it.</summary>
/// <param name="Line">The line that it begins on, from 1.</param>
/// <param name="Fields">The fields; empty if there is a fault.</param>
/// <param name="Fault">What is wrong, without any part of it; null if nothing is.</param>
internal sealed record FileRecord(long Line, string[] Fields, string? Fault);

/// <summary>
/// Reads records one after the other and goes on behind one that is wrong: a quotation mark that is never closed costs
/// the line that it stands on, not the rest of the file. Memory is bounded by <see cref="MaxLength"/>.
/// </summary>
/// <param name="lines">The file; disposed with this object.</param>
/// <param name="delimiter">What stands between two fields; null: each line is one field, whatever is in it.</param>
internal sealed class RecordReader(PhysicalLines lines, char? delimiter) : IDisposable
{
    /// <summary>Characters of a record, line breaks within quotation marks included.</summary>
    public const int MaxLength = 65_536;

    /// <summary>Lines of a record.</summary>
    public const int MaxLines = 1_000;

    private readonly Queue<PhysicalLine> _again = new();
    private readonly CsvConfiguration _csv = new(CultureInfo.InvariantCulture)
    {
        Delimiter = (delimiter ?? ',').ToString(),
        HasHeaderRecord = false,
        BadDataFound = _ => throw new FormatException(),
        IgnoreBlankLines = false,
    };

    /// <summary>The next record that is not blank, or null at the end.</summary>
    public async ValueTask<FileRecord?> ReadAsync(CancellationToken cancel)
    {
        while (await NextAsync(cancel) is { } first)
        {
            if (first.IsCut)
            {
                return Bad(first, $"the line has more than {MaxLength} characters");
            }

            if (first.Text.AsSpan().Trim().Length > 0)
            {
                return delimiter is null ? new FileRecord(first.Number, [first.Text], null) : await ReadCsvAsync(first, cancel);
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => lines.Dispose();

    private async ValueTask<PhysicalLine?> NextAsync(CancellationToken cancel) =>
        _again.TryDequeue(out var line) ? line : await lines.ReadAsync(cancel);

    private async ValueTask<FileRecord> ReadCsvAsync(PhysicalLine first, CancellationToken cancel)
    {
        List<PhysicalLine> record = [first];
        var (length, isOpen) = (first.Text.Length, HasOddQuotes(first.Text));
        while (isOpen && record.Count < MaxLines && length <= MaxLength && await NextAsync(cancel) is { } next)
        {
            record.Add(next);
            length += next.Text.Length + 1;
            isOpen ^= HasOddQuotes(next.Text);
            if (next.IsCut)
            {
                break;
            }
        }

        if (!isOpen && length <= MaxLength && !record[^1].IsCut
            && TrySplit(string.Join('\n', record.Select(l => l.Text)), out var fields))
        {
            return new FileRecord(first.Number, fields, null);
        }

        PushBack(record.Skip(1));
        return Bad(
            first,
            isOpen || record.Count > 1
                ? "a quotation mark is not closed, or stands where none may be"
                : "a quotation mark stands where none may be");
    }

    // What follows a bad line is read again, as if the line had ended there.
    private void PushBack(IEnumerable<PhysicalLine> rest)
    {
        PhysicalLine[] later = [.. rest, .. _again];
        _again.Clear();
        foreach (var line in later)
        {
            _again.Enqueue(line);
        }
    }

    private bool TrySplit(string record, out string[] fields)
    {
        using var parser = new CsvParser(new StringReader(record), _csv);
        try
        {
            fields = parser.Read() ? parser.Record ?? [] : [];
            return !parser.Read();
        }
        catch (FormatException)
        {
            fields = [];
            return false;
        }
    }

    private static bool HasOddQuotes(string text) => text.AsSpan().Count('"') % 2 != 0;

    private static FileRecord Bad(PhysicalLine line, string fault) => new(line.Number, [], fault);
}
