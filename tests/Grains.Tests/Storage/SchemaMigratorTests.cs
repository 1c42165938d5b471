using FederationNode.Grains.Storage;
using FederationNode.TestSupport;
using Npgsql;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

public sealed class SchemaMigratorTests
{
    private const string CountSteps = "SELECT COUNT(*) FROM FederationSchema";

    [Theory, OnSqlite, OnPostgres]
    public async Task MigrateAsync_Twice_ChangesNothingTheSecondTime(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await SchemaMigrator.MigrateAsync(sandbox.Connection);
        await using (var storage = await OfflineStorage.OpenAsync(sandbox.Connection))
        {
            await storage.Rows.WriteAsync("head", "a", new NoteState { Text = "kept" }, null);
        }

        await SchemaMigrator.MigrateAsync(sandbox.Connection);

        Assert.Equal((long)SchemaMigrator.KnownVersion, await sandbox.ExecuteAsync(CountSteps));
        Assert.Equal(4L, await sandbox.ExecuteAsync("SELECT COUNT(*) FROM OrleansQuery"));
        await using var again = await OfflineStorage.OpenAsync(sandbox.Connection);
        Assert.Equal("kept", (await again.Rows.ReadAsync<NoteState>("head", "a"))!.Value.Text);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MigrateAsync_ManyAtOnce_AllSucceedAndEachStepIsTakenOnce(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(
            _ => Task.Run(() => SchemaMigrator.MigrateAsync(sandbox.Connection))));

        Assert.Equal((long)SchemaMigrator.KnownVersion, await sandbox.ExecuteAsync(CountSteps));
    }

    [Fact]
    public async Task IfNotOpen_ASourceOfThisProcessHasTheFile_LeavesItAlone()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var runs = 0;
        await using (sandbox.Connection.CreateDataSource())
        {
            SqliteDataSource.IfNotOpen(sandbox.Connection.FilePath!, () => runs++);
        }

        Assert.Equal(0, runs);
        SqliteDataSource.IfNotOpen(sandbox.Connection.FilePath!, () => runs++);
        Assert.Equal(1, runs);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MigrateAsync_QueriesChanged_WritesThemAnewAndNamesThem(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        Assert.Empty(await SchemaMigrator.MigrateAsync(sandbox.Connection));
        await sandbox.ExecuteAsync(
            "UPDATE OrleansQuery SET QueryText = 'nonsense' WHERE QueryKey = 'WriteToStorageKey'");
        await sandbox.ExecuteAsync("DELETE FROM OrleansQuery WHERE QueryKey = 'ReadFromStorageKey'");
        await sandbox.ExecuteAsync("INSERT INTO OrleansQuery VALUES ('AnotherProgramsKey', 'its query')");

        var mended = await SchemaMigrator.MigrateAsync(sandbox.Connection);

        Assert.Equal(["ReadFromStorageKey", "WriteToStorageKey"], mended);
        Assert.Empty(await SchemaMigrator.MigrateAsync(sandbox.Connection));
        Assert.Equal(5L, await sandbox.ExecuteAsync("SELECT COUNT(*) FROM OrleansQuery"));
        await using var storage = await OfflineStorage.OpenAsync(sandbox.Connection);
        await storage.Rows.WriteAsync("head", "a", new NoteState { Text = "kept" }, null);
        Assert.Equal("kept", (await storage.Rows.ReadAsync<NoteState>("head", "a"))!.Value.Text);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MigrateAsync_NewerSchema_IsRefused(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await SchemaMigrator.MigrateAsync(sandbox.Connection);
        await sandbox.ExecuteAsync("INSERT INTO FederationSchema VALUES (999, 'from the future', 'now')");

        var error = await Assert.ThrowsAsync<StorageException>(
            () => SchemaMigrator.MigrateAsync(sandbox.Connection));
        var atOpen = await Assert.ThrowsAsync<StorageException>(() => OfflineStorage.OpenAsync(sandbox.Connection));

        Assert.Equal(StorageFault.SchemaMismatch, error.Fault);
        Assert.Contains("version 999", error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message, atOpen.Message);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MigrateAsync_StepFails_NothingOfItRemains(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        if (sandbox.Connection.FilePath is { } path)
        {
            await File.Create(path).DisposeAsync();
        }

        // Somebody else's table is in the way of the second statement of the step.
        await sandbox.ExecuteAsync("CREATE TABLE OrleansStorage (Other integer)");

        var error = await Assert.ThrowsAsync<StorageException>(
            () => SchemaMigrator.MigrateAsync(sandbox.Connection));

        Assert.StartsWith(sandbox.Connection.ToString(), error.Message, StringComparison.Ordinal);
        await sandbox.ExecuteAsync("CREATE TABLE OrleansQuery (Other integer)");
        await sandbox.ExecuteAsync("CREATE TABLE FederationSchema (Other integer)");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OpenAsync_EmptyDatabase_IsRefusedAndStaysEmpty(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        if (sandbox.Connection.FilePath is { } path)
        {
            // An empty file is no database; a vacuumed one is, without a table.
            await File.Create(path).DisposeAsync();
            await sandbox.ExecuteAsync("VACUUM");
        }

        var error = await Assert.ThrowsAsync<StorageException>(() => OfflineStorage.OpenAsync(sandbox.Connection));

        Assert.Equal($"{sandbox.Connection}: it holds no node's state.", error.Message);
        await sandbox.ExecuteAsync("CREATE TABLE FederationSchema (Other integer)");
    }

    [PostgresFact]
    public async Task MigrateAsync_ServerThatLosesCommits_IsRefused()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("postgres");
        await sandbox.ExecuteAsync(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$");

        var error = await Assert.ThrowsAsync<StorageException>(
            () => SchemaMigrator.MigrateAsync(sandbox.Connection));

        Assert.Equal(StorageFault.NotDurable, error.Fault);
        Assert.Contains("synchronous_commit is off", error.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task MigrateAsync_WrongPassword_IsRefusedWithoutQuotingIt()
    {
        var server = await PostgresServer.GetSharedAsync();
        var good = await server.CreateDatabaseAsync();
        var wrong = new NpgsqlConnectionStringBuilder(good) { Password = "hunter2" }.ConnectionString;

        var error = await Assert.ThrowsAsync<StorageException>(
            () => SchemaMigrator.MigrateAsync(StorageConnection.Parse(wrong)));

        Assert.Equal(StorageFault.Denied, error.Fault);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task MigrateAsync_NoSuchDatabase_IsRefused()
    {
        var server = await PostgresServer.GetSharedAsync();
        var other = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync()) { Database = "nowhere" };

        var error = await Assert.ThrowsAsync<StorageException>(
            () => SchemaMigrator.MigrateAsync(StorageConnection.Parse(other.ConnectionString)));

        Assert.Equal(StorageFault.Unavailable, error.Fault);
        Assert.Contains("'nowhere'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MigrateAsync_NoServer_IsRefused()
    {
        // Port 1 is reserved, and nothing listens there on loopback.
        var connection = StorageConnection.Parse("Host=127.0.0.1;Port=1;Database=fed;Username=a;Password=hunter2");

        var error = await Assert.ThrowsAsync<StorageException>(() => SchemaMigrator.MigrateAsync(connection));

        Assert.Equal(StorageFault.Unavailable, error.Fault);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }
}
