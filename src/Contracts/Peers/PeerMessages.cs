using MessagePack;

namespace FederationNode.Contracts.Peers;

/// <summary>The routes between nodes. Every body is MessagePack. docs/protocol.md, "Peer protocol".</summary>
public static class PeerRoutes
{
    /// <summary>POST <see cref="PushMessage"/>, answered by <see cref="PushAnswerMessage"/>.</summary>
    public const string Push = "/peer/v1/push";

    /// <summary>POST <see cref="HeadsQuestionMessage"/>, answered by <see cref="HeadsAnswerMessage"/>.</summary>
    public const string Heads = "/peer/v1/heads";

    /// <summary>POST <see cref="RangeRequestMessage"/>, answered by <see cref="RangeMessage"/>.</summary>
    public const string Range = "/peer/v1/range";

    /// <summary>POST <see cref="RangeRequestMessage"/>, answered by <see cref="OutlineMessage"/>.</summary>
    public const string Outline = "/peer/v1/outline";

    /// <summary>POST <see cref="LiveRequestMessage"/>, answered by <see cref="LiveMessage"/>.</summary>
    public const string Live = "/peer/v1/live";

    /// <summary>POST <see cref="ForkRequestMessage"/>, answered by <see cref="ForkMessage"/>.</summary>
    public const string Fork = "/peer/v1/fork";

    /// <summary>POST <see cref="ForkPushMessage"/>, answered by <see cref="PushAnswerMessage"/>.</summary>
    public const string ForkPush = "/peer/v1/fork/push";

    /// <summary>POST <see cref="EvaluateMessage"/>, answered by <see cref="EvaluatedMessage"/>. Only at holders of keys.</summary>
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

/// <summary>
/// A new head: <c>[checkpoint, size, from, entries, before, after]</c>. Without entries the last four are 0 and empty.
/// </summary>
[MessagePackObject]
public sealed class PushMessage
{
    /// <summary>The signed checkpoint.</summary>
    [Key(0)]
    public required byte[] Checkpoint { get; init; }

    /// <summary>Entries that the sender holds, up to a signed checkpoint.</summary>
    [Key(1)]
    public required long Size { get; init; }

    /// <summary>Index of the first entry.</summary>
    [Key(2)]
    public required long From { get; init; }

    /// <summary>Entries under the checkpoint, or none.</summary>
    [Key(3)]
    public required EntryMessage[] Entries { get; init; }

    /// <summary>The complete subtrees before them, hashes of 32 bytes.</summary>
    [Key(4)]
    public required byte[][] Before { get; init; }

    /// <summary>Those behind them.</summary>
    [Key(5)]
    public required byte[][] After { get; init; }
}

/// <summary>The answer to a push: <c>[size, held]</c>.</summary>
[MessagePackObject]
public sealed class PushAnswerMessage
{
    /// <summary>Entries of that log that the receiver now holds, up to a signed checkpoint.</summary>
    [Key(0)]
    public required long Size { get; init; }

    /// <summary>Entries that it holds without a gap; more than that in the middle of a transfer.</summary>
    [Key(1)]
    public required long Held { get; init; }
}

/// <summary>A head on the wire: <c>[origin, size, root, frozenAt, held]</c>.</summary>
[MessagePackObject]
public sealed class HeadMessage
{
    /// <summary>The log.</summary>
    [Key(0)]
    public required string Origin { get; init; }

    /// <summary>Entries held that count.</summary>
    [Key(1)]
    public required long Size { get; init; }

    /// <summary>Root over them, 32 bytes.</summary>
    [Key(2)]
    public required byte[] Root { get; init; }

    /// <summary>Where the log is frozen, or nil.</summary>
    [Key(3)]
    public long? FrozenAt { get; init; }

    /// <summary>Entries held without a gap, at least as many.</summary>
    [Key(4)]
    public required long Held { get; init; }
}

/// <summary>An urgent run on the wire: <c>[origin, from, end]</c>.</summary>
[MessagePackObject]
public sealed class UrgentMessage
{
    /// <summary>The log.</summary>
    [Key(0)]
    public required string Origin { get; init; }

    /// <summary>Index of the first entry.</summary>
    [Key(1)]
    public required long From { get; init; }

    /// <summary>Index after the last.</summary>
    [Key(2)]
    public required long End { get; init; }
}

/// <summary>Asks for heads: <c>[digest, instance, since, yours, wait]</c>.</summary>
[MessagePackObject]
public sealed class HeadsQuestionMessage
{
    /// <summary>Digest of the asker's heads, 32 bytes.</summary>
    [Key(0)]
    public required byte[] Digest { get; init; }

    /// <summary>What the last answer said, or 0.</summary>
    [Key(1)]
    public required long Instance { get; init; }

    /// <summary>The version that the last answer said, or 0.</summary>
    [Key(2)]
    public required long Since { get; init; }

    /// <summary>Signed checkpoints of the answerer's own logs that it seems to lack.</summary>
    [Key(3)]
    public required byte[][] Yours { get; init; }

