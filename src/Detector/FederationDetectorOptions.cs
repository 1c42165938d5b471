namespace FederationNode.Detector;

/// <summary>How to reach the company's own node, and how patient to be with it.</summary>
public sealed record FederationDetectorOptions
{
    /// <summary>
    /// Addresses of the node's local API, such as <c>http://127.0.0.1:7480</c>: 1 to 16, all of nodes of the same company.
    /// The first one that answers is asked; the others when it does not.
    /// </summary>
    public IList<Uri> Nodes { get; init; } = [];

    /// <summary>A bearer key of role <c>detector</c> or more. This or <see cref="KeyFile"/>.</summary>
    public string? Key { get; set; }

    /// <summary>A file that holds the key, such as <c>api-keys/detector.key</c> in the node's folder; read at start.</summary>
    public string? KeyFile { get; set; }

    /// <summary>How long a call may take in all, retries included: 10 ms to 60 s; 10 s if nothing is said.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often a request is sent again after a failed connection, 429 or 503: 0 to 10; 2 if nothing is said. Checks
    /// change nothing, so all of them may be sent again.
    /// </summary>
    public int Retries { get; set; } = 2;

    /// <summary>The wait before the first retry, which doubles and is jittered: 1 ms to 10 s; 100 ms if nothing is said.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// After this share of the latest latencies a second request goes to the next address (or the same, if there is one
    /// only), and the first answer holds: 0.5 to 0.999, such as 0.95. Null, the default: never.
    /// </summary>
    public double? HedgeQuantile { get; set; }

    /// <summary>No hedge before this: 1 ms to 10 s; 20 ms if nothing is said.</summary>
    public TimeSpan MinHedgeDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>A local replica that follows the list, or null: only the node is asked.</summary>
    public ReplicaOptions? Replica { get; set; }
}
