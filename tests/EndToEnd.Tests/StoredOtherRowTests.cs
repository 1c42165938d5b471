using System.Text.Json;
using FederationNode.Audit.Report;
using FederationNode.Grains.Indicators;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Storage;
using FederationNode.Node.Policies;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// The rows that are not part of a log, and those that nothing leads to: the audit of a stopped node's folder reads
/// every one of them.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed class StoredOtherRowTests(CoalitionFixture coalition) : IDisposable
{
    private const string Listed = "ewt/alpha/indicators/1";
    private const string Foreign = "ewt/secretariat/receipts/1";

    private readonly Scratch _scratch = new();

    private string Folder => _scratch.In("alpha");

    private static string Indicator { get; } = new('a', 64);

    private static string Request => $"{Listed}|{new string('b', 64)}";

    public static TheoryData<string, string> Damages
    {
        get
        {
            var data = new TheoryData<string, string>();
            string[] kinds =
            [
                PeerGrain.RowKind, IndicatorGrain.RowKind, LogRowKind.Request, LogRowKind.Fork, LogRowKind.Deferred,
                StorageProbe.RowKind, FloodRow.RowKind,
            ];
            foreach (var kind in kinds)
            {
                foreach (var how in (string[])["flip", "truncate", "append", "empty", "null", "other"])
                {
                    data.Add(kind, how);
                }
            }

            return data;
        }
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Audit_RowBesideTheLogsDamaged_NamesKindAndKey(string kind, string how)
    {
        var key = await AddRowsAsync(kind);
        var rows = StoredRows.OfFolder(Folder, write: true);
        var row = rows.Read(kind, key);
        switch (how)
        {
            case "null":
                rows.Empty(kind, key);
                break;
            case "other":
                rows.Write(kind, key, new NoRow());
                break;
            default:
                rows.Write(kind, key, how switch
                {
                    "flip" => [.. row[..^1], (byte)(row[^1] ^ 1)],
                    "truncate" => row[..^2],
                    "append" => [.. row, 0],
                    _ => [],
                });
                break;
        }

        // A proof that can still be read is good, whatever else is wrong with its row.
        var fault = Assert.Single(
            await FindAsync(1), f => Severity(f) == "Fault" && f.GetProperty("kind").GetString() != FindingKind.Fork);

        Assert.Equal(FindingKind.RowDamaged, fault.GetProperty("kind").GetString());
        Assert.Contains($"'{kind}' of '{key}'", fault.GetProperty("explanation").GetString(), StringComparison.Ordinal);
    }

    /// <summary>By design: nothing else records when a peer was last in reach, or what an analyst noted.</summary>
    [Theory]
    [InlineData(PeerGrain.RowKind)]
    [InlineData(IndicatorGrain.RowKind)]
    public async Task Audit_RowThatNothingElseRecordsDeleted_CannotBeKnown(string kind)
    {
        var key = await AddRowsAsync(kind);
        StoredRows.OfFolder(Folder, write: true).Delete(kind, key);

        Assert.Empty(await FindAsync(0));
    }

    /// <summary>By design: nobody receipts a receipts log, so it looks as if it had not arrived yet.</summary>
    [Fact]
    public async Task Audit_HeadOfAForeignReceiptsLogDeleted_IsAWarning()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        StoredRows.OfFolder(Folder, write: true).Delete(LogRowKind.Head, Foreign);

        var finding = Assert.Single(await FindAsync(0));

        Assert.Equal((FindingKind.LogMissing, Foreign), (
            finding.GetProperty("kind").GetString(), finding.GetProperty("origin").GetString()));
    }

    [Theory]
    [InlineData("'seven'")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("2.5")]
    public async Task Audit_VersionThatIsNone_NamesTheRow(string version)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        var rows = StoredRows.OfFolder(Folder, write: true);
        rows.Execute(
            $"UPDATE OrleansStorage SET Version = {version} WHERE GrainTypeString IN ('row/receipts', 'row/log-head')");

        var faults = (await FindAsync(1)).Where(f => Severity(f) == "Fault").ToList();

        Assert.Equal(6, faults.Count);
        Assert.All(faults, f => Assert.Contains(
            "its version is no number", f.GetProperty("explanation").GetString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("UPDATE OrleansQuery SET QueryText = QueryText || ' '", "WriteToStorageKey")]
    [InlineData("UPDATE OrleansQuery SET QueryText = 'nonsense'", "ReadFromStorageKey")]
    [InlineData("UPDATE OrleansQuery SET QueryText = x'00'", "ClearStorageKey")]
    [InlineData("DELETE FROM OrleansQuery", "ReadFromStorageKey")]
    public async Task Audit_QueryChanged_NamesItAndAuditsTheRest(string sql, string query)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        Assert.Equal(1, StoredRows.OfFolder(Folder, write: true).Execute($"{sql} WHERE QueryKey = '{query}'"));

        var fault = Assert.Single(await FindAsync(1));
        var status = await Fednode.HereAsync("status", "--data", Folder);

        Assert.Equal(FindingKind.QueryChanged, fault.GetProperty("kind").GetString());
        Assert.Contains($"'{query}'", fault.GetProperty("explanation").GetString(), StringComparison.Ordinal);
        Refusal.AssertClear(status, 3, query);
    }

    [Fact]
    public async Task Audit_NoQueriesAtAll_NamesAllOfThem()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        StoredRows.OfFolder(Folder, write: true).Execute("DELETE FROM OrleansQuery");

        Assert.Equal(4, (await FindAsync(1)).Count(f => f.GetProperty("kind").GetString() == FindingKind.QueryChanged));
    }

    [Theory]
    [InlineData("'fednode', 'row/smell', ':x', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'other', ':x', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/peer', 'x', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/peer', ':x', 1, 0", "row-unknown")]
    [InlineData("'other', 'row/peer', ':x', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/peer', ':Not A Name', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/indicator', ':x', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/roster', ':other', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/receipts', ':beta', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/log-fork', ':x', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/log-deferred', ':x', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/probe', ':x', 0, 0", "row-unknown")]
    [InlineData("'fednode', 'row/log-tile', ':ewt/alpha/indicators/1|0|7', 0, 0", "row-unknown")]
    public async Task Audit_RowOfNoKnownKindOrPlace_IsAWarning(string columns, string kind)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        StoredRows.OfFolder(Folder, write: true).Execute(
            $"INSERT INTO OrleansStorage VALUES ({columns}, 1, CURRENT_TIMESTAMP, x'00')");

        var finding = Assert.Single(await FindAsync(0));

        Assert.Equal(("Warning", kind), (Severity(finding), finding.GetProperty("kind").GetString()));
    }

    /// <summary>What a crash leaves before the head that was to name it, and what a head that is gone leaves.</summary>
    [Fact]
    public async Task Audit_SealedRowsThatNoHeadLeadsTo_AreAWarning()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        await using (var storage = await OpenAsync())
        {
            var bundle = StoredRows.OfFolder(Folder).Read<BundleRow>(LogRowKind.Bundle, $"{Listed}|1");
            string[] keys = [$"{Listed}|2|{Indicator}", $"{Listed}|9|{Indicator}", $"{Foreign}|3|{Indicator}"];
            foreach (var key in keys)
            {
                await storage.Rows.WriteAsync(LogRowKind.Bundle, key, bundle, null);
            }
        }

        var findings = (await FindAsync(0)).Select(f => (
            Severity(f),
            f.GetProperty("kind").GetString(),
            f.GetProperty("origin").GetString(),
            f.GetProperty("index").GetInt64()));

        Assert.Equal(
            [
                ("Warning", FindingKind.RowUnreferenced, Listed, 512),
                ("Warning", FindingKind.RowUnreferenced, Foreign, 768),
            ],
            findings);
    }

    [Fact]
    public async Task Audit_DamagedRowThatNoHeadLeadsTo_IsAFault()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        StoredRows.OfFolder(Folder, write: true).Execute(
            "INSERT INTO OrleansStorage VALUES "
                + $"('fednode', 'row/log-payloads', ':{Listed}|9|{Indicator}', 0, 0, 1, '', x'01')");

        var fault = Assert.Single(await FindAsync(1), f => Severity(f) == "Fault");

        Assert.Equal(FindingKind.RowDamaged, fault.GetProperty("kind").GetString());
        Assert.Equal(Listed, fault.GetProperty("origin").GetString());
        Assert.Equal(9 * 256, fault.GetProperty("index").GetInt32());
    }

    /// <summary>The audit and the node itself leave out the same entries.</summary>
    [Fact]
    public async Task Audit_OwnLogThatForked_HasTheForkAndTheViewOfTheNode()
    {
        Scratch.Copy(coalition.Stopped, Folder);
        await WriteForkAsync(Listed, coalition.Alpha, size: 5, freezeAt: 5);

        var audit = await Fednode.HereAsync("audit", Folder, "--json");
        var status = await Fednode.HereAsync("status", "--data", Folder, "--json");

        var fork = Assert.Single(audit.Json.GetProperty("findings").EnumerateArray());
        Assert.Equal((1, FindingKind.Fork), (audit.Code, fork.GetProperty("kind").GetString()));
        Assert.Contains("size 5", fork.GetProperty("explanation").GetString(), StringComparison.Ordinal);
        var view = audit.Json.GetProperty("view");
        Assert.Equal(6, view.GetProperty("entries").GetInt64());
        Assert.Equal(status.Json.GetProperty("viewDigest").GetString(), view.GetProperty("digest").GetString());
    }

    [Theory]
    [InlineData(Listed, 4)]
    [InlineData("ewt/gamma/indicators/1", 5)]
    public async Task Audit_ForkThatIsNotProven_IsAFaultOfTheNode(string origin, long freezeAt)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        await WriteForkAsync(origin, coalition.Alpha, size: 5, freezeAt);

        var fault = Assert.Single(
            await FindAsync(1), f => f.GetProperty("kind").GetString() == FindingKind.ForkProofFalse);

        Assert.Equal(("Fault", origin, freezeAt), (
            Severity(fault), fault.GetProperty("origin").GetString(), fault.GetProperty("index").GetInt64()));
    }

    private static string? Severity(JsonElement finding) => finding.GetProperty("severity").GetString();

    private async Task<List<JsonElement>> FindAsync(int code)
    {
        var audit = await Fednode.HereAsync("audit", Folder, "--json");
        Assert.True(audit.Code == code, audit.ToString());
        Assert.All(
            audit.Json.GetProperty("logs").EnumerateArray(),
            l => Assert.True(l.GetProperty("rebuilt").GetBoolean(), audit.ToString()));
        return [.. audit.Json.GetProperty("findings").EnumerateArray()];
    }

    private Task<OfflineStorage> OpenAsync() =>
        OfflineStorage.OpenAsync(StorageConnection.ForSqliteFile(Path.Combine(Folder, "node.db")));

    /// <summary>Writes what proves that a log of a member signed two roots of one size.</summary>
    private async Task WriteForkAsync(string origin, string member, long size, long freezeAt)
    {
        var log = member == coalition.Alpha ? Listed : Foreign;
        using var key = KeyOf(member, log);
        byte[] Sign(byte root) => new Checkpoint(log, size, Hash256.Of([root])).Sign(key);
        var row = new ForkRow
        {
            Proof = ForkProof.Contradiction(Sign(1), Sign(2), [], []).Encode(),
            FreezeAt = freezeAt,
        };
        await using var storage = await OpenAsync();
        await storage.Rows.WriteAsync(LogRowKind.Fork, origin, row, null);
    }

    private static SigningKey KeyOf(string member, string origin)
    {
        var file = Path.Combine(member, "keys", string.Join('-', origin.Split('/')[2..]) + ".key");
        Assert.True(SigningKey.TryParse(File.ReadAllText(file).Trim(), out var key, out var error), error);
        return key;
    }

    private static FloodRow Flood() => new()
    {
        Seen = 1,
        Logs = [new FloodLogRow { Origin = Listed, Marks = [1, 2], Held = [2, 3, 3600, 1] }],
    };

    private static DeferredRow Waiting() => new()
    {
        Requests =
        [
            new DeferredRequest
            {
                Key = "waits",
                Content = new byte[32],
                Urgent = true,
                Entries = [new DeferredEntry { Kind = "withdrawal", Payload = [1, 2, 3] }],
            },
        ],
    };

    /// <summary>Writes a sound row of a kind, with which nothing is found but a fork; returns its key.</summary>
    private async Task<string> AddRowsAsync(string kind)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        if (kind == LogRowKind.Fork)
        {
            await WriteForkAsync(Foreign, coalition.Secretariat, size: 1, freezeAt: 1);
            Assert.Equal(FindingKind.Fork, Assert.Single(await FindAsync(1)).GetProperty("kind").GetString());
            return Foreign;
        }

        var key = kind switch
        {
            PeerGrain.RowKind => "gamma",
            IndicatorGrain.RowKind => Indicator,
            LogRowKind.Request => Request,
            LogRowKind.Deferred => Listed,
            FloodRow.RowKind => "alpha",
            _ => StorageProbe.RowKind,
        };
        await using (var storage = await OpenAsync())
        {
            var rows = storage.Rows;
            var request = new RequestRow { Key = new byte[32], Content = new byte[32], First = 3, Count = 2 };
            await (kind switch
            {
                PeerGrain.RowKind => rows.WriteAsync(kind, key, new PeerRow { LastContact = 1 }, null),
                IndicatorGrain.RowKind =>
                    rows.WriteAsync(kind, key, new IndicatorRow { Note = "seen twice", Hits = 2 }, null),
                LogRowKind.Request => rows.WriteAsync(kind, key, request, null),
                LogRowKind.Deferred => rows.WriteAsync(kind, key, Waiting(), null),
                FloodRow.RowKind => rows.WriteAsync(kind, key, Flood(), null),
                _ => rows.WriteAsync(kind, key, new ProbeRow { Tries = 3 }, null),
            });
        }

        Assert.Empty(await FindAsync(0));
        return key;
    }

    /// <summary>A row with a right checksum that holds something else.</summary>
    [MessagePack.MessagePackObject]
    public sealed class NoRow
    {
        /// <summary>Of another type than the first part of any row here.</summary>
        [MessagePack.Key(0)]
        public bool[] First { get; set; } = [true];
    }
}
