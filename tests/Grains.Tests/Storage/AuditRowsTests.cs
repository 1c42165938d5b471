using FederationNode.Grains.Storage;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

/// <summary>The rows as an auditor reads them: all of them, as far as they can be read, and past Orleans.</summary>
public sealed class AuditRowsTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task ReadAsync_WrongChecksum_GivesWhatIsThereAndTheDamage(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await WriteAsync(sandbox);
        await ChangeAsync(sandbox, bytes => bytes[^1] ^= 1);
        await using var rows = await AuditRows.OpenAsync(sandbox.Connection);

        var row = (await rows.ReadAsync<NoteState>("note", "a"))!;

        Assert.Equal([1, 2, 2], row.Value.Bytes);
        Assert.StartsWith("its checksum is", row.Damage, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CorruptStateException>(() => rows.Strict.ReadAsync<NoteState>("note", "a"));
        var mended = await rows.ReadMendedAsync<NoteState>("note", "a", n => n.Bytes[^1] == 3);
        Assert.Equal([1, 2, 3], mended!.Value.Bytes);
        Assert.Null(await rows.ReadMendedAsync<NoteState>("note", "a", _ => false));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task ReadAsync_NoContent_IsDamage(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await WriteAsync(sandbox);
        await sandbox.ExecuteAsync(
            "UPDATE OrleansStorage SET PayloadBinary = NULL WHERE GrainIdExtensionString = ':a'");
        await using var rows = await AuditRows.OpenAsync(sandbox.Connection);

        var damage = await Assert.ThrowsAsync<CorruptStateException>(() => rows.ReadAsync<NoteState>("note", "a"));

        Assert.Equal(("note", "a", "its content is gone"), (damage.Kind, damage.Key, damage.Reason));
        Assert.Null(await rows.ReadAsync<NoteState>("note", "nowhere"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task ListAsync_AllOrOneKind_GivesEveryRowInOrder(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await WriteAsync(sandbox);
        await sandbox.ExecuteAsync(
            "INSERT INTO OrleansStorage VALUES ('fednode', 'odd', 'x', 0, 0, 1, CURRENT_TIMESTAMP, NULL)");
        await using var rows = await AuditRows.OpenAsync(sandbox.Connection);

        Assert.Equal(
            [new("odd", "x", false), new("note", "a", true), new("note", "b|1", true), new("other", "b|2", true)],
            await ToListAsync(rows.ListAsync()));
        Assert.Equal([new("note", "a", true), new("note", "b|1", true)], await ToListAsync(rows.ListAsync("note")));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task FindOnlyAsync_OneOrSeveralThatBeginSo_GivesTheOnlyOne(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await WriteAsync(sandbox);
        await using var rows = await AuditRows.OpenAsync(sandbox.Connection);

        Assert.Equal("b|1", await rows.FindOnlyAsync("note", "b|"));
        Assert.Null(await rows.FindOnlyAsync("note", "c|"));
        await sandbox.ExecuteAsync(
            "UPDATE OrleansStorage SET GrainIdExtensionString = ':b|0' WHERE GrainIdExtensionString = ':a'");
        Assert.Null(await rows.FindOnlyAsync("note", "b|"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OpenAsync_QueriesChanged_NamesThemAndReadsAllTheSame(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await WriteAsync(sandbox);
        await sandbox.ExecuteAsync(
            "UPDATE OrleansQuery SET QueryText = 'nonsense' WHERE QueryKey = 'ReadFromStorageKey'");
        await sandbox.ExecuteAsync("DELETE FROM OrleansQuery WHERE QueryKey = 'ClearStorageKey'");

        await using var rows = await AuditRows.OpenAsync(sandbox.Connection);

        Assert.Equal(["ClearStorageKey", "ReadFromStorageKey"], rows.ChangedQueries);
        Assert.Equal([1, 2, 3], (await rows.ReadAsync<NoteState>("note", "a"))!.Value.Bytes);
        var refused = await Assert.ThrowsAsync<StorageException>(() => OfflineStorage.OpenAsync(sandbox.Connection));
        Assert.Contains(
            "OrleansQuery is not as this program writes it (ClearStorageKey, ReadFromStorageKey)",
            refused.Message,
            StringComparison.Ordinal);
    }

    private static async Task WriteAsync(StorageSandbox sandbox)
    {
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        foreach (var (kind, key) in ((string, string)[])[("note", "a"), ("note", "b|1"), ("other", "b|2")])
        {
            await storage.Rows.WriteAsync(kind, key, new NoteState { Bytes = [1, 2, 3] }, null);
        }
    }

    private static async Task ChangeAsync(StorageSandbox sandbox, Action<byte[]> change)
    {
        var bytes = (byte[])(await sandbox.ExecuteAsync(
            "SELECT PayloadBinary FROM OrleansStorage WHERE GrainIdExtensionString = ':a'"))!;
        change(bytes);
        await sandbox.ExecuteAsync(
            "UPDATE OrleansStorage SET PayloadBinary = @bytes WHERE GrainIdExtensionString = ':a'", ("bytes", bytes));
    }

    private static async Task<List<RowPlace>> ToListAsync(IAsyncEnumerable<RowPlace> places)
    {
        var list = new List<RowPlace>();
        await foreach (var place in places)
        {
            list.Add(place);
        }

        return list;
    }
}
