using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Entries;
using MessagePack;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// What somebody says in a key ceremony: the payload of an entry of kind <c>ceremony</c> in its log. Canonical
/// MessagePack <c>[1, step, ...]</c>. A message that does not decode has not been said. docs/protocol.md, "Key ceremony".
/// </summary>
public abstract record CeremonyMessage
{
    /// <summary>Longest message in bytes: 8,192.</summary>
    public const int MaxEncoded = 8_192;

    private protected CeremonyMessage()
    {
    }

    /// <summary>The name of the step.</summary>
    public abstract string Step { get; }

    /// <summary>The number of items of the array.</summary>
    private protected abstract int Items { get; }

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode() => CanonicalReader.Write(this, Write);

    /// <summary><c>SHA-256(bytes)</c>.</summary>
    internal Hash256 Digest() => new(System.Security.Cryptography.SHA256.HashData(Encode()));

    /// <summary>
    /// Reads any message. Points are canonical and not the identity, scalars below the group order; whether the message fits
    /// its ceremony is asked by <see cref="Ceremony"/>.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out CeremonyMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        if (bytes.Length > MaxEncoded)
        {
            error = $"A message of a ceremony has at most {MaxEncoded} bytes, not {bytes.Length}.";
            return false;
        }

        return CanonicalReader.TryRead(bytes, Read, Write, out message, out error);
    }

    private protected abstract void WriteItems(ref MessagePackWriter writer);

    private static CeremonyMessage Read(ref MessagePackReader reader)
    {
        var items = reader.ReadCount(CeremonyPlan.ItemCount, "A message of a ceremony");
        reader.ExpectVersion("The message");
        var step = reader.ReadCode("A step");
        CeremonyMessage message = step switch
        {
            CeremonyPlan.Name => CeremonyPlan.Read(ref reader),
            ParticipantKey.Name => ParticipantKey.Read(ref reader),
            Dealing.Name => Dealing.Read(ref reader),
            Verdict.Name => Verdict.Read(ref reader),
            Confirmation.Name => Confirmation.Read(ref reader),
            _ => throw new CanonicalReader.ShapeException($"The step \"{step}\" is not known."),
        };
        return items == message.Items
            ? message
            : throw new CanonicalReader.ShapeException($"A message of step {step} is an array of {message.Items} items.");
    }

    private static void Write(ref MessagePackWriter writer, CeremonyMessage message)
    {
        writer.WriteArrayHeader(message.Items);
        writer.Write(1);
        writer.Write(message.Step);
        message.WriteItems(ref writer);
    }

    private protected static SchnorrProof ReadProof(ref MessagePackReader reader) =>
        SchnorrProof.TryDecode(reader.ReadBinary(SchnorrProof.Size, "A proof"), out var proof, out var error)
            ? proof
            : throw new CanonicalReader.ShapeException(error);
}
