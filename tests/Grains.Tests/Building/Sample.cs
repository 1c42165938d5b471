using System.Globalization;
using System.Text;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Grains.Tests.Building;

/// <summary>Entries with a meaning: number n is the same wherever it is made.</summary>
internal static class Sample
{
    public static Indicator Image(int number) => new(
        IndicatorKind.ImageSha256,
        IndicatorScheme.Sha2561,
        Hash256.Of(Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture))).ToArray());

    public static ListingPayload Listing(int number, long expires = TestCoalition.Issued + (30 * 86_400)) => new()
    {
        Indicator = Image(number),
        Category = "ivory",
        Severity = number % 4,
        Confidence = number % 101,
        Action = "block",
        Expires = expires,
    };

    public static NewEntry Entry(Payload payload) => new(payload.Kind, payload.Encode());

    public static NewEntry[] Listings(int from, int count) =>
        [.. Enumerable.Range(from, count).Select(i => Entry(Listing(i)))];

    public static AppendRequest Request(int from, int count, string? key = null) => new(Listings(from, count), key);
}
