using System.Collections.Immutable;
using MessagePack;

namespace FederationNode.Protocol.Entries;

/// <summary>A head of a log: how many entries it has, and the Merkle root over them.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Number of entries.</param>
/// <param name="Root">RFC 6962 root over the first <paramref name="Size"/> entries.</param>
public readonly record struct LogHead(string Origin, long Size, Hash256 Root);

/// <summary>A head together with the time since when a member held it durably and served it.</summary>
/// <param name="Head">The head.</param>
/// <param name="Since">By the receiver's own clock, in unix milliseconds.</param>
public readonly record struct HeldHead(LogHead Head, long Since);

/// <summary>
/// The newest heads of other logs that a member had seen: the log is younger than each of them.
/// docs/protocol.md, "heartbeat".
/// </summary>
/// <param name="Heads">At most 512 heads.</param>
public sealed record HeartbeatPayload(ImmutableArray<LogHead> Heads) : Payload
{
    /// <summary>Most heads in one heartbeat.</summary>
    public const int MaxHeads = 512;

    /// <inheritdoc/>
    public override string Kind => EntryKind.Heartbeat;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    /// <inheritdoc/>
    public bool Equals(HeartbeatPayload? other) => other is not null && Heads.SequenceEqual(other.Heads);

    /// <inheritdoc/>
    public override int GetHashCode() => Heads.Length;

    internal static HeartbeatPayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(2, "A heartbeat");
        reader.ExpectVersion("The heartbeat");
        var count = reader.ReadCount(MaxHeads, "A list of heads");
        var heads = ImmutableArray.CreateBuilder<LogHead>(count);
        for (var i = 0; i < count; i++)
        {
            reader.ExpectArray(3, "A head");
            heads.Add(ReadHead(ref reader));
        }

        return new HeartbeatPayload(heads.MoveToImmutable());
    }

    internal static void Write(ref MessagePackWriter writer, HeartbeatPayload heartbeat)
    {
        writer.WriteArrayHeader(2);
        writer.Write(1);
        writer.WriteArrayHeader(heartbeat.Heads.Length);
        foreach (var head in heartbeat.Heads)
        {
            writer.WriteArrayHeader(3);
            WriteHead(ref writer, head);
        }
    }

    internal static LogHead ReadHead(ref MessagePackReader reader) => new(
        reader.ReadOrigin(), reader.ReadNumber(ProtocolLimits.MaxLogSize, "A size"), reader.ReadHash("A root"));

    internal static void WriteHead(ref MessagePackWriter writer, LogHead head)
    {
        writer.Write(head.Origin);
        writer.Write(head.Size);
        writer.WriteHash(head.Root);
    }
}

/// <summary>
/// "I hold these logs durably up to these heads, have applied them to my view, and served them since these times."
/// The receipt of entry i of a log is the earliest statement with a size above i. docs/protocol.md, "receipt".
/// </summary>
/// <param name="Held">At most 256 statements; a log may occur more than once, sizes rising.</param>
public sealed record ReceiptPayload(ImmutableArray<HeldHead> Held) : Payload
{
    /// <summary>Most statements in one entry.</summary>
    public const int MaxHeld = 256;

    /// <inheritdoc/>
    public override string Kind => EntryKind.Receipt;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    /// <inheritdoc/>
    public bool Equals(ReceiptPayload? other) => other is not null && Held.SequenceEqual(other.Held);

    /// <inheritdoc/>
    public override int GetHashCode() => Held.Length;

    internal static ReceiptPayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(2, "A receipt");
        reader.ExpectVersion("The receipt");
        var count = reader.ReadCount(MaxHeld, "A list of held heads");
        var held = ImmutableArray.CreateBuilder<HeldHead>(count);
        for (var i = 0; i < count; i++)
        {
            reader.ExpectArray(4, "A held head");
            held.Add(new HeldHead(HeartbeatPayload.ReadHead(ref reader), reader.ReadNumber(ProtocolLimits.MaxTime * 1000, "A time")));
        }

        return new ReceiptPayload(held.MoveToImmutable());
    }

    internal static void Write(ref MessagePackWriter writer, ReceiptPayload receipt)
    {
        writer.WriteArrayHeader(2);
        writer.Write(1);
        writer.WriteArrayHeader(receipt.Held.Length);
        foreach (var held in receipt.Held)
        {
            writer.WriteArrayHeader(4);
            HeartbeatPayload.WriteHead(ref writer, held.Head);
            writer.Write(held.Since);
        }
    }
}

/// <summary>A roster document as it was signed. docs/protocol.md, "roster".</summary>
/// <param name="Note">The signed note, byte for byte.</param>
public sealed record RosterPayload(ReadOnlyMemory<byte> Note) : Payload
{
    /// <inheritdoc/>
    public override string Kind => EntryKind.Roster;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    /// <inheritdoc/>
    public bool Equals(RosterPayload? other) => other is not null && Note.Span.SequenceEqual(other.Note.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => Note.Length;

    internal static RosterPayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(2, "A roster entry");
        reader.ExpectVersion("The roster entry");
        return new RosterPayload(reader.ReadBinary(ProtocolLimits.MaxRosterPayload, "A roster note"));
    }

    internal static void Write(ref MessagePackWriter writer, RosterPayload roster)
    {
        writer.WriteArrayHeader(2);
        writer.Write(1);
        writer.Write(roster.Note.Span);
    }
}
