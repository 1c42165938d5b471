using CsCheck;
using FederationNode.Protocol.Sellers.Quotas;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers.Quotas;

/// <summary>What a member may ask for, and when it may ask for more.</summary>
public sealed class QuotaCountTests
{
    private const long Noon = 1_790_035_200 + (12 * 3600);

    private static readonly TagQuota s_quota = new(Day: 100, Minute: 40);

    [Fact]
    public void Take_WithinBoth_IsCountedAndSaysWhatIsLeftOfTheDay()
    {
        var first = default(QuotaCount).Take(s_quota, 30, Noon);
        var second = first.Count.Take(s_quota, 10, Noon + 1);

        Assert.Equal((QuotaLimit.None, 0, 70), (first.Beyond, first.RetryAfter, first.Left));
        Assert.Equal((QuotaLimit.None, 0, 60), (second.Beyond, second.RetryAfter, second.Left));
        Assert.Equal((40, 40), (second.Count.OfDay, second.Count.OfMinute));
    }

    [Fact]
    public void Take_BeyondTheMinute_IsRefusedWholeUntilTheNext()
    {
        var count = default(QuotaCount).Take(s_quota, 30, Noon + 5).Count;
        var refused = count.Take(s_quota, 11, Noon + 20);

        Assert.Equal((QuotaLimit.Minute, 40, 10), (refused.Beyond, refused.RetryAfter, refused.Left));
        Assert.Equal(count, refused.Count);
        Assert.Equal(QuotaLimit.None, count.Take(s_quota, 11, Noon + 60).Beyond);
    }

    [Fact]
    public void Take_BeyondTheDay_IsRefusedUntilMidnightUtc()
    {
        var count = default(QuotaCount);
        for (var i = 0; i < 3; i++)
        {
            count = count.Take(s_quota, 33, Noon + (60 * i)).Count;
        }

        var refused = count.Take(s_quota, 2, Noon + 600);

        Assert.Equal((QuotaLimit.Day, (12 * 3600) - 600, 1), (refused.Beyond, refused.RetryAfter, refused.Left));
        Assert.Equal(QuotaLimit.None, count.Take(s_quota, 1, Noon + 600).Beyond);
        Assert.Equal(QuotaLimit.None, count.Take(s_quota, 40, Noon + (12 * 3600)).Beyond);
    }

    [Fact]
    public void Take_ClockGoesBack_GivesNoMore()
    {
        var count = default(QuotaCount).Take(s_quota, 40, Noon).Count;

        var refused = count.Take(s_quota, 1, Noon - 86_400);

        Assert.Equal(QuotaLimit.Minute, refused.Beyond);
        Assert.Equal(86_460, refused.RetryAfter);
        Assert.Equal(20, count.Take(s_quota, 40, Noon + 60).Left);
    }

    [Fact]
    public void Take_LimitsLowered_HoldAtOnce()
    {
        var count = default(QuotaCount).Take(s_quota, 40, Noon).Count;

        Assert.Equal((QuotaLimit.Day, 0), (count.Take(new TagQuota(10, 10), 1, Noon + 60).Beyond, count.Take(new TagQuota(10, 10), 1, Noon + 60).Left));
    }

    /// <summary>However requests come, what was granted in one minute and one day is within the limits.</summary>
    [Fact]
    public void Take_AnyRequests_StayWithinTheLimits() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[-30, 200]).Array[1, 400].Sample(requests =>
        {
            var (count, now) = (default(QuotaCount), Noon);
            var granted = new Dictionary<(char, long), long>();
            foreach (var (elements, step) in requests)
            {
                now += step;
                var taken = count.Take(s_quota, elements, now);
                count = taken.Count;
                if (taken.Beyond == QuotaLimit.None)
                {
                    granted[('d', count.Day)] = granted.GetValueOrDefault(('d', count.Day)) + elements;
                    granted[('m', count.Minute)] = granted.GetValueOrDefault(('m', count.Minute)) + elements;
                }
                else
                {
                    Assert.True(taken.RetryAfter > 0);
                }
            }

            Assert.All(granted, g => Assert.InRange(g.Value, 1, g.Key.Item1 == 'd' ? s_quota.Day : s_quota.Minute));
        });
}
