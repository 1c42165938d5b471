using System.Collections.Concurrent;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Peers;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FederationNode.Grains.Tests.Peers;

/// <summary>The loops that drive the links, under a clock that only the test moves.</summary>
public sealed class PeerTickerTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");

    [Fact]
    public async Task Start_RosterInForce_ComparesHeadsWithEveryPeerThatHasAnAddress()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await using var ticker = new Ticking(node);

        await ticker.WaitComparedAsync("b", 1);
        await ticker.WaitComparedAsync(Origin.Secretariat, 1);
        await ticker.AdvanceUntilComparedAsync("b", 3);
        await ticker.AdvanceUntilComparedAsync(Origin.Secretariat, 3);

        Assert.Equal(["b", Origin.Secretariat], ticker.Compared.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Start_NoRoster_KnowsTheSecretariatOnly()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, rostered: false);
        await using var ticker = new Ticking(node);
        await ticker.WaitComparedAsync(Origin.Secretariat, 1);
        Assert.Equal([Origin.Secretariat], ticker.Compared.Keys);

        node.Roster.Put(TestCoalition.Roster());
        await ticker.AdvanceUntilComparedAsync("b", 1);

        // A peer that is suspended is left alone from the next turn on.
        node.Roster.Put(TestCoalition.Roster(2).With("b", m => m with { Status = MemberStatus.Suspended }));
        await ticker.AdvanceUntilComparedAsync(Origin.Secretariat, ticker.Count(Origin.Secretariat) + 2);
        var left = ticker.Count("b");
        await ticker.AdvanceUntilComparedAsync(Origin.Secretariat, ticker.Count(Origin.Secretariat) + 5);
        Assert.Equal(left, ticker.Count("b"));

        node.Roster.Put(TestCoalition.Roster(3));
        await ticker.AdvanceUntilComparedAsync("b", left + 1);
    }

    [Fact]
    public async Task Grew_OwnLog_IsPushedToEveryPeerAtOnce()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var pushed = new ConcurrentDictionary<string, TaskCompletionSource>();
        node.Peers.OnPush = (member, push, _) =>
        {
            var size = OwnLogTests.OpenCheckpoint(push.Checkpoint).Size;
            pushed.GetOrAdd($"{member} {size}", _ => new TaskCompletionSource()).TrySetResult();
            return Task.FromResult(new SizeMessage { Size = size });
        };
        await using var ticker = new Ticking(node);
        await ticker.WaitComparedAsync("b", 1);
        await ticker.WaitComparedAsync(Origin.Secretariat, 1);

        // The clock stands still: nothing but the growth itself can be the reason. Foreign logs are not pushed.
        for (var size = 1; size <= 3; size++)
        {
            var b = TestCoalition.Indicators("b");
            await node.Log(b).ExtendAsync(WriterLog.WithListings(b, size).Range(size - 1, size));
            await OwnLogTests.AppendAsync(node, 1);
            foreach (var member in (string[])["b", Origin.Secretariat])
            {
                await pushed.GetOrAdd($"{member} {size}", _ => new TaskCompletionSource()).Task.WaitAsync(TestNode.Patience());
            }
        }

        Assert.Equal(6, node.Peers.Pushes.Count);
    }

    [Fact]
    public async Task Grew_SlowPeer_GetsTheNewestHeadOnceAndHoldsNobodyUp()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var entered = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        var last = new TaskCompletionSource();
        var toSecretariat = new TaskCompletionSource();
        node.Peers.OnPush = async (member, push, _) =>
        {
            var size = OwnLogTests.OpenCheckpoint(push.Checkpoint).Size;
            if (member == "b")
            {
                entered.TrySetResult();
                await gate.Task;
            }

            if (size == 40)
            {
                (member == "b" ? last : toSecretariat).TrySetResult();
            }

            return new SizeMessage { Size = size };
        };
        await using var ticker = new Ticking(node);
        await ticker.WaitComparedAsync("b", 1);
        await ticker.WaitComparedAsync(Origin.Secretariat, 1);
        await OwnLogTests.AppendAsync(node, 1);
        await entered.Task.WaitAsync(TestNode.Patience());

        for (var i = 0; i < 39; i++)
        {
            await OwnLogTests.AppendAsync(node, 1);
        }

        await toSecretariat.Task.WaitAsync(TestNode.Patience());
        gate.SetResult();
        await last.Task.WaitAsync(TestNode.Patience());
        Assert.Equal([1L, 40L], node.Peers.Pushes.Where(p => p.Member == "b").Select(p => OwnLogTests.OpenCheckpoint(p.Push.Checkpoint).Size));
    }

    /// <summary>A ticker at work, and who was asked how often.</summary>
    private sealed class Ticking : IAsyncDisposable
    {
        private readonly TestNode _node;
        private readonly PeerTicker _ticker;
        private readonly SemaphoreSlim _compared = new(0);

        public Ticking(TestNode node)
        {
            _node = node;
            node.Peers.OnHeads = (member, _, _) =>
            {
                Compared.AddOrUpdate(member, 1, (_, n) => n + 1);
                _compared.Release();
                return Task.FromResult(new HeadsMessage { Heads = [] });
            };
            _ticker = new PeerTicker(
                node.Grains,
                node.Services.GetRequiredService<NodeIdentity>(),
                node.Roster,
                node.Heads,
                new PeerOptions(),
                node.Clock,
                NullLogger<PeerTicker>.Instance);
            _ticker.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
        }

        public ConcurrentDictionary<string, int> Compared { get; } = new(StringComparer.Ordinal);

        public int Count(string member) => Compared.GetValueOrDefault(member);

        public async Task WaitComparedAsync(string member, int times)
        {
            var patience = TestNode.Patience();
            while (Count(member) < times)
            {
                await _compared.WaitAsync(patience);
            }
        }

        /// <summary>Turns the clock, a little at a time, until a peer was asked that often.</summary>
        public async Task AdvanceUntilComparedAsync(string member, int times)
        {
            var patience = TestNode.Patience();
            while (Count(member) < times)
            {
                patience.ThrowIfCancellationRequested();
                _node.Clock.Advance(TimeSpan.FromMilliseconds(500));
                await Task.Yield();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _ticker.StopAsync(CancellationToken.None);
            _ticker.Dispose();
            _compared.Dispose();
        }
    }
}
