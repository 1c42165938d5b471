using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Tests.Entries;
using FederationNode.Protocol.Tests.Generators;
using Xunit;

namespace FederationNode.Protocol.Tests.Merge;

/// <summary>Which entries have a meaning: docs/protocol.md, sections 5 and 6.</summary>
public sealed class LogEntryTests
{
    private const long Issued = 1_790_000_000;

    private static readonly byte[] s_salt = new byte[16];

    /// <summary>Every kind of entry in every kind of log.</summary>
    public static TheoryData<string, string, bool> KindsAndLogs()
    {
        string[] inIndicators = ["listing", "withdrawal", "opinion", "tally", "erase", "heartbeat"];
        var data = new TheoryData<string, string, bool>();
        foreach (var kind in ValidPayloads.Kinds)
        {
            data.Add(kind, "indicators", inIndicators.Contains(kind));
            data.Add(kind, "receipts", kind is "receipt" or "erasure" or "evaluations" or "heartbeat");
            data.Add(kind, "roster", kind is "roster" or "heartbeat");
            data.Add(kind, "diary", false);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(KindsAndLogs))]
    public void TryInterpret_KindInALog_OnlyWhereItBelongs(string kind, string log, bool ok)
    {
        var items = ValidPayloads.Items(kind);
        if (kind == "listing")
        {
            items[10] = Issued + 1;
        }

        var origin = Origin.Create("demo", "alpha", log, 1);
        var entry = Interpret(origin, 100, LeafOf(origin, kind, Pack.Sequence((object)items)), Pack.Sequence((object)items), out var reason);

        Assert.Equal(ok, entry is not null);
        Assert.Equal(ok, reason is null);
    }

    [Theory]
    [InlineData(Issued - 1, false)]
    [InlineData(Issued, false)]
    [InlineData(Issued + 1, true)]
    [InlineData(Issued + 158_112_000, true)]
    [InlineData(Issued + 158_112_001, false)]
    public void TryInterpret_Expiry_IsAfterIssueByAtMostFiveYears(long expires, bool ok)
    {
        var items = ValidPayloads.Items("listing");
        items[10] = expires;

        Assert.Equal(ok, IsMeaningful("listing", items, 0));
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0, 1, true)]
    [InlineData(7, 7, false)]
    [InlineData(7, 8, true)]
    [InlineData(8, 7, false)]
    public void TryInterpret_Erase_NamesAnEarlierEntry(int target, long index, bool ok) =>
        Assert.Equal(ok, IsMeaningful("erase", [1, target, "legal"], index));

    [Fact]
    public void TryInterpret_LeafOfAnotherLog_IsANoOp()
    {
        var here = Origin.Create("demo", "alpha", "indicators", 1);
        var payload = ValidPayloads.Bytes("withdrawal");
        foreach (var there in new[] { "demo/alpha/indicators/2", "demo/beta/indicators/1", "other/alpha/indicators/1", "demo/alpha/receipts/1" })
        {
            Assert.Null(Interpret(here, 0, LeafOf(Origin.Parse(there), "withdrawal", payload), payload, out var reason));
            Assert.Contains(there, reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TryInterpret_UnknownKindVersionOrMalformed_IsANoOp()
    {
        var origin = Origin.Create("demo", "alpha", "indicators", 1);
        var payload = ValidPayloads.Bytes("withdrawal");

        Assert.Null(Interpret(origin, 0, LeafOf(origin, "advert", payload), payload, out _));
        Assert.Null(Interpret(origin, 0, LeafOf(origin, "opinion", payload), payload, out _));
        Assert.Null(Interpret(origin, 0, [], payload, out _));
        Assert.Null(Interpret(origin, 0, "not a leaf"u8.ToArray(), payload, out _));
        Assert.Null(Interpret(origin, 0, LeafOf(origin, "withdrawal", []), [], out _));
        payload[1] = 2;
        Assert.Null(Interpret(origin, 0, LeafOf(origin, "withdrawal", payload), payload, out var reason));
        Assert.Contains("version", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TryInterpret_ErasedOrForeignPayload_IsANoOp()
    {
        var origin = Origin.Create("demo", "alpha", "indicators", 1);
        var payload = ValidPayloads.Bytes("withdrawal");
        var leaf = LeafOf(origin, "withdrawal", payload);
        var hash = MerkleHash.Leaf(leaf);

        Assert.True(LogEntry.TryInterpret(origin, 0, hash, leaf, s_salt, payload, out var entry, out _));
        Assert.Equal((hash, new EntryPosition(1, 0), "alpha"), (entry.LeafHash, entry.Position, entry.Member));
        Assert.False(LogEntry.TryInterpret(origin, 0, hash, leaf, [], [], out _, out _));
        Assert.False(LogEntry.TryInterpret(origin, 0, hash, leaf, [], payload, out _, out _));
        Assert.False(LogEntry.TryInterpret(origin, 0, hash, leaf, s_salt, [], out _, out _));
        Assert.False(LogEntry.TryInterpret(origin, 0, hash, leaf, new byte[15], payload, out _, out _));
        Assert.False(LogEntry.TryInterpret(origin, 0, hash, leaf, s_salt, ValidPayloads.Bytes("erase"), out _, out _));
    }

    [Fact]
    public void CompareTo_Positions_FirstByEpochThenByIndex()
    {
        EntryPosition[] ordered = [new(1, 0), new(1, 9), new(2, 0), new(2, 1), new(10, 0)];

        Assert.Equal(ordered, ordered.Reverse().Order());
        Assert.True(ordered[1] < ordered[2] && ordered[2] > ordered[1]);
        Assert.True(ordered[0] <= ordered[1] && ordered[1] >= ordered[0] && !(ordered[0] >= ordered[1]));
    }

    private static bool IsMeaningful(string kind, object?[] items, long index)
    {
        var origin = Origin.Create("demo", "alpha", "indicators", 1);
        var payload = Pack.Sequence((object)items);
        return Interpret(origin, index, LeafOf(origin, kind, payload), payload, out _) is not null;
    }

    private static byte[] LeafOf(Origin origin, string kind, byte[] payload) =>
        new Leaf(origin.Text, kind, Issued, null, Leaf.Commit(s_salt, payload)).Encode();

    private static LogEntry? Interpret(Origin origin, long index, byte[] leaf, byte[] payload, out string? reason) =>
        LogEntry.TryInterpret(origin, index, MerkleHash.Leaf(leaf), leaf, s_salt, payload, out var entry, out reason)
            ? entry
            : null;
}
