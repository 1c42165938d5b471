using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Entries;

namespace FederationNode.Matching.Linting;

/// <summary>
/// Refuses listings that would hit what is normal everywhere, or nothing at all. It binds only who publishes: receivers go by
/// their own policies.
/// </summary>
public static class PublishingLint
{
    /// <summary>A PDQ hash has half of its 256 bits set, but for pictures without detail.</summary>
    public const int LeastPdqBits = 20;

    private const int PdqBits = 256;

    private const string Context = "add words that must be near it (context.anyOf or context.allOf)";

    private static readonly byte[] s_emptyFile =
        Convert.FromHexString("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    /// <summary>What is wrong with a listing, or null.</summary>
    /// <param name="listing">The listing.</param>
    public static LintFault? FaultOf(ListingPayload listing) =>
        listing.Indicator.Kind switch
        {
            IndicatorKind.Keyword => KeywordFault(listing),
            IndicatorKind.ImagePdq => PdqFault(listing.Indicator.Value.Span),
            IndicatorKind.ImageSha256 when listing.Indicator.Value.Span.SequenceEqual(s_emptyFile) => new LintFault(
                ".value", "is the SHA-256 of the empty file, as every upload that failed has it: hash the picture itself"),
            IndicatorKind.ImageSha256 when IsZero(listing.Indicator.Value.Span) => new LintFault(
                ".value", "is all zeros, which is no file's SHA-256: hash the picture itself"),
            IndicatorKind.Seller when IsZero(listing.Indicator.Value.Span) => new LintFault(
                ".value", "is all zeros, which is no seller's tag: make it with `fednode publish seller`"),
            _ => null,
        };

    private static LintFault? KeywordFault(ListingPayload listing)
    {
        var context = listing.Context!;
        var text = Encoding.UTF8.GetString(listing.Indicator.Value.Span);
        var rule = new KeywordRule(
            0, text, KeywordMatch.ByScript, context.AnyOf, context.AllOf, context.NoneOf, context.Window);
        if (!KeywordLint.TryAccept(rule, out _))
        {
            // The lint's own words quote the keyword.
            return new LintFault(
                ".value", $"is too short to stand alone (fewer than 2 Han characters or 4 letters): {Context}");
        }

        return context.AnyOf.IsEmpty && context.AllOf.IsEmpty && CommonWords.Contains(text)
            ? new LintFault(".value", $"is a very common word, which is in normal offers everywhere: {Context}")
            : null;
    }

    private static LintFault? PdqFault(ReadOnlySpan<byte> hash)
    {
        var set = 0;
        foreach (var part in MemoryMarshal.Cast<byte, ulong>(hash))
        {
            set += BitOperations.PopCount(part);
        }

        return set < LeastPdqBits || set > PdqBits - LeastPdqBits
            ? new LintFault(
                ".value",
                string.Create(CultureInfo.InvariantCulture, $"is the PDQ hash of a picture without detail ({set} of {PdqBits} bits set)")
                + ", and would match blank pictures: list another picture, or this one's SHA-256")
            : null;
    }

    private static bool IsZero(ReadOnlySpan<byte> value) => !value.ContainsAnyExcept((byte)0);
}
