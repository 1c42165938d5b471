using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Protocol.Tests.Merge;

/// <summary>A member's log under test: appends payloads and hands out the entries as every node reads them.</summary>
internal sealed class Log(string member, string log = Origin.Indicators, int epoch = 1)
{
    public const long Issued = 1_790_000_000;

    private long _size;

    public Origin Origin { get; } = Origin.Create("demo", member, log, epoch);

    public LogEntry Append(Payload payload, long issued = Issued, bool hasTerm = true) => At(_size++, payload, issued, hasTerm);

    /// <summary>The entry at a place of choice; goes through the bytes, as on any node.</summary>
    public LogEntry At(long index, Payload payload, long issued = Issued, bool hasTerm = true)
    {
        byte[] salt = [.. BitConverter.GetBytes(index), .. new byte[8]];
        var bytes = payload.Encode();
        var decoded = Leaf.Of(Origin.Text, issued, null, payload.Kind, salt, bytes);
        var leaf = (hasTerm ? decoded : decoded with { Term = null }).Encode();
        Assert.True(
            LogEntry.TryInterpret(Origin, index, MerkleHash.Leaf(leaf), leaf, salt, bytes, out var entry, out var reason),
            reason);
        return entry;
    }

    public static ListingPayload Listing(Indicator indicator, int severity = 1, long expires = Issued + 1) => new()
    {
        Indicator = indicator,
        Category = "ivory",
        Severity = severity,
        Confidence = 50,
        Action = "review",
        Expires = expires,
        Context = indicator.Kind == IndicatorKind.Keyword ? KeywordContext.None : null,
    };
}
