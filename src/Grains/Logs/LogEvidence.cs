using FederationNode.Contracts.Logs;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Grains.Logs;

/// <summary>What proves a single entry of a stored log. docs/protocol.md, section 3.</summary>
public static class LogEvidence
{
    /// <summary>The entry with its inclusion proof, or null if the checkpoint does not cover it.</summary>
    /// <param name="log">The log.</param>
    /// <param name="signed">Size of <paramref name="checkpoint"/>.</param>
    /// <param name="checkpoint">The signed note.</param>
    /// <param name="index">Index of the entry.</param>
    /// <exception cref="InvalidDataException">A row is missing or damaged.</exception>
    public static async Task<EntryEvidence?> ReadAsync(StoredLog log, long signed, byte[] checkpoint, long index)
    {
        if (index < 0 || index >= signed)
        {
            return null;
        }

        var entries = await log.ReadAsync(index, index + 1, 1, 1);
        var nodes = ProofBuilder.NodesForInclusion(index, signed);
        var proof = ProofBuilder.BuildInclusion(index, signed, await log.ReadNodesAsync(nodes));
        return new EntryEvidence(index, entries[0], proof, checkpoint);
    }
}
