using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>An owner may give its entries to one node alone, and that node may be one from which nobody can fetch.</summary>
public sealed class AloneTests
{
    private const string Log = "demo/owner/indicators/1";

    private readonly CoreInVirtualTime _node;
    private readonly Dictionary<string, long> _shown = new() { ["owner"] = 13, ["b"] = 10, ["c"] = 10 };
    private long _version = 1;

    public AloneTests() => _node = new CoreInVirtualTime(new ReplicationOptions(), Answers);

    [Fact]
    public void OnlyDialsAndNobodyElseHasIt_PushesTheLogToOnePeerAfterAWhile()
    {
        Start(dialable: false);

        _node.RunUntil(5_000);
        Assert.Empty(Pushes());

        _node.RunUntil(60_000);
        var push = Assert.Single(Pushes());
        Assert.Contains(push.Peer, new[] { "b", "c" });
        Assert.True(push.Bulk);
        Assert.Equal(10, push.PeerSize);
    }

    [Theory]
    [InlineData(true, 10)]
    [InlineData(false, 13)]
    public void OthersCanFetchItSomewhere_PushesNothing(bool dialable, long atC)
    {
        _shown["c"] = atC;
        Start(dialable);

        _node.RunUntil(60_000);

        Assert.Empty(Pushes());
    }

    private void Start(bool dialable)
    {
        var peers = new[] { new PeerInfo("b", true), new PeerInfo("c", true), new PeerInfo("owner", true) };
        _node.Step(new Started(
            new RosterTaken(peers, [new LogInfo(Log, "owner")], Dialable: dialable),
            [new LogMoved(Log, 13, 13, Hash256.Of([13]))],
            [],
            false));
    }

    private IEnumerable<PushHead> Pushes() => _node.Done.OfType<PushHead>();

    private IEnumerable<ReplicationEvent> Answers(ReplicationEffect effect)
    {
        switch (effect)
        {
            case AskHeads ask:
                yield return new HeadsAnswered(ask.Id, HeadsOf(ask.Peer), [new LogSize(Log, _shown[ask.Peer])]);
                break;
            case PushHead push:
                // All of it is taken, and from here the others fetch it.
                _shown["b"] = _shown["c"] = 13;
                _version++;
                yield return new PushAnswered(push.Id, 13, 13);
                break;
        }
    }

    private HeadsAnswer HeadsOf(string peer)
    {
        var size = _shown[peer];
        return new HeadsAnswer(
            Hash256.Of([(byte)size]), 5, _version, [new Head(Log, size, Hash256.Of([(byte)size]), null, size)], [], null, false, []);
    }
}
