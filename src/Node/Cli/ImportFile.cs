using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Api.Publishing;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>What a file holds that was checked and can be published.</summary>
/// <param name="Rows">Listings.</param>
/// <param name="Twice">Rows left out because they repeat an earlier one.</param>
/// <param name="HasSellers">Whether it has tags of sellers, whose keys the roster must name.</param>
/// <param name="Batches">The key of each batch, in order.</param>
internal sealed record ImportPlan(int Rows, int Twice, bool HasSellers, IReadOnlyList<string> Batches);

/// <summary>
/// The CSV file of <c>fednode import</c>. It is read twice. First it is checked whole, by the same rules as the node's,
/// so that a bad line is named and nothing is published; then it is published, batch by batch. Memory is needed for a
/// batch and for what tells repeated rows, not for the file.
/// </summary>
/// <param name="name">The name of the file, for messages.</param>
/// <param name="open">Opens it from its beginning.</param>
/// <param name="limits">What is taken at most.</param>
internal sealed class ImportFile(string name, Func<Stream> open, ImportLimits limits)
{
    private const int BatchSize = 500;
    private const int FileBuffer = 65_536;

    // The node speaks of the properties of its API.
    private static readonly (string Property, string Column)[] Names =
    [
        ("context.language", "lang"), ("context.anyOf", "any_of"), ("context.allOf", "all_of"),
        ("context.noneOf", "none_of"), ("context.match", "match"), ("context.window", "window"),
        (", or say in overrideLint why it is needed all the same", ""),
    ];

    /// <summary>A file of the disk.</summary>
    /// <param name="path">The file.</param>
    public ImportFile(string path)
        : this(path, () => OpenFile(path), ImportLimits.Standard)
    {
    }

    /// <summary>Reads the file to its end and checks every line.</summary>
    /// <param name="expires">When the listings end, in unix seconds.</param>
    /// <param name="roster">The roster, which names the keys of sellers' tags; null: these are not looked up.</param>
    /// <exception cref="CliException">The file cannot be read, or a line is not as it must be: names it.</exception>
    public ImportPlan Check(long expires, RosterDocument? roster)
    {
        var builder = new ListingBuilder(roster, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        using var reader = Open();
        var (rows, twice, hasSellers) = (0, 0, false);
        var batches = Batches(Distinct(
            reader,
            listing =>
            {
                if (!builder.TryBuild(listing with { Expires = expires }, "", out _, out var problem))
                {
                    throw reader.Bad(reader.Line, InColumns(problem.Detail));
                }

                hasSellers |= listing.Kind == IndicatorKind.Seller;
            },
            () => twice++));
        var keys = new List<string>();
        foreach (var (key, listings) in batches)
        {
            keys.Add(key);
            rows += listings.Length;
        }

        return new ImportPlan(rows, twice, hasSellers, keys);
    }

    /// <summary>Reads the file again, in the batches of the check; each has the key that the plan has for it.</summary>
    /// <exception cref="CliException">The file cannot be read any more, or has another form.</exception>
    public IEnumerable<(string Key, ListingRequest[] Listings)> ReadBatches()
    {
        using var reader = Open();
        foreach (var batch in Batches(Distinct(reader, _ => { }, () => { })))
        {
            yield return batch;
        }
    }

    private ImportReader Open()
    {
        ImportReader? reader = null;
        try
        {
            reader = new ImportReader(name, open(), limits);
            reader.ReadHeader();
            return reader;
        }
        catch (CliException)
        {
            reader?.Dispose();
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.BadFolder, $"{name} cannot be read: {e.Message}", e);
        }
    }

    private static FileStream OpenFile(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileBuffer);
        if (stream.CanSeek)
        {
            return stream;
        }

        stream.Dispose();
        throw new IOException("an import reads it twice, and this can be read once only. Save it as a file first.");
    }

    /// <summary>The rows, but for those that repeat an earlier one; a digest of each is remembered.</summary>
    private static IEnumerable<ListingRequest> Distinct(
        ImportReader reader, Action<ListingRequest> check, Action repeated)
    {
        var seen = new HashSet<UInt128>();
        while (reader.Read() is { } listing)
        {
            check(listing);
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes(Content(listing)));
            if (seen.Add(new UInt128(BitConverter.ToUInt64(digest), BitConverter.ToUInt64(digest, sizeof(ulong)))))
            {
                yield return listing;
            }
            else
            {
                repeated();
            }
        }
    }

    /// <summary>The key names the content: a broken-off import, started again, goes on where it stopped.</summary>
    private static IEnumerable<(string Key, ListingRequest[] Listings)> Batches(IEnumerable<ListingRequest> listings)
    {
        foreach (var batch in listings.Chunk(BatchSize))
        {
            var content = string.Join('\n', batch.Select(Content));
            var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
            yield return (("import-" + digest)[..60], batch);
        }
    }

    /// <summary>All that a listing says, as one text.</summary>
    private static string Content(ListingRequest listing) =>
        listing.ToString() + string.Join('|', listing.Context is { } c
            ? [.. c.AnyOf ?? [], "/", .. c.AllOf ?? [], "/", .. c.NoneOf ?? []]
            : []);

    private static string InColumns(string fault)
    {
        var text = fault.TrimStart('.');
        foreach (var (property, column) in Names)
        {
            text = text.Replace(property, column, StringComparison.Ordinal);
        }

        return text;
    }
}
