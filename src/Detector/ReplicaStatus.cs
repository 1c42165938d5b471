namespace FederationNode.Detector;

/// <summary>How a replica is doing.</summary>
/// <param name="IsReady">Whether it has a whole list and answers.</param>
/// <param name="IsStale">
/// Whether it has no list, or has not heard of its node for longer than <see cref="ReplicaOptions.MaxAge"/>. It answers with
/// what it has all the same; what then to hold for review is the company's own decision, which <c>whenStale</c> in its policy
/// may say.
/// </param>
/// <param name="Age">Since it last heard of its node; null if it has no list.</param>
/// <param name="Indicators">Indicators that somebody lists.</param>
/// <param name="ListVersion">Digest of the node's list when it last told of it, in hexadecimal, or null.</param>
/// <param name="ListSize">Indicators with a listing in force on the node then.</param>
/// <param name="RosterVersion">The roster by which members' words count; 0: none.</param>
/// <param name="LastError">What went wrong last, or null if the replica follows its node.</param>
/// <param name="FileError">Why the replica is not kept on disk now, or null.</param>
/// <param name="PolicyError">
/// Why the policy in <see cref="ReplicaOptions.PolicyFile"/> is not in force, but the one before it: the file, the line, the
/// setting and what to do. Null: what is in the file is in force, or there is none.
/// </param>
public sealed record ReplicaStatus(
    bool IsReady,
    bool IsStale,
    TimeSpan? Age,
    int Indicators,
    string? ListVersion,
    long ListSize,
    int RosterVersion,
    string? LastError,
    string? FileError,
    string? PolicyError);
