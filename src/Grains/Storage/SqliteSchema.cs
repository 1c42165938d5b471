namespace FederationNode.Grains.Storage;

/// <summary>The schema in SQLite's SQL (3.35 or later, for RETURNING).</summary>
/// <remarks>
/// <para>Orleans hands over 32-bit hashes of the key as well. They may collide and save nothing here, so the rows are
/// found by the full key alone, which also keeps the rows of one log beside one another in the index.</para>
/// <para>A cleared row stays as a tombstone without payload. So versions never start again, and an old ETag can
/// never fit a younger row. To a reader a tombstone does not exist.</para>
/// <para>Orleans takes a missing result row for success, hence the second statement: it answers a conflict with an
/// explicit NULL. A version that reaches the largest 32-bit number goes on with 1.</para>
/// </remarks>
internal static class SqliteSchema
{
    private const string Write = $"""
        INSERT INTO OrleansStorage
          (ServiceId, GrainTypeString, GrainIdExtensionString, GrainIdN0, GrainIdN1,
           Version, ModifiedOn, PayloadBinary)
        SELECT @ServiceId, @GrainTypeString, COALESCE(@GrainIdExtensionString, ''), @GrainIdN0, @GrainIdN1, 1,
          CURRENT_TIMESTAMP, @PayloadBinary
        WHERE @GrainStateVersion IS NULL
          OR EXISTS (SELECT 1 FROM OrleansStorage WHERE {StorageSql.RowIs} AND Version = @GrainStateVersion)
        ON CONFLICT (ServiceId, GrainTypeString, GrainIdExtensionString, GrainIdN0, GrainIdN1) DO UPDATE
          SET PayloadBinary = excluded.PayloadBinary, ModifiedOn = excluded.ModifiedOn,
            Version = {StorageSql.NextVersion}
          WHERE OrleansStorage.Version = @GrainStateVersion
            OR (@GrainStateVersion IS NULL AND OrleansStorage.PayloadBinary IS NULL)
        RETURNING Version AS NewGrainStateVersion;
        SELECT NULL AS NewGrainStateVersion WHERE changes() = 0;
        """;

    private const string Clear = $"""
        UPDATE OrleansStorage
          SET PayloadBinary = NULL, ModifiedOn = CURRENT_TIMESTAMP, Version = {StorageSql.NextVersion}
          WHERE {StorageSql.RowIs} AND Version = @GrainStateVersion
        RETURNING Version AS NewGrainStateVersion;
        SELECT NULL AS NewGrainStateVersion WHERE changes() = 0;
        """;

    /// <summary>What the table OrleansQuery holds after the last migration.</summary>
    public static IReadOnlyDictionary<string, string> Queries { get; } = StorageSql.Queries(Write, Clear);

    public static IReadOnlyList<SchemaMigration> Migrations { get; } =
    [
        new(1, "Orleans grain storage", $"""
            CREATE TABLE OrleansQuery (
              QueryKey TEXT NOT NULL PRIMARY KEY,
              QueryText TEXT NOT NULL
            );
            CREATE TABLE OrleansStorage (
              ServiceId TEXT NOT NULL,
              GrainTypeString TEXT NOT NULL,
              GrainIdExtensionString TEXT NOT NULL,
              GrainIdN0 INTEGER NOT NULL,
              GrainIdN1 INTEGER NOT NULL,
              Version INTEGER NOT NULL,
              ModifiedOn TEXT NOT NULL,
              PayloadBinary BLOB NULL,
              UNIQUE (ServiceId, GrainTypeString, GrainIdExtensionString, GrainIdN0, GrainIdN1)
            );
            INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
              ('ReadFromStorageKey', '{StorageSql.Quoted(StorageSql.Read)}'),
              ('WriteToStorageKey', '{StorageSql.Quoted(Write)}'),
              ('ClearStorageKey', '{StorageSql.Quoted(Clear)}'),
              ('DeleteStorageKey', '{StorageSql.Quoted(Clear)}');
            """),
    ];
}
