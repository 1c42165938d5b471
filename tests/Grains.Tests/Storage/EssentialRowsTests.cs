using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

/// <summary>What a node must be able to read before it starts.</summary>
public sealed class EssentialRowsTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_foreign = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Check_NewOrSoundDatabase_Passes(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await SchemaMigrator.MigrateAsync(sandbox.Connection);
        await CheckAsync(sandbox);
        await FillAsync(sandbox, 300);
        await CheckAsync(sandbox);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Check_OwnHeadDamagedOrGone_NamesItAndWhatToDo(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await FillAsync(sandbox, 300);

        await sandbox.ExecuteAsync($"UPDATE OrleansStorage SET PayloadBinary = NULL {Where(LogRowKind.Head, s_own)}");
        await RefusesAsync(sandbox, $"'log-head' of '{s_own}' is damaged: its content is gone");

        await sandbox.ExecuteAsync($"DELETE FROM OrleansStorage {Where(LogRowKind.Head, s_own)}");
        await RefusesAsync(
            sandbox, $"'log-head' of '{s_own}' is damaged: it is not there, although there is a row 'log-bundle'");
    }

    /// <summary>A short log leaves no sealed rows; of a receipts log the row of receipts written tells.</summary>
    [Fact]
    public async Task Check_HeadOfTheReceiptsLogGone_IsKnownByTheRowOfReceiptsWritten()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await FillAsync(sandbox, 1);
        await using (var storage = await OfflineStorage.OpenAsync(sandbox.Connection))
        {
            await storage.Rows.WriteAsync(
                ReceiptsGrain.RowKind, "a", new ReceiptsRow { Receipted = { [s_foreign] = 1 } }, null);
        }

        await RefusesAsync(sandbox, "although there is a row of the receipts written into it");
    }

    /// <summary>The row is about the log that it names; the next epoch, which is only prepared, has had no entries.</summary>
    [Theory]
    [InlineData("", null)]
    [InlineData("demo/a/receipts/1", null)]
    [InlineData("demo/a/receipts/2", "'log-head' of 'demo/a/receipts/2' is damaged: it is not there")]
    public async Task Check_TwoEpochsOfTheReceiptsLog_TheRowTellsOfOne(string log, string? says)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            await node.Log(TestCoalition.Receipts("a")).AppendAsync(
                [new AppendRequest([new NewEntry(EntryKind.Receipt, new ReceiptPayload([]).Encode())])]);
            await node.Rows.WriteAsync(
                ReceiptsGrain.RowKind, "a", new ReceiptsRow { Receipted = { [s_foreign] = 1 }, Log = log }, null);
        }

        var identity = TestCoalition.IdentityOf("a");
        identity.Add(TestCoalition.KeyOf("demo/a/receipts/2"));
        var refusal = await Record.ExceptionAsync(() => EssentialRows.CheckAsync(sandbox.Connection, identity));

        Assert.Equal(says is null, refusal is null);
        Assert.Contains(says ?? "", refusal?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_RosterThatIsNotTheNewestOfItsChain_IsRefused()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await FillAsync(sandbox, 1);
        await using (var storage = await OfflineStorage.OpenAsync(sandbox.Connection))
        {
            await storage.Rows.WriteAsync(RosterGrain.RowKind, TestCoalition.Name, new RosterRow { Note = [1] }, null);
        }

        await RefusesAsync(
            sandbox, $"'roster' of '{TestCoalition.Name}' is damaged: the roster in force is not the newest");
    }

    [Fact]
    public async Task Check_ForeignHeadDamaged_IsNoReasonNotToStart()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await FillAsync(sandbox, 1);
        await sandbox.ExecuteAsync(
            $"UPDATE OrleansStorage SET PayloadBinary = x'00' {Where(LogRowKind.Head, s_foreign)}");

        await CheckAsync(sandbox);
    }

    private static string Where(string kind, string key) =>
        $"WHERE GrainTypeString = 'row/{kind}' AND GrainIdExtensionString = ':{key}'";

    private static Task CheckAsync(StorageSandbox sandbox) =>
        EssentialRows.CheckAsync(sandbox.Connection, TestCoalition.IdentityOf("a"));

    private static async Task RefusesAsync(StorageSandbox sandbox, string says)
    {
        var refusal = await Assert.ThrowsAsync<StorageException>(() => CheckAsync(sandbox));
        Assert.Equal(StorageFault.Corrupt, refusal.Fault);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(DamageBoard.RestoreAdvice, refusal.Message, StringComparison.Ordinal);
    }

    private static async Task FillAsync(StorageSandbox sandbox, int own)
    {
        await using var node = await TestNode.StartAsync(sandbox);
        var result = Assert.Single(await node.Log(s_own).AppendAsync([Sample.Request(0, own)]));
        Assert.Equal(AppendRefusal.None, result.Refusal);
        await node.Log(s_foreign).ExtendAsync(WriterLog.WithListings(s_foreign, 3).Range(0, 3));
    }
}
