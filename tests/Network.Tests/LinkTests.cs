using FederationNode.Network.Tests.Emulation;
using Xunit;

namespace FederationNode.Network.Tests;

/// <summary>A link does what its rules say, in virtual time.</summary>
public sealed class LinkTests
{
    private const int Packet = 1_250;

    [Fact]
    public void Enter_PerfectLink_ComesOutAtOnce() => Assert.Equal(42, new Link(1).Enter(42, Packet));

    [Fact]
    public void Enter_Delay_ComesOutLater() =>
        Assert.Equal(125_042, Of(new LinkRules { Delay = TimeSpan.FromMilliseconds(125) }).Enter(42, Packet));

    [Fact]
    public void Enter_Rate_PacketsComeOutOneAfterTheOther()
    {
        var link = Of(new LinkRules { Rate = 1_000_000, Delay = TimeSpan.FromMilliseconds(125) });

        // 1,250 bytes are 10,000 bits: 10 ms each.
        Assert.Equal([135_000, 145_000, 155_000], Enumerable.Range(0, 3).Select(_ => link.Enter(0, Packet)!.Value));
        Assert.Equal(1_135_000, link.Enter(1_000_000, Packet));
    }

    [Fact]
    public void Enter_QueueFull_IsLost()
    {
        var link = Of(new LinkRules { Rate = 1_000_000, Queue = 10 * Packet });

        var through = Enumerable.Range(0, 100).Count(_ => link.Enter(0, Packet) is not null);

        Assert.Equal(11, through);
        Assert.Equal(89, link.Counts.Overflowed);
    }

    [Fact]
    public void Enter_Jitter_KeepsTheOrder()
    {
        var link = Of(new LinkRules { Delay = TimeSpan.FromMilliseconds(10), Jitter = TimeSpan.FromMilliseconds(50) });

        var due = Enumerable.Range(0, 1_000).Select(i => link.Enter(i * 1_000, Packet)!.Value).ToList();

        Assert.Equal(due.Order(), due);
        Assert.All(due.Select((d, i) => d - (i * 1_000)), late => Assert.InRange(late, 10_000, 60_000));
        Assert.True(due.Select((d, i) => d - (i * 1_000)).Distinct().Count() > 10);
    }

    [Fact]
    public void Enter_Loss_LosesThatPart()
    {
        var link = Of(new LinkRules { Loss = 0.15 });

        var lost = Enumerable.Range(0, 100_000).Count(_ => link.Enter(0, Packet) is null);

        Assert.InRange(lost, 14_500, 15_500);
        Assert.Equal(lost, link.Counts.Lost);
    }

    [Fact]
    public void Enter_SameSeed_LosesTheSamePackets()
    {
        var rules = new LinkRules { Loss = 0.5 };
        Assert.Equal(Fates(Of(rules)), Fates(Of(rules)));
        Assert.NotEqual(Fates(Of(rules)), Fates(new Link(2) { Rules = rules }));

        static List<bool> Fates(Link link) => [.. Enumerable.Range(0, 64).Select(_ => link.Enter(0, Packet) is null)];
    }

    [Fact]
    public void Cut_LosesWhatEntersAndWhatIsUnderWay()
    {
        var link = new Link(1);
        Assert.NotNull(link.Enter(0, Packet));

        link.Rules = LinkRules.Perfect with { Cut = true };

        Assert.Null(link.Enter(0, Packet));
        Assert.False(link.Leave(Packet));
        Assert.Equal(2, link.Counts.Cut);
    }

    private static Link Of(LinkRules rules) => new(1) { Rules = rules };
}
