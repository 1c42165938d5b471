using System.Text.Json;
using FederationNode.Audit.Report;
using FederationNode.Grains.Logs;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.EndToEnd.Tests;

/// <summary>
/// A node that was stopped while it fetched a log, or whose log ends where no checkpoint was signed, holds entries
/// beyond the newest checkpoint: that is no fault, and they are audited by the larger checkpoint that they came with.
/// </summary>
[Collection(CoalitionGroup.Name)]
public sealed class StoredCoverTests(CoalitionFixture coalition) : IDisposable
{
    private const string Foreign = "ewt/secretariat/receipts/1";

    private readonly Scratch _scratch = new();

    private string Folder => _scratch.In("alpha");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Audit_LogStoppedInTheMiddleOfATransfer_IsClean()
    {
        var held = HoldAllButOne(_ => { });

        var audit = await Fednode.HereAsync("audit", Folder, "--json");

        Assert.True(audit.Code == 0, audit.ToString());
        Assert.Empty(audit.Json.GetProperty("findings").EnumerateArray());
        var log = Log(audit.Json);
        Assert.True(log.GetProperty("rebuilt").GetBoolean());
        Assert.Equal((0, held), (log.GetProperty("size").GetInt64(), log.GetProperty("meaningful").GetInt64()));
    }

    [Theory]
    [InlineData("entry", FindingKind.RootMismatch)]
    [InlineData("rest", FindingKind.RootMismatch)]
    [InlineData("note", FindingKind.CheckpointBadSignature)]
    public async Task Audit_SuchALogChanged_IsAFault(string what, string kind)
    {
        HoldAllButOne(head =>
        {
            switch (what)
            {
                case "entry":
                    head.Tail[0].Leaf[^1] ^= 1;
                    head.Root = RootOf(head.Tail).ToArray();
                    break;
                case "rest":
                    head.CoverAfter[3] ^= 1;
                    break;
                default:
                    // The last digits of the signature, but for the padding.
                    head.Cover[^8] = (byte)(head.Cover[^8] == 'A' ? 'B' : 'A');
                    break;
            }
        });

        var audit = await Fednode.HereAsync("audit", Folder, "--json");

        Assert.Equal(1, audit.Code);
        Assert.Contains(audit.Json.GetProperty("findings").EnumerateArray(), f =>
            f.GetProperty("kind").GetString() == kind && f.GetProperty("origin").GetString() == Foreign);
    }

    private static JsonElement Log(JsonElement report) => report.GetProperty("logs").EnumerateArray()
        .Single(l => l.GetProperty("origin").GetString() == Foreign);

    /// <summary>Takes the newest entry and the checkpoint away, as before the end of the transfer.</summary>
    private long HoldAllButOne(Action<HeadRow> change)
    {
        Scratch.Copy(coalition.Stopped, Folder);
        var rows = StoredRows.OfFolder(Folder, write: true);
        var whole = rows.Read<HeadRow>(LogRowKind.Head, Foreign);
        Assert.InRange(whole.Tail.Length, 2, whole.Size);
        var tail = whole.Tail[..^1];
        var head = new HeadRow
        {
            Size = tail.Length,
            Root = RootOf(tail).ToArray(),
            Tail = tail,
            Cover = whole.Checkpoint,
            CoverAfter = MerkleHash.Leaf(whole.Tail[^1].Leaf).ToArray(),
        };
        change(head);
        rows.Write(LogRowKind.Head, Foreign, head);
        return tail.Length;
    }

    private static Hash256 RootOf(TailEntry[] entries)
    {
        var tree = new CompactRange();
        foreach (var entry in entries)
        {
            tree.Append(MerkleHash.Leaf(entry.Leaf));
        }

        return tree.Root();
    }
}
