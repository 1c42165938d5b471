using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Roster;

namespace FederationNode.Grains.Identity;

/// <summary>
/// Who this node is: its member, the private keys of its logs, and whom it trusts to begin with. A key may be added while
/// the node runs, when the roster opens the next epoch of a log. Reading is safe from any thread.
/// </summary>
/// <param name="anchor">The coalition's trust anchor.</param>
/// <param name="member">The member's name.</param>
/// <param name="logKeys">The private keys of the member's logs. They stay in memory and are never logged.</param>
public sealed class NodeIdentity(TrustAnchor anchor, string member, IReadOnlyList<SigningKey> logKeys)
{
    private readonly Lock _gate = new();
    private IReadOnlyList<SigningKey> _logKeys = logKeys;

    /// <summary>The coalition's trust anchor.</summary>
    public TrustAnchor Anchor => anchor;

    /// <summary>The member's name.</summary>
    public string Member => member;

    /// <summary>The private keys of the member's logs.</summary>
    public IReadOnlyList<SigningKey> LogKeys => Volatile.Read(ref _logKeys);

    /// <summary>The coalition's name.</summary>
    public string Coalition => anchor.Coalition;

    /// <summary>The key that signs a log, or null if this node does not write it.</summary>
    public SigningKey? KeyOf(string origin)
    {
        // Asked for each request of a peer: without an iterator.
        foreach (var key in LogKeys)
        {
            if (key.VerificationKey.Name == origin)
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>Adds the key of a log that has none yet.</summary>
    /// <exception cref="ArgumentException">The log has a key.</exception>
    public void Add(SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        lock (_gate)
        {
            if (KeyOf(key.VerificationKey.Name) is not null)
            {
                throw new ArgumentException($"There is a key of {key.VerificationKey.Name} already.");
            }

            Volatile.Write(ref _logKeys, [.. _logKeys, key]);
        }
    }

    /// <summary>
    /// The log of a kind that this member writes: open by the roster, and with the key that the roster names held here.
    /// Null if there is none.
    /// </summary>
    /// <param name="roster">The roster in force, or null.</param>
    /// <param name="log">The kind.</param>
    public RosterLog? WrittenLog(RosterDocument? roster, string log) =>
        roster?.Member(member)?.OpenLog(log) is { } open && Holds(open) ? open : null;

    /// <summary>Whether the key that the roster names for a log is held here.</summary>
    public bool Holds(RosterLog log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return log.Key.Equals(KeyOf(log.Origin.Text)?.VerificationKey);
    }
}
