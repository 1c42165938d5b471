using System.Text.Json;
using FederationNode.Audit.Report;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// Whatever row of a stopped node's database is tampered with, the audit of its folder names the log, the entry and the
/// kind of fault, and audits all the other logs.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed class StoredTamperingTests(CoalitionFixture coalition) : IDisposable
{
    private const string Listed = "ewt/alpha/indicators/1";
    private const string Receipts = "ewt/alpha/receipts/1";
    private const string Roster = "ewt/secretariat/roster/1";
    private const string ForeignListed = "ewt/secretariat/indicators/1";
    private const string ForeignReceipts = "ewt/secretariat/receipts/1";
    private const int LastBundle = 768;

    private readonly Scratch _scratch = new();

    private delegate void Tampering(StoredRows rows);

    private sealed record Expected(string Origin, long? Index, string Kind);

    private string Folder => _scratch.In("alpha");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Audit_StoppedNode_IsCleanAndChangesNothing()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        var before = await File.ReadAllBytesAsync(Path.Combine(Folder, "node.db"));

        var audit = await Fednode.RunAsync("audit", Folder, "--json");

        Assert.True(audit.Code == 0, audit.ToString());
        Assert.Equal("Clean", audit.Json.GetProperty("verdict").GetString());
        Assert.Equal(
            [Listed, Receipts, ForeignListed, ForeignReceipts, Roster],
            LogsOf(audit).Select(l => l.GetProperty("origin").GetString()!));
        Assert.Equal(948, LogsOf(audit)[0].GetProperty("size").GetInt64());
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(Folder, "node.db")));
    }

    [Theory]
    [InlineData(LogRowKind.Bundle, "truncate", FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Bundle, "empty", FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Bundle, "null", FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Bundle, "delete", FindingKind.TileMissing)]
    [InlineData(LogRowKind.Payloads, "truncate", FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Payloads, "empty", FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Payloads, "null", FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Payloads, "delete", FindingKind.TileMissing)]
    public Task Audit_SealedRowUnreadable_NamesTheBundleOnce(string kind, string how, string finding) => FindsAsync(
        rows => rows.Damage(how, kind, $"{Listed}|1"), new Expected(Listed, 256, finding), once: true);

    [Theory]
    [InlineData(Listed, "truncate")]
    [InlineData(Listed, "empty")]
    [InlineData(Listed, "null")]
    [InlineData(Receipts, "truncate")]
    [InlineData(Receipts, "null")]
    [InlineData(Roster, "truncate")]
    [InlineData(ForeignReceipts, "truncate")]
    [InlineData(ForeignReceipts, "null")]
    public Task Audit_HeadRowUnreadable_NamesTheLogOnce(string origin, string how) => FindsAsync(
        rows => rows.Damage(how, LogRowKind.Head, origin),
        new Expected(origin, 0, FindingKind.HeadDamaged),
        once: true);

    [Theory]
    [InlineData(Listed)]
    [InlineData(Receipts)]
    [InlineData(Roster)]
    [InlineData(ForeignListed)]
    public Task Audit_HeadRowDeleted_NamesTheLogThatIsGone(string origin) => FindsAsync(
        rows => rows.Delete(LogRowKind.Head, origin), new Expected(origin, 0, FindingKind.LogRolledBack));

    [Theory]
    [InlineData(Listed, 2)]
    [InlineData(Receipts, 1)]
    public Task Audit_OldHeadRowPutBack_NamesTheFirstEntryThatIsGone(string origin, int size) => FindsAsync(
        rows => rows.Write(LogRowKind.Head, origin, coalition.OldHeads[origin]),
        new Expected(origin, size, FindingKind.LogRolledBack));

    [Theory]
    [InlineData(LogRowKind.Bundle, FindingKind.LeafChanged)]
    [InlineData(LogRowKind.Payloads, FindingKind.PayloadChanged)]
    public Task Audit_TwoRowsOfALogSwapped_NamesBoth(string kind, string finding) => FindsAsync(
        rows => rows.Swap((kind, $"{Listed}|0"), (kind, $"{Listed}|1")),
        new Expected(Listed, 0, finding),
        new Expected(Listed, 256, finding));

    [Fact]
    public Task Audit_RowsOfTwoKindsSwapped_NamesTheBundle() => FindsAsync(
        rows => rows.Swap((LogRowKind.Bundle, $"{Listed}|2"), (LogRowKind.Payloads, $"{Listed}|2")),
        new Expected(Listed, 512, FindingKind.RowDamaged));

    [Fact]
    public Task Audit_ForeignHeadsSwapped_NamesBothLogs() => FindsAsync(
        rows => rows.Swap((LogRowKind.Head, Roster), (LogRowKind.Head, ForeignReceipts)),
        new Expected(Roster, null, FindingKind.CheckpointOtherLog),
        new Expected(ForeignReceipts, null, FindingKind.CheckpointOtherLog));

    [Fact]
    public Task Audit_OwnHeadsSwapped_NamesBothLogs() => FindsAsync(
        rows => rows.Swap((LogRowKind.Head, Listed), (LogRowKind.Head, Receipts)),
        new Expected(Listed, AnyIndex, FindingKind.LogRolledBack),
        new Expected(Receipts, 0, FindingKind.TileMissing));

    [Theory]
    [InlineData(true, 256, FindingKind.LeafChanged)]
    [InlineData(false, 300, FindingKind.LeafChanged)]
    public Task Audit_EntryOfABundleReplaced_NamesItOrItsBundle(bool withItsHash, int index, string kind) => FindsAsync(
        rows => Change<BundleRow>(rows, LogRowKind.Bundle, $"{Listed}|1", row =>
        {
            Assert.True(EntryBundle.TryDecode(row.Leaves, 256, out var leaves, out _));
            ReadOnlyMemory<byte>[] replaced = [.. leaves];
            replaced[300 - 256] = leaves[7];
            row.Leaves = EntryBundle.Encode(replaced);
            if (withItsHash)
            {
                MerkleHash.Leaf(leaves[7].Span).CopyTo(row.Hashes.AsSpan((300 - 256) * Hash256.Size));
            }
        }),
        new Expected(Listed, index, kind));

    [Fact]
    public Task Audit_HashOfABundleReplaced_NamesIt() => FindsAsync(
        rows => Change<BundleRow>(rows, LogRowKind.Bundle, $"{Listed}|1", row => row.Hashes[44 * Hash256.Size] ^= 1),
        new Expected(Listed, 300, FindingKind.HashTileChanged));

    [Fact]
    public Task Audit_PayloadReplaced_NamesTheEntry() => FindsAsync(
        rows => Change<PayloadsRow>(rows, LogRowKind.Payloads, $"{Listed}|1", row => row.Items[44]!.Payload[^1] ^= 1),
        new Expected(Listed, 300, FindingKind.PayloadChanged));

    [Fact]
    public Task Audit_PayloadTakenAway_NamesTheEntry() => FindsAsync(
        rows => Change<PayloadsRow>(rows, LogRowKind.Payloads, $"{Listed}|1", row => row.Items[44] = null),
        new Expected(Listed, 300, FindingKind.PayloadMissing));

    [Fact]
    public Task Audit_PayloadsCutShort_NamesTheBundle() => FindsAsync(
        rows => Change<PayloadsRow>(rows, LogRowKind.Payloads, $"{Listed}|1", row => row.Items = row.Items[..200]),
        new Expected(Listed, 256, FindingKind.RowDamaged));

    [Fact]
    public Task Audit_UnsealedPayloadReplaced_NamesTheEntry() => FindsAsync(
        rows => Change<HeadRow>(rows, LogRowKind.Head, Listed, head => head.Tail[5].Payload![^1] ^= 1),
        new Expected(Listed, LastBundle + 5, FindingKind.PayloadChanged));

    [Theory]
    [InlineData(Listed, LastBundle + 1)]
    [InlineData(Roster, 1)]
    public Task Audit_UnsealedEntryReplaced_NamesTheEntry(string origin, int index) => FindsAsync(
        rows => Change<HeadRow>(rows, LogRowKind.Head, origin, head => head.Tail[1].Leaf[head.Tail[1].Leaf.AsSpan().IndexOf<byte>([0xc4, Hash256.Size]) + 2] ^= 1),
        new Expected(origin, index, FindingKind.HeadDamaged));

    [Fact]
    public Task Audit_EdgeHashReplaced_NamesItsBundle() => FindsAsync(
        rows => Change<HeadRow>(rows, LogRowKind.Head, Listed, head => head.Edge[0][40] ^= 1),
        new Expected(Listed, LastBundle, FindingKind.HeadDamaged),
        new Expected(Listed, 256, FindingKind.HashTileChanged));

    [Fact]
    public Task Audit_HeadWithoutItsTail_IsDamaged() => FindsAsync(
        rows => Change<HeadRow>(rows, LogRowKind.Head, Listed, head => head.Tail = null!),
        new Expected(Listed, 0, FindingKind.HeadDamaged));

    [Fact]
    public Task Audit_HeadWithOtherSize_IsDamaged() => FindsAsync(
        rows => Change<HeadRow>(rows, LogRowKind.Head, Listed, head => head.Size += 300),
        new Expected(Listed, AnyIndex, FindingKind.HeadDamaged));

    [Fact]
    public Task Audit_CheckpointReplaced_NamesTheLog() => FindsAsync(
        rows => Change<HeadRow>(rows, LogRowKind.Head, ForeignReceipts, head => head.Checkpoint[^5] ^= 1),
        new Expected(ForeignReceipts, AnyIndex, null!));

    [Theory]
    [InlineData("flip", FindingKind.RowDamaged)]
    [InlineData("truncate", FindingKind.RowDamaged)]
    [InlineData("empty", FindingKind.RowDamaged)]
    [InlineData("null", FindingKind.RowDamaged)]
    [InlineData("delete", FindingKind.RowMissing)]
    public Task Audit_RosterRowDamaged_NamesTheRosterLog(string how, string kind) => FindsAsync(
        rows => rows.Damage(how, RosterGrain.RowKind, "ewt"), new Expected(Roster, 0, kind), once: true);

    [Fact]
    public Task Audit_RosterRowWithAnotherChain_NamesTheRosterLog() => FindsAsync(
        rows => Change<RosterRow>(rows, RosterGrain.RowKind, "ewt", row => row.Chain = [row.Chain[1], row.Chain[1]]),
        new Expected(Roster, 0, FindingKind.RowDamaged));

    [Theory]
    [InlineData("flip", FindingKind.RowDamaged)]
    [InlineData("truncate", FindingKind.RowDamaged)]
    [InlineData("null", FindingKind.RowDamaged)]
    [InlineData("delete", FindingKind.RowMissing)]
    public Task Audit_RowOfReceiptsDamaged_NamesTheReceiptsLog(string how, string kind) => FindsAsync(
        rows => rows.Damage(how, ReceiptsGrain.RowKind, "alpha"), new Expected(Receipts, 0, kind), once: true);

    private const long AnyIndex = -1;

    private async Task FindsAsync(Tampering tamper, Expected expected, bool once)
    {
        var audit = await FindsAsync(tamper, expected);
        Assert.True(!once || FaultsOf(audit).Count == 1, audit.ToString());
    }

    private async Task<Ran> FindsAsync(Tampering tamper, params Expected[] expected)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        tamper(StoredRows.OfFolder(Folder, write: true));

        var audit = await Fednode.HereAsync("audit", Folder, "--json");

        Assert.True(audit.Code == 1, audit.ToString());
        var faults = FaultsOf(audit);
        foreach (var one in expected)
        {
            Assert.True(faults.Exists(f => Fits(f, one)), $"No {one} in {audit}");
        }

        // Every log that was not touched was audited to its end; only its receipts may now speak of what is gone.
        var touched = expected.Select(e => e.Origin).ToHashSet();
        Assert.All(
            new[] { Listed, Receipts, ForeignListed, ForeignReceipts, Roster }.Where(o => !touched.Contains(o)),
            o => Assert.Contains(
                LogsOf(audit),
                l => l.GetProperty("origin").GetString() == o && l.GetProperty("rebuilt").GetBoolean()));
        return audit;
    }

    private static List<JsonElement> FaultsOf(Ran audit) =>
    [
        .. audit.Json.GetProperty("findings").EnumerateArray()
            .Where(f => f.GetProperty("severity").GetString() == "Fault"),
    ];

    private static bool Fits(JsonElement finding, Expected expected)
    {
        var index = finding.GetProperty("index");
        return finding.GetProperty("origin").GetString() == expected.Origin
            && (expected.Kind is null || finding.GetProperty("kind").GetString() == expected.Kind)
            && (expected.Index == AnyIndex
                || (index.ValueKind == JsonValueKind.Null ? null : index.GetInt64()) == expected.Index);
    }

    private static List<JsonElement> LogsOf(Ran audit) => [.. audit.Json.GetProperty("logs").EnumerateArray()];

    private static void Change<T>(StoredRows rows, string kind, string key, Action<T> change)
    {
        var row = rows.Read<T>(kind, key);
        change(row);
        rows.Write(kind, key, row);
    }
}
