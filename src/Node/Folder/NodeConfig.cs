using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using FederationNode.Detector.Settings;
using FederationNode.Node.Api.Access;

namespace FederationNode.Node.Folder;

/// <summary>The file <c>node.json</c> of a node's folder: what an operator may change. Read once, at start.</summary>
public sealed record NodeConfig
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
        NewLine = "\n",
    };

    /// <summary>The member whose node it is.</summary>
    public required string Member { get; init; }

    /// <summary>Where peers connect: an address and port such as <c>0.0.0.0:7443</c>; empty: the node only dials.</summary>
    public string PeerListen { get; init; } = "";

    /// <summary>Where the local API listens; a loopback address and port such as <c>127.0.0.1:7480</c>.</summary>
    public required string ApiListen { get; init; }

    /// <summary>
    /// The database: empty for the file <c>node.db</c> in the folder, or a PostgreSQL connection string. The
    /// environment variable <c>FEDNODE_STORAGE</c> goes before it, so that a password need not stand in a file.
    /// </summary>
    public string Storage { get; init; } = "";

    /// <summary>Seconds between two comparisons of heads with a peer, 0.1 to 60.</summary>
    public double HeadsSeconds { get; init; } = 2;

    /// <summary>Seconds without contact to a peer after which answers say that the list may be stale, 5 to 86,400.</summary>
    public double StaleSeconds { get; init; } = 120;

    /// <summary>
    /// Requests to the local API that each key may make in a second, 0.01 to 1,000,000, on average over two seconds. 0: no
    /// limit, since detectors on the same machine may well ask all the time.
    /// </summary>
    public double ApiRequestsPerSecond { get; init; }

    /// <summary>
    /// Whether a log of which much is missing is first fetched as an outline: all leaf hashes, and whole only the entries
    /// that count; and its history behind that. For a node behind a slow line.
    /// </summary>
    public bool OutlineFirst { get; init; }

    /// <summary>
    /// The file with the passphrase of this node's sealed shares of keys for seller tags, from the node's folder; empty for
    /// <c>share.passphrase</c> in it. The environment variable <c>FEDNODE_SHARE_PASSPHRASE</c> goes before it.
    /// </summary>
    public string SharePassphraseFile { get; init; } = "";

    /// <summary>Writes the file's text.</summary>
    public string ToText() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <summary>Reads the file's text.</summary>
    /// <exception cref="NodeFolderException">A value is missing, unknown or out of range; says which.</exception>
    public static NodeConfig Parse(string text, string file)
    {
        NodeConfig config;
        try
        {
            config = JsonSerializer.Deserialize<NodeConfig>(text, Json)
                ?? throw new NodeFolderException($"{file} is empty.");
        }
        catch (JsonException e)
        {
            throw new NodeFolderException($"{file} {SettingsFault.Describe(e)}", e);
        }

        var fault =
            !Protocol.Names.IsName(config.Member) ? "\"member\" must be 1 to 63 of a-z, 0-9 and '-'."
            : config.PeerListen is null || config.Storage is null || config.SharePassphraseFile is null
                ? "\"peerListen\", \"storage\" and \"sharePassphraseFile\" must be texts; leave them out for the default."
            : config.PeerListen.Length > 0 && !IPEndPoint.TryParse(config.PeerListen, out _) ? "\"peerListen\" must be an address and a port, such as 0.0.0.0:7443."
            : !IPEndPoint.TryParse(config.ApiListen ?? "", out var api) || !IPAddress.IsLoopback(api.Address) ? "\"apiListen\" must be a loopback address and a port, such as 127.0.0.1:7480: the API speaks no TLS and must not be reachable from other machines."
            : config.HeadsSeconds is not (>= 0.1 and <= 60) ? "\"headsSeconds\" must be 0.1 to 60."
            : config.StaleSeconds is not (>= 5 and <= 86_400) ? "\"staleSeconds\" must be 5 to 86400."
            : config.ApiRequestsPerSecond is not (0 or (>= RequestRate.Min and <= RequestRate.Max)) ? "\"apiRequestsPerSecond\" must be 0 (no limit) or 0.01 to 1000000."
            : null;
        return fault is null ? config : throw new NodeFolderException($"{file}: {fault}");
    }
}

/// <summary>A node's folder cannot be used; the message names the file and says what to do.</summary>
internal sealed class NodeFolderException(string message, Exception? inner = null) : SettingsException(message, inner);
