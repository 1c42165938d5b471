namespace FederationNode.Grains.Storage;

/// <summary>Rows that the node can do without: one that is damaged is begun anew and overwritten.</summary>
public static class DisposableRows
{
    /// <summary>Reads such a row.</summary>
    /// <param name="rows">The store.</param>
    /// <param name="kind">The row's kind.</param>
    /// <param name="key">The row's key.</param>
    /// <param name="faultOf">What is wrong with a row that could be read, without a full stop, or null.</param>
    /// <returns>
    /// The row, or an empty one if there is none or it is damaged; the ETag to write it with; and the damage, or null.
    /// </returns>
    public static async Task<(T Value, string? ETag, CorruptStateException? Damage)> ReadDisposableAsync<T>(
        this RowStore rows, string kind, string key, Func<T, string?>? faultOf = null)
        where T : class, new()
    {
        try
        {
            var stored = await rows.ReadAsync<T>(kind, key);
            return stored is null ? (new T(), null, null)
                : faultOf?.Invoke(stored.Value) is not { } fault ? (stored.Value, stored.ETag, null)
                : (new T(), stored.ETag, new CorruptStateException(kind, key, fault));
        }
        catch (CorruptStateException damage)
        {
            return (new T(), damage.ETag, damage);
        }
    }
}
