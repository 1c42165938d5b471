using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using FederationNode.Contracts.Api;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Text;

namespace FederationNode.Node.Tests.Api;

/// <summary>Values that no other test uses.</summary>
internal static class Some
{
    public static string Hex() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>A word of letters only, so that whole-word matching applies.</summary>
    public static string Word() => "w" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz", 15);

    public static ListingRequest Keyword(string value, Func<ListingRequest, ListingRequest>? change = null) =>
        (change ?? (l => l))(new ListingRequest { Kind = "keyword", Value = value, Category = "ivory" });

    public static ListingRequest Image(string hex, string action = "block", int confidence = 80) =>
        new() { Kind = "image-sha256", Value = hex, Category = "pangolin", Action = action, Confidence = confidence };

    public static ListingPayload ForeignKeyword(string word, long expires, string action = "review", int confidence = 80) => new()
    {
        Indicator = Indicator.Keyword(Wlnorm.Normalize(word)),
        Category = "ivory",
        Severity = 1,
        Confidence = confidence,
        Action = action,
        Expires = expires,
        Context = KeywordContext.None,
    };

    public static ListingPayload ForeignHash(string kind, string hex, long expires, string action = "block", string? scheme = null) => new()
    {
        Indicator = new Indicator(
            kind,
            scheme ?? (kind == IndicatorKind.ImagePdq ? IndicatorScheme.Pdq1 : IndicatorScheme.Sha2561),
            Convert.FromHexString(hex)),
        Category = "pangolin",
        Severity = 2,
        Confidence = 80,
        Action = action,
        Expires = expires,
        Jurisdictions = ImmutableArray<string>.Empty,
    };

    public static string KeywordId(string word) => Indicator.Keyword(Wlnorm.Normalize(word)).Id.ToString();

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
