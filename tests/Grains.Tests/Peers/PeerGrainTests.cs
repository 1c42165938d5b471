using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Grains.Tests.Peers;

/// <summary>The link to one peer: how patient it is, what it sends, and what it makes of what the peer says.</summary>
public sealed class PeerGrainTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task CompareHeads_PeerDoesNotAnswer_WaitsTwiceAsLongEachTimeAndRemembersIt(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var peer = node.Grains.GetGrain<IPeerGrain>("b");
        double[] expected = [1, 2, 4, 8, 16, 30, 30, 30];
        for (var i = 0; i < expected.Length; i++)
        {
            await peer.CompareHeadsAsync();

            var status = await peer.GetStatusAsync();
            var now = node.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            Assert.Equal((false, 0L, i + 1), (status.Reachable, status.LastContact, status.Failures));
            Assert.InRange((status.NextAttempt - now) / 1000.0, 0.799 * expected[i], 1.201 * expected[i]);
            Assert.Contains("no answer", status.LastError, StringComparison.Ordinal);

            // Until then nothing is sent, also by a new activation.
            await TestNode.DeactivateAsync(peer);
            node.Clock.Advance(TimeSpan.FromMilliseconds(status.NextAttempt - now - 1));
            await peer.CompareHeadsAsync();
            await peer.PushAsync(s_own);
            Assert.Equal(i + 1, node.Peers.Heads.Count);
            Assert.Equal(status with { LastError = null }, await peer.GetStatusAsync());
            node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        node.Peers.OnHeads = (_, _, _) => Task.FromResult(new HeadsMessage { Heads = [] });
        await peer.CompareHeadsAsync();
        var well = await peer.GetStatusAsync();
        Assert.Equal(
            new PeerStatus("b", true, node.Clock.GetUtcNow().ToUnixTimeMilliseconds(), 0, 0, null), well);
        await TestNode.DeactivateAsync(peer);
        Assert.Equal(well, await peer.GetStatusAsync());
    }

    [Fact]
    public async Task CompareHeads_ClockWasSetBack_DoesNotWaitForTheOldTime()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var future = node.Clock.GetUtcNow().AddYears(1).ToUnixTimeMilliseconds();
        await node.Rows.WriteAsync(PeerGrain.RowKind, "b", new PeerRow { Failures = 3, NextAttempt = future }, null);
        node.Peers.OnHeads = (_, _, _) => Task.FromResult(new HeadsMessage { Heads = [] });

        await node.Grains.GetGrain<IPeerGrain>("b").CompareHeadsAsync();

        Assert.Single(node.Peers.Heads);
        Assert.True((await node.Grains.GetGrain<IPeerGrain>("b").GetStatusAsync()).Reachable);
    }

    [Fact]
    public async Task CompareHeads_PeerHangs_IsGivenUpAfterTheTimeout()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var entered = new TaskCompletionSource();
        node.Peers.OnHeads = async (_, _, cancel) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            throw new InvalidOperationException();
        };
        var peer = node.Grains.GetGrain<IPeerGrain>("b");

        var comparison = peer.CompareHeadsAsync();
        await entered.Task.WaitAsync(TestNode.Patience());
        Assert.False(comparison.IsCompleted);
        node.Clock.Advance(new PeerOptions().ExchangeTimeout);
        await comparison.WaitAsync(TestNode.Patience());

        var status = await peer.GetStatusAsync();
        Assert.Equal(1, status.Failures);
        Assert.Contains("within 10 s", status.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CompareHeads_SendsAllHeadsHeldWholeAndPullsWhatIsLacking()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 30);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 10));
        await node.Log(s_b).ExtendAsync(writer.Range(10, 20, 30));
        await node.Log(TestCoalition.Indicators("c")).GetStatusAsync();
        await OwnLogTests.AppendAsync(node, 3);
        var asked = new TaskCompletionSource<RangeRequestMessage>();
        node.Peers.OnHeads = (_, _, _) => Task.FromResult(new HeadsMessage { Heads = [Head(s_b, 30), Head(s_own, 3)] });
        node.Peers.OnRange = (_, request, _) =>
        {
            asked.TrySetResult(request);
            return Task.FromResult(PeerWire.ToMessage(writer.Range((int)request.From, 30)));
        };
        await node.Puller.StartAsync(CancellationToken.None);

        await node.Grains.GetGrain<IPeerGrain>("b").CompareHeadsAsync();

        var sent = Assert.Single(node.Peers.Heads).Heads.Heads;
        Assert.Equal([(s_own, 3L), (s_b, 10L)], sent.Select(h => (h.Origin, h.Size)));
        Assert.Equal(writer.Root(10).ToArray(), sent[1].Root);
        var request = await asked.Task.WaitAsync(TestNode.Patience());
        Assert.Equal((s_b, 20L), (request.Origin, request.From));
    }

    [Fact]
    public async Task NoteHeads_LogsThatNobodyNamed_CostNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await OwnLogTests.AppendAsync(node, 3);
        var writer = WriterLog.WithListings(s_b, 10);
        node.Peers.OnRange = (_, request, _) => request.Origin == s_b
            ? Task.FromResult(PeerWire.ToMessage(writer.Range((int)request.From, 10)))
            : throw TestTransport.Dead("b");
        var grew = new TaskCompletionSource();
        node.Heads.Grew += head => grew.TrySetResult();
        await node.Puller.StartAsync(CancellationToken.None);
        var reads = node.Storage.Reads(LogRowKind.Head);
        PeerHead[] invented =
        [
            .. Enumerable.Range(0, Limits.MaxHeads - 5).Select(i => new PeerHead($"demo/m{i}/indicators/1", 1 + i)),
            new("", 1), new("no origin", 1), new(s_b + "0", 5), new("DEMO/b/indicators/1", 5),
        ];

        await node.Grains.GetGrain<IPeerGrain>("b").NoteHeadsAsync(
            [.. invented, new(s_own, long.MinValue), new(s_b, -1), new(s_b, 10)]);
        await grew.Task.WaitAsync(TestNode.Patience());
        await node.Puller.StopAsync(CancellationToken.None);

        Assert.Equal([s_own, s_b], node.Heads.All().Select(h => h.Origin));
        Assert.Equal(reads + 1, node.Storage.Reads(LogRowKind.Head));
        Assert.All(node.Peers.Ranges, r => Assert.Equal(s_b, r.Request.Origin));
    }

    [Fact]
    public async Task NoteHeads_LargerSizeOfAnOwnLog_StopsAppendingOnlyUntilTheClaimFails()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await OwnLogTests.AppendAsync(node, 3);

        await node.Grains.GetGrain<IPeerGrain>("b").NoteHeadsAsync([new(s_own, 1L << 40)]);

        var held = Assert.Single(await node.Log(s_own).AppendAsync([Sample.Request(3, 1)]));
        Assert.Equal(AppendRefusal.Behind, held.Refusal);
        node.Clock.Advance(TimeSpan.FromMinutes(1));
        await node.Grains.GetGrain<IPeerGrain>("b").NoteHeadsAsync([new(s_own, 1L << 40)]);
        await OwnLogTests.AppendAsync(node, 1);
    }

    [Fact]
    public async Task Push_SmallNews_GoesInlineFromWhereThePeerIs()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var peer = node.Grains.GetGrain<IPeerGrain>("b");
        var entries = await OwnLogTests.AppendAsync(node, 10);
        node.Peers.OnPush = (_, push, _) => Task.FromResult(new SizeMessage { Size = 10 });
        node.Peers.OnHeads = (_, _, _) => Task.FromResult(new HeadsMessage { Heads = [Head(s_own, 4)] });
        await peer.CompareHeadsAsync();

        await peer.PushAsync(s_own);
        await peer.PushAsync(s_own);
        await peer.PushAsync(TestCoalition.Indicators("c"));

        var (_, push) = Assert.Single(node.Peers.Pushes);
        Assert.Equal(4, push.From);
        Assert.Equal(entries.Skip(4).Select(OwnLogTests.Hex), PeerWire.FromMessage(push)!.Entries.Select(OwnLogTests.Hex));
        Assert.Equal(10, OwnLogTests.OpenCheckpoint(push.Checkpoint).Size);
    }

    [Fact]
    public async Task Push_MoreThanGoesInline_IsTheCheckpointAlone()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await OwnLogTests.AppendAsync(node, 500);
        node.Peers.OnPush = (_, _, _) => Task.FromResult(new SizeMessage { Size = 500 });
        node.Peers.OnHeads = (_, _, _) => Task.FromResult(new HeadsMessage { Heads = [Head(s_own, 1)] });
        var peer = node.Grains.GetGrain<IPeerGrain>("b");
        await peer.CompareHeadsAsync();

        await peer.PushAsync(s_own);

        var (_, push) = Assert.Single(node.Peers.Pushes);
        Assert.Empty(push.Entries);
        Assert.Equal(500, OwnLogTests.OpenCheckpoint(push.Checkpoint).Size);
    }

    [Fact]
    public async Task Push_PeerSaysThatItHoldsNonsense_IsAskedAgainWithoutHarm()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await OwnLogTests.AppendAsync(node, 5);
        var peer = node.Grains.GetGrain<IPeerGrain>("b");
        foreach (var size in (long[])[long.MinValue, -1, 0])
        {
            node.Peers.OnPush = (_, _, _) => Task.FromResult(new SizeMessage { Size = size });
            node.Peers.Pushes.Clear();
            await peer.PushAsync(s_own);
            await peer.PushAsync(s_own);
            Assert.Equal(2, node.Peers.Pushes.Count);
            Assert.All(node.Peers.Pushes, p => Assert.InRange(p.Push.From, 0, 5));
        }

        Assert.True((await peer.GetStatusAsync()).Reachable);
    }

    private static HeadMessage Head(string origin, long size) =>
        new() { Origin = origin, Size = size, Root = Hash256.Of([1]).ToArray() };
}
