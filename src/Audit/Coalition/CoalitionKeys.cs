using FederationNode.Audit.Logs;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// The keys of a coalition's logs: that of the roster log from the trust anchor, the others from the roster.
/// </summary>
internal sealed class CoalitionKeys(TrustAnchor? anchor) : ILogKeys
{
    /// <summary>The roster in force.</summary>
    public RosterDocument? Roster => Rosters.LastOrDefault();

    /// <summary>All rosters that were in force, oldest first.</summary>
    public List<RosterDocument> Rosters { get; } = [];

    public bool IsComplete => Roster is not null;

    public VerificationKey? Find(string origin) =>
        anchor?.RosterLogKey.Name == origin ? anchor.RosterLogKey
        : Roster is not null && Roster.TryFindLog(origin, out var log, out _) ? log.Key
        : null;
}
