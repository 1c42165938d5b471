using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>Of two nodes with the same heads it is enough that one asks.</summary>
public sealed class OneSidedTests
{
    private static readonly ReplicationOptions s_options = new();

    private readonly Replicator _core = new("a", 7, s_options);
    private int _asked;
    private long _now;

    public OneSidedTests() => Do(new Started(
        new RosterTaken([new PeerInfo("b", true)], [new LogInfo("demo/b/indicators/1", "b")]), [], [], false));

    [Theory]
    [InlineData(true, true, 11, 17)]
    [InlineData(false, true, 20, 40)]
    [InlineData(true, false, 20, 40)]
    public void PeerAsksEachSecond_IsItselfAskedRarelyIfItHasReadTheseHeadsAndHasTheSame(
        bool same, bool current, int atLeast, int atMost)
    {
        for (; _now < 60_000; _now += 1_000)
        {
            Do(new PeerAsked("b", current, [], same ? _core.Heads.Digest : Hash256.Of([1])));
            Do(new Tick());
        }

        Assert.InRange(_asked, atLeast, atMost);
    }

    private void Do(ReplicationEvent happened)
    {
        foreach (var ask in _core.Step(happened, _now).OfType<AskHeads>())
        {
            _asked++;
            Do(new HeadsAnswered(
                ask.Id, new HeadsAnswer(_core.Heads.Digest, 5, 1, [], [], ["a"], false, []), []));
        }
    }
}
