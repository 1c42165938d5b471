using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace FederationNode.Grains.Storage;

/// <summary>
/// Where a node keeps its state: one string decides. A path or <c>Data Source=PATH</c> is a SQLite file;
/// <c>Host=...;Database=...</c> or <c>postgres://user:password@host:port/database</c> is PostgreSQL.
/// Immutable. <see cref="ToString"/> and all error texts are free of credentials.
/// </summary>
public sealed record StorageConnection
{
    /// <summary>How long SQLite waits for another writer's lock before it gives up: 30 seconds.</summary>
    internal const int LockTimeoutSeconds = 30;

    // Npgsql's own 100 would let one silo take all connections that a PostgreSQL server has by default.
    private const int DefaultPoolSize = 24;

    private const string HowTo =
        "Give a SQLite file ('/path/node.db' or 'Data Source=/path/node.db') or a PostgreSQL database "
        + "('Host=...;Database=...;Username=...;Password=...' or 'postgres://user:password@host/database').";

    private static readonly string[] SqliteKeywords = ["data source", "datasource", "filename"];
    private static readonly string[] PostgresKeywords = ["host", "server"];

    private readonly string _connectionString;
    private readonly string _description;

    private StorageConnection(StorageEngine engine, string? filePath, string connectionString, string description)
    {
        Engine = engine;
        FilePath = filePath;
        _connectionString = connectionString;
        _description = description;
    }

    /// <summary>The kind of database.</summary>
    public StorageEngine Engine { get; }

    /// <summary>The absolute path of the SQLite file; null for PostgreSQL.</summary>
    public string? FilePath { get; }

    /// <summary>
    /// The ADO.NET invariant name that Orleans knows the driver by. For SQLite that is <c>System.Data.SQLite</c>,
    /// although the driver behind it is Microsoft.Data.Sqlite.
    /// </summary>
    public string Invariant => Engine == StorageEngine.Sqlite ? "System.Data.SQLite" : "Npgsql";

    /// <summary>The database in a few words, without credentials: for logs and error texts.</summary>
    public override string ToString() => _description;

