using System.Diagnostics.CodeAnalysis;
using FederationNode.Grains.Identity;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;

namespace FederationNode.Grains.Rosters;

/// <summary>
/// The roster in force, where everything on this silo can read it without a call: TLS handshakes, log keys, verdicts.
/// Only the roster grain writes it. Reading is safe from any thread.
/// </summary>
/// <param name="identity">Who this node is.</param>
/// <param name="current">The roster to begin with, or null.</param>
public sealed class RosterBoard(NodeIdentity identity, RosterDocument? current = null)
{
    private RosterDocument? _current = current;

    /// <summary>Raised after another roster came into force.</summary>
    public event Action<RosterDocument>? Changed;

    /// <summary>The roster in force, or null before the first one was received.</summary>
    public RosterDocument? Current => Volatile.Read(ref _current);

    /// <summary>Whether a member's word counts in the view.</summary>
    public bool Counts(string member) => Current?.Counts(member) ?? false;

    /// <summary>
    /// The key of a log whose entries are taken: its member is active; of a closed log, up to its end. Before the first
    /// roster only the roster log itself is known, from the trust anchor.
    /// </summary>
    public bool TryGetLogKey(
        string origin,
        [NotNullWhen(true)] out VerificationKey? key,
        [NotNullWhen(false)] out string? error)
    {
        key = null;
        error = null;
        if (Current is not { } roster)
        {
            key = identity.Anchor.RosterLogKey.Name == origin ? identity.Anchor.RosterLogKey : null;
            error = key is null ? "No roster was received yet." : null;
            return key is not null;
        }

        if (!roster.TryFindLog(origin, out var log, out var member))
        {
            error = $"The roster, version {roster.Version}, names no log {origin}.";
        }
        else if (member.Status != MemberStatus.Active)
        {
            error = $"{member.Name} is {member.Status.ToString().ToLowerInvariant()} by the roster, version {roster.Version}.";
        }
        else
        {
            key = log.Key;
        }

        return key is not null;
    }

    /// <summary>The pins and names of those that may connect: the active members, this one left out.</summary>
    public IReadOnlyList<RosterMember> ActivePeers() =>
        Current is { } roster
            ? [.. roster.Members.Where(m => m.Status == MemberStatus.Active && m.Name != identity.Member)]
            : [];

    /// <summary>The member behind a TLS key, or null if nobody that may connect has it.</summary>
    public RosterMember? PeerByPin(Hash256 pin) =>
        Current?.ActiveMemberByPin(pin) is { } member && member.Name != identity.Member ? member : null;

    /// <summary>Where and with which TLS key a member is dialled; before the first roster only the secretariat.</summary>
    public bool TryGetDialTarget(string member, [NotNullWhen(true)] out Uri? endpoint, out Hash256 pin)
    {
        endpoint = null;
        pin = default;
        if (Current is not { } roster)
        {
            if (member != Origin.Secretariat || identity.Member == Origin.Secretariat)
            {
                return false;
            }

            endpoint = new Uri(identity.Anchor.Endpoint);
            pin = identity.Anchor.TlsPin;
            return true;
        }

        if (roster.Member(member) is not { Status: MemberStatus.Active, Endpoint.Length: > 0 } peer)
        {
            return false;
        }

        endpoint = new Uri(peer.Endpoint);
        pin = peer.TlsPin;
        return true;
    }

    internal void Put(RosterDocument roster)
    {
        Volatile.Write(ref _current, roster);
        Changed?.Invoke(roster);
    }
}
