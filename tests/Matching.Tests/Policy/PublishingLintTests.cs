using FederationNode.Matching.Linting;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Text;
using Xunit;

namespace FederationNode.Matching.Tests.Policy;

public sealed class PublishingLintTests
{
    private const long Now = 1_790_000_000;
    private const long Day = 86_400;

    public static TheoryData<string, byte[], long, string?> Values => new()
    {
        { IndicatorKind.ImagePdq, new byte[32], 365, Pdq(0) },
        { IndicatorKind.ImagePdq, Bits(19), 365, Pdq(19) },
        { IndicatorKind.ImagePdq, Bits(20), 365, null },
        { IndicatorKind.ImagePdq, Bits(236), 365, null },
        { IndicatorKind.ImagePdq, Bits(237), 365, Pdq(237) },
        { IndicatorKind.ImagePdq, Bits(128), 1800, null },
        {
            IndicatorKind.ImageSha256,
            System.Security.Cryptography.SHA256.HashData([]),
            365,
            ".value is the SHA-256 of the empty file, as every upload that failed has it: hash the picture itself"
        },
        { IndicatorKind.ImageSha256, new byte[32], 365, ".value is all zeros, which is no file's SHA-256: hash the picture itself" },
        { IndicatorKind.ImageSha256, Bits(1), 1800, null },
        {
            IndicatorKind.Seller,
            new byte[32],
            365,
            ".value is all zeros, which is no seller's tag: make it with `fednode publish seller`"
        },
        { IndicatorKind.Seller, Bits(1), 366, null },
    };

    public static TheoryData<string, string?> Keywords => new()
    {
        { "netsuke", null },
        { "象牙", null },
        { "xyq", Short },
        { "象", Short },
        { "with", Common },
        { "Ｖｉｎｔａｇｅ", Common },
        { "出售", Common },
        { "包郵", Common },
        { "vintage tusk", null },
    };

    private const string Short =
        ".value is too short to stand alone (fewer than 2 Han characters or 4 letters): add words that must be near it "
        + "(context.anyOf or context.allOf)";

    private const string Common =
        ".value is a very common word, which is in normal offers everywhere: add words that must be near it (context.anyOf or "
        + "context.allOf)";

    [Theory]
    [MemberData(nameof(Values))]
    public void FaultOf_Value_SaysWhatIsWrongAndWhatToDo(string kind, byte[] value, long days, string? says) =>
        Expect(Listing(new Indicator(kind, "any/1", value), days), says);

    [Theory]
    [MemberData(nameof(Keywords))]
    public void FaultOf_Keyword_SaysWhatIsWrongAndWhatToDo(string keyword, string? says)
    {
        Expect(Listing(Indicator.Keyword(Wlnorm.Normalize(keyword)), 365), says);
        Expect(Listing(Indicator.Keyword(Wlnorm.Normalize(keyword)), 365, KeywordContext.None with { AllOf = ["tusk"] }), null);
    }

    private static void Expect(ListingPayload listing, string? says) =>
        Assert.Equal(says, PublishingLint.FaultOf(listing) is { } fault ? $"{fault.Field} {fault.Says}" : null);

    private static string Pdq(int bits) =>
        $".value is the PDQ hash of a picture without detail ({bits} of 256 bits set), and would match blank pictures: list "
        + "another picture, or this one's SHA-256";

    private static byte[] Bits(int count)
    {
        var value = new byte[32];
        for (var i = 0; i < count; i++)
        {
            value[i / 8] |= (byte)(1 << (i % 8));
        }

        return value;
    }

    private static ListingPayload Listing(Indicator indicator, long days, KeywordContext? context = null) => new()
    {
        Indicator = indicator,
        Category = "ivory",
        Severity = 1,
        Confidence = 80,
        Action = "review",
        Expires = Now + (days * Day),
        Context = indicator.Kind == IndicatorKind.Keyword ? context ?? KeywordContext.None : null,
    };
}
