using FederationNode.Protocol.Entries;
using MessagePack;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// A holder's word that it came to the same key and has its share. Encoding:
/// <c>[1, "confirmation", ceremony (bin32), key (bin32), proof (bin64)]</c>.
/// </summary>
/// <param name="Ceremony">The ceremony.</param>
/// <param name="Key">The digest of the shared key.</param>
/// <param name="Proof">That the holder knows the secret of its public share, under
/// <see cref="CeremonyContext.Confirmation"/>.</param>
public sealed record Confirmation(Hash256 Ceremony, Hash256 Key, SchnorrProof Proof) : CeremonyMessage
{
    internal const string Name = "confirmation";

    /// <inheritdoc/>
    public override string Step => Name;

    private protected override int Items => 5;

    internal static Confirmation Read(ref MessagePackReader reader) =>
        new(reader.ReadHash("A ceremony"), reader.ReadHash("A key"), ReadProof(ref reader));

    private protected override void WriteItems(ref MessagePackWriter writer)
    {
        writer.WriteHash(Ceremony);
        writer.WriteHash(Key);
        writer.Write(Proof.ToArray());
    }
}
