using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol;

namespace FederationNode.Grains.Peers;

/// <summary>Between what grains speak and what goes over the wire.</summary>
public static class PeerWire
{
    /// <summary>An entry for the wire.</summary>
    public static EntryMessage ToMessage(StoredEntry entry) =>
        new() { Leaf = entry.Leaf, Salt = entry.Salt, Payload = entry.Payload };

    /// <summary>A range for the wire.</summary>
    public static RangeMessage ToMessage(LogRange range) => new()
    {
        Checkpoint = range.Checkpoint,
        From = range.From,
        Entries = [.. range.Entries.Select(ToMessage)],
        Proof = [.. range.Proof.Select(h => h.ToArray())],
    };

    /// <summary>A range from the wire, or null if its proof is not made of hashes or an entry has no leaf.</summary>
    public static LogRange? FromMessage(RangeMessage message)
    {
        if (message.Checkpoint is null || message.Proof is null || message.Proof.Any(h => h is not { Length: Hash256.Size })
            || message.Entries is null || message.Entries.Any(e => e?.Leaf is null))
        {
            return null;
        }

        return new LogRange(
            message.Checkpoint,
            message.From,
            [.. message.Entries.Select(e => new StoredEntry(e.Leaf, e.Salt, e.Payload))],
            [.. message.Proof.Select(h => new Hash256(h))]);
    }

    /// <summary>A push as a range, whose proof is empty, or null if it is malformed.</summary>
    public static LogRange? FromMessage(PushMessage message) => message.Entries is null
        ? null
        : FromMessage(new RangeMessage
        {
            Checkpoint = message.Checkpoint,
            From = message.From,
            Entries = message.Entries,
            Proof = [],
        });
}
