using FederationNode.Grains.Storage;

namespace FederationNode.Grains.Logs;

/// <summary>Rows whose key names their content.</summary>
internal static class ContentRows
{
    /// <summary>
    /// Writes a row that, if it is there already, says the same: left by a crash before the head that was to name it.
    /// It is written again all the same, so that a payload row never keeps less than it is given. It is on disk with that
    /// head.
    /// </summary>
    public static async Task WriteContentAsync<T>(this RowStore rows, string kind, string key, T value)
        where T : class
    {
        try
        {
            await rows.WriteUnsyncedAsync(kind, key, value, null);
        }
        catch (RowConflictException)
        {
            await rows.WriteUnsyncedAsync(kind, key, value, await ETagAsync<T>(rows, kind, key));
        }
    }

    /// <summary>What is there may be damaged; nothing refers to it yet, so it is overwritten.</summary>
    private static async Task<string?> ETagAsync<T>(RowStore rows, string kind, string key)
    {
        try
        {
            return (await rows.ReadAsync<T>(kind, key))?.ETag;
        }
        catch (CorruptStateException damage) when (damage.ETag is not null)
        {
            return damage.ETag;
        }
    }
}
