using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

namespace FederationNode.Protocol.Replication;

/// <summary>One entry as a peer sent it.</summary>
/// <param name="Leaf">The leaf's bytes.</param>
/// <param name="Salt">The salt beside it, or null.</param>
/// <param name="Payload">The payload beside it, or null.</param>
public readonly record struct SentEntry(ReadOnlyMemory<byte> Leaf, ReadOnlyMemory<byte>? Salt, ReadOnlyMemory<byte>? Payload);

/// <summary>One entry of an outline.</summary>
/// <param name="Hash">Its leaf hash, where it is not whole.</param>
/// <param name="Whole">The entry, or null.</param>
public readonly record struct OutlinedEntry(Hash256 Hash, SentEntry? Whole);

/// <summary>
/// Entries that a peer sent, verified by themselves: the log's key signed the checkpoint, the leaves stand in its tree
/// where they are said to stand, and each payload opens its leaf. Whether they continue what is held here is another
/// question, answered by <see cref="Join"/>.
/// </summary>
public sealed class VerifiedRange
{
    private readonly Hash256[] _leafHashes;

    private VerifiedRange(byte[] note, Checkpoint head, long from, Hash256[] leafHashes, RangeProof proof)
    {
        Note = note;
        Head = head;
        From = from;
        _leafHashes = leafHashes;
        Proof = proof;
    }

    /// <summary>The checkpoint as it was signed.</summary>
    public byte[] Note { get; }

    /// <summary>The checkpoint.</summary>
    public Checkpoint Head { get; }

    /// <summary>Index of the first entry.</summary>
    public long From { get; }

    /// <summary>Index after the last entry.</summary>
    public long End => From + LeafHashes.Count;

    /// <summary>The hashes of the entries.</summary>
    public IReadOnlyList<Hash256> LeafHashes => _leafHashes;

    /// <summary>What stands around them in the checkpoint's tree.</summary>
    public RangeProof Proof { get; }

    /// <summary>Verifies what a peer sent. The number of entries and hashes is bounded before.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="note">The signed checkpoint.</param>
    /// <param name="from">Index of the first entry.</param>
    /// <param name="entries">The entries; none is a checkpoint alone, with the whole tree as proof.</param>
    /// <param name="proof">Where they stand.</param>
    /// <param name="open">Verifies a checkpoint of the log.</param>
    /// <param name="range">The verified range.</param>
    /// <param name="error">What is wrong; the sender is to blame.</param>
    public static bool TryVerify(
        string origin,
        byte[] note,
        long from,
        IReadOnlyList<SentEntry> entries,
        RangeProof proof,
        CheckpointOpener open,
        [NotNullWhen(true)] out VerifiedRange? range,
        [NotNullWhen(false)] out string? error) =>
        TryVerify(origin, note, from, entries.Count, i => new OutlinedEntry(default, entries[i]), proof, open, out range, out error);

    /// <summary>
    /// Verifies a part of an outline, in which not every entry is whole: those that are not count by their hash. Who is
    /// left out is the sender's claim, which no hash can prove. docs/protocol.md, "Outlines".
    /// </summary>
    /// <inheritdoc cref="TryVerify(string, byte[], long, IReadOnlyList{SentEntry}, RangeProof, CheckpointOpener, out VerifiedRange?, out string?)"/>
    public static bool TryVerifyOutline(
        string origin,
        byte[] note,
        long from,
        IReadOnlyList<OutlinedEntry> entries,
        RangeProof proof,
        CheckpointOpener open,
        [NotNullWhen(true)] out VerifiedRange? range,
        [NotNullWhen(false)] out string? error) =>
        TryVerify(origin, note, from, entries.Count, i => entries[i], proof, open, out range, out error);

    private static bool TryVerify(
        string origin,
        byte[] note,
        long from,
        int count,
        Func<int, OutlinedEntry> entryAt,
        RangeProof proof,
        CheckpointOpener open,
        [NotNullWhen(true)] out VerifiedRange? range,
        [NotNullWhen(false)] out string? error)
    {
        range = null;
        if (!open(origin, note, out var head, out error))
        {
            return false;
        }

        if (from < 0 || from > head.Size - count)
        {
            error = $"The range goes beyond its checkpoint at {head.Size}.";
            return false;
        }

        var hashes = new Hash256[count];
        for (var i = 0; i < hashes.Length; i++)
        {
            var (hash, whole) = entryAt(i);
            if (whole is { } entry && FaultOf(entry) is { } fault)
            {
                error = $"Entry {from + i}: {fault}";
                return false;
            }

            hashes[i] = whole is null ? hash : MerkleHash.Leaf(whole.Value.Leaf.Span);
        }

        if (!proof.Verify(from, hashes, head.Size, head.Root))
        {
            error = $"The entries from {from} and the proof do not lead to the checkpoint at {head.Size}.";
            return false;
        }

        range = new VerifiedRange(note, head, from, hashes, proof);
        return true;
    }

