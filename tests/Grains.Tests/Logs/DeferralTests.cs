using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>Requests that come while the indicators log may not sign: kept, in order, once each, and never lost.</summary>
public sealed class DeferralTests
{
    private static readonly string s_log = TestCoalition.Indicators("a");

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_NotConfirmed_WaitsThroughARestartAndIsLoggedInOrderOnConfirmation(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using (var first = await TestNode.StartAsync(sandbox, confirmed: false))
        {
            AssertWaits(await AppendAsync(first, Sample.Request(0, 2, "one")), 2, repeated: false);
            AssertWaits(await AppendAsync(first, Sample.Request(2, 1)), 1, repeated: false);
            AssertWaits(await AppendAsync(first, Sample.Request(3, 3, "three")), 3, repeated: false);
        }

        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        Assert.Equal(0, (await node.Log(s_log).GetStatusAsync()).Size);
        Assert.Equal(6, node.Heads.AllDeferred[s_log].Count);

        await node.Log(s_log).ConfirmAsync();

        var (status, entries) = await node.ReadAllAsync(s_log);
        Assert.Equal((6, 6), (status.Size, status.SignedSize));
        Assert.Equal(Sample.Listings(0, 6).Select(e => e.Payload), entries.Select(e => e.Payload!));
        Assert.Empty(node.Heads.AllDeferred[s_log]);
    }

    [Fact]
    public async Task Append_SameKeyWhileItWaitsAndAfterwards_HasOneEffect()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        AssertWaits(await AppendAsync(node, Sample.Request(0, 2, "one")), 2, repeated: false);
        AssertWaits(await AppendAsync(node, Sample.Request(0, 2, "one")), 2, repeated: true);
        Assert.Equal(AppendRefusal.KeyReused, (await AppendAsync(node, Sample.Request(7, 2, "one"))).Refusal);
        await TestNode.DeactivateAsync(node.Log(s_log));
        AssertWaits(await AppendAsync(node, Sample.Request(0, 2, "one")), 2, repeated: true);

        await node.Log(s_log).ConfirmAsync();
        await node.Log(s_log).ConfirmAsync();

        var logged = await AppendAsync(node, Sample.Request(0, 2, "one"));
        Assert.Equal((0L, 2, true, false), (logged.First, logged.Count, logged.Repeated, logged.Deferred));
        Assert.Equal(2, (await node.Log(s_log).GetStatusAsync()).Size);
    }

    [Fact]
    public async Task Append_SameKeyTwiceInOneBatch_WaitsOnce()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);

        var results = await node.Log(s_log).AppendAsync([Sample.Request(0, 2, "one"), Sample.Request(0, 2, "one")]);

        AssertWaits(results[0], 2, repeated: false);
        AssertWaits(results[1], 2, repeated: true);
        await node.Log(s_log).ConfirmAsync();
        Assert.Equal(2, (await node.Log(s_log).GetStatusAsync()).Size);
    }

    [Fact]
    public async Task Append_KeyLoggedInAnEarlierRun_IsARepetitionAndDoesNotWait()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var first = await TestNode.StartAsync(sandbox))
        {
            Assert.Equal(0, (await AppendAsync(first, Sample.Request(0, 1, "one"))).First);
        }

        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        var repeated = await AppendAsync(node, Sample.Request(0, 1, "one"));

        Assert.Equal((0L, true, false), (repeated.First, repeated.Repeated, repeated.Deferred));
        Assert.False(node.Heads.AllDeferred.TryGetValue(s_log, out var waiting) && waiting.Count > 0);
    }

    [Fact]
    public async Task Append_MoreThanMayWait_IsRefusedWithTheReasonAndWhatWaitsStays()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        for (var at = 0; at < Limits.MaxDeferredEntries; at += Limits.MaxAppendEntries)
        {
            var count = Math.Min(Limits.MaxAppendEntries, Limits.MaxDeferredEntries - at);
            AssertWaits(await AppendAsync(node, Sample.Request(at, count)), count, repeated: false);
        }

        var refused = await AppendAsync(node, Sample.Request(Limits.MaxDeferredEntries, 1));

        Assert.Equal(AppendRefusal.Behind, refused.Refusal);
        Assert.NotEmpty(refused.Error!);
        await node.Log(s_log).ConfirmAsync();
        Assert.Equal(Limits.MaxDeferredEntries, (await node.Log(s_log).GetStatusAsync()).Size);
    }

    [Fact]
    public async Task Append_NoValidEntry_IsRefusedAndDoesNotWait()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);

        var refused = await AppendAsync(node, new AppendRequest([new NewEntry("Not A Kind", [1], null)], null));

        Assert.Equal(AppendRefusal.Invalid, refused.Refusal);
        await node.Log(s_log).ConfirmAsync();
        Assert.Equal(0, (await node.Log(s_log).GetStatusAsync()).Size);
    }

    [Fact]
    public async Task Append_ReceiptsLogNotConfirmed_IsRefused()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);

        var results = await node.Log(TestCoalition.Receipts("a")).AppendAsync([Sample.Request(0, 1)]);

        Assert.Equal(AppendRefusal.Behind, Assert.Single(results).Refusal);
    }

    private static async Task<AppendResult> AppendAsync(TestNode node, AppendRequest request) =>
        Assert.Single(await node.Log(s_log).AppendAsync([request]));

    private static void AssertWaits(AppendResult result, int count, bool repeated) => Assert.Equal(
        (-1L, count, repeated, AppendRefusal.None, true),
        (result.First, result.Count, result.Repeated, result.Refusal, result.Deferred));
}
