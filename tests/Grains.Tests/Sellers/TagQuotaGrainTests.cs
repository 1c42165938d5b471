using FederationNode.Contracts.Sellers;
using FederationNode.Grains.Sellers;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using Xunit;

namespace FederationNode.Grains.Tests.Sellers;

/// <summary>What a member has asked a holder for is counted once each, and never forgotten.</summary>
public sealed class TagQuotaGrainTests
{
    private const string Key = "b/tel/1";

    [Theory, OnSqlite, OnPostgres]
    public async Task Take_UpToTheLimit_ThenRefusedAlsoAfterARestart(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            var quota = Of(node);
            Assert.Equal(new QuotaTaken(null, 0, 60), await quota.TakeAsync(40, 100, 90));
            await TestNode.DeactivateAsync(quota);
            Assert.Equal(new QuotaTaken(null, 0, 20), await quota.TakeAsync(40, 100, 90));
            Assert.Equal(("minute", 10), Refused(await quota.TakeAsync(11, 100, 90)));
        }

        await using var again = await TestNode.StartAsync(sandbox);
        Assert.Equal(("minute", 10), Refused(await Of(again).TakeAsync(11, 100, 90)));
        Assert.Equal(("day", 20), Refused(await Of(again).TakeAsync(21, 100, 90)));
        again.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new QuotaTaken(null, 0, 0), await Of(again).TakeAsync(20, 100, 90));
        var refused = await Of(again).TakeAsync(1, 100, 90);
        Assert.Equal(("day", 0), Refused(refused));

        again.Clock.Advance(TimeSpan.FromSeconds(refused.RetryAfterSeconds - 1));
        Assert.Equal("day", (await Of(again).TakeAsync(1, 100, 90)).Limit);
        again.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null((await Of(again).TakeAsync(1, 100, 90)).Limit);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Take_ManyAtOnceFromTwoActivations_GrantsTheLimitAndNoMore(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var first = await TestNode.StartAsync(sandbox);
        await using var second = await TestNode.StartAsync(sandbox, clock: first.Clock);
        await Of(first).TakeAsync(1, 1000, 1000);
        await Of(second).TakeAsync(1, 1000, 1000);

        var taken = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => TakeAsync(i % 2 == 0 ? first : second)));

        Assert.Equal(24, taken.Count(t => t));
        Assert.Equal(("day", 0), Refused(await Of(first).TakeAsync(1, 50, 50)));
        Assert.Equal(("day", 0), Refused(await Of(second).TakeAsync(1, 50, 50)));

        // 2 and 24 times 2.
        static async Task<bool> TakeAsync(TestNode node) => (await Of(node).TakeAsync(2, 50, 50)).Limit is null;
    }

    [Fact]
    public async Task Take_StorageFails_GrantsNothingAndForgetsNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await Of(node).TakeAsync(40, 100, 100);
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(TagQuotaGrain.RowKind);

        await Assert.ThrowsAnyAsync<Exception>(() => Of(node).TakeAsync(10, 100, 100));

        Assert.Equal(new QuotaTaken(null, 0, 50), await Of(node).TakeAsync(10, 100, 100));
    }

    [Fact]
    public async Task Take_OtherMemberTypeOrEpoch_IsCountedByItself()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);

        foreach (var key in (string[])[Key, "c/tel/1", "b/email/1", TagQuotaGrain.KeyOf("b", "tel", 2)])
        {
            Assert.Equal(5, (await node.Grains.GetGrain<ITagQuotaGrain>(key).TakeAsync(5, 10, 10)).Left);
        }
    }

    [Fact]
    public async Task Take_DamagedRow_IsNotedAndCountedAnew()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.Rows.WriteAsync(TagQuotaGrain.RowKind, Key, new TagQuotaRow { Day = -1 }, null);

        var refused = await Of(node).TakeAsync(11, 10, 10);

        Assert.Equal("day", refused.Limit);
        Assert.Contains("counted anew", Assert.Single(node.Damages.All()), StringComparison.Ordinal);
        Assert.Null((await Of(node).TakeAsync(10, 10, 10)).Limit);
        Assert.Empty(node.Damages.All());
    }

    private static ITagQuotaGrain Of(TestNode node) => node.Grains.GetGrain<ITagQuotaGrain>(Key);

    private static (string?, long) Refused(QuotaTaken taken) => (taken.Limit, taken.Left);
}
