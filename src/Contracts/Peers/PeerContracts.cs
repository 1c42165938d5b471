namespace FederationNode.Contracts.Peers;

/// <summary>A log that a peer is not asked for, for a while.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Reason">Why the last request for it failed.</param>
/// <param name="Failures">How often in a row.</param>
/// <param name="Until">Not before this time, in unix milliseconds.</param>
[GenerateSerializer, Immutable, Alias("fednode.PeerLogBackoff")]
public sealed record PeerLogBackoff(
    [property: Id(0)] string Origin,
    [property: Id(1)] string Reason,
    [property: Id(2)] int Failures,
    [property: Id(3)] long Until);

/// <summary>What must survive a restart about a peer, so that a node that restarts often does not hammer it.</summary>
/// <param name="LastContact">When an exchange last worked, in unix milliseconds; 0 if never.</param>
/// <param name="Failures">Failed exchanges since then.</param>
/// <param name="NextAttempt">Not before this time, in unix milliseconds.</param>
/// <param name="Logs">Logs that it could not or would not give.</param>
[GenerateSerializer, Immutable, Alias("fednode.PeerMemory")]
public sealed record PeerMemory(
    [property: Id(0)] long LastContact,
    [property: Id(1)] int Failures,
    [property: Id(2)] long NextAttempt,
    [property: Id(3)] IReadOnlyList<PeerLogBackoff> Logs)
{
    /// <summary>Nothing is remembered.</summary>
    public static PeerMemory None { get; } = new(0, 0, 0, []);
}

/// <summary>What is remembered of the link to one other member. Key: the member's name.</summary>
[Alias("fednode.IPeerGrain")]
public interface IPeerGrain : IGrainWithStringKey
{
    /// <summary>What was saved last.</summary>
    [Alias("Load")]
    Task<PeerMemory> LoadAsync();

    /// <summary>Saves it. That the storage does not take it is logged and does no harm.</summary>
    [Alias("Save")]
    Task SaveAsync([Immutable] PeerMemory memory);
}
