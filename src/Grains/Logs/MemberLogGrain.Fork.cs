using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

namespace FederationNode.Grains.Logs;

/// <content>
/// Forks: heads that the log's key signed and that contradict what is held. The branch that was seen first stays. What
/// proves the fork is stored once; further proofs of the same origin's fork say nothing new.
/// </content>
public sealed partial class MemberLogGrain
{
    /// <summary>The root over the first entries, at most all that are held.</summary>
    private async Task<Hash256> RootAtAsync(long size) => size == _log.Size
        ? _log.Root
        : ProofBuilder.BuildRoot(await _log.ReadNodesAsync(ProofBuilder.NodesForRoot(size)));

    /// <summary>
    /// The leaf hashes of a range that is its checkpoint's whole log, or null. With the whole log the origin is to blame
    /// that it does not continue what is held; without it, the sender may have made up what does not fit.
    /// </summary>
    private static Hash256[]? Contradicts(LogRange range, Checkpoint checkpoint)
    {
        if (range.From != 0 || range.Entries.Count != checkpoint.Size)
        {
            return null;
        }

        Hash256[] leaves = [.. range.Entries.Select(e => MerkleHash.Leaf(e.Leaf))];
        return MerkleHash.Root(leaves) == checkpoint.Root ? leaves : null;
    }

    private async Task<ExtendResult> RecordForkAsync(byte[] note, Checkpoint other, Hash256[] otherLeaves)
    {
        LogFork(_origin, other.Size);
        try
        {
            if (await ProveForkAsync(note, other, otherLeaves) is { } proof)
            {
                await _rows.WriteAsync(LogRowKind.Fork, _origin, proof, null);
            }
        }
        catch (RowConflictException)
        {
            // One proof is enough, and there is one.
        }
        catch (StorageException failure)
        {
            return Outcome(ExtendOutcome.StorageUnavailable, failure.Message);
        }

        return Outcome(
            ExtendOutcome.Fork, $"The head of {_origin} at size {other.Size} contradicts what is held: the origin forked.");
    }

    /// <summary>
    /// What proves the fork, or null: of entries that a broken-off transfer brought, no checkpoint is held that covers
    /// them, and the checkpoint that is held may be of both branches.
    /// </summary>
    private async Task<ForkRow?> ProveForkAsync(byte[] note, Checkpoint other, Hash256[] otherLeaves)
    {
        var held = SignedSize;
        if (otherLeaves.Length > 0)
        {
            return held > 0 && MerkleHash.Root(otherLeaves.AsSpan(0, (int)held)) != await RootAtAsync(held)
                ? Row([.. Parts(held, other.Size).Select(n => MerkleHash.Root(otherLeaves.AsSpan((int)n.Begin, (int)(n.End - n.Begin))))])
                : null;
        }

        return other.Size > held ? null
            : other.Size == held ? Row([])
            : Row(await _log.ReadNodesAsync(Parts(other.Size, held)));

        ForkRow Row(IReadOnlyList<Hash256> nodes) =>
            new() { Held = _checkpoint, Other = note, Nodes = HeadEdge.Join(nodes) };
    }

    private static IReadOnlyList<NodeId> Parts(long small, long large) =>
        [.. CompactRange.Nodes(0, small), .. CompactRange.Nodes(small, large)];
}
