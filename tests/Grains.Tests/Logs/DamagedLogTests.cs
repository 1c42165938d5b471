using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Indicators;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>A damaged row stops what needs it, and nothing else; the board says which it is, and what to do.</summary>
public sealed class DamagedLogTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_foreign = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Foreign_DamagedHead_TakesNothingAndSaysWhy(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        var writer = WriterLog.WithListings(s_foreign, 300);
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            await node.Log(s_foreign).ExtendAsync(writer.Range(0, 300));
        }

        await FlipAsync(sandbox, LogRowKind.Head, s_foreign);
        await using var again = await TestNode.StartAsync(sandbox);
        var log = again.Log(s_foreign);

        var extended = await log.ExtendAsync(writer.Range(0, 300));
        var damage = await Assert.ThrowsAsync<CorruptStateException>(log.GetStatusAsync);
        await Assert.ThrowsAsync<CorruptStateException>(() => log.ReadAsync(0, 1, 1));
        await Assert.ThrowsAsync<CorruptStateException>(() => log.ReadTileAsync(0, 0, 1));
        await Assert.ThrowsAsync<CorruptStateException>(() => log.GetEvidenceAsync(0));
        Assert.Null(await log.NoteShownAsync(writer.Checkpoint(300)));

        Assert.Equal((ExtendOutcome.Damaged, 0), (extended.Outcome, extended.Size));
        Assert.Equal((LogRowKind.Head, s_foreign), (damage.Kind, damage.Key));
        Assert.Null(again.Heads.Get(s_foreign));
        Assert.Equal([s_foreign], again.Damages.DamagedHeads());
        Assert.Contains(
            "delete the row 'log-head' of this log", Assert.Single(again.Damages.All()), StringComparison.Ordinal);
    }

    /// <summary>What the alarm advises: without its head row the log is fetched again, over what is left.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task Foreign_HeadRowDeletedAfterDamage_IsFetchedAgainOverDamagedRows(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        var writer = WriterLog.WithListings(s_foreign, 600);
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            await node.Log(s_foreign).ExtendAsync(writer.Range(0, 600));
        }

        await FlipAsync(sandbox, LogRowKind.Bundle, $"{s_foreign}|1|");
        await FlipAsync(sandbox, LogRowKind.Payloads, $"{s_foreign}|0|");
        await sandbox.ExecuteAsync("DELETE FROM OrleansStorage WHERE GrainTypeString = 'row/log-head'");
        await using var again = await TestNode.StartAsync(sandbox);

        var result = await again.Log(s_foreign).ExtendAsync(writer.Range(0, 600));

        Assert.Equal((ExtendOutcome.Extended, 600), (result.Outcome, result.Size));
        var (_, entries) = await again.ReadAllAsync(s_foreign);
        Assert.Equal(writer.Entries.Select(WriterLog.Hex), entries.Select(WriterLog.Hex));
    }

    [Fact]
    public async Task Own_DamagedHead_EveryAppendIsRefused()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.Log(s_own).AppendAsync([Sample.Request(0, 2)]);
        await FlipAsync(sandbox, LogRowKind.Head, s_own);
        await TestNode.DeactivateAsync(node.Log(s_own));

        var results = await node.Log(s_own).AppendAsync([Sample.Request(2, 1), Sample.Request(3, 1)]);

        Assert.All(results, r => Assert.Equal(AppendRefusal.Damaged, r.Refusal));
        Assert.Contains("comes back from the peers", Assert.Single(node.Damages.All()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Own_DamagedRowOfARequest_StopsOnlyItsRepetition()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        for (var i = 0; i < 70; i++)
        {
            await node.Log(s_own).AppendAsync([Sample.Request(i, 1, $"key-{i}")]);
        }

        var spilled = $"{s_own}|{Hash256.Of("key-0"u8)}";
        await FlipAsync(sandbox, LogRowKind.Request, spilled);

        var results = await node.Log(s_own).AppendAsync(
            [Sample.Request(0, 1, "key-0"), Sample.Request(1, 1, "key-1"), Sample.Request(70, 1, "key-70")]);

        Assert.Equal([AppendRefusal.Damaged, AppendRefusal.None, AppendRefusal.None], results.Select(r => r.Refusal));
        Assert.Equal((true, 70), (results[1].Repeated, results[2].First));
        Assert.Contains($"'log-request' of '{spilled}'", Assert.Single(node.Damages.All()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LogRowKind.Bundle)]
    [InlineData(LogRowKind.Payloads)]
    public async Task Follow_DamagedSealedRow_HoldsUpThatLogAloneUntilItIsMended(string kind)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.Log(s_own).AppendAsync([Sample.Request(0, 300)]);
        await node.Log(s_foreign).ExtendAsync(WriterLog.WithListings(s_foreign, 700, seed: 1000).Range(0, 700));
        var sound = await FlipAsync(sandbox, kind, $"{s_foreign}|1|");
        var held = await Task.WhenAll(node.Log(s_own).GetStatusAsync(), node.Log(s_foreign).GetStatusAsync());

        await node.FollowAsync();
        await node.Follower.BecomeReadyAsync(held, TestNode.Patience());

        Assert.True(node.Follower.IsReady);
        Assert.Equal((300, 256), (node.List.AppliedOf(s_own), node.List.AppliedOf(s_foreign)));
        Assert.Equal([s_foreign], node.Follower.HeldUp.Keys);
        Assert.Contains($"'{kind}' of '{s_foreign}|1|", Assert.Single(node.Damages.All()), StringComparison.Ordinal);

        await ChangeAsync(sandbox, kind, $"{s_foreign}|1|", _ => sound);
        var patience = TestNode.Patience();
        while (node.List.AppliedOf(s_foreign) < 700 || node.Follower.HeldUp.Count > 0)
        {
            patience.ThrowIfCancellationRequested();
            node.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Empty(node.Damages.All());
    }

    [Fact]
    public async Task Indicator_DamagedRow_EvidenceIsServedAndOnlyANewNoteReplacesIt()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.Log(s_own).AppendAsync([Sample.Request(7, 1)]);
        await node.DigestAsync(s_own, 1);
        var id = Sample.Image(7).Id.ToString();
        var indicator = node.Grains.GetGrain<IIndicatorGrain>(id);
        await indicator.SetNoteAsync("seen in the harbour");
        await TestNode.DeactivateAsync(indicator);
        await FlipAsync(sandbox, IndicatorGrain.RowKind, id);

        Assert.Single(await indicator.GetEvidenceAsync());
        Assert.Equal(new LocalKnowledge("", 0, 0), await indicator.GetLocalAsync());
        Assert.Single(node.Damages.All());
        await indicator.RecordHitsAsync(5, 1);
        await TestNode.DeactivateAsync(indicator);
        Assert.Equal("", (await indicator.GetLocalAsync()).Note);
        Assert.Equal(1, node.Storage.Writes(IndicatorGrain.RowKind));

        await indicator.SetNoteAsync("seen again");
        await TestNode.DeactivateAsync(indicator);

        Assert.Equal("seen again", (await indicator.GetLocalAsync()).Note);
        Assert.Empty(node.Damages.All());
    }

    private static Task<byte[]> FlipAsync(StorageSandbox sandbox, string kind, string beginning) =>
        ChangeAsync(sandbox, kind, beginning, row => [.. row[..^1], (byte)(row[^1] ^ 1)]);

    /// <summary>Changes the one row of which the key begins so; returns it as it was.</summary>
    private static async Task<byte[]> ChangeAsync(
        StorageSandbox sandbox, string kind, string beginning, Func<byte[], byte[]> change)
    {
        const string Where = " WHERE GrainTypeString = @kind AND GrainIdExtensionString LIKE @key";
        var (type, key) = (("kind", (object)$"row/{kind}"), ("key", (object)$":{beginning}%"));
        var row = (byte[])(await sandbox.ExecuteAsync("SELECT PayloadBinary FROM OrleansStorage" + Where, type, key))!;
        await sandbox.ExecuteAsync(
            "UPDATE OrleansStorage SET PayloadBinary = @row" + Where, ("row", change(row)), type, key);
        return row;
    }
}
