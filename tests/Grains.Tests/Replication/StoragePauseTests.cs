using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol.Replication;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>A storage that takes nothing: the node says so, asks for nothing, and goes on by itself.</summary>
public sealed class StoragePauseTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Storage_TakesNothing_PausesAndResumesByItself(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        using var probe = new StorageProbe(node.Rows, sandbox.Connection, node.Clock, NullLogger<StorageProbe>.Instance);
        var writer = WriterLog.WithListings(s_b, 300);
        var b = node.Peers.Play("b");
        await node.ReplicateAsync([b], s_b);
        Assert.False((await AskAsync(node)).Paused);
        node.Storage.BeforeWrite = _ => throw new IOException("No space left on device");

        Assert.Equal(
            ExtendOutcome.StorageUnavailable, (await node.Replication.TakePushAsync("b", s_b, writer.Range(0, 10), 10)).Outcome);
        b.Hold(writer);
        for (var second = 0; second < 30; second++)
        {
            await node.AdvanceAsync(1_000);
        }

        Assert.True((await AskAsync(node)).Paused);
        Assert.Contains("No space left", node.Rows.Health.Fault, StringComparison.Ordinal);
        Assert.Empty(node.Peers.Ranges);

        // While it fails it is tried again every 5 seconds, and all goes on without anybody's doing.
        await probe.StartAsync(CancellationToken.None);
        await node.AdvanceUntilAsync(() => node.Storage.FailedWrites(StorageProbe.RowKind) > 2, 1_000);
        Assert.NotNull(node.Rows.Health.Fault);
        node.Storage.BeforeWrite = null;
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.HeadSize == 300, 1_000);
        Assert.False((await AskAsync(node)).Paused);
        await probe.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Storage_FailsWhileOthersAreHeldOpen_TheyAreTold()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.ReplicateAsync();
        var first = await AskAsync(node);
        var now = await AskAsync(node, new(first.Digest, first.Instance, first.Version, [], 0));
        var held = AskAsync(node, new(now.Digest, now.Instance, now.Version, [], 20_000));

        node.Storage.BeforeWrite = WatchedStorage.FailOnce(Grains.Logs.LogRowKind.Head);
        await node.Log(s_own).AppendAsync([Sample.Request(0, 1)]);

        Assert.True((await held.WaitAsync(TestNode.Patience())).Paused);
    }

    [Fact]
    public async Task Heads_PeerIsPaused_IsSentNothingAndToldAfterwards()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var b = node.Peers.Play("b");
        b.Pause(true);
        await node.ReplicateAsync([b]);
        Assert.True(node.Links.Get("b").Paused);
        await OwnLogTests.AppendAsync(node, 2);
        await node.AdvanceAsync(100);
        Assert.DoesNotContain(node.Peers.Pushes, p => p.Member == "b");

        b.Pause(false);
        await node.AdvanceUntilAsync(() => node.Peers.Pushes.Any(p => p.Member == "b"));

        Assert.False(node.Links.Get("b").Paused);
        Assert.Equal(2, node.Peers.Pushes.Last(p => p.Member == "b").Size);
    }

    private static Task<HeadsAnswer> AskAsync(TestNode node) => AskAsync(node, new(default, 0, 0, [], 0));

    private static async Task<HeadsAnswer> AskAsync(TestNode node, HeadsQuestion question) =>
        (await node.Replication.AnswerHeadsAsync("c", question, CancellationToken.None))!;
}
