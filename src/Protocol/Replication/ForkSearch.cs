using FederationNode.Protocol.Merkle;

namespace FederationNode.Protocol.Replication;

/// <summary>
/// Finds the first leaf in which a peer's branch of a log differs from the one held here, by asking the peer for
/// ranges. Every answer is verified against a checkpoint that the log's key signed before it comes here, so what is
/// found is a proof. At most 42 questions. Not thread-safe.
/// </summary>
/// <remarks>
/// All leaves below <see cref="_low"/> agree, and one below <see cref="_high"/> differs, if any does.
/// </remarks>
public sealed class ForkSearch
{
    /// <summary>Most leaves that one question asks for.</summary>
    public const int MaxLeaves = 256;

    private long _low;
    private long _high;

    /// <summary>Starts with what is known: both branches have at least this many entries, and differ among them.</summary>
    public ForkSearch(long size) => _high = size;

    /// <summary>The first leaf wanted of the peer.</summary>
    public long From => IsLast ? _low : _low + (1L << System.Numerics.BitOperations.Log2((ulong)(_high - _low - 1)));

    /// <summary>How many leaves are wanted, at least 1.</summary>
    public int Count => IsLast ? (int)(_high - _low) : 1;

    /// <summary>Whether the search has ended without a difference: the branches agree as far as was thought.</summary>
    public bool IsOver => _low >= _high;

    private bool IsLast => _high - _low <= MaxLeaves;

    /// <summary>The subtrees of the log held here that an answer is compared with: those before it, then its leaves.</summary>
    public static IReadOnlyList<NodeId> NodesFor(VerifiedRange answer, long held)
    {
        var end = Math.Min(answer.End, held);
        return answer.From > end
            ? []
            : [.. CompactRange.Nodes(0, answer.From), .. Leaves(answer.From, end)];
    }

    /// <summary>Takes an answer and says in which leaf the branches part, if it tells; otherwise the search goes on.</summary>
    /// <param name="answer">The peer's range, which starts at <see cref="From"/>.</param>
    /// <param name="own">The hashes of <see cref="NodesFor"/>.</param>
    /// <returns>The first leaf that differs, or null.</returns>
    public long? Take(VerifiedRange answer, IReadOnlyList<Hash256> own)
    {
        var before = CompactRange.Nodes(0, answer.From);
        for (var i = 0; i < before.Count && i < own.Count; i++)
        {
            if (own[i] != answer.Proof.Before[i])
            {
                // Everything to the left agrees, so the first difference is below this node.
                _low = Math.Max(_low, before[i].Begin);
                _high = Math.Min(_high, before[i].End);
                return before[i].Level == 0 ? before[i].Begin : null;
            }
        }

        for (var i = 0; i < answer.LeafHashes.Count && before.Count + i < own.Count; i++)
        {
            if (own[before.Count + i] != answer.LeafHashes[i])
            {
                return answer.From + i;
            }
        }

        _low = Math.Max(_low, answer.End);
        return null;
    }

    private static IEnumerable<NodeId> Leaves(long from, long end)
    {
        for (var i = from; i < end; i++)
        {
            yield return new NodeId(0, i);
        }
    }

    /// <summary>
    /// The subtrees of the log held here that a proof needs, if the branches part in this leaf: those before it, the
    /// leaf, those behind it.
    /// </summary>
    public static IReadOnlyList<NodeId> NodesForProof(long common, long ownSize) =>
        [.. CompactRange.Nodes(0, common), new NodeId(0, common), .. CompactRange.Nodes(common + 1, ownSize)];

    /// <summary>The proof, or null if the answer does not tell the other branch's side of it.</summary>
    /// <param name="answer">The answer in which <see cref="Take"/> found the leaf.</param>
    /// <param name="common">What it found.</param>
    /// <param name="ownNote">The signed checkpoint of the branch held here.</param>
    /// <param name="ownSize">Its size, above <paramref name="common"/>.</param>
    /// <param name="own">The hashes of <see cref="NodesForProof"/>.</param>
    public static ForkProof? Prove(
        VerifiedRange answer, long common, byte[] ownNote, long ownSize, IReadOnlyList<Hash256> own)
    {
        var before = CompactRange.Nodes(0, common).Count;
        var after = new List<Hash256>();
        foreach (var node in CompactRange.Nodes(common + 1, answer.Head.Size))
        {
            if (!answer.TryHash(node, out var hash))
            {
                return null;
            }

            after.Add(hash);
        }

        if (common >= ownSize || !answer.TryHash(new NodeId(0, common), out var leaf))
        {
            return null;
        }

        var ours = new ForkSide(own[before], [.. own.Skip(before + 1)]);
        return ForkProof.Diverging(
            ownNote, ours, answer.Note, new ForkSide(leaf, after), common, [.. own.Take(before)]);
    }
}
