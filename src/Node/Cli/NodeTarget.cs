using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Node.Folder;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Cli;

/// <summary>
/// The node that a reading verb is about: a running one over its local API, or a stopped one over its database.
/// </summary>
internal abstract class NodeTarget : IAsyncDisposable
{
    /// <summary>The API of the running node, or null if it is stopped.</summary>
    public virtual NodeClient? Client => null;

    /// <summary>The node's folder, or null if only its address is known.</summary>
    public virtual NodeFolder? Folder => null;

    /// <summary>Works out which node is meant.</summary>
    /// <param name="data">The folder, or null.</param>
    /// <param name="url">The address, or null.</param>
    /// <param name="key">The bearer key or @file, or null.</param>
    /// <param name="role">The role whose key is taken from the folder.</param>
    public static NodeTarget Of(string? data, string? url, string? key, string role)
    {
        if (url is not null)
        {
            return new RunningNode(new NodeClient(url, ReadKey(key)), null);
        }

        if (data is null)
        {
            throw new CliException(ExitCode.Usage, "Say which node: --data DIR, or --url URL with --key KEY.");
        }

        var folder = new NodeFolder(data);
        _ = folder.ReadConfig();
        return RunFile.TryRead(folder) is { } running
            ? new RunningNode(new NodeClient(running.ApiUrl, folder.ReadApiKey(role)), folder)
            : new StoppedNode(folder);
    }

    /// <summary>The API of the node, which must be running.</summary>
    public static NodeClient Running(string? data, string? url, string? key, string role)
    {
        var target = Of(data, url, key, role);
        return target.Client
            ?? throw new CliException(ExitCode.Unreachable, $"No node runs on {data}: start it with `fednode run --data {data}`.");
    }

    /// <summary>The roster in force.</summary>
    public abstract Task<RosterDocument> ReadRosterAsync(CancellationToken cancel);

    /// <summary>The logs that the node holds.</summary>
    public abstract Task<IReadOnlyList<LogRow>> ListLogsAsync(CancellationToken cancel);

    /// <summary>Reads a file of a log in the C2SP layout, or null if there is none.</summary>
    public abstract Task<byte[]?> ReadLogFileAsync(string origin, string path, CancellationToken cancel);

    /// <summary>An indicator with its evidence.</summary>
    public abstract Task<IndicatorDetail> ShowAsync(string id, CancellationToken cancel);

    /// <summary>The first indicators, in the order of their ids.</summary>
    public abstract Task<IndicatorPage> ListIndicatorsAsync(int limit, CancellationToken cancel);

    /// <summary>Checks items that a detector would ask about.</summary>
    public abstract Task<CheckResponse> CheckAsync(CheckRequest request, CancellationToken cancel);

    /// <summary>Has blinded seller identifiers evaluated by the holders of the keys.</summary>
    public abstract Task<SellerEvaluateResponse> EvaluateSellersAsync(SellerEvaluateRequest request, CancellationToken cancel);

    /// <summary>The keys for seller tags that the roster names.</summary>
    public abstract Task<SellerKeysResponse> ReadSellerKeysAsync(CancellationToken cancel);

    /// <summary>How the node is doing.</summary>
    public abstract Task<NodeStatus> ReadStatusAsync(CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    private static string ReadKey(string? key)
    {
        key ??= Environment.GetEnvironmentVariable("FEDNODE_KEY");
        return key is null or "" ? throw new CliException(ExitCode.Usage, "--url needs --key KEY, --key @FILE or the environment variable FEDNODE_KEY.")
            : key[0] == '@' ? Encoding.UTF8.GetString(NodeFolder.Read(key[1..])).Trim()
            : key;
    }
}
