using FederationNode.Contracts.Api;

namespace FederationNode.Detector.Replica;

/// <summary>How far a replica has read, and whose word counts there.</summary>
/// <param name="Coalition">The coalition.</param>
/// <param name="Member">The member whose node it follows.</param>
/// <param name="Cursor">Where to go on with the changes.</param>
/// <param name="Roster">Whose word counts.</param>
/// <param name="ListVersion">Digest of the node's list then, in hexadecimal.</param>
/// <param name="ListSize">Indicators with a listing in force on the node then.</param>
/// <param name="Heard">When that was, in unix seconds by this machine's clock.</param>
internal sealed record ReplicaPlace(
    string Coalition, string Member, string Cursor, RosterFacts Roster, string ListVersion, long ListSize, long Heard);
