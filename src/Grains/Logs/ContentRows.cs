using FederationNode.Grains.Storage;

namespace FederationNode.Grains.Logs;

/// <summary>Rows whose key names their content.</summary>
internal static class ContentRows
{
    /// <summary>
    /// Writes a row that, if it is there already, says the same: left by a crash before the head that was to name it.
    /// It is written again all the same, so that a payload row never keeps less than it is given.
    /// </summary>
    public static async Task WriteContentAsync<T>(this RowStore rows, string kind, string key, T value)
        where T : class
    {
        try
        {
            await rows.WriteAsync(kind, key, value, null);
        }
        catch (RowConflictException)
        {
            var there = await rows.ReadAsync<T>(kind, key);
            await rows.WriteAsync(kind, key, value, there?.ETag);
        }
    }
}
