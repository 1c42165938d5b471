using FederationNode.Node.Sellers;
using FederationNode.Protocol.Sellers;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FederationNode.Node.Tests.Sellers;

/// <summary>Who went beyond its quota is told of for a day.</summary>
public sealed class QuotaBoardTests
{
    private static readonly SellerScheme s_tel = new(SellerIdentifierType.Telephone, 1);

    [Fact]
    public void Alarms_Refusals_AreSummedByMemberKeyAndLimitForADay()
    {
        var clock = new FakeTimeProvider();
        var board = new QuotaBoard(clock);
        Assert.Empty(board.Alarms());

        board.Refused("beta", s_tel, "minute", 40, 10);
        board.Refused("alpha", s_tel, "day", 100, 3);
        clock.Advance(TimeSpan.FromHours(1));
        board.Refused("beta", s_tel, "minute", 40, 5);

        Assert.Collection(
            board.Alarms(),
            a => Assert.StartsWith("alpha asked for more tags voprf/tel/1 than the 100 a day that it may have: 3 were refused", a, StringComparison.Ordinal),
            b => Assert.StartsWith("beta asked for more tags voprf/tel/1 than the 40 a minute that it may have: 15 were refused, the last at 2000-01-01 01:00:00 UTC", b, StringComparison.Ordinal));

        clock.Advance(TimeSpan.FromHours(23.5));
        Assert.StartsWith("beta", Assert.Single(board.Alarms()), StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Empty(board.Alarms());
        board.Refused("beta", s_tel, "minute", 40, 1);
        Assert.Contains(": 1 were refused", Assert.Single(board.Alarms()), StringComparison.Ordinal);
    }
}
