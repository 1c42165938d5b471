using MessagePack;

namespace FederationNode.Grains.Logs;

/// <summary>The kinds of rows that a log is stored in. docs/architecture.md, "Storage".</summary>
public static class LogRowKind
{
    /// <summary>One row a log, the only one that changes: <see cref="HeadRow"/>. Key: the origin.</summary>
    public const string Head = "log-head";

    /// <summary>256 sealed leaves: <see cref="BundleRow"/>. Key: origin, number and Merkle root of the bundle.</summary>
    public const string Bundle = "log-bundle";

    /// <summary>What stands beside those leaves: <see cref="PayloadsRow"/>. Key: as the bundle's.</summary>
    public const string Payloads = "log-payloads";

    /// <summary>256 roots of one level below: <see cref="TileRow"/>. Key: origin, level, number and root.</summary>
    public const string Tile = "log-tile";

    /// <summary>An answered idempotent request: <see cref="RequestRow"/>. Key: origin and hash of the key.</summary>
    public const string Request = "log-request";

    /// <summary>Requests that wait until the log may sign: <see cref="DeferredRow"/>. Key: the origin.</summary>
    public const string Deferred = "log-deferred";

    /// <summary>What is kept of a log's outline: <see cref="OutlineRow"/>. Key: the origin.</summary>
    public const string Outline = "log-outline";

    /// <summary>A part of it: <see cref="OutlinePartRow"/>. Key: the origin, a colon, the index of the first entry.</summary>
    public const string OutlinePart = "log-outline-part";

    /// <summary>What proves that a log forked: <see cref="ForkRow"/>. Key: the origin; the earliest fork stays.</summary>
    public const string Fork = "log-fork";
}

/// <summary>
/// The head of a log. Writing this row, guarded by its ETag, is what commits entries: every row that it refers to was
/// written before, and rows that no head refers to mean nothing.
/// </summary>
[MessagePackObject]
public sealed class HeadRow
{
    /// <summary>Entries held.</summary>
    [Key(0)]
    public long Size { get; set; }

    /// <summary>Root over them, 32 bytes.</summary>
    [Key(1)]
    public byte[] Root { get; set; } = [];

    /// <summary>The unsealed entries, fewer than 256: the last <c>Size mod 256</c>.</summary>
    [Key(2)]
    public TailEntry[] Tail { get; set; } = [];

    /// <summary>
    /// The right edge of the tree above the bundles: item 0 joins the roots of the bundles that are not yet in a full
    /// tile of level 1, item 1 the roots of the full tiles of level 1 that are not yet in one of level 2, and so on.
    /// Each is shorter than 8,192 bytes.
    /// </summary>
    [Key(3)]
    public byte[][] Edge { get; set; } = [];

    /// <summary>
    /// Size of the newest checkpoint all entries of which are held; of an own log the size, or less while it is being
    /// fetched back.
    /// </summary>
    [Key(4)]
    public long SignedSize { get; set; }

    /// <summary>
    /// That checkpoint as its origin signed it. Of an own log it is signed again at start, with the same result, and
    /// this is empty; or, while the log is being fetched back, the larger checkpoint that a peer showed.
    /// </summary>
    [Key(5)]
    public byte[] Checkpoint { get; set; } = [];

    /// <summary>The newest idempotent requests; older ones have rows of their own.</summary>
    [Key(6)]
    public RequestRow[] Requests { get; set; } = [];

    /// <summary>
    /// While entries are held beyond <see cref="SignedSize"/>: the checkpoint that they came with, as it was signed. It
    /// proves them to others. Empty otherwise.
    /// </summary>
    [Key(7)]
    public byte[] Cover { get; set; } = [];

    /// <summary>The complete subtrees of that checkpoint's tree behind what is held, joined. At most 80 hashes.</summary>
    [Key(8)]
    public byte[] CoverAfter { get; set; } = [];
}

/// <summary>An entry that is not sealed yet.</summary>
[MessagePackObject]
public sealed class TailEntry
{
    /// <summary>The leaf's bytes.</summary>
    [Key(0)]
    public byte[] Leaf { get; set; } = [];

    /// <summary>The salt, or null.</summary>
    [Key(1)]
    public byte[]? Salt { get; set; }

    /// <summary>The payload, or null.</summary>
    [Key(2)]
    public byte[]? Payload { get; set; }
}

/// <summary>256 leaves and their hashes, never changed. The hashes serve proofs and tiles without hashing again.</summary>
[MessagePackObject]
public sealed class BundleRow
{
    /// <summary>The leaves as a C2SP entry bundle.</summary>
    [Key(0)]
    public byte[] Leaves { get; set; } = [];

    /// <summary>The 256 leaf hashes, joined.</summary>
    [Key(1)]
    public byte[] Hashes { get; set; } = [];
}

/// <summary>What stands beside the leaves of a bundle; erasure rewrites only this row.</summary>
[MessagePackObject]
public sealed class PayloadsRow
{
    /// <summary>256 items; null where the payload was erased or the leaf has none.</summary>
    [Key(0)]
    public PayloadItem?[] Items { get; set; } = [];
}