    /// <summary>Puts together what was verified before; nothing is verified again.</summary>
    /// <param name="note">The signed checkpoint.</param>
    /// <param name="from">Index of the first entry.</param>
    /// <param name="leafHashes">The hashes of the entries.</param>
    /// <param name="proof">Where they stand.</param>
    /// <exception cref="ArgumentException">The note is no checkpoint.</exception>
    public static VerifiedRange Restore(byte[] note, long from, Hash256[] leafHashes, RangeProof proof) =>
        Checkpoint.TryParse(note, out var head, out var error)
            ? new VerifiedRange(note, head, from, leafHashes, proof)
            : throw new ArgumentException(error, nameof(note));

    /// <summary>What is wrong with an entry so that its sender is to blame, or null. docs/protocol.md, section 5.</summary>
    public static string? FaultOf(SentEntry entry)
    {
        if (entry.Leaf.Length is 0 or > ProtocolLimits.MaxEntry)
        {
            return $"an entry has 1 to {ProtocolLimits.MaxEntry} bytes.";
        }

        if (entry.Salt is null && entry.Payload is null)
        {
            return null;
        }

        if (entry.Salt is not { Length: ProtocolLimits.SaltSize } salt || entry.Payload is not { } payload)
        {
            return "salt and payload come together, or not at all.";
        }

        return !Leaf.TryDecode(entry.Leaf.Span, out var leaf, out _) ? "a leaf without meaning has no payload."
            : payload.Length > EntryKind.MaxPayload(leaf.Kind) ? "the payload is too long."
            : leaf.Opens(salt.Span, payload.Span) ? null
            : "the payload is not what the leaf commits to.";
    }

    /// <summary>
    /// The subtrees of the log held here that tell whether this range continues it, or, if it starts above, whether it
    /// is of the same branch as far as can be seen.
    /// </summary>
    /// <param name="held">Entries held without a gap.</param>
    public IReadOnlyList<NodeId> NodesToJoin(long held) => held < From
        ? [.. CompactRange.Nodes(0, From).TakeWhile(n => n.End <= held)]
        : CompactRange.Nodes(0, Math.Min(held, End));

    /// <summary>Says what the range is to a log held here.</summary>
    /// <param name="held">Entries held without a gap.</param>
    /// <param name="own">The hashes of <see cref="NodesToJoin"/>.</param>
    public RangeJoin Join(long held, IReadOnlyList<Hash256> own)
    {
        if (held < From)
        {
            return Enumerable.Range(0, own.Count).All(i => own[i] == Proof.Before[i])
                ? RangeJoin.Gap
                : RangeJoin.Contradicts;
        }

        if (own.Count == 0)
        {
            return End > 0 ? RangeJoin.Continues : RangeJoin.Held;
        }

        var theirs = TreeAt(Math.Min(held, End)).Hashes;
        for (var i = 0; i < theirs.Length; i++)
        {
            if (theirs[i] != own[i])
            {
                return RangeJoin.Contradicts;
            }
        }

        return held < End ? RangeJoin.Continues : RangeJoin.Held;
    }

    /// <summary>The checkpoint's tree cut off at a size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is not from <see cref="From"/> to <see cref="End"/>.</exception>
    public CompactRange TreeAt(long size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, From);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, End);
        _ = CompactRange.TryRestore(From, [.. Proof.Before], out var tree, out _);
        for (var i = 0; i < size - From; i++)
        {
            tree!.Append(LeafHashes[i]);
        }

        return tree!;
    }

    /// <summary>
    /// The hash of a complete subtree of the checkpoint's tree, if this range tells it: of everything in or right of its
    /// entries, and of what its proof names.
    /// </summary>
    public bool TryHash(NodeId node, out Hash256 hash)
    {
        hash = default;
        if (node.End > Head.Size)
        {
            return false;
        }

        if (node.Begin >= From && node.End <= End)
        {
            hash = MerkleHash.Root(_leafHashes.AsSpan((int)(node.Begin - From), (int)(node.End - node.Begin)));
            return true;
        }

        if (Given(node) is { } given)
        {
            hash = given.Hash;
            return given.Node == node;
        }

        if (node.Level == 0
            || !TryHash(new NodeId(node.Level - 1, 2 * node.Index), out var left)
            || !TryHash(new NodeId(node.Level - 1, (2 * node.Index) + 1), out var right))
        {
            return false;
        }

        hash = MerkleHash.Node(left, right);
        return true;
    }

    /// <summary>The subtree of the proof that is, or contains, this one.</summary>
    private (NodeId Node, Hash256 Hash)? Given(NodeId node)
    {
        var (first, end, hashes) = node.Begin < From ? (0L, From, Proof.Before) : (End, Head.Size, Proof.After);
        var nodes = CompactRange.Nodes(first, end);
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i].Begin <= node.Begin && nodes[i].End >= node.End)
            {
                return (nodes[i], hashes[i]);
            }
        }

        return null;
    }
}

/// <summary>What a verified range is to the log held here.</summary>
public enum RangeJoin
{
    /// <summary>It starts above what is held: the entries between come first.</summary>
    Gap,

    /// <summary>All of it is held already.</summary>
    Held,

    /// <summary>It agrees with what is held and goes further.</summary>
    Continues,

    /// <summary>It belongs to another branch than what is held: the origin forked.</summary>
    Contradicts,
}
