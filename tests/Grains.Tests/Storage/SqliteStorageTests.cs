using System.Security.Cryptography;
using System.Text;
using FederationNode.Grains.Storage;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

/// <summary>What only a file can suffer.</summary>
public sealed class SqliteStorageTests
{
    [Fact]
    public async Task CreateDataSource_EveryConnection_IsDurable()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await SchemaMigrator.MigrateAsync(sandbox.Connection);
        await using var source = sandbox.Connection.CreateDataSource();

        // The second comes from the pool, spoiled by whoever had it before; the third is opened by its user.
        await using (var spoiled = await source.OpenConnectionAsync())
        {
            await AssertDurableAsync(spoiled);
            await StorageSandbox.ExecuteAsync(spoiled, "PRAGMA synchronous = OFF; PRAGMA busy_timeout = 0");
        }

        await using (var pooled = await source.OpenConnectionAsync())
        {
            await AssertDurableAsync(pooled);
        }

        await using var created = source.CreateConnection();
        await created.OpenAsync();
        await AssertDurableAsync(created);
    }

    [Fact]
    public async Task MigrateAsync_NewFile_IsPrivateToItsOwner()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");

        await SchemaMigrator.MigrateAsync(sandbox.Connection);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite,
                File.GetUnixFileMode(sandbox.Connection.FilePath!));
        }
    }

    [Fact]
    public async Task DisposeAsync_LastUser_LeavesOneWholeFile()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var storage = await OfflineStorage.CreateAsync(sandbox.Connection))
        {
            await storage.Rows.WriteAsync("head", "a", new NoteState { Text = "one" }, null);
            Assert.True(File.Exists(sandbox.Connection.FilePath + "-wal"));
        }

        Assert.Equal([sandbox.Connection.FilePath!], Directory.GetFiles(sandbox.Folder!));
    }

    [Fact]
    public async Task ClearAsync_ErasedPayload_IsNowhereInTheFiles()
    {
        const string Secret = "a payload that must be gone afterwards";
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var storage = await OfflineStorage.CreateAsync(sandbox.Connection))
        {
            var state = new NoteState { Text = Secret, Bytes = new byte[20_000] };
            var etag = await storage.Rows.WriteAsync("payload", "a", state, null);
            await storage.Rows.ClearAsync("payload", "a", etag);
        }

        var bytes = await File.ReadAllBytesAsync(sandbox.Connection.FilePath!);
        Assert.Equal(-1, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)));
    }

    [Fact]
    public async Task OpenAsync_NoFile_IsRefusedAndCreatesNone()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");

        var error = await Assert.ThrowsAsync<StorageException>(() => OfflineStorage.OpenAsync(sandbox.Connection));

        Assert.Equal(StorageFault.Unavailable, error.Fault);
        Assert.Contains(sandbox.Connection.FilePath!, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(sandbox.Folder!));
    }

    [Fact]
    public async Task MigrateAsync_NoFolder_IsRefused()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var connection = StorageConnection.Parse(Path.Combine(sandbox.Folder!, "missing", "node.db"));

        var error = await Assert.ThrowsAsync<StorageException>(() => SchemaMigrator.MigrateAsync(connection));

        Assert.Contains(connection.FilePath!, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MigrateAsync_PathIsAFolder_IsRefused()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");

        await Assert.ThrowsAsync<StorageException>(
            () => SchemaMigrator.MigrateAsync(StorageConnection.Parse(sandbox.Folder!)));
    }

    [Theory]
    [InlineData("header")]
    [InlineData("short")]
    [InlineData("truncated")]
    [InlineData("page")]
    [InlineData("text")]
    public async Task MigrateAsync_DamagedFile_IsRefusedByNameAndLeftAsItIs(string damage)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var path = sandbox.Connection.FilePath!;
        await using (var storage = await OfflineStorage.CreateAsync(sandbox.Connection))
        {
            await storage.Rows.WriteAsync("payload", "a", new NoteState { Bytes = new byte[100_000] }, null);
        }

        await File.WriteAllBytesAsync(path, Damage(await File.ReadAllBytesAsync(path), damage));
        var before = SHA256.HashData(await File.ReadAllBytesAsync(path));

        var error = await Assert.ThrowsAsync<StorageException>(
            () => SchemaMigrator.MigrateAsync(sandbox.Connection));

        Assert.Equal(StorageFault.Corrupt, error.Fault);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        await sandbox.ClosePooledAsync();
        Assert.Equal(before, SHA256.HashData(await File.ReadAllBytesAsync(path)));
        Assert.Equal([path], Directory.GetFiles(sandbox.Folder!));
    }

    [Fact]
    public async Task MigrateAsync_FileCutToNothing_RefusedAsDamagedAndLeft()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await File.Create(sandbox.Connection.FilePath!).DisposeAsync();

        var error = await Assert.ThrowsAsync<StorageException>(() => SchemaMigrator.MigrateAsync(sandbox.Connection));

        Assert.Equal(StorageFault.Corrupt, error.Fault);
        Assert.Contains("empty", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(sandbox.Connection.FilePath!).Length);
    }

    [Fact]
    public async Task MigrateAsync_NewFile_PrivateAndNothingLeftBeside()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");

        await SchemaMigrator.MigrateAsync(sandbox.Connection);
        await SchemaMigrator.VerifyAsync(sandbox.Connection);

        Assert.Empty(Directory.GetFiles(sandbox.Folder!, "*.new"));
        Assert.True(OperatingSystem.IsWindows()
            || File.GetUnixFileMode(sandbox.Connection.FilePath!) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Theory]
    [InlineData("OrleansStorage")]
    [InlineData("OrleansQuery")]
    public async Task MigrateAsync_TableGone_RefusedAndNotMadeAgain(string table)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await SchemaMigrator.MigrateAsync(sandbox.Connection);
        await using (var source = sandbox.Connection.CreateDataSource())
        {
            await using var open = await source.OpenConnectionAsync();
            await StorageSandbox.ExecuteAsync(open, "DROP TABLE " + table);
        }

        var atStart = await Assert.ThrowsAsync<StorageException>(() => SchemaMigrator.MigrateAsync(sandbox.Connection));
        var whenStopped = await Assert.ThrowsAsync<StorageException>(() => SchemaMigrator.VerifyAsync(sandbox.Connection));

        Assert.Equal((StorageFault.Corrupt, StorageFault.Corrupt), (atStart.Fault, whenStopped.Fault));
        Assert.Contains(table, atStart.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteAsync_NoSpaceLeft_SaysSoAndKeepsTheOldState()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var storage = await OfflineStorage.CreateAsync(sandbox.Connection);
        var etag = await storage.Rows.WriteAsync("head", "a", new NoteState { Text = "one" }, null);
        await using var source = sandbox.Connection.CreateDataSource();
        await using (var open = await source.OpenConnectionAsync())
        {
            // Per connection; the store takes this one from the pool.
            await StorageSandbox.ExecuteAsync(open, "PRAGMA max_page_count = 10");
        }

        var error = await Assert.ThrowsAsync<StorageException>(
            () => storage.Rows.WriteAsync("head", "a", new NoteState { Bytes = new byte[1 << 20] }, etag));

        Assert.Equal(StorageFault.OutOfSpace, error.Fault);
        Assert.Contains(sandbox.Connection.FilePath!, error.Message, StringComparison.Ordinal);
        var row = await storage.Rows.ReadAsync<NoteState>("head", "a");
        Assert.Equal(("one", etag), (row!.Value.Text, row.ETag));
    }

    private static byte[] Damage(byte[] file, string how)
    {
        switch (how)
        {
            case "header":
                file[3] ^= 1;
                return file;
            case "short":
                return file[..50];
            case "truncated":
                return file[..(file.Length / 2 / 4096 * 4096)];
            case "page":
                // The second page is the root of the first table.
                file.AsSpan(4096, 64).Fill(0xFF);
                return file;
            default:
                return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("no database at all\n", 100)));
        }
    }

    private static async Task AssertDurableAsync(System.Data.Common.DbConnection open)
    {
        Assert.Equal("wal", await StorageSandbox.ExecuteAsync(open, "PRAGMA journal_mode"));
        Assert.Equal(2L, await StorageSandbox.ExecuteAsync(open, "PRAGMA synchronous"));
        Assert.Equal(5000L, await StorageSandbox.ExecuteAsync(open, "PRAGMA busy_timeout"));
        Assert.Equal(1L, await StorageSandbox.ExecuteAsync(open, "PRAGMA secure_delete"));
    }
}
