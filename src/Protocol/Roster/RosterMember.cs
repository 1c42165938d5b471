using System.Collections.Immutable;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Sellers.Quotas;

namespace FederationNode.Protocol.Roster;

/// <summary>Whether a member takes part.</summary>
public enum MemberStatus
{
    /// <summary>It takes part, and its word counts.</summary>
    Active,

    /// <summary>It gets nothing and its new entries are not taken; what it listed stays.</summary>
    Suspended,

    /// <summary>It is out: it gets nothing, and its word no longer counts.</summary>
    Expelled,
}

/// <summary>A log that a member writes.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Key">The key that signs its checkpoints; its name is the origin.</param>
/// <param name="ClosedAt">The last head that counts, if the roster closed the log; otherwise null.</param>
public sealed record RosterLog(Origin Origin, VerificationKey Key, LogHead? ClosedAt = null);

/// <summary>One member of the coalition.</summary>
public sealed record RosterMember
{
    /// <summary>The role of a member that may hold shares of keys for seller tags.</summary>
    public const string KeyHolder = "key-holder";

    /// <summary>What a member may be besides a member.</summary>
    public static ImmutableArray<string> KnownRoles { get; } = ["secretariat", "member", "observer", KeyHolder, "auditor"];

    /// <summary>The member's name, part of its origins.</summary>
    public required string Name { get; init; }

    /// <summary>Where other nodes dial it, <c>https://host:port</c>; empty if it only dials.</summary>
    public required string Endpoint { get; init; }

    /// <summary>
    /// Where its node is, a code such as <c>cn</c>; empty if not said. Bulk crosses the border between two regions only to
    /// a few nodes.
    /// </summary>
    public string Region { get; init; } = "";

    /// <summary>SHA-256 of the SubjectPublicKeyInfo of its TLS certificate, for both directions.</summary>
    public required Hash256 TlsPin { get; init; }

    /// <summary>Its roles, some of <see cref="KnownRoles"/>.</summary>
    public required ImmutableArray<string> Roles { get; init; }

    /// <summary>
    /// How much it may ask each holder for under any key for seller tags; null: what the key says. A member that tags all its
    /// sellers for the first time needs more than others.
    /// </summary>
    public TagQuota? Quota { get; init; }

    /// <summary>
    /// Whether holders make tags for it: a member's business, and the secretariat's; observers and auditors only look on.
    /// </summary>
    public bool MayHaveTags => Roles.Contains("member") || Roles.Contains("secretariat");

    /// <summary>Whether it takes part.</summary>
    public MemberStatus Status { get; init; } = MemberStatus.Active;

    /// <summary>The logs that it writes.</summary>
    public required ImmutableArray<RosterLog> Logs { get; init; }

    /// <summary>The newest log of a kind, open or closed, or null.</summary>
    public RosterLog? NewestLog(string log) => Logs.Where(l => l.Origin.Log == log).MaxBy(l => l.Origin.Epoch);

    /// <summary>The newest open log of a kind, or null.</summary>
    public RosterLog? OpenLog(string log) =>
        Logs.Where(l => l.Origin.Log == log && l.ClosedAt is null).MaxBy(l => l.Origin.Epoch);
}
