using Orleans.Storage;

namespace FederationNode.Grains.Storage;

/// <summary>A row as it was read.</summary>
/// <param name="Value">The state.</param>
/// <param name="ETag">What to present when replacing it.</param>
public sealed record StoredRow<T>(T Value, string ETag);

/// <summary>The storage did not do what was asked; whether a write took effect is unknown.</summary>
public class RowStoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Somebody else wrote the row first; nothing was changed.</summary>
public sealed class RowConflictException(string message, Exception? inner = null) : RowStoreException(message, inner);

/// <summary>Rows of state over Orleans' grain storage.</summary>
public sealed class RowStore(IGrainStorage storage)
{
    /// <summary>Reads a row.</summary>
    public async Task<StoredRow<T>?> ReadAsync<T>(string kind, string key)
        where T : class, new()
    {
        var state = new GrainState<T>(new T());
        await storage.ReadStateAsync(kind, GrainId.Create(kind, key), state);
        return state.RecordExists ? new StoredRow<T>(state.State!, state.ETag!) : null;
    }

    /// <summary>Writes a row; a null ETag means that it must not exist.</summary>
    public async Task<string> WriteAsync<T>(string kind, string key, T value, string? etag)
        where T : class, new()
    {
        var state = new GrainState<T>(value) { ETag = etag!, RecordExists = etag is not null };
        try
        {
            await storage.WriteStateAsync(kind, GrainId.Create(kind, key), state);
            return state.ETag;
        }
        catch (InconsistentStateException e)
        {
            throw new RowConflictException($"The row {kind} {key} was written by somebody else.", e);
        }
    }

    /// <summary>Writes a row whose key names its content.</summary>
    public async Task WriteContentAsync<T>(string kind, string key, T value)
        where T : class, new()
    {
        try
        {
            await WriteAsync(kind, key, value, null);
        }
        catch (RowConflictException)
        {
            var there = await ReadAsync<T>(kind, key);
            await WriteAsync(kind, key, value, there?.ETag);
        }
    }
}
