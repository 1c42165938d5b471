using System.CommandLine;
using System.Security.Cryptography;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Node.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary><c>fednode member</c>.</summary>
internal static class MemberVerbs
{
    public static Command Create() => new("member", "Sets up a member's node.") { InitVerb(), MemberEpochVerb.Create() };

    public static Option<string?> ListenOption() => new("--listen")
    {
        Description = "The address and port on which this node takes connections from peers. Default: 0.0.0.0 and the port of --endpoint.",
        HelpName = "ADDRESS:PORT",
    };

    public static Option<string> ApiOption() => new("--api")
    {
        Description = "The loopback address and port of the local API.",
        HelpName = "ADDRESS:PORT",
        DefaultValueFactory = _ => "127.0.0.1:7480",
    };

    /// <summary>Makes the configuration, checked as it will be when it is read.</summary>
    public static void WriteConfig(
        NodeFolder folder, string member, string? listen, string endpoint, string api, out NodeConfig config)
    {
        config = new NodeConfig
        {
            Member = member,
            PeerListen = listen ?? (endpoint.Length == 0 ? "" : $"0.0.0.0:{PortOf(endpoint)}"),
            ApiListen = api,
        };
        try
        {
            _ = NodeConfig.Parse(config.ToText(), folder.ConfigFile);
        }
        catch (NodeFolderException e)
        {
            // The settings are named after options here, and no file is at fault yet.
            var message = e.Message.Replace(folder.ConfigFile + ": ", "", StringComparison.Ordinal)
                .Replace("\"peerListen\"", "--listen", StringComparison.Ordinal)
                .Replace("\"apiListen\"", "--api", StringComparison.Ordinal);
            throw new CliException(ExitCode.Usage, message, e);
        }
    }

    /// <summary>Makes a bearer key for each role of the local API.</summary>
    public static void WriteApiKeys(NodeFolder folder)
    {
        foreach (var role in ApiRole.All)
        {
            var key = "fnk_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
            NodeFolder.WriteSecret(folder.ApiKeyFile(role), key + "\n");
        }
    }

    private static Verb InitVerb()
    {
        var folder = new Argument<string>("DIR") { Description = "A new folder for the node." };
        var coalition = new Option<string>("--coalition") { Description = "The trust anchor coalition.json, from a source that you trust.", HelpName = "FILE", Required = true };
        var name = new Option<string>("--name") { Description = "The member's name: a-z, 0-9 and '-'.", HelpName = "NAME", Required = true };
        var endpoint = new Option<string>("--endpoint") { Description = "Where peers reach this node, https://host:port. Leave it out behind NAT: the node then only dials.", HelpName = "URL", DefaultValueFactory = _ => "" };
        var listen = ListenOption();
        var api = ApiOption();
        var epoch = new Option<int>("--epoch") { Description = "The epoch of the logs' keys. More than 1 is for a member that is in the roster already and lost its keys, or had them stolen: one more than its logs have there.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var verb = new Verb(
            "init",
            "Makes a member's node: keys, certificate, API keys, and the enrolment request for the secretariat; with --epoch "
                + "the requests for the next epoch of its logs instead.",
            "fednode member init ./acme --coalition coalition.json --name acme --endpoint https://node.acme.example:7443",
            "fednode member init ./acme-new --coalition coalition.json --name acme --epoch 2",
            "fednode run --data ./acme")
        {
            folder, coalition, name, endpoint, listen, api, epoch,
        };
        verb.Does((parsed, output, _) =>
        {
            var node = new NodeFolder(parsed.GetRequiredValue(folder));
            var anchor = parsed.GetRequiredValue(coalition);
            var member = parsed.GetRequiredValue(name);
            var number = parsed.GetValue(epoch);
            var requests = Init(
                node, anchor, member, parsed.GetValue(endpoint)!.TrimEnd('/'), parsed.GetValue(listen), parsed.GetRequiredValue(api), number);
            if (number > 1)
            {
                ExplainEpochs(output, node, member, requests);
                return Task.FromResult(ExitCode.Done);
            }

            output.Json(new { folder = node.Path, member, enrolment = node.EnrolmentFile });
            output.Line($"The node of {member} is set up in {node.Path}.");
            output.Line($"Send {node.EnrolmentFile} to the secretariat, which admits you with:");
            output.Line($"  fednode roster admit {Path.GetFileName(node.EnrolmentFile)} --data SECRETARIAT");
            output.Line($"Then: fednode run --data {node.Path}");
            return Task.FromResult(ExitCode.Done);
        });
        return verb;
    }

