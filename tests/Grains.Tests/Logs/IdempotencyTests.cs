using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>A request with an idempotency key has one effect, however often and whenever it is made.</summary>
public sealed class IdempotencyTests
{
    private static readonly string s_log = TestCoalition.Indicators("a");

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_SameKeyAgain_GivesTheFirstAnswerAndAppendsNothing(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var log = node.Log(s_log);
        await log.AppendAsync([Sample.Request(0, 5)]);
        var first = Assert.Single(await log.AppendAsync([Sample.Request(5, 3, "k")]));
        await log.AppendAsync([Sample.Request(8, 2)]);

        var again = Assert.Single(await log.AppendAsync([Sample.Request(5, 3, "k")]));
        await TestNode.DeactivateAsync(log);
        var reactivated = Assert.Single(await log.AppendAsync([Sample.Request(5, 3, "k")]));

        Assert.Equal((5, 3, false), (first.First, first.Count, first.Repeated));
        Assert.Equal(first with { Repeated = true }, again);
        Assert.Equal(first with { Repeated = true }, reactivated);
        Assert.Equal(10, (await log.GetStatusAsync()).Size);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_SameKeyManyTimesAtOnce_AppendsOnce(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var appender = node.Services.GetRequiredService<LogAppender>();

        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(
            i => Task.Run(() => appender.AppendAsync(s_log, Sample.Request(i % 4, 2, $"k{i % 4}")))));

        Assert.Equal(8, (await node.Log(s_log).GetStatusAsync()).Size);
        for (var key = 0; key < 4; key++)
        {
            var answers = results.Where((_, i) => i % 4 == key).ToArray();
            Assert.Single(answers.Select(a => (a.First, a.Count, a.Refusal)).Distinct());
            Assert.Equal(AppendRefusal.None, answers[0].Refusal);
            Assert.Single(answers, a => !a.Repeated);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_KeysThatLeftTheHeadRow_AreStillKnown(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var log = node.Log(s_log);
        var first = new List<AppendResult>();
        for (var i = 0; i < 70; i++)
        {
            first.Add(Assert.Single(await log.AppendAsync([Sample.Request(i, 1, $"k{i}")])));
        }

        // A batch in which more keys are new than the head row keeps.
        first.AddRange(await log.AppendAsync([.. Enumerable.Range(70, 80).Select(i => Sample.Request(i, 1, $"k{i}"))]));
        first.Add(Assert.Single(await log.AppendAsync([Sample.Request(150, 1, "k150")])));
        Assert.Equal(Enumerable.Range(0, 151).Select(i => (long)i), first.Select(r => r.First));
        Assert.NotEmpty(await OwnLogTests.KeysAsync(node, LogRowKind.Request));
        var head = await node.Rows.ReadAsync<HeadRow>(LogRowKind.Head, s_log);
        Assert.InRange(head!.Value.Requests.Length, 1, 64);

        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 151; i++)
            {
                var again = Assert.Single(await log.AppendAsync([Sample.Request(i, 1, $"k{i}")]));
                Assert.Equal(first[i] with { Repeated = true }, again);
            }

            await TestNode.DeactivateAsync(log);
        }

        Assert.Equal(151, (await log.GetStatusAsync()).Size);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_SameKeyForOtherContent_IsRefusedAndWritesNothing(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var log = node.Log(s_log);
        for (var i = 0; i < 70; i++)
        {
            await log.AppendAsync([Sample.Request(i, 1, $"k{i}")]);
        }

        var entry = Sample.Entry(Sample.Listing(0));
        AppendRequest[] others =
        [
            Sample.Request(1, 1, "k0"), Sample.Request(0, 2, "k0"), new([entry with { Ref = 1 }], "k0"),
            Sample.Request(0, 1, "k69"), new([Sample.Entry(Sample.Listing(69))], "k69", Hash256.Of([1])),
        ];
        var head = await node.Rows.ReadAsync<HeadRow>(LogRowKind.Head, s_log);
        foreach (var request in others)
        {
            Assert.Equal(AppendRefusal.KeyReused, Assert.Single(await log.AppendAsync([request])).Refusal);
        }

        var together = await log.AppendAsync([Sample.Request(200, 1, "new"), Sample.Request(201, 1, "new")]);

        Assert.Equal([AppendRefusal.None, AppendRefusal.KeyReused], together.Select(r => r.Refusal));
        Assert.Equal(71, (await log.GetStatusAsync()).Size);
        Assert.Equal(70, head!.Value.Size);
    }

    [Fact]
    public async Task Append_SameKeyAndRequestHash_IsARepetitionWhateverTheEntries()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var log = node.Log(s_log);
        var hash = Hash256.Of("the request as the caller made it"u8);
        await log.AppendAsync([new AppendRequest(Sample.Listings(0, 1), "k", hash)]);

        // Long after the listing expired, the same request is still a repetition and not a fault.
        node.Clock.Advance(TimeSpan.FromDays(60));
        var again = Assert.Single(await log.AppendAsync([new AppendRequest(Sample.Listings(0, 1), "k", hash)]));
        var other = Assert.Single(await log.AppendAsync([new AppendRequest(Sample.Listings(7, 1), "k", hash)]));

        Assert.Equal((0, 1, true, AppendRefusal.None), (again.First, again.Count, again.Repeated, again.Refusal));
        Assert.Equal(again, other);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task FindAppend_KnownUnknownAndReusedKeys(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var log = node.Log(s_log);
        for (var i = 0; i < 70; i++)
        {
            await log.AppendAsync([new AppendRequest(Sample.Listings(i, 1), $"k{i}", Hash256.Of([(byte)i]))]);
        }

        foreach (var i in (int[])[0, 69])
        {
            var found = await log.FindAppendAsync($"k{i}", Hash256.Of([(byte)i]));
            Assert.Equal(new AppendResult(i, 1, true, AppendRefusal.None, null), found);
            Assert.Equal(AppendRefusal.KeyReused, (await log.FindAppendAsync($"k{i}", Hash256.Of([255])))!.Refusal);
        }

        Assert.Null(await log.FindAppendAsync("k70", Hash256.Of([70])));
    }

    [Fact]
    public async Task Append_WriteOfABatchFails_ItsRepetitionsFailWithItAndOlderOnesDoNot()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var log = node.Log(s_log);
        await log.AppendAsync([Sample.Request(0, 1, "old")]);
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(LogRowKind.Head);

        var results = await log.AppendAsync(
            [Sample.Request(0, 1, "old"), Sample.Request(1, 1, "new"), Sample.Request(1, 1, "new"), Sample.Request(2, 1, "old")]);

        Assert.Equal(
            [AppendRefusal.None, AppendRefusal.StorageUnavailable, AppendRefusal.StorageUnavailable, AppendRefusal.KeyReused],
            results.Select(r => r.Refusal));
        var again = Assert.Single(await log.AppendAsync([Sample.Request(1, 1, "new")]));
        Assert.Equal((1, false), (again.First, again.Repeated));
    }
}
