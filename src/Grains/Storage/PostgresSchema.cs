namespace FederationNode.Grains.Storage;

/// <summary>The schema in PostgreSQL's SQL (15 or later). See <see cref="SqliteSchema"/> for the reasons.</summary>
/// <remarks>
/// Keys have the collation "C": they compare byte by byte, and an upgrade of the server's C library cannot
/// silently reorder the index. The outer SELECT always gives exactly one row, NULL on a conflict.
/// </remarks>
internal static class PostgresSchema
{
    private const string Write = $"""
        WITH written AS (
          INSERT INTO OrleansStorage
            (ServiceId, GrainTypeString, GrainIdExtensionString, GrainIdN0, GrainIdN1,
             Version, ModifiedOn, PayloadBinary)
          SELECT @ServiceId, @GrainTypeString, COALESCE(@GrainIdExtensionString, ''), @GrainIdN0, @GrainIdN1, 1,
            now(), @PayloadBinary
          WHERE @GrainStateVersion IS NULL
            OR EXISTS (SELECT 1 FROM OrleansStorage WHERE {StorageSql.RowIs} AND Version = @GrainStateVersion)
          ON CONFLICT (ServiceId, GrainTypeString, GrainIdExtensionString, GrainIdN0, GrainIdN1) DO UPDATE
            SET PayloadBinary = excluded.PayloadBinary, ModifiedOn = excluded.ModifiedOn,
              Version = {StorageSql.NextVersion}
            WHERE OrleansStorage.Version = @GrainStateVersion
              OR (@GrainStateVersion IS NULL AND OrleansStorage.PayloadBinary IS NULL)
          RETURNING Version)
        SELECT (SELECT Version FROM written) AS NewGrainStateVersion
        """;

    private const string Clear = $"""
        WITH cleared AS (
          UPDATE OrleansStorage
            SET PayloadBinary = NULL, ModifiedOn = now(), Version = {StorageSql.NextVersion}
            WHERE {StorageSql.RowIs} AND Version = @GrainStateVersion
          RETURNING Version)
        SELECT (SELECT Version FROM cleared) AS NewGrainStateVersion
        """;

    /// <summary>What the table OrleansQuery holds after the last migration.</summary>
    public static IReadOnlyDictionary<string, string> Queries { get; } = StorageSql.Queries(Write, Clear);

    public static IReadOnlyList<SchemaMigration> Migrations { get; } =
    [
        new(1, "Orleans grain storage", $"""
            CREATE TABLE OrleansQuery (
              QueryKey varchar(64) NOT NULL PRIMARY KEY,
              QueryText text NOT NULL
            );
            CREATE TABLE OrleansStorage (
              ServiceId text COLLATE "C" NOT NULL,
              GrainTypeString text COLLATE "C" NOT NULL,
              GrainIdExtensionString text COLLATE "C" NOT NULL,
              GrainIdN0 bigint NOT NULL,
              GrainIdN1 bigint NOT NULL,
              Version integer NOT NULL,
              ModifiedOn timestamptz NOT NULL,
              PayloadBinary bytea NULL,
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