    private static void ExplainEpochs(
        Output output, NodeFolder node, string member, IReadOnlyList<EpochRequest> requests)
    {
        output.Json(new
        {
            folder = node.Path,
            member,
            newEpochs = requests.Select(r => new { log = r.Origin.Text, fingerprint = r.Fingerprint, request = node.EpochFile(r.Origin) }),
        });
        output.Line($"The node of {member} is set up in {node.Path}. It takes part once the secretariat has opened its logs.");
        foreach (var request in requests)
        {
            output.Line();
            MemberEpochVerb.Explain(output, request, node.EpochFile(request.Origin));
        }
    }

    /// <summary>Makes the folder; of a later epoch than the first, returns the requests that it wrote.</summary>
    private static List<EpochRequest> Init(
        NodeFolder folder, string anchorFile, string member, string endpoint, string? listen, string api, int epoch)
    {
        if (epoch is < 1 or > 999_999)
        {
            throw new CliException(ExitCode.Usage, "--epoch must be 1 to 999999.");
        }

        if (!Names.IsName(member) || member == Origin.Secretariat)
        {
            throw new CliException(ExitCode.Usage, "--name must be 1 to 63 of a-z, 0-9 and '-', and not \"secretariat\".");
        }

        var anchor = NodeFolder.ReadAnchor(anchorFile);
        WriteConfig(folder, member, listen, endpoint, api, out var config);
        using var keys = new KeySet(new[] { Origin.Indicators, Origin.Receipts }
            .Select(l => Origin.Create(anchor.Coalition, member, l, epoch).Text));
        var request = new EnrolmentRequest
        {
            Coalition = anchor.Coalition,
            Name = member,
            Endpoint = endpoint,
            TlsPin = default,
            Logs = keys.Public,
        };

        // Tried before anything is made, so that a refused command line leaves nothing behind.
        if (epoch == 1 && !EnrolmentRequest.TryOpen(request.Sign(keys.Private), out _, out var fault))
        {
            throw Refusal(fault);
        }

        folder.Create();
        var pin = PeerCertificate.Create(folder.TlsFolder, $"{anchor.Coalition}/{member}");
        keys.Write(folder.KeyFolder);
        WriteApiKeys(folder);

        // Auditors compare the anchors of nodes byte for byte.
        NodeFolder.WriteSecret(folder.AnchorFile, NodeFolder.Read(anchorFile));
        List<EpochRequest> epochs = epoch == 1 ? [] : [.. keys.Public.Select(k => new EpochRequest { TlsPin = pin, Key = k })];
        foreach (var (ask, key) in epochs.Zip(keys.Private))
        {
            NodeFolder.WriteSecret(folder.EpochFile(ask.Origin), ask.Sign([key]));
        }

        if (epoch == 1)
        {
            NodeFolder.WriteSecret(folder.EnrolmentFile, (request with { TlsPin = pin }).Sign(keys.Private));
        }

        // The configuration comes last: a folder without it is not yet a node.
        NodeFolder.WriteSecret(folder.ConfigFile, config.ToText());
        return epochs;
    }

    /// <summary>What a document made of the command line would be refused for; it names the option.</summary>
    public static CliException Refusal(string fault) =>
        new(ExitCode.Usage, fault.Replace("\"endpoint\"", "--endpoint", StringComparison.Ordinal));

    private static int PortOf(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var uri)
            ? uri.Port
            : throw new CliException(ExitCode.Usage, "--endpoint must be https://host:port.");
}
