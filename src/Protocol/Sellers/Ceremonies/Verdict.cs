using System.Collections.Immutable;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Sellers.Holders;
using MessagePack;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// A holder's word on all dealings: which gave it no good share; none, where all did. Encoding:
/// <c>[1, "verdict", ceremony (bin32), dealings (bin32), [[dealer, secret (bin32), proof (bin64)], ...]]</c>.
/// </summary>
/// <param name="Ceremony">The ceremony.</param>
/// <param name="Dealings">The digest of the dealings as the holder saw them.</param>
/// <param name="Complaints">Complaints, their dealers rising.</param>
public sealed record Verdict(Hash256 Ceremony, Hash256 Dealings, ImmutableArray<Complaint> Complaints) : CeremonyMessage
{
    internal const string Name = "verdict";

    /// <inheritdoc/>
    public override string Step => Name;

    private protected override int Items => 5;

    /// <inheritdoc/>
    public bool Equals(Verdict? other) => other is not null
        && Ceremony == other.Ceremony && Dealings == other.Dealings && Complaints.SequenceEqual(other.Complaints);

    /// <inheritdoc/>
    public override int GetHashCode() => Dealings.GetHashCode();

    internal static Verdict Read(ref MessagePackReader reader)
    {
        var ceremony = reader.ReadHash("A ceremony");
        var dealings = reader.ReadHash("A digest of dealings");
        var count = reader.ReadCount(SharedKey.MaxHolders, "A list of complaints");
        var complaints = ImmutableArray.CreateBuilder<Complaint>(count);
        for (var i = 0; i < count; i++)
        {
            complaints.Add(ReadComplaint(ref reader, i == 0 ? 0 : complaints[i - 1].Dealer));
        }

        return new Verdict(ceremony, dealings, complaints.MoveToImmutable());
    }

    private protected override void WriteItems(ref MessagePackWriter writer)
    {
        writer.WriteHash(Ceremony);
        writer.WriteHash(Dealings);
        writer.WriteArrayHeader(Complaints.Length);
        foreach (var complaint in Complaints)
        {
            writer.WriteArrayHeader(3);
            writer.Write(complaint.Dealer);
            writer.Write(complaint.Secret.ToArray());
            writer.Write(complaint.Proof.ToArray());
        }
    }

    private static Complaint ReadComplaint(ref MessagePackReader reader, int last)
    {
        reader.ExpectArray(3, "A complaint");
        var dealer = (int)reader.ReadNumber(SharedKey.MaxHolders, "A dealer");
        if (dealer <= last)
        {
            throw new CanonicalReader.ShapeException("Complaints name different dealers, rising from 1.");
        }

        var secret = SharedKey.ReadPoint(ref reader, "A common secret");
        return DleqProof.TryDecode(reader.ReadBinary(DleqProof.Size, "A proof"), out var proof, out var error)
            ? new Complaint(dealer, secret, proof)
            : throw new CanonicalReader.ShapeException(error);
    }
}
