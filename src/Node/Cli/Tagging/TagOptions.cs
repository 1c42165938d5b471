using System.CommandLine;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Cli.Tagging;

/// <summary>The options of <c>fednode tag</c> and <c>fednode retag</c>.</summary>
/// <param name="isTag">Whether tags are written; else <c>--epoch</c> and <c>--out</c> are no options.</param>
internal sealed class TagOptions(bool isTag)
{
    private readonly Argument<string> _file = new("FILE") { Description = "CSV, UTF-8; `-` reads standard input." };
    private readonly Option<string?> _column = new("--column") { Description = "The column with the identifiers: its name in the first line, or its number from 1. May be left out if there is only one.", HelpName = "COLUMN" };
    private readonly Option<string?> _type = new("--type") { Description = $"What all identifiers are: {string.Join(", ", SellerIdentifierType.Fixed)}, acct:PLATFORM.", HelpName = "TYPE" };
    private readonly Option<string?> _typeColumn = new("--type-column") { Description = "Instead of --type, the column that says it for each row.", HelpName = "COLUMN" };
    private readonly Option<string?> _region = new("--region") { Description = "The region of the accounts, such as CN: needed for telephone numbers that do not begin with +.", HelpName = "CC" };
    private readonly Option<string?> _regionColumn = new("--region-column") { Description = "The column with the region of each account; --region is for rows in which it is empty.", HelpName = "COLUMN" };
    private readonly Option<string?> _idColumn = new("--id-column") { Description = "A column that is handed back beside the tag, such as your own account number.", HelpName = "COLUMN" };
    private readonly Option<bool> _noHeader = new("--no-header") { Description = "The first line is a row already." };
    private readonly Option<bool> _lines = new("--lines") { Description = "Each line is one identifier, whatever is in it: no header, columns or quotation marks." };
    private readonly Option<string?> _delimiter = new("--delimiter") { Description = "What stands between columns: one character, or tab. Default: a comma.", HelpName = "CHAR" };
    private readonly Option<int?> _epoch = SellerTagging.EpochOption("Default: all that count, a tag of each.");
    private readonly Option<int> _batch = new("--batch") { Description = $"Rows that are tagged at once, 1 to {VoprfBatch.MaxBatch}; fewer answer sooner on a slow stream.", DefaultValueFactory = _ => VoprfBatch.MaxBatch, HelpName = "ROWS" };
    private readonly Option<int> _afterLine = new("--after-line") { Description = "Begin behind this line: where an earlier run stopped.", HelpName = "LINE" };
    private readonly Option<string?> _out = new("--out") { Description = "The file for the tags, written anew. Default: standard output.", HelpName = "FILE" };
    private readonly Option<string?> _rejects = new("--rejects") { Description = "A CSV file for rows that get no tag, written anew: line, id, reason, and the identifier as it stands.", HelpName = "FILE" };
    private readonly Option<string?> _data = isTag ? Shared.Data() : Shared.DataOfRunning();
    private readonly Option<string?> _url = Shared.Url();
    private readonly Option<string?> _key = Shared.Key();

    /// <summary>Adds them to the verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(_file);
        foreach (var option in (Option[])[
            _column, _type, _typeColumn, _region, _regionColumn, _idColumn, _noHeader, _lines, _delimiter, _epoch, _batch,
            _afterLine, _out, _rejects, _data, _url, _key])
        {
            if (isTag || (option != _epoch && option != _out))
            {
                verb.Add(option);
            }
        }
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="CliException">They do not go together.</exception>
    public TagRequest Read(ParseResult parsed)
    {
        var columns = new ColumnChoice(
            parsed.GetValue(_column), parsed.GetValue(_typeColumn), parsed.GetValue(_regionColumn), parsed.GetValue(_idColumn));
        var (lines, noHeader, delimiter) = (parsed.GetValue(_lines), parsed.GetValue(_noHeader), parsed.GetValue(_delimiter));
        var type = parsed.GetValue(_type);
        Require((type is null) != (columns.Type is null), "Give --type for all rows, or --type-column, and not both.");
        Require(
            !lines || (columns is (null, null, null, null) && !noHeader && delimiter is null),
            "--lines has no columns: leave out the options about them, --no-header and --delimiter.");
        var batch = parsed.GetValue(_batch);
        Require(batch is >= 1 and <= VoprfBatch.MaxBatch, $"--batch must be 1 to {VoprfBatch.MaxBatch}.");
        Require(parsed.GetValue(_afterLine) >= 0, "--after-line must be a number of a line.");
        var request = new TagRequest(
            parsed.GetRequiredValue(_file),
            columns,
            HasHeader: !lines && !noHeader,
            lines ? null : ReadDelimiter(delimiter),
            type is null ? null : SellerTagging.ParseType(type),
            parsed.GetValue(_region),
            isTag && parsed.GetValue(_epoch) is { } epoch ? SellerTagging.CheckEpoch(epoch) : null,
            batch,
            parsed.GetValue(_afterLine),
            isTag ? parsed.GetValue(_out) : null,
            parsed.GetValue(_rejects),
            parsed.GetValue(_data),
            parsed.GetValue(_url),
            parsed.GetValue(_key));
        var files = new[] { request.File, request.Out, request.Rejects }.OfType<string>().Select(Path.GetFullPath).ToList();
        Require(files.Distinct().Count() == files.Count, "FILE, --out and --rejects must be different files.");
        return request;
    }

    private static char ReadDelimiter(string? text)
    {
        var delimiter = text switch { null => ',', "tab" => '\t', { Length: 1 } => text[0], _ => '"' };
        Require(delimiter is not ('"' or '\r' or '\n'), "--delimiter must be one character, but no quotation mark, or tab.");
        return delimiter;
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new CliException(ExitCode.Usage, message);
        }
    }
}
