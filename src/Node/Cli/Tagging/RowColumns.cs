using System.Globalization;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>Which columns are meant, as the options say it: a name of the header, or a number from 1.</summary>
/// <param name="Identifier">The identifier; null: the only one.</param>
/// <param name="Type">The type of each row; null: the same for all.</param>
/// <param name="Region">The region of each row; null: the same for all.</param>
/// <param name="Id">The caller's own name of each row, handed back; null: none.</param>
internal sealed record ColumnChoice(string? Identifier, string? Type, string? Region, string? Id);

/// <summary>Where the columns are, from 0.</summary>
/// <param name="Count">Columns of every row.</param>
/// <param name="Identifier">The identifier.</param>
/// <param name="Type">The type, or null.</param>
/// <param name="Region">The region, or null.</param>
/// <param name="Id">The caller's own name, or null.</param>
internal sealed record RowColumns(int Count, int Identifier, int? Type, int? Region, int? Id)
{
    /// <summary>Finds the columns.</summary>
    /// <param name="choice">What the options say.</param>
    /// <param name="first">The first record, which tells how many there are.</param>
    /// <param name="isHeader">Whether it has their names.</param>
    /// <exception cref="CliException">There is no such column. Says nothing of what stands in the file: without a header
    /// that would be an identifier.</exception>
    public static RowColumns Find(ColumnChoice choice, string[] first, bool isHeader)
    {
        int At(string option, string column)
        {
            var named = isHeader ? Array.IndexOf(first, column) : -1;
            if (named >= 0 && Array.LastIndexOf(first, column) != named)
            {
                throw new CliException(
                    ExitCode.BadFolder, $"{option}: the first line has the column {column} twice: give its number.");
            }

            return named >= 0 ? named
                : int.TryParse(column, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    && number >= 1 && number <= first.Length ? number - 1
                : throw new CliException(
                    ExitCode.BadFolder,
                    $"{option}: there is no column {column}. The first line has {first.Length}; a column is "
                        + (isHeader ? "a name that stands there, or its number from 1." : "its number from 1."));
        }

        int? Optional(string option, string? column) => column is null ? null : At(option, column);

        if (choice.Identifier is null && first.Length != 1)
        {
            throw new CliException(
                ExitCode.Usage, $"The first line has {first.Length} columns: say with --column which has the identifiers.");
        }

        var columns = new RowColumns(
            first.Length,
            choice.Identifier is { } identifier ? At("--column", identifier) : 0,
            Optional("--type-column", choice.Type),
            Optional("--region-column", choice.Region),
            Optional("--id-column", choice.Id));
        return columns.Id != columns.Identifier
            ? columns
            : throw new CliException(
                ExitCode.Usage, "--id-column must be another column than that of the identifiers: it is handed back.");
    }
}
