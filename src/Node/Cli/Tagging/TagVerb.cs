using System.CommandLine;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Cli.Tagging;

/// <summary><c>fednode tag</c>.</summary>
internal static class TagVerb
{
    private const string Standard = "-";
    private const int FileBuffer = 65_536;

    public static Command Create()
    {
        var options = new TagOptions(isTag: true);
        var verb = new Verb(
            "tag",
            "Turns a file of raw seller identifiers into tags. They are blinded in this process and go nowhere.",
            "fednode tag sellers.csv --column phone --type tel --region-column country --id-column user --rejects bad.csv --out tags.csv --data ./acme",
            "fednode tag - --lines --type email --data ./acme < addresses.txt",
            "fednode tag mixed.csv --no-header --column 2 --type-column 1 --region CN --delimiter tab --json --data ./acme");
        options.AddTo(verb);
        verb.Does(async (parsed, output, cancel) =>
        {
            var request = options.Read(parsed);
            await using var target = NodeTarget.Of(request.Data, request.Url, request.Key, ApiRole.Detector);
            using var rows = request.OpenRows(OpenText(request.File));
            await rows.BeginAsync(cancel);
            var epochs = await SellerTagging.EpochsAsync(request.Epoch, target.ReadSellerKeysAsync, cancel);
            await using var tags = new TagWriter(OwnerOnlyText.Create(request.Out), output.IsJson, request.Columns.Id is not null);
            await using var rejects = new Rejects(request.Rejects is { } file ? OwnerOnlyText.Create(file) : null);
            var run = new TagRun(
                rows, target.EvaluateSellersAsync, epochs, request.Batch, request.Type is not null, tags, rejects, output.IsJson, TimeProvider.System);
            return await run.RunAsync(request.AfterLine, cancel);
        });
        return verb;
    }

    /// <summary>
    /// The text of a file in UTF-8, or UTF-16 with a byte order mark. Other bytes become U+FFFD, and so cost their row alone.
    /// </summary>
    public static StreamReader OpenText(string file)
    {
        try
        {
            var stream = file == Standard
                ? Console.OpenStandardInput()
                : new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, FileBuffer);
            return new StreamReader(stream, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeFolderException($"{file} cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>What the command line of a tagging asks for.</summary>
/// <param name="File">The file, or <c>-</c>.</param>
/// <param name="Columns">The columns.</param>
/// <param name="HasHeader">Whether the first line has their names.</param>
/// <param name="Delimiter">Between fields; null: a line is one identifier.</param>
/// <param name="Type">The type of all rows, or null if a column has it.</param>
/// <param name="Region">The region where no column has one, or null.</param>
/// <param name="Epoch">The epoch of the keys; null: all that count.</param>
/// <param name="Batch">Rows tagged at once.</param>
/// <param name="AfterLine">The line behind which to begin.</param>
/// <param name="Out">The file for tags, or null.</param>
/// <param name="Rejects">The file for rejected rows, or null.</param>
/// <param name="Data">The node's folder, or null.</param>
/// <param name="Url">The node's address, or null.</param>
/// <param name="Key">The bearer key, or null.</param>
internal sealed record TagRequest(
    string File,
    ColumnChoice Columns,
    bool HasHeader,
    char? Delimiter,
    SellerIdentifierType? Type,
    string? Region,
    int? Epoch,
    int Batch,
    int AfterLine,
    string? Out,
    string? Rejects,
    string? Data,
    string? Url,
    string? Key)
{
    /// <summary>Begins to read the rows.</summary>
    public SellerRows OpenRows(TextReader text) => new(
        new RecordReader(new PhysicalLines(text, RecordReader.MaxLength), Delimiter), Columns, HasHeader, Type, Region);
}
