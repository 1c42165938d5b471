namespace FederationNode.Grains.Storage;

/// <summary>
/// What the queries of both databases have in common. Released migrations are made of these texts, so a change here
/// needs a new name and a new migration.
/// </summary>
internal static class StorageSql
{
    public const string RowIs = """
        ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString
          AND GrainIdExtensionString = COALESCE(@GrainIdExtensionString, '')
          AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
        """;

    public const string NextVersion =
        "CASE WHEN OrleansStorage.Version < 2147483647 THEN OrleansStorage.Version + 1 ELSE 1 END";

    public const string Read = $"""
        SELECT PayloadBinary, Version FROM OrleansStorage WHERE {RowIs} AND PayloadBinary IS NOT NULL
        """;

    /// <summary>The queries that Orleans asks for, by the key under which it looks for them.</summary>
    public static IReadOnlyDictionary<string, string> Queries(string write, string clear) =>
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ReadFromStorageKey"] = Read,
            ["WriteToStorageKey"] = write,
            ["ClearStorageKey"] = clear,
            ["DeleteStorageKey"] = clear,
        };

    public static string Quoted(string sql) => sql.Replace("'", "''", StringComparison.Ordinal);
}
