using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Grains.Tests.Peers;

/// <summary>What is remembered of the link to a peer: a courtesy to it, which must never stand in the way.</summary>
public sealed class PeerGrainTests
{
    private static readonly PeerMemory s_memory = new(
        1_000,
        3,
        5_000,
        [new(TestCoalition.Indicators("b"), nameof(RequestFault.Bad), 2, 7_000), new(TestCoalition.Indicators("c"), "", 1, 8_000)]);

    [Theory, OnSqlite, OnPostgres]
    public async Task Save_ThenReactivate_IsLoadedAsItWas(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var peer = node.Grains.GetGrain<IPeerGrain>("b");
        AssertSame(PeerMemory.None, await peer.LoadAsync());

        await peer.SaveAsync(s_memory);
        AssertSame(s_memory, await peer.LoadAsync());
        await TestNode.DeactivateAsync(peer);
        AssertSame(s_memory, await peer.LoadAsync());

        await peer.SaveAsync(PeerMemory.None);
        await TestNode.DeactivateAsync(peer);
        AssertSame(PeerMemory.None, await peer.LoadAsync());
        AssertSame(PeerMemory.None, await node.Grains.GetGrain<IPeerGrain>("c").LoadAsync());
    }

    [Fact]
    public async Task Save_StorageFails_DoesNoHarmAndIsSavedTheNextTime()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var peer = node.Grains.GetGrain<IPeerGrain>("b");
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(PeerGrain.RowKind);

        await peer.SaveAsync(s_memory);
        AssertSame(PeerMemory.None, await peer.LoadAsync());
        await peer.SaveAsync(s_memory);

        await TestNode.DeactivateAsync(peer);
        AssertSame(s_memory, await peer.LoadAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Save_SomebodyElseWroteTheRow_TakesItOver(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var peer = node.Grains.GetGrain<IPeerGrain>("b");
        await peer.SaveAsync(PeerMemory.None);
        var row = await node.Rows.ReadAsync<PeerRow>(PeerGrain.RowKind, "b");
        await node.Rows.WriteAsync(PeerGrain.RowKind, "b", new PeerRow { Failures = 9 }, row!.ETag);

        for (var failures = 1; failures <= 3; failures++)
        {
            await peer.SaveAsync(s_memory with { Failures = failures });
            AssertSame(s_memory with { Failures = failures }, await peer.LoadAsync());
            Assert.Equal(failures, (await node.Rows.ReadAsync<PeerRow>(PeerGrain.RowKind, "b"))!.Value.Failures);
        }
    }

    [Fact]
    public async Task Activate_RowIsDamaged_NothingIsRemembered()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var peer = node.Grains.GetGrain<IPeerGrain>("b");
        await peer.SaveAsync(s_memory);
        await TestNode.DeactivateAsync(peer);
        await sandbox.ExecuteAsync("UPDATE OrleansStorage SET PayloadBinary = X'C1C1'");

        AssertSame(PeerMemory.None, await peer.LoadAsync());
        await peer.SaveAsync(s_memory);
    }

    [Fact]
    public async Task Load_RowWithMissingParts_LeavesThemOut()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var whole = new PeerLogRow { Origin = TestCoalition.Indicators("b"), Reason = "Bad", Failures = 2, Until = 7_000 };
        PeerLogRow[] logs = [null!, new() { Origin = null! }, new() { Reason = null! }, whole];
        await node.Rows.WriteAsync(PeerGrain.RowKind, "b", new PeerRow { Failures = 3, Logs = logs }, null);
        await node.Rows.WriteAsync(PeerGrain.RowKind, "c", new PeerRow { Failures = 4, Logs = null! }, null);

        var b = await node.Grains.GetGrain<IPeerGrain>("b").LoadAsync();
        Assert.Equal((3, new PeerLogBackoff(whole.Origin, "Bad", 2, 7_000)), (b.Failures, Assert.Single(b.Logs)));
        var c = await node.Grains.GetGrain<IPeerGrain>("c").LoadAsync();
        Assert.Equal((4, 0), (c.Failures, c.Logs.Count));
    }

    private static void AssertSame(PeerMemory expected, PeerMemory actual)
    {
        Assert.Equal(
            (expected.LastContact, expected.Failures, expected.NextAttempt),
            (actual.LastContact, actual.Failures, actual.NextAttempt));
        Assert.Equal(expected.Logs, actual.Logs);
    }
}
