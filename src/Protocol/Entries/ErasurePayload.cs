using System.Collections.Immutable;
using MessagePack;

namespace FederationNode.Protocol.Entries;

/// <summary>How far a member has carried out what a log orders to erase.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Every order among its first so many entries.</param>
/// <param name="At">When that was done, by the member's own clock, in unix milliseconds.</param>
public readonly record struct CarriedOut(string Origin, long Size, long At);

/// <summary>
/// "What these logs order to erase up to here, I have erased." The acknowledgement of order i of a log is the earliest
/// statement with a size above i. docs/protocol.md, "erasure".
/// </summary>
/// <param name="Done">At most 256 statements.</param>
public sealed record ErasurePayload(ImmutableArray<CarriedOut> Done) : Payload
{
    /// <summary>Most statements in one entry.</summary>
    public const int MaxDone = 256;

    /// <inheritdoc/>
    public override string Kind => EntryKind.Erasure;

    /// <inheritdoc/>
    public override byte[] Encode() => CanonicalReader.Write(this, Write);

    /// <inheritdoc/>
    public bool Equals(ErasurePayload? other) => other is not null && Done.SequenceEqual(other.Done);

    /// <inheritdoc/>
    public override int GetHashCode() => Done.Length;

    internal static ErasurePayload Read(ref MessagePackReader reader)
    {
        reader.ExpectArray(2, "An erasure");
        reader.ExpectVersion("The erasure");
        var count = reader.ReadCount(MaxDone, "A list of what was carried out");
        var done = ImmutableArray.CreateBuilder<CarriedOut>(count);
        for (var i = 0; i < count; i++)
        {
            reader.ExpectArray(3, "What was carried out");
            done.Add(new CarriedOut(
                reader.ReadOrigin(),
                reader.ReadNumber(ProtocolLimits.MaxLogSize, "A size"),
                reader.ReadNumber(ProtocolLimits.MaxTime * 1000, "A time")));
        }

        return new ErasurePayload(done.MoveToImmutable());
    }

    internal static void Write(ref MessagePackWriter writer, ErasurePayload erasure)
    {
        writer.WriteArrayHeader(2);
        writer.Write(1);
        writer.WriteArrayHeader(erasure.Done.Length);
        foreach (var (origin, size, at) in erasure.Done)
        {
            writer.WriteArrayHeader(3);
            writer.Write(origin);
            writer.Write(size);
            writer.Write(at);
        }
    }
}
