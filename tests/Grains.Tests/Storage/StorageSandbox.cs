using System.Data.Common;
using FederationNode.Grains.Storage;
using FederationNode.TestSupport;

namespace FederationNode.Grains.Tests.Storage;

/// <summary>An empty database of its own for one test, removed afterwards.</summary>
internal sealed class StorageSandbox : IAsyncDisposable
{
    private StorageSandbox(StorageConnection connection, string? folder)
    {
        Connection = connection;
        Folder = folder;
    }

    public StorageConnection Connection { get; }

    public string? Folder { get; }

    public static async Task<StorageSandbox> CreateAsync(string backend)
    {
        if (backend == "sqlite")
        {
            var folder = Directory.CreateTempSubdirectory("fednode-storage-").FullName;
            return new(StorageConnection.Parse(Path.Combine(folder, "node.db")), folder);
        }

        var server = await PostgresServer.GetSharedAsync();
        return new(StorageConnection.Parse(await server.CreateDatabaseAsync()), null);
    }

    /// <summary>Runs statements past the store.</summary>
    public async Task<object?> ExecuteAsync(string sql, params (string Name, object Value)[] parameters)
    {
        await using var source = Connection.CreateDataSource();
        await using var open = await source.OpenConnectionAsync();
        return await ExecuteAsync(open, sql, parameters);
    }

    public static async Task<object?> ExecuteAsync(
        DbConnection open,
        string sql,
        params (string Name, object Value)[] parameters)
    {
        await using var command = open.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Folder is not null)
        {
            await ClosePooledAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>Closes what the pool keeps open of this database, and not of those of tests that run beside.</summary>
    public async Task ClosePooledAsync() => await Connection.CreateDataSource().DisposeAsync();
}