    /// <summary>Milliseconds for which an answer without news may be held back.</summary>
    [Key(4)]
    public required int Wait { get; init; }
}

/// <summary>Heads: <c>[digest, instance, version, heads, urgent, links, paused, yours]</c>.</summary>
[MessagePackObject]
public sealed class HeadsAnswerMessage
{
    /// <summary>Digest of the answerer's heads, 32 bytes.</summary>
    [Key(0)]
    public required byte[] Digest { get; init; }

    /// <summary>Tells one run of the answerer from another.</summary>
    [Key(1)]
    public required long Instance { get; init; }

    /// <summary>Counts its changes in this run.</summary>
    [Key(2)]
    public required long Version { get; init; }

    /// <summary>The heads that changed since.</summary>
    [Key(3)]
    public required HeadMessage[] Heads { get; init; }

    /// <summary>The urgent runs that came since.</summary>
    [Key(4)]
    public required UrgentMessage[] Urgent { get; init; }

    /// <summary>Whom it can reach, or nil if that did not change.</summary>
    [Key(5)]
    public string[]? Links { get; init; }

    /// <summary>Whether it takes nothing now.</summary>
    [Key(6)]
    public required bool Paused { get; init; }

    /// <summary>Signed checkpoints of the asker's own logs.</summary>
    [Key(7)]
    public required byte[][] Yours { get; init; }
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

/// <summary>Entries with their proof: <c>[checkpoint, from, entries, before, after]</c>.</summary>
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

    /// <summary>The complete subtrees before them, hashes of 32 bytes.</summary>
    [Key(3)]
    public required byte[][] Before { get; init; }

    /// <summary>Those behind them, up to the checkpoint's size.</summary>
    [Key(4)]
    public required byte[][] After { get; init; }
}

/// <summary>A part of an outline: <c>[checkpoint, from, asOf, hashes, whole, before, after]</c>.</summary>
[MessagePackObject]
public sealed class OutlineMessage
{
    /// <summary>A signed checkpoint that covers the entries.</summary>
    [Key(0)]
    public required byte[] Checkpoint { get; init; }

    /// <summary>Index of the first entry.</summary>
    [Key(1)]
    public required long From { get; init; }

    /// <summary>As if the log ended here it is told who is live.</summary>
    [Key(2)]
    public required long AsOf { get; init; }

    /// <summary>The leaf hashes of the entries that are not whole, in their order, joined.</summary>
    [Key(3)]
    public required byte[] Hashes { get; init; }

    /// <summary>The others, in their order.</summary>
    [Key(4)]
    public required WholeMessage[] Whole { get; init; }

    /// <summary>The complete subtrees before the entries, hashes of 32 bytes.</summary>
    [Key(5)]
    public required byte[][] Before { get; init; }

    /// <summary>Those behind them, up to the checkpoint's size.</summary>
    [Key(6)]
    public required byte[][] After { get; init; }
}

/// <summary>A whole entry of an outline: <c>[index, leaf, salt, payload]</c>.</summary>
[MessagePackObject]
public sealed class WholeMessage
{
    /// <summary>Its index in the log.</summary>
    [Key(0)]
    public required long Index { get; init; }

    /// <summary>The leaf's bytes.</summary>
    [Key(1)]
    public required byte[] Leaf { get; init; }

    /// <summary>16 bytes, or nil.</summary>
    [Key(2)]
    public byte[]? Salt { get; init; }

    /// <summary>The payload, or nil.</summary>
    [Key(3)]
    public byte[]? Payload { get; init; }
}

/// <summary>Asks which entries of a log are live: <c>[origin, size]</c>.</summary>
[MessagePackObject]
public sealed class LiveRequestMessage
{
    /// <summary>The log.</summary>
    [Key(0)]
    public required string Origin { get; init; }

    /// <summary>Where it is thought to end.</summary>
    [Key(1)]
    public required long Size { get; init; }
}

/// <summary>The live entries of a log: <c>[digest]</c>.</summary>
[MessagePackObject]
public sealed class LiveMessage
{
    /// <summary>32 bytes.</summary>
    [Key(0)]
    public required byte[] Digest { get; init; }
}

/// <summary>Asks for the fork proof of a log: <c>[origin]</c>.</summary>
[MessagePackObject]
public sealed class ForkRequestMessage
{
    /// <summary>The log.</summary>
    [Key(0)]
    public required string Origin { get; init; }
}

/// <summary>A fork proof: <c>[proof]</c>.</summary>
[MessagePackObject]
public sealed class ForkMessage
{
    /// <summary>The encoded proof.</summary>
    [Key(0)]
    public required byte[] Proof { get; init; }
}

/// <summary>Shows a fork proof: <c>[origin, proof]</c>.</summary>
[MessagePackObject]
public sealed class ForkPushMessage
{
    /// <summary>The log.</summary>
    [Key(0)]
    public required string Origin { get; init; }

    /// <summary>The encoded proof.</summary>
    [Key(1)]
    public required byte[] Proof { get; init; }
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
