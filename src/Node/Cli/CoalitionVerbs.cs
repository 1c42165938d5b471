using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using FederationNode.Node.Folder;
using FederationNode.Node.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode coalition</c>.</summary>
internal static class CoalitionVerbs
{
    public static Command Create() => new("coalition", "Founds a coalition.") { CreateVerb() };

    private static Verb CreateVerb()
    {
        var folder = new Argument<string>("DIR") { Description = "A new folder for the secretariat's node." };
        var name = new Option<string>("--name") { Description = "The coalition's name: a-z, 0-9 and '-'.", HelpName = "NAME", Required = true };
        var endpoint = new Option<string>("--endpoint") { Description = "Where members reach the secretariat's node, https://host:port.", HelpName = "URL", Required = true };
        var listen = MemberVerbs.ListenOption();
        var api = MemberVerbs.ApiOption();
        var keys = new Option<int>("--keys") { Description = "How many secretariat keys to make, 1 to 16.", DefaultValueFactory = _ => 3 };
        var threshold = new Option<int>("--threshold") { Description = "How many of them must sign a roster.", DefaultValueFactory = _ => 2 };
        var sellerTypes = SellerTypes.Option();
        var verb = new Verb(
            "create",
            "Makes the secretariat's node: keys, certificate, the trust anchor coalition.json and the first roster.",
            "fednode coalition create ./secretariat --name ewt --endpoint https://node.example.org:7443 --listen 0.0.0.0:7443",
            "fednode coalition create ./secretariat --name ewt --endpoint https://node.example.org:7443 "
                + "--seller-types all,acct:taobao",
            "fednode run --data ./secretariat")
        {
            folder, name, endpoint, listen, api, keys, threshold, sellerTypes,
        };
        verb.Does((parsed, output, _) =>
        {
            var request = new FoundingRequest(
                parsed.GetRequiredValue(name),
                parsed.GetRequiredValue(endpoint).TrimEnd('/'),
                parsed.GetValue(listen),
                parsed.GetRequiredValue(api),
                parsed.GetValue(keys),
                parsed.GetValue(threshold),
                SellerTypes.Parse(parsed.GetRequiredValue(sellerTypes)));
            var node = new NodeFolder(parsed.GetRequiredValue(folder));
            Found(node, request);
            output.Json(new { folder = node.Path, coalition = request.Name, anchor = node.AnchorFile });
            output.Line($"The coalition {request.Name} is founded in {node.Path}.");
            output.Line("It alone can make tags of sellers: give its keys to several members with `fednode seller-keys deal`.");
            output.Line($"Give {node.AnchorFile} to every member over a channel that they trust.");
            output.Line($"Then: fednode run --data {node.Path}");
            return Task.FromResult(ExitCode.Done);
        });
        return verb;
    }

