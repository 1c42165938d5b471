using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using FederationNode.Contracts.Api;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Cli;

/// <summary>Reads the rows of a CSV file for <c>fednode import</c>, one at a time; samples/README.md.</summary>
internal sealed class ImportReader : IDisposable
{
    /// <summary>The header.</summary>
    public static readonly string[] Columns =
    [
        "kind", "value", "lang", "category", "taxon", "cites", "action", "confidence", "severity",
        "match", "any_of", "all_of", "none_of", "window", "source",
    ];

    /// <summary>A column behind the others, which only sellers need.</summary>
    public const string SchemeColumn = "scheme";

    private readonly string _name;
    private readonly CsvReader _csv;
    private bool _hasScheme;

    /// <summary>Makes a reader, which has read nothing yet.</summary>
    /// <param name="name">The name of the file, for messages.</param>
    /// <param name="content">The file; disposed with this object.</param>
    /// <param name="limits">What is taken at most.</param>
    public ImportReader(string name, Stream content, ImportLimits limits)
    {
        _name = name;
        var text = new StreamReader(content, new UTF8Encoding(false, throwOnInvalidBytes: true));
        _csv = new CsvReader(
            new BoundedLines(text, limits, Bad),
            new CsvConfiguration(CultureInfo.InvariantCulture)
            {
                BadDataFound = _ => throw Bad(
                    Line,
                    "a quotation mark stands where none may be: put the field into quotation marks and double those "
                        + "in it."),
                MissingFieldFound = null,
                DetectColumnCountChanges = true,
            });
    }

    /// <summary>The line that the row read last begins on.</summary>
    public int Line { get; private set; } = 1;

    private int FieldCount => Columns.Length + (_hasScheme ? 1 : 0);

    /// <summary>Reads the first line.</summary>
    /// <exception cref="CliException">It is not the header, or the file cannot be read.</exception>
    public void ReadHeader()
    {
        string[] header = Try(() => _csv.Read() && _csv.ReadHeader()) ? _csv.HeaderRecord! : [];
        _hasScheme = header is [.., SchemeColumn];
        if (!header.AsSpan(0, Math.Max(0, header.Length - (_hasScheme ? 1 : 0))).SequenceEqual(Columns))
        {
            throw new CliException(
                ExitCode.BadFolder,
                $"{_name}: the first line must be {string.Join(',', Columns)}, or this with ,{SchemeColumn} behind");
        }
    }

    /// <summary>The next row, or null at the end.</summary>
    /// <exception cref="CliException">It is not as it must be, or the file cannot be read.</exception>
    public ListingRequest? Read()
    {
        Line = _csv.Parser.RawRow + 1;
        return Try(_csv.Read) ? ReadRow() : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _csv.Dispose();

    /// <summary>The refusal of a line.</summary>
    public CliException Bad(int line, string fault) => new(
        ExitCode.BadFolder,
        string.Create(
            CultureInfo.InvariantCulture, $"{_name}, line {line}: {fault.TrimEnd('.')}. Nothing was published."));

    private bool Try(Func<bool> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException e)
        {
            throw new CliException(
                ExitCode.BadFolder, $"{_name} is not UTF-8: save it as UTF-8 and import it again.", e);
        }
        catch (CsvHelperException e)
        {
            throw Bad(Line, IsOpen(e.Context?.Parser?.RawRecord)
                ? "a quotation mark is not closed."
                : $"it has not {FieldCount} fields.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.BadFolder, $"{_name} cannot be read: {e.Message}", e);
        }
    }

    private ListingRequest ReadRow()
    {
        if (Field("kind") == IndicatorKind.Seller && !_hasScheme)
        {
            throw Bad(
                Line,
                $"a seller needs the column {SchemeColumn} behind the others, with the key of the tag: "
                    + "voprf/<type>/<epoch>, such as voprf/tel/1");
        }

        var source = Field("source");
        return new ListingRequest
        {
            Kind = Field("kind"),
            Value = Field("value"),
            Scheme = _hasScheme && Field(SchemeColumn) is { Length: > 0 } scheme ? scheme : null,
            Category = Field("category"),
            Taxon = Field("taxon"),
            Cites = Field("cites"),
            Action = Field("action"),
            Confidence = Number("confidence", 80),
            Severity = Field("severity"),

            // The source stays at home; its digest lets the member show later that it had it.
            Evidence = source.Length == 0
                ? null
                : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source))),
            Context = Field("kind") != IndicatorKind.Keyword
                ? null
                : new KeywordRuleRequest(
                    Field("lang"),
                    Field("match") is { Length: > 0 } match ? match : "auto",
                    List(Field("any_of")),
                    List(Field("all_of")),
                    List(Field("none_of")),
                    Number("window", 0)),
        };
    }

    private string Field(string name) => _csv.GetField(name) ?? "";

    private int Number(string name, int otherwise) => Field(name) is { Length: > 0 } text
        ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Bad(Line, $"{name} must be a whole number.")
        : otherwise;

    private static string[] List(string field) =>
        field.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static bool IsOpen(string? record) => record?.Count(c => c == '"') % 2 == 1;
}
