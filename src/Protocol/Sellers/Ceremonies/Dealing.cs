using System.Collections.Immutable;
using System.Security.Cryptography;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Sellers.Holders;
using MessagePack;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// What a dealer deals: commitments to its polynomial and the value at n, encrypted to holder n. Encoding:
/// <c>[1, "dealing", ceremony (bin32), keys (bin32), [commitment (bin32), ...], proof (bin64), [box (bin48), ...]]</c>.
/// </summary>
/// <param name="Ceremony">The ceremony.</param>
/// <param name="Keys">The digest of the participants' keys as the dealer saw them.</param>
/// <param name="Commitments">The coefficients times the generator, lowest first.</param>
/// <param name="Proof">That the dealer knows the lowest coefficient, under <see cref="CeremonyContext.Dealing"/>.</param>
/// <param name="Boxes">The encrypted values for holders 1, 2, ...</param>
public sealed record Dealing(
    Hash256 Ceremony,
    Hash256 Keys,
    ImmutableArray<RistrettoPoint> Commitments,
    SchnorrProof Proof,
    ImmutableArray<ReadOnlyMemory<byte>> Boxes) : CeremonyMessage
{
    internal const string Name = "dealing";

    /// <inheritdoc/>
    public override string Step => Name;

    private protected override int Items => 7;

    /// <inheritdoc/>
    public bool Equals(Dealing? other) => other is not null && Encode().AsSpan().SequenceEqual(other.Encode());

    /// <inheritdoc/>
    public override int GetHashCode() => Ceremony.GetHashCode();

    /// <summary><c>SHA-256(commitment || commitment || ...)</c>.</summary>
    internal static Hash256 DigestOf(ImmutableArray<RistrettoPoint> commitments)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ref readonly var commitment in commitments.AsSpan())
        {
            hash.AppendData(commitment.Span);
        }

        return new Hash256(hash.GetHashAndReset());
    }

    internal static Dealing Read(ref MessagePackReader reader) => new(
        reader.ReadHash("A ceremony"),
        reader.ReadHash("A digest of keys"),
        SharedKey.ReadCommitments(ref reader),
        ReadProof(ref reader),
        ReadBoxes(ref reader));

    private protected override void WriteItems(ref MessagePackWriter writer)
    {
        writer.WriteHash(Ceremony);
        writer.WriteHash(Keys);
        SharedKey.WriteCommitments(ref writer, Commitments);
        writer.Write(Proof.ToArray());
        writer.WriteArrayHeader(Boxes.Length);
        foreach (var box in Boxes)
        {
            writer.Write(box.Span);
        }
    }

    private static ImmutableArray<ReadOnlyMemory<byte>> ReadBoxes(ref MessagePackReader reader)
    {
        var count = reader.ReadCount(SharedKey.MaxHolders, "A list of boxes");
        var boxes = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(count);
        for (var i = 0; i < count; i++)
        {
            var box = reader.ReadBinary(ShareBox.Size, "A box");
            boxes.Add(box.Length == ShareBox.Size
                ? box
                : throw new CanonicalReader.ShapeException($"A box has {ShareBox.Size} bytes, not {box.Length}."));
        }

        return boxes.MoveToImmutable();
    }
}
