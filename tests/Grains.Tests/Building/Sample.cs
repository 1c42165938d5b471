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

    /// <summary>A log in which entries of all kinds follow one another, about five indicators.</summary>
    public static WriterLog LogOfAllKinds(string origin, int size)
    {
        var log = new WriterLog(origin);
        for (var i = 0; i < size; i++)
        {
            var id = Image(i % 5).Id;
            log.Add((i % 8) switch
            {
                3 => new WithdrawalPayload(id, "error"),
                4 => new OpinionPayload(id, "c", OpinionPayload.Dispute, "legal-trade"),
                6 => new ErasePayload(i - (i % 3) - 1, "legal"),
                7 => new HeartbeatPayload([]),
                _ => Listing(i % 5) with { Severity = i % 4 },
            });
        }

        return log;
    }
}
