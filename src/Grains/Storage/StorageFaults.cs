using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace FederationNode.Grains.Storage;

/// <summary>Turns the drivers' exceptions into ones that say what to do.</summary>
internal static class StorageFaults
{
    /// <summary>Whether the exception tells a fault of the database or its file.</summary>
    public static bool IsFromDriver(Exception e) =>
        e is DbException or SocketException or TimeoutException or IOException or UnauthorizedAccessException;

    public static StorageException Explain(StorageConnection connection, Exception e)
    {
        var (fault, what) = e switch
        {
            SqliteException sqlite => Explain(sqlite),
            PostgresException postgres => Explain(postgres),
            UnauthorizedAccessException => (StorageFault.Denied, "its permissions do not allow it"),
            NpgsqlException or SocketException or TimeoutException => (
                StorageFault.Unavailable,
                "the server does not answer as expected; check host, port, TLS settings and that it runs"),
            _ => (StorageFault.Other, "the operation failed"),
        };
        return new StorageException(fault, $"{connection}: {what} ({e.Message.TrimEnd('.')}).", e);
    }

    // https://sqlite.org/rescode.html
    private static (StorageFault Fault, string What) Explain(SqliteException e) => e.SqliteErrorCode switch
    {
        3 or 8 => (StorageFault.Denied, "it may not be written; check the owner and mode of the file and its folder"),
        5 or 6 => (StorageFault.Busy, "another process holds its lock; stop that process or try again"),
        11 or 26 => (StorageFault.Corrupt,
            "the file is damaged or no database, and was left as it is; restore it from a copy"),
        13 => (StorageFault.OutOfSpace, "the disk is full and nothing was written; free some space"),
        14 => (StorageFault.Unavailable, "it cannot be opened; check that the file exists and may be read and written"),
        _ => (StorageFault.Other, "the operation failed"),
    };

    // https://www.postgresql.org/docs/15/errcodes-appendix.html
    private static (StorageFault Fault, string What) Explain(PostgresException e) => e.SqlState switch
    {
        "53100" => (StorageFault.OutOfSpace, "the server's disk is full and nothing was written; free some space"),
        "XX001" or "XX002" => (StorageFault.Corrupt, "the server found damaged data; restore it from a copy"),
        "3D000" => (StorageFault.Unavailable, "the database does not exist; create it first"),
        "42501" or "28000" or "28P01" => (StorageFault.Denied, "the server refused the user, password or privilege"),
        "55P03" or "40P01" => (StorageFault.Busy, "another session holds a lock; try again"),
        ['5', '3', ..] or ['5', '7', ..] or ['0', '8', ..] => (StorageFault.Unavailable,
            "the server is not ready to serve; try again"),
        _ => (StorageFault.Other, "the operation failed"),
    };
}
