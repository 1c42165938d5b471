using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace FederationNode.Grains.Storage;

/// <summary>
/// Opens the connections to one SQLite file. The settings that SQLite keeps per connection cannot stand in
/// Microsoft.Data.Sqlite's connection string, so they are made each time a connection is opened or taken from the
/// pool: whoever opens one through this source, Orleans included, gets a durable one.
/// </summary>
/// <remarks>
/// <c>synchronous=FULL</c>: with the write-ahead log, a commit is on disk when it is acknowledged. <c>NORMAL</c>: it is
/// in the write-ahead log, which is one file and written in order, so the next commit with <c>FULL</c> puts both on disk;
/// when the power fails before, both are gone. A process that is killed loses neither. <c>busy_timeout</c>: SQLite's own
/// waiting is finer than the driver's, which sleeps for 150 ms at a time. <c>secure_delete=ON</c>: an erased payload is overwritten, not merely unlinked.
/// </remarks>
internal sealed class SqliteDataSource : DbDataSource
{
    // By path: how many sources of this process can have the file open.
    private static readonly Dictionary<string, int> s_sources = [];
    private static readonly Lock s_lock = new();

    private readonly string _path;
    private readonly string _connectionString;
    private readonly string _settings;
    private bool _closed;

    public SqliteDataSource(string path, string connectionString, bool synced)
    {
        _path = path;
        _connectionString = connectionString;
        _settings = $"PRAGMA busy_timeout = 5000; PRAGMA synchronous = {(synced ? "FULL" : "NORMAL")}; "
            + "PRAGMA secure_delete = ON;";
        lock (s_lock)
        {
            s_sources[path] = s_sources.GetValueOrDefault(path) + 1;
        }
    }

    public override string ConnectionString => _connectionString;

    /// <summary>
    /// Opens the file by itself, not as a database, unless a source of this process may have it open: closing any
    /// descriptor of a file gives up all locks that the process holds on it, also SQLite's, and two writers would then
    /// write at once (https://sqlite.org/howtocorrupt.html section 2.2). Whoever has it open has checked it.
    /// </summary>
    /// <param name="path">The absolute path of the file.</param>
    /// <param name="check">What to do with the file; it closes what it opens.</param>
    public static void IfNotOpen(string path, Action check)
    {
        lock (s_lock)
        {
            if (!s_sources.ContainsKey(path))
            {
                check();
            }
        }
    }

    protected override DbConnection CreateDbConnection()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.StateChange += OnStateChange;
        return connection;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ClosePooled();
        }

        base.Dispose(disposing);
    }

    protected override ValueTask DisposeAsyncCore()
    {
        ClosePooled();
        return base.DisposeAsyncCore();
    }

    // The last connection to close writes the log back and removes it, so the file is whole by itself.
    private void ClosePooled()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        using (var connection = new SqliteConnection(_connectionString))
        {
            SqliteConnection.ClearPool(connection);
        }

        lock (s_lock)
        {
            if (--s_sources[_path] == 0)
            {
                s_sources.Remove(_path);
            }
        }
    }

    private void OnStateChange(object sender, StateChangeEventArgs change)
    {
        if (change.CurrentState == ConnectionState.Open)
        {
            using var command = ((SqliteConnection)sender).CreateCommand();
            command.CommandText = _settings;
            command.ExecuteNonQuery();
        }
    }
}
