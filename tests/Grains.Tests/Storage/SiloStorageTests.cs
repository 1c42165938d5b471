using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using Orleans.TestingHost;
using Xunit;

namespace FederationNode.Grains.Tests.Storage;

public interface INoteGrain : IGrainWithStringKey
{
    Task<string> ReadAsync();

    Task WriteAsync(string text);

    Task ClearAsync();

    Task WriteRowAsync(string text);
}

public sealed class NoteGrain(
    [PersistentState("note", FederationStorage.ProviderName)] IPersistentState<NoteState> state,
    RowStore rows) : Grain, INoteGrain
{
    public Task<string> ReadAsync() => Task.FromResult(state.State.Text);

    public Task WriteAsync(string text)
    {
        state.State.Text = text;
        return state.WriteStateAsync();
    }

    public Task ClearAsync() => state.ClearStateAsync();

    public Task WriteRowAsync(string text) =>
        rows.WriteAsync("extra", this.GetPrimaryKeyString(), new NoteState { Text = text }, null);
}

/// <summary>The storage in a real silo.</summary>
public sealed class SiloStorageTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task AddFederationStorage_SiloRestarts_GrainFindsItsState(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using (var cluster = await StartAsync(sandbox.Connection))
        {
            var grain = cluster.Client.GetGrain<INoteGrain>("象牙");
            await grain.WriteAsync("one");
            await grain.WriteAsync("two");
            await grain.WriteRowAsync("row");
        }

        await using var again = await StartAsync(sandbox.Connection);
        Assert.Equal("two", await again.Client.GetGrain<INoteGrain>("象牙").ReadAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AddFederationStorage_SiloStopped_ToolReadsItsRows(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using (var cluster = await StartAsync(sandbox.Connection))
        {
            await cluster.Client.GetGrain<INoteGrain>("a").WriteRowAsync("from the silo");
        }

        await using var offline = await OfflineStorage.OpenAsync(sandbox.Connection);
        var row = await offline.Rows.ReadAsync<NoteState>("extra", "a");
        Assert.Equal("from the silo", row!.Value.Text);
        var keys = new List<string>();
        await foreach (var key in offline.Rows.ListKeysAsync("extra"))
        {
            keys.Add(key);
        }

        Assert.Equal(["a"], keys);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AddFederationStorage_GrainClearsAndWritesAgain_StateIsTheNewOne(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var cluster = await StartAsync(sandbox.Connection);
        var grain = cluster.Client.GetGrain<INoteGrain>("a");

        await grain.WriteAsync("one");
        await grain.ClearAsync();
        Assert.Equal("", await grain.ReadAsync());
        await grain.WriteAsync("two");

        Assert.Equal("two", await grain.ReadAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task WriteRowAsync_RowExists_CallerLearnsOfTheConflict(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var cluster = await StartAsync(sandbox.Connection);
        var grain = cluster.Client.GetGrain<INoteGrain>("a");
        await grain.WriteRowAsync("one");

        var conflict = await Assert.ThrowsAsync<RowConflictException>(() => grain.WriteRowAsync("two"));

        Assert.Equal(("extra", "a"), (conflict.Kind, conflict.Key));
    }

    [Fact]
    public async Task AddFederationStorage_DamagedFile_SiloDoesNotStart()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await File.WriteAllTextAsync(sandbox.Connection.FilePath!, new string('x', 4096));

        var error = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(sandbox.Connection));

        Assert.Contains(sandbox.Connection.FilePath!, error.ToString(), StringComparison.Ordinal);
    }

    private static async Task<InProcessTestCluster> StartAsync(StorageConnection connection)
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => silo.AddFederationStorage(connection));
        var cluster = new InProcessTestCluster(builder.Options, SiloPorts.Shared);
        await cluster.DeployAsync();
        return cluster;
    }
}
