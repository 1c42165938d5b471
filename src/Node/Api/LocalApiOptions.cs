using FederationNode.Contracts.Api;
using FederationNode.Matching.Policy;
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

    /// <summary>All that a node takes from its policy's file, at start; null: there is only <see cref="Policy"/>.</summary>
    internal NodePolicy? PolicyFromFolder { get; init; }

    /// <summary>The folder whose <c>policy.json</c> is taken up when it changes; null: the policy stays as it is.</summary>
    public NodeFolder? Folder { get; init; }

    /// <summary>Silence of a peer after which answers are marked stale. Default 120 s.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How often a quiet stream of changes shows that it is alive. Default 15 s.</summary>
    public TimeSpan StreamKeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long counted hits gather before the indicators take note of them. Default 5 s.</summary>
    public TimeSpan HitsInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a publishing request waits for the list to take up what is durable. Default 30 s.</summary>
    public TimeSpan ApplyTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads keys and limits from a node's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="policy">The policy at start.</param>
    /// <exception cref="NodeFolderException">A key file cannot be read.</exception>
    internal static LocalApiOptions From(NodeFolder folder, NodeConfig config, NodePolicy policy) => new()
    {
        Keys = folder.ReadApiKeys(),
        Policy = policy.Verdicts,
        PolicyFromFolder = policy,
        Folder = folder,
        StaleAfter = TimeSpan.FromSeconds(config.StaleSeconds),
    };

    /// <summary>Without the keys: this may end in a log.</summary>
    public override string ToString() =>
        $"{Keys.Count} keys for {string.Join(", ", ApiRole.All.Where(Keys.Values.Contains))}; stale after {StaleAfter}";
}
