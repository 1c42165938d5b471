using FederationNode.Protocol;
using FederationNode.Protocol.Replication;

namespace FederationNode.Contracts.Logs;

/// <summary>One entry as it is stored and sent: the leaf that the log hashes, and what stands beside it.</summary>
/// <param name="Leaf">The leaf's bytes, at most <see cref="ProtocolLimits.MaxEntry"/>.</param>
/// <param name="Salt">16 bytes, or null if the payload was erased or the leaf has none.</param>
/// <param name="Payload">The payload's bytes, or null likewise.</param>
[GenerateSerializer, Immutable, Alias("fednode.StoredEntry")]
public sealed record StoredEntry(
    [property: Id(0)] byte[] Leaf,
    [property: Id(1)] byte[]? Salt,
    [property: Id(2)] byte[]? Payload)
{
    /// <summary>Bytes that the entry takes in a message, about.</summary>
    public int WireSize => Leaf.Length + (Salt?.Length ?? 0) + (Payload?.Length ?? 0) + 16;
}

/// <summary>What a node holds of one log.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Entries held durably and verified, without a gap.</param>
/// <param name="Root">RFC 6962 root over them.</param>
/// <param name="SignedSize">Size of the newest checkpoint of which every entry is held.</param>
/// <param name="SignedRoot">Root of that checkpoint.</param>
/// <param name="Checkpoint">That checkpoint as a signed note; empty while there is none.</param>
/// <param name="HeadSize">Entries that count: those under the checkpoint, and of a forked log those before the fork.</param>
/// <param name="HeadRoot">Root over these.</param>
/// <param name="FrozenAt">Where the log is frozen because a fork of it was proven, or null.</param>
[GenerateSerializer, Immutable, Alias("fednode.LogStatus")]
public sealed record LogStatus(
    [property: Id(0)] string Origin,
    [property: Id(1)] long Size,
    [property: Id(2)] Hash256 Root,
    [property: Id(3)] long SignedSize,
    [property: Id(4)] Hash256 SignedRoot,
    [property: Id(5)] byte[] Checkpoint,
    [property: Id(6)] long HeadSize,
    [property: Id(7)] Hash256 HeadRoot,
    [property: Id(8)] long? FrozenAt = null);

/// <summary>An entry to append to an own log. The log adds origin, time, salt and commitment.</summary>
/// <param name="Kind">The entry's kind.</param>
/// <param name="Payload">The encoded payload.</param>
/// <param name="Ref">Index of the entry that it amends, or null.</param>
[GenerateSerializer, Immutable, Alias("fednode.NewEntry")]
public sealed record NewEntry(
    [property: Id(0)] string Kind,
    [property: Id(1)] byte[] Payload,
    [property: Id(2)] long? Ref = null);

/// <summary>Entries that become durable together or not at all.</summary>
/// <param name="Entries">At least one, at most <see cref="Limits.MaxAppendEntries"/>.</param>
/// <param name="IdempotencyKey">
/// A key chosen by the caller, or null. The same key and entries again give the first answer again and append nothing;
/// the same key with other entries is refused.
/// </param>
/// <param name="RequestHash">
/// With a key: what tells the caller's request from others, where the entries do not (a default that depends on the
/// time, for example). Null: the entries themselves.
/// </param>
/// <param name="Urgent">
/// The entries go before all that is not urgent, in the queue of this log and to the other members. At most
/// <see cref="Limits.MaxUrgentEntries"/> entries; more of them are not urgent.
/// </param>
[GenerateSerializer, Immutable, Alias("fednode.AppendRequest")]
public sealed record AppendRequest(
    [property: Id(0)] IReadOnlyList<NewEntry> Entries,
    [property: Id(1)] string? IdempotencyKey = null,
    [property: Id(2)] Hash256? RequestHash = null,
    [property: Id(3)] bool Urgent = false)
{
    /// <summary>Whether it is treated as urgent.</summary>
    public bool GoesFirst => Urgent && Entries.Count <= Limits.MaxUrgentEntries;
}

/// <summary>Why an append was refused; nothing was changed.</summary>
[GenerateSerializer, Alias("fednode.AppendRefusal")]
public enum AppendRefusal
{
    /// <summary>It was not refused.</summary>
    None,

    /// <summary>This node does not hold the log's key, or the roster closed the log.</summary>
    NotOurs,

    /// <summary>An entry is malformed or too large.</summary>
    Invalid,

    /// <summary>The idempotency key was used for other entries.</summary>
    KeyReused,

    /// <summary>The storage cannot take it now (full, read-only, unreachable).</summary>
    StorageUnavailable,

