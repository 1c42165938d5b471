using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

namespace FederationNode.Audit.Logs;

/// <summary>A checkpoint that the log's key signed.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Checkpoint">
/// The newest checkpoint of which the copy holds every entry; of size 0 if there is none.
/// </param>
/// <param name="Key">The key.</param>
/// <param name="Cover">What proves entries held beyond it, or null if there are none.</param>
internal sealed record VerifiedHead(string Origin, Checkpoint Checkpoint, VerificationKey Key, Cover? Cover = null)
{
    /// <summary>Entries that the copy holds.</summary>
    public long Held => Cover?.Held ?? Checkpoint.Size;

    /// <summary>The checkpoint that all of them must lead to.</summary>
    public Checkpoint Top => Cover?.Checkpoint ?? Checkpoint;

    /// <summary>Whether a tree of all that is held leads to that checkpoint.</summary>
    public bool IsLedTo(CompactRange held)
    {
        if (Cover is null)
        {
            return held.Root() == Checkpoint.Root;
        }

        var whole = held.Clone();
        foreach (var (node, hash) in CompactRange.Nodes(Cover.Held, Cover.Checkpoint.Size).Zip(Cover.After))
        {
            whole.AppendSubtree(node.Level, hash);
        }

        return whole.Root() == Cover.Checkpoint.Root;
    }
}

/// <summary>A checkpoint of more entries than a copy holds, with the rest of its tree.</summary>
/// <param name="Checkpoint">The checkpoint, which the log's key signed.</param>
/// <param name="Note">The signed note.</param>
/// <param name="Held">Entries that the copy holds.</param>
/// <param name="After">The complete subtrees behind them, as many as there must be.</param>
internal sealed record Cover(Checkpoint Checkpoint, byte[] Note, long Held, IReadOnlyList<Hash256> After);