    private static void Found(NodeFolder folder, FoundingRequest request)
    {
        if (!Names.IsName(request.Name))
        {
            throw new CliException(ExitCode.Usage, "--name must be 1 to 63 of a-z, 0-9 and '-'.");
        }

        if (request.Keys is < 1 or > RosterDocument.MaxSecretariatKeys || request.Threshold < 1 || request.Threshold > request.Keys)
        {
            throw new CliException(ExitCode.Usage, "--keys must be 1 to 16, and --threshold from 1 to --keys.");
        }

        using var secretariatKeys = new KeySet(Enumerable.Range(1, request.Keys)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{request.Name}/secretariat/key-{i}")));
        using var logKeys = new KeySet(
            new[] { Origin.Indicators, Origin.Receipts, Origin.RosterLog }
                .Select(l => Origin.Create(request.Name, Origin.Secretariat, l, 1).Text));

        MemberVerbs.WriteConfig(folder, Origin.Secretariat, request.Listen, request.Endpoint, request.Api, out var config);
        var anchor = new TrustAnchor
        {
            Coalition = request.Name,
            Threshold = request.Threshold,
            SecretariatKeys = secretariatKeys.Public,
            RosterLogKey = logKeys.Public[2],
            Endpoint = request.Endpoint,
            TlsPin = default,
        };

        // Tried before anything is made, so that a refused command line leaves nothing behind.
        if (!TrustAnchor.TryParse(anchor.ToText(), out _, out var fault))
        {
            throw MemberVerbs.Refusal(fault);
        }

        folder.Create();
        var pin = PeerCertificate.Create(folder.TlsFolder, $"{request.Name}/{Origin.Secretariat}");
        var sellerKeys = SellerTypes.MakeKeys(folder, config, request.SellerTypes);
        logKeys.Write(folder.KeyFolder);
        NodeFolder.CreateFolder(folder.SecretariatKeyFolder);
        secretariatKeys.Write(folder.SecretariatKeyFolder);
        MemberVerbs.WriteApiKeys(folder);

        anchor = anchor with { TlsPin = pin };
        NodeFolder.WriteSecret(folder.AnchorFile, anchor.ToText());
        WriteFirstRoster(folder, request, anchor, pin, sellerKeys, logKeys, secretariatKeys);

        // The configuration comes last: a folder without it is not yet a node.
        NodeFolder.WriteSecret(folder.ConfigFile, config.ToText());
    }

    private static void WriteFirstRoster(
        NodeFolder folder,
        FoundingRequest request,
        TrustAnchor anchor,
        Hash256 pin,
        ImmutableArray<SellerKey> sellerKeys,
        KeySet logKeys,
        KeySet secretariatKeys)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var roster = new RosterDocument
        {
            Coalition = request.Name,
            Version = 1,
            Issued = now,
            Expires = now + NextRoster.Lifetime,
            Threshold = request.Threshold,
            SecretariatKeys = secretariatKeys.Public,
            SellerKeys = sellerKeys,
            Members =
            [
                new RosterMember
                {
                    Name = Origin.Secretariat,
                    Endpoint = request.Endpoint,
                    TlsPin = pin,
                    Roles = ["secretariat", RosterMember.KeyHolder],
                    Logs = [.. logKeys.Public.Select(k => new RosterLog(Origin.Parse(k.Name), k))],
                },
            ],
        };
        var note = SignedNote.Sign(roster.ToText(), [.. secretariatKeys.Private.Take(request.Threshold)]);
        if (!RosterChain.TryOpenFirst(note, anchor, out _, out var error))
        {
            throw new CliException(ExitCode.Usage, error);
        }

        NodeFolder.CreateFolder(folder.RosterFolder);
        NodeFolder.WriteSecret(folder.RosterFile(1), note);
    }

    private sealed record FoundingRequest(
        string Name,
        string Endpoint,
        string? Listen,
        string Api,
        int Keys,
        int Threshold,
        IReadOnlyList<SellerIdentifierType> SellerTypes);
}

/// <summary>Signing keys, freshly made or read, wiped when done.</summary>
internal sealed class KeySet : IDisposable
{
    /// <summary>Makes a key for each name.</summary>
    public KeySet(IEnumerable<string> names)
        : this([.. names.Select(n =>
        {
            var seed = RandomNumberGenerator.GetBytes(SigningKey.SeedSize);
            var key = SigningKey.FromSeed(n, seed);
            CryptographicOperations.ZeroMemory(seed);
            return key;
        })])
    {
    }

    private KeySet(IReadOnlyList<SigningKey> keys)
    {
        Private = keys;
        Public = [.. keys.Select(k => k.VerificationKey)];
    }

    /// <summary>Reads all keys of a folder.</summary>
    /// <exception cref="NodeFolderException">One is malformed.</exception>
    public static KeySet Read(string folder) => new(NodeFolder.ReadKeys(folder));

    public IReadOnlyList<SigningKey> Private { get; }

    public ImmutableArray<VerificationKey> Public { get; }

    /// <summary>Writes each key to a file named after the last parts of its name.</summary>
    public void Write(string folder)
    {
        foreach (var key in Private)
        {
            NodeFolder.WriteSecret(
                Path.Combine(folder, NodeFolder.KeyFileName(key.VerificationKey.Name)), key.ExportText() + "\n");
        }
    }

    public void Dispose()
    {
        foreach (var key in Private)
        {
            key.Dispose();
        }
    }
}
