using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FederationNode.Network.Tests.Emulation;
using Xunit;

namespace FederationNode.Network.Tests;

/// <summary>Packets between two namespaces, through their devices and the router.</summary>
public sealed class RouterTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [NetworkFact]
    public async Task Send_Delay_ComesNoEarlier()
    {
        using var pair = new Pair();
        pair.Router[0, 1] = new LinkRules { Delay = TimeSpan.FromMilliseconds(125) };

        var watch = Stopwatch.StartNew();
        pair.Send(0, 1, 7);

        Assert.Equal(7, await pair.ReceiveAsync(1));
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(125));
        Assert.Equal(1, pair.Router.Counts(0, 1).Passed);
    }

    [NetworkFact]
    public async Task Send_OneWayCut_OnlyTheOtherWayPasses()
    {
        using var pair = new Pair();
        pair.Router[0, 1] = LinkRules.Perfect with { Cut = true };

        pair.Send(0, 1, 1);
        pair.Send(1, 0, 2);

        Assert.Equal(2, await pair.ReceiveAsync(0));
        pair.Router[0, 1] = LinkRules.Perfect;
        pair.Send(0, 1, 3);
        Assert.Equal(3, await pair.ReceiveAsync(1));
        Assert.Equal(1, pair.Router.Counts(0, 1).Cut);
    }

    [NetworkFact]
    public void Namespace_ReachesNothingOutside()
    {
        using var pair = new Pair();
        using var outside = new TcpListener(IPAddress.Loopback, 0);
        outside.Start();

        var inside = pair.Places[0];
        Assert.Throws<SocketException>(() => inside.Connect((IPEndPoint)outside.LocalEndpoint));
        Assert.Throws<SocketException>(() => inside.Connect(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 80)));
    }

    private sealed class Pair : IDisposable
    {
        private readonly Socket[] _sockets;

        public Pair()
        {
            Places =
            [
                NetworkNamespace.Create(1, NetworkSettings.CongestionControl),
                NetworkNamespace.Create(2, NetworkSettings.CongestionControl),
            ];
            Router = new Router(Places, seed: 1);
            _sockets = [.. Places.Select(p => p.BindUdp())];
        }

        public IReadOnlyList<NetworkNamespace> Places { get; }

        public Router Router { get; }

        public void Send(int from, int to, byte content) =>
            _sockets[from].SendTo([content], _sockets[to].LocalEndPoint!);

        public async Task<byte> ReceiveAsync(int at)
        {
            using var patience = new CancellationTokenSource(s_patience);
            var buffer = new byte[1];
            await _sockets[at].ReceiveAsync(buffer.AsMemory(), patience.Token);
            return buffer[0];
        }

        public void Dispose()
        {
            Array.ForEach(_sockets, s => s.Dispose());
            Router.Dispose();
            foreach (var place in Places)
            {
                place.Dispose();
            }
        }
    }
}
