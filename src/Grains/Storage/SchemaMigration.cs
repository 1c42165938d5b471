namespace FederationNode.Grains.Storage;

/// <summary>
/// One step of the schema: what brings a database from the version before to <paramref name="Version"/>.
/// </summary>
/// <param name="Version">The version that the database has afterwards, from 1 without gaps.</param>
/// <param name="Description">What the step does, for people who look into the database.</param>
/// <param name="Sql">The statements, run in one transaction.</param>
internal sealed record SchemaMigration(int Version, string Description, string Sql);
