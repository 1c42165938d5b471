using MessagePack;

namespace FederationNode.Protocol.Entries;

/// <summary>
/// What of a listing decides when it ends, and so when it lapses. It stands in the leaf, too: whoever finds the payload gone
/// can tell from it whether that is as it should be. docs/protocol.md, "Leaf".
/// </summary>
/// <param name="Kind">The indicator's kind: a code.</param>
/// <param name="Scheme">The indicator's scheme.</param>
/// <param name="Expires">The listing's expiry, in unix seconds.</param>
public sealed record ListingTerm(string Kind, string Scheme, long Expires)
{
    /// <summary>The term of a listing.</summary>
    public static ListingTerm Of(ListingPayload listing)
    {
        ArgumentNullException.ThrowIfNull(listing);
        return new ListingTerm(listing.Indicator.Kind, listing.Indicator.Scheme, listing.Expires);
    }

    internal static ListingTerm Read(ref MessagePackReader reader)
    {
        var kind = reader.ReadCode("A leaf's indicator kind");
        var scheme = reader.ReadWord(IndicatorScheme.MaxLength, "A leaf's indicator scheme");
        return IndicatorScheme.IsScheme(scheme)
            ? new ListingTerm(kind, scheme, reader.ReadNumber(ProtocolLimits.MaxTime, "A leaf's expiry"))
            : throw new CanonicalReader.ShapeException("A leaf's indicator scheme is none.");
    }

    internal void Write(ref MessagePackWriter writer)
    {
        writer.Write(Kind);
        writer.Write(Scheme);
        writer.Write(Expires);
    }
}
