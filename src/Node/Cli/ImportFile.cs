using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api.Publishing;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>
/// The CSV file of <c>fednode import</c>, samples/README.md. It is read and checked whole before anything is
/// published, by the same rules as the node's, so that a bad line is named and nothing is published.
/// </summary>
internal static class ImportFile
{
    /// <summary>The header.</summary>
    public static readonly string[] Columns =
    [
        "kind", "value", "lang", "category", "taxon", "cites", "action", "confidence", "severity",
        "match", "any_of", "all_of", "none_of", "window", "source",
    ];

    // The node speaks of the properties of its API.
    private static readonly (string Property, string Column)[] Names =
    [
        ("context.language", "lang"), ("context.anyOf", "any_of"), ("context.allOf", "all_of"),
        ("context.noneOf", "none_of"), ("context.match", "match"), ("context.window", "window"),
        (", or say in overrideLint why it is needed all the same", ""),
    ];

    /// <summary>Reads the listings, in the order of the file. A row that repeats an earlier one is left out.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expires">When the listings end, in unix seconds.</param>
    /// <param name="repeated">Rows left out.</param>
    /// <exception cref="CliException">The file cannot be read, or a line is not as it must be: names it.</exception>
    public static List<ListingRequest> Read(string path, long expires, out int repeated)
    {
        var builder = new ListingBuilder(NoSellers, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        var listings = new List<ListingRequest>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        repeated = 0;
        foreach (var (line, listing) in ReadRows(path))
        {
            if (!builder.TryBuild(listing with { Expires = expires }, "", out _, out var problem))
            {
                throw Bad(path, line, InColumns(problem.Detail));
            }

            if (seen.Add(Content(listing)))
            {
                listings.Add(listing);
            }
            else
            {
                repeated++;
            }
        }

        return listings;
    }

    /// <summary>All that a listing says, as one text.</summary>
    public static string Content(ListingRequest listing) =>
        listing.ToString() + string.Join('|', listing.Context is { } c
            ? [.. c.AnyOf ?? [], "/", .. c.AllOf ?? [], "/", .. c.NoneOf ?? []]
            : []);

    // The file has no column for the scheme of a seller's tag, so no roster says more about it.
    private static RosterDocument NoSellers => new()
    {
        Coalition = "",
        Version = 0,
        Issued = 0,
        Expires = 0,
        Threshold = 0,
        SecretariatKeys = [],
        SellerKeys = [],
        Members = [],
    };

    private static List<(int Line, ListingRequest Listing)> ReadRows(string path)
    {
        var line = 1;
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = _ => throw Bad(
                path,
                line,
                "a quotation mark stands where none may be: put the field into quotation marks and double those in it."),
            MissingFieldFound = null,
            DetectColumnCountChanges = true,
        };
        CsvReader? csv = null;
        try
        {
            using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            using (csv = new CsvReader(reader, configuration))
            {
                if (!csv.Read() || !csv.ReadHeader() || !csv.HeaderRecord!.SequenceEqual(Columns))
                {
                    throw new CliException(
                        ExitCode.BadFolder, $"{path}: the first line must be {string.Join(',', Columns)}");
                }

                var rows = new List<(int, ListingRequest)>();
                for (line = csv.Parser.RawRow + 1; csv.Read(); line = csv.Parser.RawRow + 1)
                {
                    rows.Add((line, ReadRow(csv, path, line)));
                }

                return rows;
            }
        }
        catch (DecoderFallbackException e)
        {
            throw new CliException(ExitCode.BadFolder, $"{path} is not UTF-8: save it as UTF-8 and import it again.", e);
        }
        catch (CsvHelperException e)
        {
            throw Bad(path, line, IsOpen(e.Context?.Parser?.RawRecord)
                ? "a quotation mark is not closed."
                : $"it has not {Columns.Length} fields.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.BadFolder, $"{path} cannot be read: {e.Message}", e);
        }
    }

    private static ListingRequest ReadRow(CsvReader csv, string path, int line)
    {
        string Field(string name) => csv.GetField(name) ?? "";
        int Number(string name, int otherwise) => Field(name) is { Length: > 0 } text
            ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw Bad(path, line, $"{name} must be a whole number.")
            : otherwise;
        var source = Field("source");
        return new ListingRequest
        {
            Kind = Field("kind"),
            Value = Field("value"),
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

    private static string[] List(string field) =>
        field.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static bool IsOpen(string? record) => record?.Count(c => c == '"') % 2 == 1;

    private static string InColumns(string fault)
    {
        var text = fault.TrimStart('.');
        foreach (var (property, column) in Names)
        {
            text = text.Replace(property, column, StringComparison.Ordinal);
        }

        return text;
    }

    private static CliException Bad(string path, int line, string fault) => new(
        ExitCode.BadFolder,
        string.Create(
            CultureInfo.InvariantCulture, $"{path}, line {line}: {fault.TrimEnd('.')}. Nothing was published."));
}
