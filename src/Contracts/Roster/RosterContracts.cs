namespace FederationNode.Contracts.Roster;

/// <summary>The roster as the node knows it.</summary>
/// <param name="Version">0 while no roster was received.</param>
/// <param name="Note">The signed document; empty at version 0.</param>
[GenerateSerializer, Immutable, Alias("fednode.RosterStatus")]
public sealed record RosterStatus([property: Id(0)] int Version, [property: Id(1)] byte[] Note);

/// <summary>What became of a roster document.</summary>
/// <param name="Version">The version in force now.</param>
/// <param name="Error">Why the document was refused, or null.</param>
[GenerateSerializer, Immutable, Alias("fednode.RosterResult")]
public sealed record RosterResult([property: Id(0)] int Version, [property: Id(1)] string? Error);

/// <summary>
/// Walks the chain of roster documents: each version exactly one above the last, signed by enough keys of both.
/// The version in force is stored, so that no restart and no peer can turn it back. Key: the coalition's name.
/// </summary>
[Alias("fednode.IRosterGrain")]
public interface IRosterGrain : IGrainWithStringKey
{
    /// <summary>The roster in force.</summary>
    [Alias("Get")]
    Task<RosterStatus> GetAsync();

    /// <summary>Verifies the next document and puts it into force.</summary>
    [Alias("Advance")]
    Task<RosterResult> AdvanceAsync([Immutable] byte[] note);

    /// <summary>Reads what the roster log holds beyond the version in force.</summary>
    [Alias("Follow")]
    Task<RosterResult> FollowLogAsync();
}