/// <summary>A payload with its salt.</summary>
[MessagePackObject]
public sealed class PayloadItem
{
    /// <summary>16 bytes.</summary>
    [Key(0)]
    public byte[] Salt { get; set; } = [];

    /// <summary>The payload.</summary>
    [Key(1)]
    public byte[] Payload { get; set; } = [];
}

/// <summary>A full tile of a level above 0: 256 hashes, joined; never changed.</summary>
[MessagePackObject]
public sealed class TileRow
{
    /// <summary>8,192 bytes.</summary>
    [Key(0)]
    public byte[] Hashes { get; set; } = [];
}

/// <summary>Requests that were taken while an own log could not sign, in their order.</summary>
[MessagePackObject]
public sealed class DeferredRow
{
    /// <summary>The requests.</summary>
    [Key(0)]
    public DeferredRequest[] Requests { get; set; } = [];
}

/// <summary>A request that waits.</summary>
[MessagePackObject]
public sealed class DeferredRequest
{
    /// <summary>The idempotency key; the node makes one where the caller gave none, so that nothing is logged twice.</summary>
    [Key(0)]
    public string Key { get; set; } = "";

    /// <summary>The caller's hash of the request, or SHA-256 over the entries.</summary>
    [Key(1)]
    public byte[] Content { get; set; } = [];

    /// <summary>Whether the entries go first.</summary>
    [Key(2)]
    public bool Urgent { get; set; }

    /// <summary>The entries.</summary>
    [Key(3)]
    public DeferredEntry[] Entries { get; set; } = [];
}

/// <summary>An entry that waits.</summary>
[MessagePackObject]
public sealed class DeferredEntry
{
    /// <summary>Its kind.</summary>
    [Key(0)]
    public string Kind { get; set; } = "";

    /// <summary>The payload.</summary>
    [Key(1)]
    public byte[] Payload { get; set; } = [];

    /// <summary>Index of the entry that it amends, or null.</summary>
    [Key(2)]
    public long? Ref { get; set; }
}

/// <summary>A fork of a log, proven. docs/protocol.md, "Fork proof".</summary>
[MessagePackObject]
public sealed class ForkRow
{
    /// <summary>The encoded proof.</summary>
    [Key(0)]
    public byte[] Proof { get; set; } = [];

    /// <summary>Entries of the log that count.</summary>
    [Key(1)]
    public long FreezeAt { get; set; }
}

/// <summary>What an idempotent request did.</summary>
[MessagePackObject]
public sealed class RequestRow
{
    /// <summary>SHA-256 of the idempotency key.</summary>
    [Key(0)]
    public byte[] Key { get; set; } = [];

    /// <summary>The caller's hash of the request, or SHA-256 over the entries: the key cannot be used for others.</summary>
    [Key(1)]
    public byte[] Content { get; set; } = [];

    /// <summary>Index of the first entry.</summary>
    [Key(2)]
    public long First { get; set; }

    /// <summary>Number of entries.</summary>
    [Key(3)]
    public int Count { get; set; }
}

/// <summary>
/// What is kept of a log's outline while its history is being fetched behind it. It refers to its parts, which were
/// written before; parts that it does not name mean nothing.
/// </summary>
[MessagePackObject]
public sealed class OutlineRow
{
    /// <summary>Where each part begins, in their order; none: there is no outline.</summary>
    [Key(0)]
    public long[] Parts { get; set; } = [];

    /// <summary>Where the last part ends.</summary>
    [Key(1)]
    public long End { get; set; }

    /// <summary>The largest <see cref="OutlinePartRow.AsOf"/>.</summary>
    [Key(2)]
    public long AsOf { get; set; }

    /// <summary>The complete subtrees of all entries before the end, from left to right, joined.</summary>
    [Key(3)]
    public byte[] Tree { get; set; } = [];
}

/// <summary>A part of an outline, as a peer gave it and it was verified.</summary>
[MessagePackObject]
public sealed class OutlinePartRow
{
    /// <summary>The checkpoint, as it was signed.</summary>
    [Key(0)]
    public byte[] Checkpoint { get; set; } = [];

    /// <summary>As if the log ended here it is told who is live.</summary>
    [Key(1)]
    public long AsOf { get; set; }

    /// <summary>The leaf hashes of the entries that are not whole, joined.</summary>
    [Key(2)]
    public byte[] Hashes { get; set; } = [];

    /// <summary>The indexes of those that are.</summary>
    [Key(3)]
    public long[] Indexes { get; set; } = [];

    /// <summary>These entries.</summary>
    [Key(4)]
    public TailEntry[] Whole { get; set; } = [];

    /// <summary>The complete subtrees before the part, joined.</summary>
    [Key(5)]
    public byte[] Before { get; set; } = [];

    /// <summary>Those behind it, joined.</summary>
    [Key(6)]
    public byte[] After { get; set; } = [];

    /// <summary>Who gave it.</summary>
    [Key(7)]
    public string Peer { get; set; } = "";
}
