using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Sellers.Holders;
using MessagePack;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// A participant's key for this ceremony alone, to which shares are encrypted. Encoding:
/// <c>[1, "key", ceremony (bin32), point (bin32), proof (bin64)]</c>.
/// </summary>
/// <param name="Ceremony">The ceremony.</param>
/// <param name="Point">The participant's secret times the generator.</param>
/// <param name="Proof">That the participant knows the secret, under <see cref="CeremonyContext.Key"/>.</param>
public sealed record ParticipantKey(Hash256 Ceremony, RistrettoPoint Point, SchnorrProof Proof) : CeremonyMessage
{
    internal const string Name = "key";

    /// <inheritdoc/>
    public override string Step => Name;

    private protected override int Items => 5;

    internal static ParticipantKey Read(ref MessagePackReader reader) =>
        new(reader.ReadHash("A ceremony"), SharedKey.ReadPoint(ref reader, "A key"), ReadProof(ref reader));

    private protected override void WriteItems(ref MessagePackWriter writer)
    {
        writer.WriteHash(Ceremony);
        writer.Write(Point.ToArray());
        writer.Write(Proof.ToArray());
    }
}
