using System.Data.Common;
using System.Globalization;

namespace FederationNode.Grains.Storage;

/// <summary>A row as it lies in the database, past Orleans and undecoded.</summary>
/// <param name="Payload">Its bytes; null if it has none, or something else than bytes.</param>
/// <param name="ETag">Its version; null if it is not a number that this store gives.</param>
internal sealed record RawRow(byte[]? Payload, string? ETag)
{
    /// <summary>What is wrong with the row whatever it should hold, without a full stop, or null.</summary>
    public string? Fault =>
        Payload is null ? "its content is gone"
        : ETag is null ? "its version is no number from 1 to 2147483647"
        : null;
}

/// <summary>
/// Reads rows by SQL of our own, so that nothing depends on the queries that Orleans keeps in the database.
/// </summary>
internal static class RawRows
{
    /// <summary>Reads a row; null when there is none.</summary>
    public static async Task<RawRow?> ReadAsync(DbDataSource database, string kind, string key)
    {
        await using var open = await database.OpenConnectionAsync().ConfigureAwait(false);
        await using var command = open.CreateCommand();
        command.CommandText = """
            SELECT PayloadBinary, Version FROM OrleansStorage
            WHERE ServiceId = @service AND GrainTypeString = @kind AND GrainIdExtensionString = @key
              AND GrainIdN0 = 0 AND GrainIdN1 = 0
            """;
        Add(command, "service", FederationStorage.ServiceId);
        Add(command, "kind", RowStore.KindPrefix + kind);
        Add(command, "key", RowStore.KeyPrefix + key);
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        return await reader.ReadAsync().ConfigureAwait(false)
            ? new RawRow(reader.GetValue(0) as byte[], ETagOf(reader.GetValue(1)))
            : null;
    }

    /// <summary>The ETag that a version is, or null: SQLite lets anything stand in any column.</summary>
    public static string? ETagOf(object version) =>
        version is long or int && Convert.ToInt64(version, CultureInfo.InvariantCulture) is >= 1 and <= int.MaxValue
            ? Convert.ToString(version, CultureInfo.InvariantCulture)
            : null;

    /// <summary>Adds a parameter.</summary>
    public static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
