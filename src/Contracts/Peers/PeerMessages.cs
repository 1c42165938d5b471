using MessagePack;

namespace FederationNode.Contracts.Peers;

/// <summary>The routes between nodes. Every body is MessagePack. docs/protocol.md, "Peer protocol".</summary>
public static class PeerRoutes
{
    /// <summary>POST <see cref="PushMessage"/>, answered by <see cref="SizeMessage"/>.</summary>
    public const string Push = "/peer/v1/push";

    /// <summary>POST <see cref="HeadsMessage"/>, answered by <see cref="HeadsMessage"/>.</summary>
    public const string Heads = "/peer/v1/heads";

    /// <summary>POST <see cref="RangeRequestMessage"/>, answered by <see cref="RangeMessage"/>.</summary>
    public const string Range = "/peer/v1/range";

    /// <summary>POST <see cref="EvaluateMessage"/>, answered by <see cref="EvaluatedMessage"/>. Only at the secretariat.</summary>
    public const string Evaluate = "/peer/v1/seller/evaluate";

    /// <summary>Where a log is served as C2SP tlog-tiles: this, the origin, then <c>/checkpoint</c> or <c>/tile/...</c>.</summary>
    public const string Logs = "/peer/v1/logs/";

    /// <summary>The content type of every body.</summary>
    public const string ContentType = "application/vnd.msgpack";
}

/// <summary>An entry on the wire: <c>[leaf, salt, payload]</c>.</summary>
[MessagePackObject]
public sealed class EntryMessage
{
    /// <summary>The leaf's bytes.</summary>
    [Key(0)]
    public required byte[] Leaf { get; init; }

    /// <summary>16 bytes, or nil.</summary>
    [Key(1)]
    public byte[]? Salt { get; init; }

    /// <summary>The payload, or nil.</summary>
    [Key(2)]
    public byte[]? Payload { get; init; }
}

/// <summary>A new head: <c>[checkpoint, from, entries]</c>; entries are empty when they are too large to push.</summary>
[MessagePackObject]
public sealed class PushMessage
{
    /// <summary>The signed checkpoint.</summary>
    [Key(0)]
    public required byte[] Checkpoint { get; init; }

    /// <summary>Index of the first entry.</summary>
    [Key(1)]
    public required long From { get; init; }

    /// <summary>The entries up to the checkpoint's size, or none.</summary>
    [Key(2)]
    public required EntryMessage[] Entries { get; init; }
}

/// <summary>The answer to a push: <c>[size]</c>, the entries that the receiver now holds of that log.</summary>
[MessagePackObject]
public sealed class SizeMessage
{
    /// <summary>Entries held.</summary>
    [Key(0)]
    public required long Size { get; init; }
}

/// <summary>A head on the wire: <c>[origin, size, root]</c>.</summary>
[MessagePackObject]
public sealed class HeadMessage
{
    /// <summary>The log.</summary>
    [Key(0)]
    public required string Origin { get; init; }

    /// <summary>Entries held, up to a signed checkpoint.</summary>
    [Key(1)]
    public required long Size { get; init; }

    /// <summary>Root over them, 32 bytes.</summary>
    [Key(2)]
    public required byte[] Root { get; init; }
}

/// <summary>All heads that a node holds: <c>[[head, ...]]</c>.</summary>
[MessagePackObject]
public sealed class HeadsMessage
{
    /// <summary>One for each log.</summary>
    [Key(0)]
    public required HeadMessage[] Heads { get; init; }
}

/// <summary>Asks for entries: <c>[origin, from, maxEntries, maxBytes]</c>.</summary>
[MessagePackObject]
public sealed class RangeRequestMessage
{
    /// <summary>The log.</summary>
    [Key(0)]
    public required string Origin { get; init; }

    /// <summary>Index of the first entry wanted.</summary>
    [Key(1)]
    public required long From { get; init; }

    /// <summary>Most entries wanted.</summary>
    [Key(2)]
    public required int MaxEntries { get; init; }

    /// <summary>About the most bytes wanted.</summary>
    [Key(3)]
    public required int MaxBytes { get; init; }
}

/// <summary>Entries with their proof: <c>[checkpoint, from, entries, proof]</c>.</summary>
[MessagePackObject]
public sealed class RangeMessage
{
    /// <summary>A signed checkpoint that covers the entries.</summary>
    [Key(0)]
    public required byte[] Checkpoint { get; init; }

    /// <summary>Index of the first entry.</summary>
    [Key(1)]
    public required long From { get; init; }

    /// <summary>The entries.</summary>
    [Key(2)]
    public required EntryMessage[] Entries { get; init; }

    /// <summary>Consistency proof from size <c>from + entries</c> to the checkpoint, hashes of 32 bytes.</summary>
    [Key(3)]
    public required byte[][] Proof { get; init; }
}

/// <summary>Blinded seller identifiers: <c>[type, epoch, [point, ...]]</c>. Nothing raw can be in it.</summary>
[MessagePackObject]
public sealed class EvaluateMessage
{
    /// <summary>The identifier type, such as <c>tel</c>.</summary>
    [Key(0)]
    public required string Type { get; init; }

    /// <summary>The key's epoch.</summary>
    [Key(1)]
    public required int Epoch { get; init; }

    /// <summary>1 to 4,000 ristretto255 points of 32 bytes.</summary>
    [Key(2)]
    public required byte[][] Blinded { get; init; }
}

/// <summary>Evaluated points with one proof for all: <c>[[point, ...], proof]</c>.</summary>
[MessagePackObject]
public sealed class EvaluatedMessage
{
    /// <summary>One point for each that was sent, in the same order.</summary>
    [Key(0)]
    public required byte[][] Evaluated { get; init; }

    /// <summary>The DLEQ proof of RFC 9497, 64 bytes.</summary>
    [Key(1)]
    public required byte[] Proof { get; init; }
}
