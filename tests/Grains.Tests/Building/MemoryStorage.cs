using System.Globalization;
using FederationNode.Grains.Storage;
using MessagePack;
using Npgsql;
using Orleans.Storage;

namespace FederationNode.Grains.Tests.Building;

/// <summary>
/// Rows in memory, for properties that need many runs. Compares ETags like the real provider; safe for concurrent use.
/// </summary>
internal sealed class MemoryStorage : IGrainStorage
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (byte[] Bytes, int Version)> _rows = new(StringComparer.Ordinal);

    /// <summary>Every row by kind and key, in order, as text that can be compared.</summary>
    public string Dump() => string.Join('\n', _rows
        .OrderBy(r => r.Key, StringComparer.Ordinal)
        .Select(r => $"{r.Key} {Convert.ToHexString(r.Value.Bytes)}"));

    public RowStore ToRowStore() => ToRowStore(this);

    /// <summary>A store over this or what stands before it. The database is never opened.</summary>
    public static RowStore ToRowStore(IGrainStorage storage) => new(
        storage,
        NpgsqlDataSource.Create("Host=127.0.0.1"),
        StorageConnection.Parse("Host=127.0.0.1;Database=never-opened"));

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        lock (_gate)
        {
            if (_rows.TryGetValue(KeyOf(stateName, grainId), out var row))
            {
                grainState.State = MessagePackSerializer.Deserialize<T>(row.Bytes);
                grainState.ETag = row.Version.ToString(CultureInfo.InvariantCulture);
                grainState.RecordExists = true;
            }
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = KeyOf(stateName, grainId);
        lock (_gate)
        {
            var version = _rows.TryGetValue(key, out var row) ? row.Version : 0;
            if (grainState.ETag != (version == 0 ? null : version.ToString(CultureInfo.InvariantCulture)))
            {
                throw new InconsistentStateException("Another writer was faster.");
            }

            _rows[key] = (MessagePackSerializer.Serialize(grainState.State), version + 1);
            grainState.ETag = (version + 1).ToString(CultureInfo.InvariantCulture);
        }

        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new NotSupportedException();

    private static string KeyOf(string stateName, GrainId grainId) => $"{stateName} {grainId.Key}";
}
