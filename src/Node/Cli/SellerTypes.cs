using System.Collections.Immutable;
using System.CommandLine;
using FederationNode.Node.Folder;
using FederationNode.Node.Sellers;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Cli;

/// <summary>
/// The kinds of seller identifiers for which a new coalition gets keys (docs/protocol.md section 12). A tag can be made
/// only of a kind that has one, and each key is its own.
/// </summary>
internal static class SellerTypes
{
    private const string All = "all";

    /// <summary>The option of <c>coalition create</c>.</summary>
    public static Option<string[]> Option() => new("--seller-types")
    {
        Description = $"The kinds of seller identifiers that get a key, with commas between them: {List}, "
            + $"acct:PLATFORM for accounts on a platform; {All} stands for all but accounts.",
        HelpName = "TYPES",
        DefaultValueFactory = _ => [All],
        AllowMultipleArgumentsPerToken = false,
    };

    private static string List => string.Join(", ", SellerIdentifierType.Fixed);

    /// <summary>Reads the option.</summary>
    /// <exception cref="CliException">It names none, too many, or one that there is not.</exception>
    public static IReadOnlyList<SellerIdentifierType> Parse(IEnumerable<string> values)
    {
        var types = new List<SellerIdentifierType>();
        var names = values.SelectMany(
            v => v.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        foreach (var name in names)
        {
            if (name == All)
            {
                types.AddRange(SellerIdentifierType.Fixed);
            }
            else if (SellerIdentifierType.TryParse(name, out var type, out var error))
            {
                types.Add(type);
            }
            else
            {
                throw new CliException(ExitCode.Usage, $"--seller-types: {name} cannot be one. {error}");
            }
        }

        types = [.. types.Distinct()];
        return types.Count is > 0 and <= RosterDocument.MaxSellerKeys
            ? types
            : throw new CliException(
                ExitCode.Usage, $"--seller-types must name 1 to {RosterDocument.MaxSellerKeys} kinds of identifiers.");
    }

    /// <summary>
    /// Makes a key for each, which this node holds whole, sealed in its folder; returns what the roster says of them.
    /// </summary>
    public static ImmutableArray<SellerKey> MakeKeys(NodeFolder folder, NodeConfig config, IEnumerable<SellerIdentifierType> types)
    {
        NodeFolder.CreateFolder(folder.SellerKeyFolder);
        using var passphrase = SharePassphrase.OfNodeOrNew(folder, config);
        var keys = ImmutableArray.CreateBuilder<SellerKey>();
        foreach (var type in types)
        {
            using var dealing = Dealer.Deal(new SellerScheme(type, 1), [config.Member], 1, whole: null);
            ShareFiles.Write(folder.SellerKeyFolder, dealing.Shares[0], passphrase);
            keys.Add(SellerKey.Of(dealing.Key));
        }

        return keys.ToImmutable();
    }
}
