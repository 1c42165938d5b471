using FederationNode.Contracts.Api;
using FederationNode.Matching.Policy;
using FederationNode.Node.Api.Webhooks;
using FederationNode.Node.Folder;
using FederationNode.Node.Policies;

namespace FederationNode.Node.Api;

/// <summary>What the local API needs to know of the node. Immutable.</summary>
public sealed record LocalApiOptions
{
    /// <summary>The bearer keys and the role of each, as <see cref="NodeFolder.ReadApiKeys"/> gives them.</summary>
    public required IReadOnlyDictionary<string, string> Keys { get; init; }

    /// <summary>What turns evidence into verdicts, at start.</summary>
    public required VerdictPolicy Policy { get; init; }

    /// <summary>Requests that each key may make in a second, 0.01 to 1,000,000; 0, the default: no limit.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>All that a node takes from its policy's file, at start; null: there is only <see cref="Policy"/>.</summary>
    internal NodePolicy? PolicyFromFolder { get; init; }

    /// <summary>The folder whose <c>policy.json</c> and <c>webhooks.json</c> are taken up when they change; null: both stay as they are.</summary>
    public NodeFolder? Folder { get; init; }

    /// <summary>Silence of a peer after which answers are marked stale. Default 120 s.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How often a quiet stream of changes shows that it is alive. Default 15 s.</summary>
    public TimeSpan StreamKeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time without a byte after which a check as a stream of lines ends. Default 60 s.</summary>
    public TimeSpan CheckStreamIdle { get; init; } = TimeSpan.FromSeconds(Contracts.Limits.CheckStreamIdleSeconds);

    /// <summary>How long counted hits gather before the indicators take note of them. Default 5 s.</summary>
    public TimeSpan HitsInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often counts for the daily tallies are made durable. Default 60 s.</summary>
    public TimeSpan TallyInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whom the node tells of changes, at start. Default nobody.</summary>
    public IReadOnlyList<Webhook> Webhooks { get; init; } = [];

    /// <summary>How long things take with webhooks.</summary>
    public WebhookTimes WebhookTimes { get; init; } = new();

    /// <summary>How long a publishing request waits for the list to take up what is durable. Default 30 s.</summary>
    public TimeSpan ApplyTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads keys and limits from a node's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="policy">The policy at start.</param>
    /// <exception cref="NodeFolderException">A key file or webhooks.json cannot be read.</exception>
    internal static LocalApiOptions From(NodeFolder folder, NodeConfig config, NodePolicy policy) => new()
    {
        Keys = folder.ReadApiKeys(),
        Policy = policy.Verdicts,
        PolicyFromFolder = policy,
        Folder = folder,
        StaleAfter = TimeSpan.FromSeconds(config.StaleSeconds),
        Webhooks = WebhooksFile.Load(folder),
        RequestsPerSecond = config.ApiRequestsPerSecond,
    };

    /// <summary>Without the keys: this may end in a log.</summary>
    public override string ToString() =>
        $"{Keys.Count} keys for {string.Join(", ", ApiRole.All.Where(Keys.Values.Contains))}; stale after {StaleAfter}";
}
