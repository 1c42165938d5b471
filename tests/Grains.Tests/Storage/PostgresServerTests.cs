using FederationNode.TestSupport;
using Npgsql;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

public sealed class PostgresServerTests
{
    [PostgresFact]
    public async Task DisposeAsync_RunningServer_StopsAndRemovesIt()
    {
        var server = await PostgresServer.StartAsync();
        var connection = await server.CreateDatabaseAsync();
        string folder;
        await using (var source = NpgsqlDataSource.Create(connection))
        {
            await using var command = source.CreateCommand("SHOW data_directory");
            folder = (string)(await command.ExecuteScalarAsync())!;
        }

        await server.DisposeAsync();

        Assert.False(Directory.Exists(folder));
        await using var closed = NpgsqlDataSource.Create(connection);
        await Assert.ThrowsAnyAsync<NpgsqlException>(async () => await closed.OpenConnectionAsync());
    }
}