    /// <summary>
    /// The node has not yet made sure that it holds all of its own log, or a peer has shown that it does not: an old
    /// backup may have been restored, and it first fetches what it lost.
    /// </summary>
    Behind,

    /// <summary>The log forked: it takes nothing any more, and goes on in a new epoch.</summary>
    Frozen,

    /// <summary>A stored row that is needed is damaged: only a copy of the database helps.</summary>
    Damaged,
}

/// <summary>What became of one append request.</summary>
/// <param name="First">Index of the first entry; the others follow without a gap. -1 while they are deferred.</param>
/// <param name="Count">Number of entries.</param>
/// <param name="Repeated">Whether an earlier request with the same idempotency key had already done it.</param>
/// <param name="Refusal">Why not, or <see cref="AppendRefusal.None"/>.</param>
/// <param name="Error">The refusal in words, or null.</param>
/// <param name="Deferred">
/// The entries are durable and count at this member, and get their places in the log once it may sign.
/// </param>
[GenerateSerializer, Immutable, Alias("fednode.AppendResult")]
public sealed record AppendResult(
    [property: Id(0)] long First,
    [property: Id(1)] int Count,
    [property: Id(2)] bool Repeated,
    [property: Id(3)] AppendRefusal Refusal,
    [property: Id(4)] string? Error,
    [property: Id(5)] bool Deferred = false)
{
    /// <summary>A refusal.</summary>
    public static AppendResult Refused(AppendRefusal why, string error) => new(-1, 0, false, why, error);
}

/// <summary>Entries of a log, with what proves that they belong to it.</summary>
/// <param name="Checkpoint">Signed note of a checkpoint that covers them.</param>
/// <param name="From">Index of the first entry.</param>
/// <param name="Entries">The entries, without a gap; may be empty.</param>
/// <param name="Before">The complete subtrees before them, from left to right: docs/protocol.md, "Range proof".</param>
/// <param name="After">Those behind them, up to the checkpoint's size.</param>
[GenerateSerializer, Immutable, Alias("fednode.LogRange")]
public sealed record LogRange(
    [property: Id(0)] byte[] Checkpoint,
    [property: Id(1)] long From,
    [property: Id(2)] IReadOnlyList<StoredEntry> Entries,
    [property: Id(3)] IReadOnlyList<Hash256> Before,
    [property: Id(4)] IReadOnlyList<Hash256> After)
{
    /// <summary>Index after the last entry.</summary>
    public long End => From + Entries.Count;
}

/// <summary>
/// A range that this node has verified by itself: signature, place in the tree, payloads. Whoever makes one vouches for
/// it; it never comes from another node.
/// </summary>
/// <param name="Range">The range.</param>
/// <param name="LeafHashes">The hash of each entry.</param>
[GenerateSerializer, Immutable, Alias("fednode.CheckedRange")]
public sealed record CheckedRange(
    [property: Id(0)] LogRange Range,
    [property: Id(1)] Hash256[] LeafHashes);

/// <summary>What a log made of a range that a peer sent.</summary>
[GenerateSerializer, Alias("fednode.ExtendOutcome")]
public enum ExtendOutcome
{
    /// <summary>The log grew, durably.</summary>
    Extended,

    /// <summary>Everything was held already.</summary>
    AlreadyHeld,

    /// <summary>The range starts above what is held: the entries between must be pulled first. Nothing was kept.</summary>
    Gap,

    /// <summary>
    /// The range starts above what is held and is kept in memory: its entries count at once, as urgent ones.
    /// </summary>
    Overlaid,

    /// <summary>The sender is at fault: bad signature, proof, payload or size. Nothing was changed.</summary>
    Refused,

    /// <summary>The roster does not name this log, or closed it. Nothing was changed.</summary>
    UnknownLog,

    /// <summary>
    /// What the log's key signed contradicts what is held: the origin forked. If that alone proves it, the log is frozen.
    /// </summary>
    Fork,

    /// <summary>The storage cannot take it now. Nothing was changed.</summary>
    StorageUnavailable,

    /// <summary>
    /// The stored log is damaged here, and takes nothing before somebody mends it. Nothing was changed.
    /// </summary>
    Damaged,
}

/// <summary>What a log made of a range, and what it holds now.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Size">Entries held now.</param>
/// <param name="Error">What was wrong, for the log and the sender; null when nothing was.</param>
/// <param name="HeadSize">Entries that count now.</param>
[GenerateSerializer, Immutable, Alias("fednode.ExtendResult")]
public sealed record ExtendResult(
    [property: Id(0)] ExtendOutcome Outcome,
    [property: Id(1)] long Size,
    [property: Id(2)] string? Error,
    [property: Id(3)] long HeadSize = 0);

