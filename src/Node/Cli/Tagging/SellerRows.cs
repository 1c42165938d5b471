using FederationNode.Contracts;
using FederationNode.Node.Sellers;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>A row with an identifier, or what is wrong with it.</summary>
/// <param name="Line">The line that it begins on, from 1.</param>
/// <param name="Id">The caller's own name for it, or null.</param>
/// <param name="Raw">The identifier as it stands there; empty if the row could not be read.</param>
/// <param name="Seller">What to tag; null if there is a fault.</param>
/// <param name="Fault">What is wrong, without any part of the identifier.</param>
internal sealed record SellerRow(long Line, string? Id, string Raw, RawSeller? Seller, string? Fault)
{
    /// <summary>The line only: logs and exceptions print objects, and the identifier must not get there.</summary>
    public override string ToString() => $"line {Line}";
}

/// <summary>Reads the rows of a file of identifiers, once it has begun.</summary>
/// <param name="records">The file; disposed with this object.</param>
/// <param name="choice">The columns.</param>
/// <param name="hasHeader">Whether the first record has their names.</param>
/// <param name="type">The type where no column has it.</param>
/// <param name="region">The region where no column has one.</param>
internal sealed class SellerRows(
    RecordReader records, ColumnChoice choice, bool hasHeader, SellerIdentifierType? type, string? region) : IDisposable
{
    private const char Replacement = '\ufffd';

    private RowColumns? _columns;
    private FileRecord? _first;

    /// <summary>Reads the first line and finds the columns, before anything is written anywhere.</summary>
    /// <exception cref="CliException">The first line cannot be read, or has no such columns.</exception>
    public async ValueTask BeginAsync(CancellationToken cancel)
    {
        if (await records.ReadAsync(cancel) is not { } record)
        {
            return;
        }

        if (record.Fault is { } fault)
        {
            throw new CliException(ExitCode.BadFolder, $"Line {record.Line}, the first, cannot be read: {fault}.");
        }

        _columns = RowColumns.Find(choice, record.Fields, hasHeader);
        _first = hasHeader ? null : record;
    }

    /// <summary>The next row, or null at the end.</summary>
    public async ValueTask<SellerRow?> ReadAsync(CancellationToken cancel)
    {
        if (_columns is null)
        {
            return null;
        }

        var record = _first ?? await records.ReadAsync(cancel);
        _first = null;
        return record is null ? null
            : record.Fault is null ? Read(record, _columns)
            : new SellerRow(record.Line, null, "", null, record.Fault);
    }

    /// <inheritdoc/>
    public void Dispose() => records.Dispose();

    private SellerRow Read(FileRecord record, RowColumns columns)
    {
        if (record.Fields.Length != columns.Count)
        {
            return new SellerRow(
                record.Line, null, "", null, $"it has {record.Fields.Length} fields, and the first line has {columns.Count}");
        }

        // Cut, a longer one is refused all the same, and a batch of rows stays small.
        var raw = record.Fields[columns.Identifier];
        raw = raw.Length > SellerIdentifier.MaxRawLength ? raw[..(SellerIdentifier.MaxRawLength + 1)] : raw;
        var id = columns.Id is { } at ? record.Fields[at] : null;
        var place = columns.Region is { } place1 && record.Fields[place1].AsSpan().Trim() is { Length: > 0 } given
            ? given.ToString()
            : region;
        var rowType = type;
        string? fault = null;
        if (id?.Length > Limits.MaxItemId)
        {
            (id, fault) = (null, $"the id has more than {Limits.MaxItemId} characters");
        }
        else if (raw.Contains(Replacement, StringComparison.Ordinal) || id?.Contains(Replacement, StringComparison.Ordinal) == true)
        {
            fault = "it has bytes that are not UTF-8, or the sign that stands for lost characters (U+FFFD)";
        }
        else if (columns.Type is { } typeAt
            && !SellerIdentifierType.TryParse(record.Fields[typeAt].AsSpan().Trim(), out rowType, out var wrong))
        {
            fault = $"its type cannot be one: {wrong}";
        }

        return fault is null
            ? new SellerRow(record.Line, id, raw, new RawSeller(rowType!, raw, place), null)
            : new SellerRow(record.Line, id, raw, null, fault);
    }
}
