using System.Text.Json;
using FederationNode.Audit.Report;
using FederationNode.Grains.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// One byte of a stored row is changed, and its checksum is left alone: the audit of the stopped node's folder names
/// the log, the very entry and the kind of fault, once, and audits everything to its end.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed class StoredByteTests(CoalitionFixture coalition) : IDisposable
{
    private const string Listed = "ewt/alpha/indicators/1";
    private const int Header = 5;

    private readonly Scratch _scratch = new();

    private string Folder => _scratch.In("alpha");

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("leaf", FindingKind.LeafChanged)]
    [InlineData("length", FindingKind.BundleMalformed)]
    [InlineData("hash", FindingKind.HashTileChanged)]
    public Task Audit_ByteOfASealedEntry_NamesTheEntry(string what, string kind) => FindsAsync(
        LogRowKind.Bundle,
        row =>
        {
            var bundle = StoredRows.Decode<BundleRow>(row);
            Assert.True(EntryBundle.TryDecode(bundle.Leaves, 256, out var leaves, out _));
            return what == "hash"
                ? Place(row, bundle.Hashes) + (44 * Hash256.Size) + 7
                : Place(row, leaves[44].ToArray()) + (what == "length" ? -1 : 30);
        },
        300,
        kind);

    [Fact]
    public Task Audit_ByteOfASealedPayload_NamesTheEntry() => FindsAsync(
        LogRowKind.Payloads,
        row => Place(row, StoredRows.Decode<PayloadsRow>(row).Items[44]!.Payload) + 5,
        300,
        FindingKind.PayloadChanged);

    /// <summary>Whichever byte of the leaf it is: nothing but the row itself vouches for an unsealed entry.</summary>
    [Fact]
    public async Task Audit_AnyByteOfAnUnsealedLeaf_NamesTheEntry()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        var rows = StoredRows.OfFolder(Folder, write: true);
        var sound = rows.Read(LogRowKind.Head, Listed);
        var leaf = StoredRows.Decode<HeadRow>(sound).Tail[11].Leaf;
        for (var i = -2; i < leaf.Length; i += 3)
        {
            var at = Place(sound, leaf) + i;
            await FindsAsync(rows, LogRowKind.Head, Listed, sound, at, 779, FindingKind.HeadDamaged);
        }
    }

    [Fact]
    public Task Audit_ByteOfAnUnsealedPayload_NamesTheEntry() => FindsAsync(
        LogRowKind.Head,
        row => Place(row, StoredRows.Decode<HeadRow>(row).Tail[11].Payload!) + 5,
        779,
        FindingKind.PayloadChanged);

    [Fact]
    public Task Audit_ByteOfTheEdge_NamesTheBundle() => FindsAsync(
        LogRowKind.Head,
        row => Place(row, StoredRows.Decode<HeadRow>(row).Edge[0]) + Hash256.Size + 3,
        256,
        FindingKind.HeadDamaged);

    [Theory]
    [InlineData(LogRowKind.Bundle, 0, 256, FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Bundle, 2, 256, FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Bundle, Header, 256, FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Payloads, 2, 256, FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Payloads, Header, 256, FindingKind.RowDamaged)]
    [InlineData(LogRowKind.Head, 0, 768, FindingKind.HeadDamaged)]
    [InlineData(LogRowKind.Head, 2, 768, FindingKind.HeadDamaged)]
    [InlineData(LogRowKind.Head, Header, 768, FindingKind.HeadDamaged)]
    public Task Audit_ByteThatIsNoEntrys_NamesTheFirstEntryOfTheRow(string rowKind, int at, int index, string kind) =>
        FindsAsync(rowKind, _ => at, index, kind);

    /// <summary>Every row that the node has, whatever its kind, and wherever the byte is.</summary>
    [Fact]
    public async Task Audit_AnyByteOfAnyRow_IsAFaultThatNamesLogOrRow()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        var rows = StoredRows.OfFolder(Folder, write: true);
        Assert.Equal(
            ["log-bundle", "log-head", "log-payloads", "receipts", "roster"],
            rows.Kinds().Where(k => k is not "indicator" and not "peer" and not LogRowKind.Request));
        foreach (var kind in rows.Kinds())
        {
            foreach (var (key, sound) in rows.ReadAll(kind))
            {
                for (var i = 0; i < 5; i++)
                {
                    byte[] changed = [.. sound];
                    changed[(sound.Length - 1) * i / 4] ^= 0x21;
                    rows.Write(kind, key, changed);

                    var audit = await Fednode.HereAsync("audit", Folder, "--json");

                    Assert.True(audit.Code == 1, $"{kind} {key} {i}: {audit}");
                    var origin = kind.StartsWith("log-", StringComparison.Ordinal) ? SealedPlace.OriginOf(key) : null;
                    Assert.Contains(FaultsOf(audit), f => origin is not null
                        ? f.GetProperty("origin").GetString() == origin
                        : f.GetProperty("explanation").GetString()!
                            .Contains($"'{kind}' of '{key}'", StringComparison.Ordinal));
                }

                rows.Write(kind, key, sound);
            }
        }

        Assert.Equal(0, (await Fednode.HereAsync("audit", Folder, "--json")).Code);
    }

    private static int Place(byte[] row, byte[] part)
    {
        var at = row.AsSpan().IndexOf(part);
        Assert.True(at > 0);
        return at;
    }

    private async Task FindsAsync(string rowKind, Func<byte[], int> place, long index, string kind)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        var rows = StoredRows.OfFolder(Folder, write: true);
        var key = rowKind == LogRowKind.Head ? Listed : $"{Listed}|1";
        var sound = rows.Read(rowKind, key);
        await FindsAsync(rows, rowKind, key, sound, place(sound), index, kind);
    }

    private async Task FindsAsync(
        StoredRows rows, string rowKind, string key, byte[] sound, int at, long index, string kind)
    {
        byte[] changed = [.. sound];
        changed[at] ^= 0x04;
        rows.Write(rowKind, key, changed);

        var audit = await Fednode.HereAsync("audit", Folder, "--json");

        Assert.True(audit.Code == 1, audit.ToString());
        var fault = Assert.Single(FaultsOf(audit));
        Assert.Equal(Listed, fault.GetProperty("origin").GetString());
        Assert.Equal((index, kind), (fault.GetProperty("index").GetInt64(), fault.GetProperty("kind").GetString()!));
        Assert.All(
            audit.Json.GetProperty("logs").EnumerateArray(),
            l => Assert.True(l.GetProperty("rebuilt").GetBoolean(), audit.ToString()));
    }

    private static IEnumerable<JsonElement> FaultsOf(Ran audit) => audit.Json.GetProperty("findings").EnumerateArray()
        .Where(f => f.GetProperty("severity").GetString() == "Fault");
}