/// <summary>What a log made of a fork proof.</summary>
[GenerateSerializer, Alias("fednode.ForkOutcome")]
public enum ForkOutcome
{
    /// <summary>It holds; the log is frozen where it says, or was frozen earlier already. Durable.</summary>
    Taken,

    /// <summary>It proves nothing. Whoever sent it is to blame.</summary>
    Refused,

    /// <summary>The storage cannot take it now.</summary>
    StorageUnavailable,
}

/// <summary>One entry with the proof that makes it a signed document of its own.</summary>
/// <param name="Index">Its index in the log.</param>
/// <param name="Entry">Leaf, salt and payload.</param>
/// <param name="Proof">RFC 6962 inclusion proof in the checkpoint's tree.</param>
/// <param name="Checkpoint">The signed checkpoint.</param>
[GenerateSerializer, Immutable, Alias("fednode.EntryEvidence")]
public sealed record EntryEvidence(
    [property: Id(0)] long Index,
    [property: Id(1)] StoredEntry Entry,
    [property: Id(2)] IReadOnlyList<Hash256> Proof,
    [property: Id(3)] byte[] Checkpoint);

/// <summary>What came of an erasure.</summary>
/// <param name="Removed">Payloads that were there and are gone.</param>
/// <param name="Error">Why not all is done, so that it must be tried again; null if all is.</param>
[GenerateSerializer, Immutable, Alias("fednode.EraseResult")]
public sealed record EraseResult([property: Id(0)] int Removed, [property: Id(1)] string? Error);

/// <summary>
/// The log of one origin, on this member's node: the only writer of an own log, the verified replica of a foreign one.
/// Key: the origin. Every answer that promises something was durable before it was given.
/// </summary>
[Alias("fednode.IMemberLogGrain")]
public interface IMemberLogGrain : IGrainWithStringKey
{
    /// <summary>
    /// Appends each request's entries to an own log; all accepted requests share one durable write. Requests are
    /// accepted or refused one by one, in order.
    /// </summary>
    [Alias("Append")]
    Task<IReadOnlyList<AppendResult>> AppendAsync([Immutable] IReadOnlyList<AppendRequest> requests);

    /// <summary>
    /// What an earlier append with this idempotency key did, or null if none did. Another request hash than that
    /// append's is refused like an append would be. For callers whose own checks only hold before the first time.
    /// </summary>
    [Alias("FindAppend")]
    Task<AppendResult?> FindAppendAsync(string idempotencyKey, Hash256 requestHash);

    /// <summary>
    /// Verifies a range from a peer and, if it continues what is held, stores it. A small one that starts above what is
    /// held is kept in memory.
    /// </summary>
    [Alias("Extend")]
    Task<ExtendResult> ExtendAsync([Immutable] LogRange range);

    /// <summary>Likewise, with a range that this node has verified already.</summary>
    [Alias("ExtendChecked")]
    Task<ExtendResult> ExtendCheckedAsync([Immutable] CheckedRange range);

    /// <summary>
    /// Writes a damaged row of 256 sealed entries anew, if these are the entries that the tree held here names; what is
    /// signed never changes by it. Of rows that are sound nothing is written.
    /// </summary>
    /// <param name="from">Index of the first entry: a multiple of 256.</param>
    /// <param name="entries">The 256 entries, each verified by itself.</param>
    /// <param name="erased">
    /// The entries whose erasure is ordered in this log, by index: their payloads are not kept. Null: not known; damaged
    /// payloads are then <see cref="RepairOutcome.Incomplete"/>, and only the leaves are written.
    /// </param>
    [Alias("Repair")]
    Task<RepairOutcome> RepairAsync(
        long from, [Immutable] IReadOnlyList<StoredEntry> entries, [Immutable] IReadOnlyList<long>? erased);

    /// <summary>Writes a damaged tile anew, out of the rows below it, whose keys name its hashes.</summary>
    /// <param name="level">Its level, from 1 on.</param>
    /// <param name="number">Its number.</param>
    [Alias("RepairTile")]
    Task<RepairOutcome> RepairTileAsync(int level, long number);

    /// <summary>
    /// Removes payload and salt of entries from every row of this log that has them, as entries of it order. Entries that
    /// have none any more are passed over, and those of kind <c>erase</c>, which keep theirs. Durable when it returns.
    /// </summary>
    /// <param name="indexes">Entries held, all of one bundle: 256 entries that begin at a multiple of 256.</param>
    [Alias("Erase")]
    Task<EraseResult> EraseAsync([Immutable] IReadOnlyList<long> indexes);

