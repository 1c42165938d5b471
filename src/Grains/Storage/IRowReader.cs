namespace FederationNode.Grains.Storage;

/// <summary>
/// Where rows are read from: the node's own store, which refuses whatever is damaged, or an auditor's, which reads on.
/// </summary>
public interface IRowReader
{
    /// <summary>Reads a row; null when there is none.</summary>
    /// <typeparam name="T">The row's type, marked with MessagePack's attributes.</typeparam>
    /// <param name="kind">The row's kind.</param>
    /// <param name="key">The row's key.</param>
    /// <exception cref="CorruptStateException">The row is damaged.</exception>
    /// <exception cref="StorageException">The database failed.</exception>
    Task<StoredRow<T>?> ReadAsync<T>(string kind, string key);
}
