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
/// when the power fails before, both are gone. A process that is killed loses neither. <c>busy_timeout</c>: SQLite's own waiting is finer than the driver's,
/// which sleeps for 150 ms at a time. <c>secure_delete=ON</c>: an erased payload is overwritten, not merely unlinked.
/// </remarks>
internal sealed class SqliteDataSource(string connectionString, bool synced) : DbDataSource
{
    private readonly string _settings =
        $"PRAGMA busy_timeout = 5000; PRAGMA synchronous = {(synced ? "FULL" : "NORMAL")}; PRAGMA secure_delete = ON;";

    public override string ConnectionString => connectionString;

    protected override DbConnection CreateDbConnection()
    {
        var connection = new SqliteConnection(connectionString);
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
        using var connection = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(connection);
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