    /// <summary>
    /// Reads a part of the log's outline, up to the newest complete checkpoint and <paramref name="asOf"/>. At least one
    /// entry if there is one.
    /// </summary>
    /// <param name="from">First index.</param>
    /// <param name="maxEntries">Most entries, 1 to <see cref="Limits.MaxRangeEntries"/>.</param>
    /// <param name="maxBytes">About the most bytes.</param>
    /// <param name="asOf">Entries of the log that were known to whoever says what is whole.</param>
    /// <param name="whole">The entries to give whole, in their order; of others only the hash is given.</param>
    [Alias("ReadOutline")]
    Task<LogOutline> ReadOutlineAsync(
        long from, int maxEntries, int maxBytes, long asOf, [Immutable] IReadOnlyList<long> whole);

    /// <summary>Keeps a part of an outline that continues what is kept of it, or what is held of the log. Durable.</summary>
    /// <param name="part">The part.</param>
    /// <param name="peer">Who gave it, and claims that what is not whole is dead.</param>
    [Alias("StoreOutline")]
    Task<ExtendOutcome> StoreOutlineAsync([Immutable] CheckedOutline part, string peer);

    /// <summary>The part of the kept outline that has an entry, and who gave it; null if there is none.</summary>
    [Alias("ReadKeptOutline")]
    Task<(LogOutline Part, string Peer)?> ReadKeptOutlineAsync(long from);

    /// <summary>
    /// Whether the kept outline is of the branch of the log that is held, as far as that can be seen. If it is not, the
    /// origin forked; that is proven, and freezes the log.
    /// </summary>
    [Alias("CheckOutline")]
    Task<bool> CheckOutlineAsync();

    /// <summary>Forgets the outline.</summary>
    [Alias("DropOutline")]
    Task DropOutlineAsync();

    /// <summary>What is held.</summary>
    [Alias("GetStatus")]
    Task<LogStatus> GetStatusAsync();

    /// <summary>
    /// Reads entries from <paramref name="from"/> on, with their proof, up to the newest complete checkpoint; from there
    /// on, what is held beyond it, or a run that is kept above what is held. At least one entry if there is one, however
    /// large. Beyond all that, the newest complete checkpoint alone.
    /// </summary>
    /// <param name="from">First index.</param>
    /// <param name="maxEntries">Most entries, 1 to <see cref="Limits.MaxRangeEntries"/>.</param>
    /// <param name="maxBytes">About the most bytes.</param>
    [Alias("Read")]
    Task<LogRange> ReadAsync(long from, int maxEntries, int maxBytes);

    /// <summary>Reads an entry with its inclusion proof, or null above the newest complete checkpoint.</summary>
    [Alias("GetEvidence")]
    Task<EntryEvidence?> GetEvidenceAsync(long index);

    /// <summary>
    /// The bytes of a tile of the C2SP tlog-tiles layout, or null if it does not exist at the newest complete
    /// checkpoint. Level -1 is an entry bundle.
    /// </summary>
    /// <param name="level">0 to 63, or -1.</param>
    /// <param name="number">The tile's number.</param>
    /// <param name="width">1 to 256 hashes or entries.</param>
    [Alias("ReadTile")]
    Task<byte[]?> ReadTileAsync(int level, long number, int width);

    /// <summary>The hashes of complete subtrees of what is held, each given as its level and its index on that level.</summary>
    [Alias("ReadNodes")]
    Task<IReadOnlyList<Hash256>> ReadNodesAsync([Immutable] IReadOnlyList<(int Level, long Index)> nodes);

    /// <summary>
    /// An own log may take entries and sign: enough peers could have shown that they hold more of it, and none does.
    /// </summary>
    [Alias("Confirm")]
    Task ConfirmAsync();

    /// <summary>
    /// A peer shows a checkpoint of this own log. If it is good and ahead of what is held, an old backup was restored:
    /// the log takes no entries before all are back. The answer is the checkpoint's size, or null if it is not good.
    /// </summary>
    [Alias("NoteShown")]
    Task<long?> NoteShownAsync([Immutable] byte[] checkpoint);

    /// <summary>Verifies a fork proof of this log and keeps the one that freezes it earliest.</summary>
    [Alias("TakeFork")]
    Task<ForkOutcome> TakeForkAsync([Immutable] byte[] proof);

    /// <summary>The fork proof that is kept, or null.</summary>
    [Alias("GetFork")]
    Task<byte[]?> GetForkAsync();
}
