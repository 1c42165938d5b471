using FederationNode.Matching.Policy;

namespace FederationNode.Detector;

/// <summary>How a local replica of the list is kept.</summary>
public sealed record ReplicaOptions
{
    /// <summary>
    /// A folder of its own in which the replica is kept, so that a restart goes on where it stopped; made if it is missing.
    /// Null: memory only, and each start reads the whole list.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>
    /// The file <c>policy.json</c> by which the node judges, or a copy of it. It must be there at the start; while the replica
    /// runs, a change of it, or of the file of verified sellers that it names, is taken up within seconds, whole or not at all:
    /// see <see cref="ReplicaStatus.PolicyError"/>. Null, and no <see cref="Policy"/>: the default policy of a node.
    /// </summary>
    /// <remarks>
    /// <c>flood</c> does nothing here, since only the node sees how fast logs grow; the file of <c>sample</c>, which is for
    /// publishing, is not read.
    /// </remarks>
    public string? PolicyFile { get; set; }

    /// <summary>
    /// The company's policy, made by the program; <see cref="VerdictPolicy.Self"/> must be the node's member. This or
    /// <see cref="PolicyFile"/>. <see cref="VerdictPolicy.Flood"/> does nothing here.
    /// </summary>
    public VerdictPolicy? Policy { get; set; }

    /// <summary>
    /// The replica is stale when it has not heard of its node for longer: 20 s to 1 day; 60 s if nothing is said. A quiet
    /// node gives a sign of life every 15 s.
    /// </summary>
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The wait after a failure, which doubles up to a minute and is jittered: 10 ms to 60 s; 1 s if nothing is said.</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A connection on which nothing came for so long is given up: 1 s to 10 min; 45 s if nothing is said.
    /// </summary>
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// Indicators that the replica takes at most, 1 to 100 million; 10 million if nothing is said. An indicator takes some
    /// 500 bytes. A longer list is refused, and what is held stays.
    /// </summary>
    public int MaxIndicators { get; set; } = 10_000_000;
}
