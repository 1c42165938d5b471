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

    public LogEntry Append(Payload payload) => At(_size++, payload);

    /// <summary>The entry at a place of choice; goes through the bytes, as on any node.</summary>
    public LogEntry At(long index, Payload payload)
    {
        byte[] salt = [.. BitConverter.GetBytes(index), .. new byte[8]];
        var bytes = payload.Encode();
        var leaf = new Leaf(Origin.Text, payload.Kind, Issued, null, Leaf.Commit(salt, bytes)).Encode();
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
