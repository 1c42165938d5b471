using FederationNode.Protocol.Entries;
using MessagePack;

namespace FederationNode.Protocol.Merge;

/// <summary>The keys of cells: canonical MessagePack values without an array around them. docs/protocol.md, section 8.</summary>
internal static class CellKey
{
    private const string Listing = "listing";
    private const string Opinion = "opinion";
    private const string Tally = "tally";

    public static void WriteListing(ref MessagePackWriter writer, Hash256 indicator, string member)
    {
        writer.Write(Listing);
        writer.WriteHash(indicator);
        writer.Write(member);
    }

    public static void WriteOpinion(ref MessagePackWriter writer, Hash256 indicator, string member, string lister)
    {
        writer.Write(Opinion);
        writer.WriteHash(indicator);
        writer.Write(member);
        writer.Write(lister);
    }

    public static void WriteTally(ref MessagePackWriter writer, string member, TallyPayload tally)
    {
        writer.Write(Tally);
        writer.Write(member);
        writer.Write(tally.Category);
        writer.Write(tally.Day);
    }

    /// <summary>The key of a tally's cell, which has no indicator.</summary>
    public static byte[] Encode(TallyPayload tally, string member) =>
        CanonicalReader.Write(tally, (ref MessagePackWriter writer, TallyPayload t) => WriteTally(ref writer, member, t));
}
