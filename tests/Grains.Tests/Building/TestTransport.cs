using System.Collections.Concurrent;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Peers;

namespace FederationNode.Grains.Tests.Building;

/// <summary>The wire, as the test wants the other members to answer. Unless told otherwise nobody answers.</summary>
internal sealed class TestTransport : IPeerTransport
{
    public Func<string, PushMessage, CancellationToken, Task<SizeMessage>> OnPush { get; set; } = (m, _, _) => throw Dead(m);

    public Func<string, HeadsMessage, CancellationToken, Task<HeadsMessage>> OnHeads { get; set; } = (m, _, _) => throw Dead(m);

    public Func<string, RangeRequestMessage, CancellationToken, Task<RangeMessage>> OnRange { get; set; } = (m, _, _) => throw Dead(m);

    public ConcurrentQueue<(string Member, PushMessage Push)> Pushes { get; } = new();

    public ConcurrentQueue<(string Member, HeadsMessage Heads)> Heads { get; } = new();

    public ConcurrentQueue<(string Member, RangeRequestMessage Request)> Ranges { get; } = new();

    public static PeerException Dead(string member) => new(member, "no answer");

    public Task<SizeMessage> PushAsync(string member, PushMessage push, CancellationToken cancellationToken)
    {
        Pushes.Enqueue((member, push));
        return OnPush(member, push, cancellationToken);
    }

    public Task<HeadsMessage> ExchangeHeadsAsync(string member, HeadsMessage heads, CancellationToken cancellationToken)
    {
        Heads.Enqueue((member, heads));
        return OnHeads(member, heads, cancellationToken);
    }

    public Task<RangeMessage> GetRangeAsync(string member, RangeRequestMessage request, CancellationToken cancellationToken)
    {
        Ranges.Enqueue((member, request));
        return OnRange(member, request, cancellationToken);
    }

    public Task<EvaluatedMessage> EvaluateAsync(string member, EvaluateMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
