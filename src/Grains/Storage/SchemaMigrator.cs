using System.Data;
using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace FederationNode.Grains.Storage;

/// <summary>
/// Brings a database to the schema of this program. Each step runs in one transaction, under a lock that lets one
/// process at a time look at the version and step it up, so any number of processes may start at once. The version
/// is kept in the table <c>FederationSchema</c>, one row per step taken.
/// </summary>
public static class SchemaMigrator
{
    // Any number will do, as long as nothing else in the database locks the same.
    private const long PostgresLock = 0x6665646E6F6465;

    // Not to_regclass: it may answer from the session's cache, without what another session has committed meanwhile.
    private const string VisibleInPostgres = """
        SELECT COUNT(*) FROM pg_catalog.pg_tables
        WHERE tablename = 'federationschema' AND schemaname = ANY (current_schemas(false))
        """;

    private const string TablesInPostgres = """
        SELECT COUNT(*) FROM pg_catalog.pg_tables
        WHERE tablename IN ('orleansquery', 'orleansstorage') AND schemaname = ANY (current_schemas(false))
        """;

    /// <summary>The version that this program writes and reads.</summary>
    public static int KnownVersion { get; } = SqliteSchema.Migrations[^1].Version;

    /// <summary>
    /// Creates the database file if there is none (SQLite), and all tables that are missing. Does nothing when the
    /// schema is up to date. Queries that somebody changed are written anew.
    /// </summary>
    /// <param name="connection">The database.</param>
    /// <param name="cancellation">Stops the migration between two steps.</param>
    /// <returns>The keys of the queries that were changed by somebody, and are now as they should be.</returns>
    /// <exception cref="StorageException">
    /// The database cannot be opened, is damaged, is newer than this program, or does not keep what it acknowledges.
    /// Nothing was changed.
    /// </exception>
    public static async Task<IReadOnlyList<string>> MigrateAsync(
        StorageConnection connection, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        IReadOnlyList<string> mended = [];
        await GuardAsync(connection, async () =>
        {
            if (connection.FilePath is { } path)
            {
                SqliteFile.CreateIfMissing(path);
                SqliteDataSource.IfNotOpen(path, () =>
                {
                    SqliteFile.CheckWritable(connection);
                    SqliteFile.CheckHeader(connection);
                });
            }

            await using var source = connection.CreateDataSource();
            await using var open = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await PrepareAsync(connection, open, cancellation).ConfigureAwait(false);
            while (await StepAsync(connection, open, cancellation).ConfigureAwait(false))
            {
            }

            await RefuseMissingTablesAsync(connection, open, cancellation).ConfigureAwait(false);
            mended = await MendQueriesAsync(connection, open, cancellation).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return mended;
    }

    /// <summary>
    /// Checks that an existing database has exactly the schema of this program, for readers that must not change it.
    /// </summary>
    /// <param name="connection">The database.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="StorageException">There is no database, or it is damaged, older or newer.</exception>
    public static async Task VerifyAsync(StorageConnection connection, CancellationToken cancellation = default)
    {
        if (await VerifyForAuditAsync(connection, cancellation).ConfigureAwait(false) is { Count: > 0 } changed)
        {
            throw new StorageException(
                StorageFault.SchemaMismatch,
                $"{connection}: its table OrleansQuery is not as this program writes it "
                    + $"({string.Join(", ", changed)}): somebody changed it. `fednode audit` says what else is "
                    + "changed; the node writes it anew when it is started.");
        }
    }

    /// <summary>As <see cref="VerifyAsync"/>, for a reader who does not use the queries in the database.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <returns>The keys of the queries that are not as this program writes them.</returns>
    /// <exception cref="StorageException">There is no database, or it is damaged, older or newer.</exception>
    internal static async Task<IReadOnlyList<string>> VerifyForAuditAsync(
        StorageConnection connection, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        IReadOnlyList<string> changed = [];
        await GuardAsync(connection, async () =>
        {
            if (connection.FilePath is { } path)
            {
                SqliteDataSource.IfNotOpen(path, () => SqliteFile.CheckHeader(connection));
            }

            await using var source = connection.CreateDataSource();
            await using var open = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            var version = await ReadVersionAsync(connection, open, cancellation).ConfigureAwait(false);
            RefuseNewer(connection, version);
            if (version < KnownVersion)
            {
                throw new StorageException(
                    StorageFault.SchemaMismatch,
                    version == 0
                        ? $"{connection}: it holds no node's state."
                        : $"{connection}: its schema has version {version}, older than this program's "
                            + $"{KnownVersion}; start the node once to bring it up to date.");
            }

            await RefuseMissingTablesAsync(connection, open, cancellation).ConfigureAwait(false);
            changed = await StoredQueries.DifferencesAsync(connection, open, cancellation).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return changed;
    }

    private static async Task GuardAsync(StorageConnection connection, Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (Exception e) when (StorageFaults.IsFromDriver(e))
        {
            throw StorageFaults.Explain(connection, e);
        }
    }

    // Checks what must hold before the first byte is written.
    private static async Task PrepareAsync(
        StorageConnection connection,
        DbConnection open,
        CancellationToken cancellation)
    {
        RefuseNewer(connection, await ReadVersionAsync(connection, open, cancellation).ConfigureAwait(false));
        if (connection.Engine == StorageEngine.Sqlite)
        {
            await SqliteFile.CheckStructureAsync(connection, open, cancellation).ConfigureAwait(false);
            var mode = await ScalarAsync(open, "PRAGMA journal_mode = WAL", cancellation).ConfigureAwait(false);
            if (mode as string != "wal")
            {
                throw new StorageException(
                    StorageFault.Unavailable,
                    $"{connection}: its file system does not support SQLite's write-ahead log; use a local disk.");
            }

            return;
        }

        foreach (var setting in new[] { "fsync", "full_page_writes", "synchronous_commit" })
        {
            var value = await ScalarAsync(open, "SHOW " + setting, cancellation).ConfigureAwait(false);
            if (value as string == "off")
            {
                throw new StorageException(
                    StorageFault.NotDurable,
                    $"{connection}: {setting} is off, so a commit that was acknowledged can be lost, and a log could "
                        + "sign two roots for one size; set it to on.");
            }
        }
    }

    /// <summary>Takes one step; false when there is none left.</summary>
    private static async Task<bool> StepAsync(
        StorageConnection connection,
        DbConnection open,
        CancellationToken cancellation)
    {
        await using var transaction = await BeginLockedAsync(open, cancellation).ConfigureAwait(false);
        var version = await ReadVersionAsync(connection, open, cancellation).ConfigureAwait(false);
        RefuseNewer(connection, version);
        if (version == KnownVersion)
        {
            return false;
        }

        var migrations = connection.Engine == StorageEngine.Sqlite
            ? SqliteSchema.Migrations
            : PostgresSchema.Migrations;
        var migration = migrations.Single(m => m.Version == version + 1);
        if (version == 0)
        {
            await ExecuteAsync(
                open,
                "CREATE TABLE FederationSchema (Version integer NOT NULL PRIMARY KEY, Description text NOT NULL, "
                    + "AppliedOn text NOT NULL)",
                cancellation).ConfigureAwait(false);
        }

        await ExecuteAsync(open, migration.Sql, cancellation).ConfigureAwait(false);
        await ExecuteAsync(
            open,
            "INSERT INTO FederationSchema (Version, Description, AppliedOn) VALUES ("
                + migration.Version.ToString(CultureInfo.InvariantCulture) + ", '" + migration.Description
                + "', CAST(CURRENT_TIMESTAMP AS text))",
            cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return true;
    }

    private static async Task<IReadOnlyList<string>> MendQueriesAsync(
        StorageConnection connection,
        DbConnection open,
        CancellationToken cancellation)
    {
        await using var transaction = await BeginLockedAsync(open, cancellation).ConfigureAwait(false);
        var changed = await StoredQueries.DifferencesAsync(connection, open, cancellation).ConfigureAwait(false);
        if (changed.Count > 0)
        {
            await StoredQueries.WriteAsync(connection, open, changed, cancellation).ConfigureAwait(false);
            await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        }

        return changed;
    }

    private static async Task<DbTransaction> BeginLockedAsync(DbConnection open, CancellationToken cancellation)
    {
        if (open is SqliteConnection sqlite)
        {
            // BEGIN IMMEDIATE: takes the write lock before the version is read.
            return sqlite.BeginTransaction(IsolationLevel.Serializable, deferred: false);
        }

        var transaction = await open.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation)
            .ConfigureAwait(false);
        var id = PostgresLock.ToString(CultureInfo.InvariantCulture);
        await ExecuteAsync(open, $"SELECT pg_advisory_xact_lock({id})", cancellation).ConfigureAwait(false);
        return transaction;
    }

    /// <summary>The version of the schema; 0 when there is none yet.</summary>
    private static async Task<int> ReadVersionAsync(
        StorageConnection connection,
        DbConnection open,
        CancellationToken cancellation)
    {
        var exists = await ScalarAsync(
            open,
            connection.Engine == StorageEngine.Sqlite
                ? "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'FederationSchema'"
                : VisibleInPostgres,
            cancellation).ConfigureAwait(false);
        if (Convert.ToInt64(exists, CultureInfo.InvariantCulture) == 0)
        {
            return 0;
        }

        var version = await ScalarAsync(
            open, "SELECT COALESCE(MAX(Version), 0) FROM FederationSchema", cancellation).ConfigureAwait(false);
        return Convert.ToInt32(version, CultureInfo.InvariantCulture);
    }

    // A table that is gone is not made again: what stood in it was acknowledged.
    private static async Task RefuseMissingTablesAsync(
        StorageConnection connection,
        DbConnection open,
        CancellationToken cancellation)
    {
        var present = await ScalarAsync(
            open,
            connection.Engine == StorageEngine.Sqlite
                ? "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN ('OrleansQuery', 'OrleansStorage')"
                : TablesInPostgres,
            cancellation).ConfigureAwait(false);
        if (Convert.ToInt64(present, CultureInfo.InvariantCulture) != 2)
        {
            throw new StorageException(
                StorageFault.Corrupt,
                $"{connection}: the table OrleansStorage or OrleansQuery is missing, although the schema has been made; "
                    + "restore the database from a copy.");
        }
    }

    private static void RefuseNewer(StorageConnection connection, int version)
    {
        if (version > KnownVersion)
        {
            throw new StorageException(
                StorageFault.SchemaMismatch,
                $"{connection}: its schema has version {version}, but this program knows only up to {KnownVersion}; "
                    + "use the newer program that wrote it, or restore a copy from before the upgrade.");
        }
    }

    private static async Task<object?> ScalarAsync(DbConnection open, string sql, CancellationToken cancellation)
    {
        await using var command = open.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(DbConnection open, string sql, CancellationToken cancellation)
    {
        await using var command = open.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
