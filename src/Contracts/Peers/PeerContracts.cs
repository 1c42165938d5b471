using FederationNode.Protocol.Entries;

namespace FederationNode.Contracts.Peers;

/// <summary>How a peer is doing, for people and metrics.</summary>
/// <param name="Member">The peer.</param>
/// <param name="Reachable">Whether the last exchange worked.</param>
/// <param name="LastContact">When the last exchange that worked ended, in unix milliseconds; 0 if none did.</param>
/// <param name="Failures">Failed exchanges since then.</param>
/// <param name="NextAttempt">When the node tries again, in unix milliseconds; 0: at the next occasion.</param>
/// <param name="LastError">What went wrong last, or null.</param>
[GenerateSerializer, Immutable, Alias("fednode.PeerStatus")]
public sealed record PeerStatus(
    [property: Id(0)] string Member,
    [property: Id(1)] bool Reachable,
    [property: Id(2)] long LastContact,
    [property: Id(3)] int Failures,
    [property: Id(4)] long NextAttempt,
    [property: Id(5)] string? LastError);

/// <summary>
/// The link to one other member: pushes new heads to it, compares heads with it, and keeps the backoff, which
/// survives a restart. Key: the member's name.
/// </summary>
[Alias("fednode.IPeerGrain")]
public interface IPeerGrain : IGrainWithStringKey
{
    /// <summary>Sends the newest head of a log, with the entries that the peer lacks if they are small.</summary>
    [Alias("Push")]
    Task PushAsync(string origin);

    /// <summary>Exchanges heads and asks for what the peer has and this node lacks.</summary>
    [Alias("CompareHeads")]
    Task CompareHeadsAsync();

    /// <summary>Takes note of heads that the peer sent on its own accord.</summary>
    [Alias("NoteHeads")]
    Task NoteHeadsAsync([Immutable] IReadOnlyList<PeerHead> heads);

    /// <summary>How the link is doing.</summary>
    [Alias("GetStatus")]
    Task<PeerStatus> GetStatusAsync();
}

/// <summary>A head that a peer claims to hold. It proves nothing until the entries arrive with a checkpoint.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Entries that the peer holds.</param>
[GenerateSerializer, Immutable, Alias("fednode.PeerHead")]
public readonly record struct PeerHead([property: Id(0)] string Origin, [property: Id(1)] long Size)
{
    /// <summary>Leaves out the root, which is of use to fork detection only.</summary>
    public static PeerHead Of(LogHead head) => new(head.Origin, head.Size);
}
