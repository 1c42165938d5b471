using System.Data.Common;

namespace FederationNode.Grains.Storage;

/// <summary>
/// The table OrleansQuery: the statements by which Orleans reads and writes all rows. They are part of the program, not
/// of what it acknowledged, so a difference can be mended; but somebody must have made it.
/// </summary>
internal static class StoredQueries
{
    /// <summary>The keys of those that are missing or not as this program writes them, in order.</summary>
    public static async Task<IReadOnlyList<string>> DifferencesAsync(
        StorageConnection connection, DbConnection open, CancellationToken cancellation)
    {
        var found = new Dictionary<string, string?>(StringComparer.Ordinal);
        await using var command = open.CreateCommand();
        command.CommandText = "SELECT QueryKey, QueryText FROM OrleansQuery";
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            found[reader.GetValue(0) as string ?? ""] = reader.GetValue(1) as string;
        }

        // A database that other programs use as well may hold more.
        return
        [
            .. Of(connection).Where(q => found.GetValueOrDefault(q.Key) != q.Value).Select(q => q.Key)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Writes some anew, within the caller's transaction.</summary>
    public static async Task WriteAsync(
        StorageConnection connection, DbConnection open, IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        foreach (var key in keys)
        {
            await using var command = open.CreateCommand();
            command.CommandText = """
                DELETE FROM OrleansQuery WHERE QueryKey = @key;
                INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES (@key, @text);
                """;
            RawRows.Add(command, "key", key);
            RawRows.Add(command, "text", Of(connection)[key]);
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static IReadOnlyDictionary<string, string> Of(StorageConnection connection) =>
        connection.Engine == StorageEngine.Sqlite ? SqliteSchema.Queries : PostgresSchema.Queries;
}
