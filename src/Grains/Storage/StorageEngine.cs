namespace FederationNode.Grains.Storage;

/// <summary>The databases that can hold a node's state.</summary>
public enum StorageEngine
{
    /// <summary>A SQLite file in the node's folder: one process, nothing to install.</summary>
    Sqlite,

    /// <summary>A PostgreSQL database (15 or later), which several silos can share.</summary>
    Postgres,
}
