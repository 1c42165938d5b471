using System.Security.Cryptography;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

namespace FederationNode.CrashHost;

/// <summary>
/// Another member's log as its writer has it: entry n and the head at a size are the same in whichever process they are
/// made. It is the roster log, whose key a node knows before it has a roster.
/// </summary>
public sealed class ForeignWorkload
{
    public const string Log = "demo/secretariat/roster/1";

    private readonly CompactRange _tree = new();

    public static SigningKey Key { get; } = SigningKey.FromSeed(Log, new byte[SigningKey.SeedSize]);

    public static StoredEntry Entry(long index)
    {
        var payload = new HeartbeatPayload([new LogHead(Log, index + 1, Hash256.Of([1]))]).Encode();
        var salt = SHA256.HashData(BitConverter.GetBytes(index))[..ProtocolLimits.SaltSize];
        var leaf = new Leaf(Log, EntryKind.Heartbeat, 1_790_000_000, null, Leaf.Commit(salt, payload));
        return new StoredEntry(leaf.Encode(), salt, payload);
    }

    /// <summary>Entries from..from + count under the checkpoint at their end. Ranges must come in order.</summary>
    public LogRange Range(long from, int count)
    {
        var entries = new List<StoredEntry>();
        Hash256[] before = [];
        while (_tree.Size < from + count)
        {
            if (_tree.Size == from)
            {
                before = [.. _tree.Hashes];
            }

            var entry = Entry(_tree.Size);
            if (_tree.Size >= from)
            {
                before = entries.Count == 0 ? _tree.Hashes.ToArray() : before;
                entries.Add(entry);
            }

            _tree.Append(MerkleHash.Leaf(entry.Leaf));
        }

        return new LogRange(new Checkpoint(Log, _tree.Size, _tree.Root()).Sign(Key), from, entries, before, []);
    }
}
