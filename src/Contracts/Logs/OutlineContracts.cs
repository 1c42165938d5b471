using FederationNode.Protocol;

namespace FederationNode.Contracts.Logs;

/// <summary>An entry of an outline that is whole.</summary>
/// <param name="Index">Its index in the log.</param>
/// <param name="Entry">The entry.</param>
[GenerateSerializer, Immutable, Alias("fednode.WholeEntry")]
public sealed record WholeEntry([property: Id(0)] long Index, [property: Id(1)] StoredEntry Entry);

/// <summary>
/// A part of a log's outline: all leaf hashes, and the live entries whole. docs/protocol.md, "Outlines".
/// </summary>
/// <param name="Checkpoint">Signed note of a checkpoint that covers the entries.</param>
/// <param name="From">Index of the first entry.</param>
/// <param name="AsOf">Who is live is told as if the log ended here; at least where the part ends.</param>
/// <param name="Hashes">The leaf hashes of the entries that are not whole, in their order, joined.</param>
/// <param name="Whole">The others, in their order.</param>
/// <param name="Before">The complete subtrees before the entries, from left to right.</param>
/// <param name="After">Those behind them, up to the checkpoint's size.</param>
[GenerateSerializer, Immutable, Alias("fednode.LogOutline")]
public sealed record LogOutline(
    [property: Id(0)] byte[] Checkpoint,
    [property: Id(1)] long From,
    [property: Id(2)] long AsOf,
    [property: Id(3)] byte[] Hashes,
    [property: Id(4)] IReadOnlyList<WholeEntry> Whole,
    [property: Id(5)] IReadOnlyList<Hash256> Before,
    [property: Id(6)] IReadOnlyList<Hash256> After)
{
    /// <summary>Number of entries.</summary>
    public int Count => (Hashes.Length / Hash256.Size) + Whole.Count;

    /// <summary>Index after the last entry.</summary>
    public long End => From + Count;

    /// <summary>Bytes that it takes in a message, about.</summary>
    public long WireSize => Hashes.Length + Whole.Sum(w => w.Entry.WireSize + 8L);
}

/// <summary>
/// A part of an outline that this node has verified by itself. Whoever makes one vouches for it; it never comes from
/// another node.
/// </summary>
/// <param name="Outline">The part.</param>
/// <param name="LeafHashes">The hash of each entry.</param>
[GenerateSerializer, Immutable, Alias("fednode.CheckedOutline")]
public sealed record CheckedOutline(
    [property: Id(0)] LogOutline Outline,
    [property: Id(1)] Hash256[] LeafHashes);

/// <summary>What a node keeps of a log's outline.</summary>
/// <param name="Origin">The log.</param>
/// <param name="From">Index of the first entry.</param>
/// <param name="End">Index after the last one; <paramref name="From"/>: nothing is kept.</param>
/// <param name="AsOf">Nobody who gave a part of it knew of more entries than this when it said who is live.</param>
[GenerateSerializer, Immutable, Alias("fednode.OutlineStatus")]
public sealed record OutlineStatus(
    [property: Id(0)] string Origin,
    [property: Id(1)] long From,
    [property: Id(2)] long End,
    [property: Id(3)] long AsOf);
