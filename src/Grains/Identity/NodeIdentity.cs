using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;

namespace FederationNode.Grains.Identity;

/// <summary>Who this node is: its member, the private keys of its logs, and whom it trusts to begin with.</summary>
/// <param name="Anchor">The coalition's trust anchor.</param>
/// <param name="Member">The member's name.</param>
/// <param name="LogKeys">The private keys of the member's logs. They stay in memory and are never logged.</param>
public sealed record NodeIdentity(TrustAnchor Anchor, string Member, IReadOnlyList<SigningKey> LogKeys)
{
    /// <summary>The coalition's name.</summary>
    public string Coalition => Anchor.Coalition;

    /// <summary>The key that signs a log, or null if the log is not this member's.</summary>
    public SigningKey? KeyOf(string origin) => LogKeys.FirstOrDefault(k => k.VerificationKey.Name == origin);

    /// <summary>The newest own log of a kind, or null if the member writes none.</summary>
    public Origin? OwnLog(string log) => LogKeys
        .Select(k => Origin.Parse(k.VerificationKey.Name))
        .Where(o => o.Log == log)
        .MaxBy(o => o.Epoch);
}