    /// <summary>The connection for a SQLite file.</summary>
    /// <param name="path">The file's path, absolute or relative to the current folder.</param>
    /// <exception cref="ArgumentException">The path is empty or holds a NUL character.</exception>
    public static StorageConnection ForSqliteFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var full = Path.GetFullPath(path);
        var builder = new SqliteConnectionStringBuilder
        {
            DataSource = full,

            // Only the migration may create the file: a mistyped path must not become a new, empty node.
            Mode = SqliteOpenMode.ReadWrite,
            DefaultTimeout = LockTimeoutSeconds,
        };
        return new(StorageEngine.Sqlite, full, builder.ConnectionString, $"SQLite file {full}");
    }

    /// <summary>Reads the one string that says where the state is kept.</summary>
    /// <param name="text">The path, connection string or URI.</param>
    /// <param name="connection">The connection, when the text is good.</param>
    /// <param name="error">What is wrong, without quoting any value; null when the text is good.</param>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out StorageConnection? connection,
        [NotNullWhen(false)] out string? error)
    {
        connection = null;
        text = text?.Trim() ?? "";
        if (text.Length == 0 || text.Contains('\0', StringComparison.Ordinal))
        {
            error = "The storage connection is empty or holds a NUL character. " + HowTo;
            return false;
        }

        if (PostgresUri.Matches(text))
        {
            return PostgresUri.TryParse(text, out var builder, out error)
                && TryPostgres(builder, out connection, out error);
        }

        if (IsBarePath(text))
        {
            return TrySqlite(text, out connection, out error);
        }

        if (!TryReadPairs(text, out var pairs))
        {
            error = "The storage connection string is not of the form 'Keyword=value;...' "
                + "(a value that holds ; or = must stand in quotes). " + HowTo;
            return false;
        }

        var sqliteKeyword = SqliteKeywords.FirstOrDefault(pairs.ContainsKey);
        if (sqliteKeyword is not null)
        {
            if (pairs.Count > 1)
            {
                error = "A SQLite storage takes only 'Data Source=PATH': the node sets everything else itself.";
                return false;
            }

            return TrySqlite((string)pairs[sqliteKeyword], out connection, out error);
        }

        if (!PostgresKeywords.Any(pairs.ContainsKey))
        {
            error = "The storage connection string names neither a 'Data Source' nor a 'Host'. " + HowTo;
            return false;
        }

        return TryPostgres(text, out connection, out error);
    }

    /// <summary>As <see cref="TryParse"/>, for callers to whom a bad text is a misuse.</summary>
    /// <param name="text">The path, connection string or URI.</param>
    /// <exception cref="FormatException">The text is not a storage connection.</exception>
    public static StorageConnection Parse(string text) =>
        TryParse(text, out var connection, out var error) ? connection : throw new FormatException(error);

    /// <summary>
    /// Opens a source of connections, all of which have the durability settings that the node relies on.
    /// The caller disposes it. Nothing is opened or created yet.
    /// </summary>
    /// <param name="synced">
    /// Whether a commit is on disk when it is acknowledged; otherwise it is with the next one that is (SQLite only:
    /// PostgreSQL could lose it and live on).
    /// </param>
    public DbDataSource CreateDataSource(bool synced = true) => Engine == StorageEngine.Sqlite
        ? new SqliteDataSource(FilePath!, _connectionString, synced)
        : NpgsqlDataSource.Create(_connectionString);

    // A path may hold '=', a keyword never holds a separator.
    private static bool IsBarePath(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var separator = text.AsSpan().IndexOfAny('/', '\\');
        return !text.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
            && (equals < 0 || (separator >= 0 && separator < equals));
    }

    private static bool TryReadPairs(string text, out DbConnectionStringBuilder pairs)
    {
        pairs = [];
        try
        {
            pairs.ConnectionString = text;
            return pairs.Count > 0;
        }
        catch (ArgumentException)
        {
            // The driver's message can quote a part of the text, which may be a password.
            return false;
        }
    }

    private static bool TrySqlite(
        string path,
        [NotNullWhen(true)] out StorageConnection? connection,
        [NotNullWhen(false)] out string? error)
    {
        connection = null;
        error = path.Trim().Length == 0 || path.StartsWith(':') ||
            path.Contains("://", StringComparison.Ordinal) ||
            path.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
                ? "The SQLite storage needs the path of a file: not a URI, and not a database in memory. "
                    + "Another database than SQLite and PostgreSQL cannot be used."
                : null;
        if (error is not null)
        {
            return false;
        }

        connection = ForSqliteFile(path);
        return true;
    }

    private static bool TryPostgres(
        string text,
        [NotNullWhen(true)] out StorageConnection? connection,
        [NotNullWhen(false)] out string? error)
    {
        NpgsqlConnectionStringBuilder? builder = null;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException
            or KeyNotFoundException or InvalidCastException)
        {
            // As above: an unquoted ; makes the rest of a password look like a keyword, so nothing is quoted here.
        }

        if (builder is not null)
        {
            return TryPostgres(builder, out connection, out error);
        }

        connection = null;
        error = "The PostgreSQL connection string holds a keyword that Npgsql does not know, or a value that it "
            + "cannot read (a password that holds ; or = must stand in quotes).";
        return false;
    }

    private static bool TryPostgres(
        NpgsqlConnectionStringBuilder builder,
        [NotNullWhen(true)] out StorageConnection? connection,
        [NotNullWhen(false)] out string? error)
    {
        connection = null;
        error = string.IsNullOrWhiteSpace(builder.Host) ? "The PostgreSQL connection names no host."
            : string.IsNullOrWhiteSpace(builder.Database) ? "The PostgreSQL connection names no database."
            : null;
        if (error is not null)
        {
            return false;
        }

        builder.ApplicationName ??= "fednode";
        builder.PersistSecurityInfo = false;
        if (!builder.ShouldSerialize("Maximum Pool Size"))
        {
            builder.MaxPoolSize = DefaultPoolSize;
        }

        var description = $"PostgreSQL database '{builder.Database}' on {builder.Host}:{builder.Port}"
            + (builder.Username is null ? "" : $" as user '{builder.Username}'");
        connection = new(StorageEngine.Postgres, null, builder.ConnectionString, description);
        return true;
    }
}
