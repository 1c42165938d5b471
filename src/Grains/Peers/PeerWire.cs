using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Peers;

/// <summary>Between what grains and the replication speak and what goes over the wire.</summary>
public static class PeerWire
{
    /// <summary>An entry for the wire.</summary>
    public static EntryMessage ToMessage(StoredEntry entry) =>
        new() { Leaf = entry.Leaf, Salt = entry.Salt, Payload = entry.Payload };

    /// <summary>A range for the wire.</summary>
    public static RangeMessage ToMessage(LogRange range) => new()
    {
        Checkpoint = range.Checkpoint,
        From = range.From,
        Entries = [.. range.Entries.Select(ToMessage)],
        Before = Bytes(range.Before),
        After = Bytes(range.After),
    };

    /// <summary>A part of an outline for the wire.</summary>
    public static OutlineMessage ToMessage(LogOutline part) => new()
    {
        Checkpoint = part.Checkpoint,
        From = part.From,
        AsOf = part.AsOf,
        Hashes = part.Hashes,
        Whole =
        [
            .. part.Whole.Select(w => new WholeMessage
            {
                Index = w.Index,
                Leaf = w.Entry.Leaf,
                Salt = w.Entry.Salt,
                Payload = w.Entry.Payload,
            }),
        ],
        Before = Bytes(part.Before),
        After = Bytes(part.After),
    };

    /// <summary>A part of an outline from the wire. Nothing in it is verified.</summary>
    public static LogOutline FromMessage(OutlineMessage message) => new(
        message.Checkpoint,
        message.From,
        message.AsOf,
        message.Hashes,
        [.. message.Whole.Select(w => new WholeEntry(w.Index, new StoredEntry(w.Leaf, w.Salt, w.Payload)))],
        Hashes(message.Before),
        Hashes(message.After));

    /// <summary>A push for the wire.</summary>
    /// <param name="range">The checkpoint, with entries or none.</param>
    /// <param name="size">Entries that this node holds.</param>
    public static PushMessage ToMessage(LogRange range, long size) => new()
    {
        Checkpoint = range.Checkpoint,
        Size = size,
        From = range.Entries.Count == 0 ? 0 : range.From,
        Entries = [.. range.Entries.Select(ToMessage)],
        Before = Bytes(range.Before),
        After = Bytes(range.After),
    };

    /// <summary>A range from the wire. Nothing in it is verified.</summary>
    public static LogRange FromMessage(RangeMessage message) => new(
        message.Checkpoint,
        message.From,
        [.. message.Entries.Select(e => new StoredEntry(e.Leaf, e.Salt, e.Payload))],
        Hashes(message.Before),
        Hashes(message.After));

    /// <summary>A push from the wire, as a range. Nothing in it is verified.</summary>
    public static LogRange FromMessage(PushMessage message) => new(
        message.Checkpoint,
        message.From,
        [.. message.Entries.Select(e => new StoredEntry(e.Leaf, e.Salt, e.Payload))],
        Hashes(message.Before),
        Hashes(message.After));

    /// <summary>A question for heads for the wire.</summary>
    public static HeadsQuestionMessage ToMessage(HeadsQuestion question) => new()
    {
        Digest = question.Digest.ToArray(),
        Instance = (long)question.Instance,
        Since = question.Since,
        Yours = [.. question.Yours],
        Wait = question.Wait,
    };

    /// <summary>A question for heads from the wire.</summary>
    public static HeadsQuestion FromMessage(HeadsQuestionMessage message) =>
        new(new Hash256(message.Digest), (ulong)message.Instance, message.Since, message.Yours, message.Wait);

    /// <summary>Heads for the wire.</summary>
    public static HeadsAnswerMessage ToMessage(HeadsAnswer answer) => new()
    {
        Digest = answer.Digest.ToArray(),
        Instance = (long)answer.Instance,
        Version = answer.Version,
        Heads =
        [
            .. answer.Heads.Select(h => new HeadMessage
            {
                Origin = h.Origin,
                Size = h.Size,
                Root = h.Root.ToArray(),
                FrozenAt = h.FrozenAt,
                Held = h.Held,
            }),
        ],
        Urgent = [.. answer.Urgent.Select(u => new UrgentMessage { Origin = u.Origin, From = u.From, End = u.End })],
        Links = answer.Links is null ? null : [.. answer.Links],
        Paused = answer.Paused,
        Yours = [.. answer.Yours],
    };

    /// <summary>Heads from the wire.</summary>
    public static HeadsAnswer FromMessage(HeadsAnswerMessage message) => new(
        new Hash256(message.Digest),
        (ulong)message.Instance,
        message.Version,
        [.. message.Heads.Select(h => new Head(h.Origin, h.Size, new Hash256(h.Root), h.FrozenAt, h.Held))],
        [.. message.Urgent.Select(u => new UrgentRun(u.Origin, u.From, u.End))],
        message.Links,
        message.Paused,
        message.Yours);

    private static byte[][] Bytes(IReadOnlyList<Hash256> hashes) => [.. hashes.Select(h => h.ToArray())];

    private static Hash256[] Hashes(byte[][] bytes) => [.. bytes.Select(b => new Hash256(b))];
}
