using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Sellers;
using FederationNode.Grains.Sellers;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Sellers;

/// <summary>What members asked a holder for gets into its receipts log: each day once, when it is over, whatever happens.</summary>
public sealed class EvaluationRecorderTests
{
    private const long Day = TestCoalition.Issued / 86_400;

    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    [Theory, OnSqlite, OnPostgres]
    public async Task Write_WhenTheDayIsOver_CountsGrantedAndRefusedOnce(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        await TakeAsync(node, "b/tel/1", 40, 40);
        await TakeAsync(node, "c/email/2", 7);
        Assert.True(await RecordAsync(node));
        Assert.Empty(await SaidAsync(node));

        node.Clock.Advance(s_day);
        await TakeAsync(node, "b/tel/1", 5);
        Assert.True(await RecordAsync(node));
        Assert.True(await RecordAsync(node));

        var said = Assert.Single(await SaidAsync(node));
        Assert.Equal(
            new EvaluationsPayload(Day, [new EvaluationCount("b", "tel", 1, 40, 40), new EvaluationCount("c", "email", 2, 7, 0)]), said);

        node.Clock.Advance(s_day);
        Assert.True(await RecordAsync(node));
        Assert.Equal(
            [said, new EvaluationsPayload(Day + 1, [new EvaluationCount("b", "tel", 1, 5, 0)])], await SaidAsync(node));
    }

    [Fact]
    public async Task Write_DaysThatWereMissed_AreCaughtUpAfterARestart()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            await TakeAsync(node, "b/tel/1", 10);
            node.Clock.Advance(s_day);
            await TakeAsync(node, "b/tel/1", 20, 90);
            node.Clock.Advance(TimeSpan.FromMinutes(1));
            await TestNode.DeactivateAsync(node.Grains.GetGrain<ITagQuotaGrain>("b/tel/1"));
        }

        await using var again = await TestNode.StartAsync(sandbox);
        again.Clock.Advance(5 * s_day);
        Assert.True(await RecordAsync(again));

        Assert.Equal(
            [
                new EvaluationsPayload(Day, [new EvaluationCount("b", "tel", 1, 10, 0)]),
                new EvaluationsPayload(Day + 1, [new EvaluationCount("b", "tel", 1, 20, 90)]),
            ],
            await SaidAsync(again));
    }

    /// <summary>The entry is there, and whoever wrote it was stopped before it could remember that.</summary>
    [Fact]
    public async Task Write_CrashBetweenTheLogAndTheRow_SaysNothingTwice()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            await TakeAsync(node, "b/tel/1", 10);
            node.Clock.Advance(s_day);
            Assert.Single(await CloseAsync(node, "b/tel/1"));
            node.Storage.BeforeWrite = WatchedStorage.FailOnce(TagQuotaGrain.RowKind);
            await Assert.ThrowsAnyAsync<Exception>(() => RecordAsync(node));
            Assert.Single(await SaidAsync(node));
        }

        await using var again = await TestNode.StartAsync(sandbox);
        again.Clock.Advance(s_day);
        Assert.True(await RecordAsync(again));

        Assert.Single(await SaidAsync(again));
        Assert.Empty(await CloseAsync(again, "b/tel/1"));
    }

    [Fact]
    public async Task Write_TwoActivations_CountEachElementOnce()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var first = await TestNode.StartAsync(sandbox);
        await using var second = await TestNode.StartAsync(sandbox, clock: first.Clock);
        for (var i = 0; i < 10; i++)
        {
            await TakeAsync(i % 2 == 0 ? first : second, "b/tel/1", 3);
        }

        first.Clock.Advance(s_day);
        Assert.True(await RecordAsync(first));

        var said = Assert.Single(await SaidAsync(first));
        Assert.Equal([new EvaluationCount("b", "tel", 1, 30, 0)], said.Counts.AsEnumerable());
    }

    /// <summary>A clock that goes back does not let a day grow that was counted.</summary>
    [Fact]
    public async Task Take_ClockGoesBackBehindACountedDay_CountsOnALaterOne()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            await TakeAsync(node, "b/tel/1", 10);
            node.Clock.Advance(s_day);
            Assert.True(await RecordAsync(node));
        }

        await using var again = await TestNode.StartAsync(sandbox);
        await TakeAsync(again, "b/tel/1", 1);
        again.Clock.Advance(2 * s_day);
        Assert.True(await RecordAsync(again));

        Assert.Equal([Day, Day + 1], (await SaidAsync(again)).Select(s => s.Day));
    }

    [Fact]
    public async Task Write_ManyMembers_AreSplitIntoEntries()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        for (var epoch = 1; epoch <= EvaluationsPayload.MaxCounts + 1; epoch++)
        {
            await node.Rows.WriteAsync(
                TagQuotaGrain.RowKind,
                TagQuotaGrain.KeyOf("b", "tel", epoch),
                new TagQuotaRow { Day = Day, OfDay = epoch, Days = new() { [Day] = [epoch, 0] } },
                null);
        }

        node.Clock.Advance(s_day);
        Assert.True(await RecordAsync(node));

        var said = await SaidAsync(node);
        Assert.Equal([256, 1], said.Select(s => s.Counts.Length));
        Assert.Equal(257, said[1].Counts[0].Evaluated);
    }

    [Fact]
    public async Task Statements_ReadAgainAfterARestart_AreThoseOfTheLog()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            await TakeAsync(node, "b/tel/1", 10);
            node.Clock.Advance(s_day);
            Assert.True(await RecordAsync(node));
            await Statements(node).ReadOnAsync(default);
            AssertStated(node);
        }

        await using var again = await TestNode.StartAsync(sandbox);
        await again.Log(TestCoalition.Receipts("a")).GetStatusAsync();
        await Statements(again).ReadOnAsync(default);

        AssertStated(again);
        Assert.Equal(0, again.Storage.Writes(SellerStatements.RowKind));

        static void AssertStated(TestNode node)
        {
            var (log, counts) = Assert.Single(Statements(node).Counts());
            Assert.Equal(TestCoalition.Receipts("a"), log.Text);
            Assert.Equal(new StatedCount(0, Day, "b", "tel", 1, 10, 0), Assert.Single(counts));
        }
    }

    [Fact]
    public async Task Statements_DamagedRow_IsReadAgainFromTheLog()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.Rows.WriteAsync(
            SellerStatements.RowKind, TestCoalition.Receipts("a"), new SellerStatementsRow { Read = -1 }, null);
        await TakeAsync(node, "b/tel/1", 10);
        node.Clock.Advance(s_day);

        Assert.True(await RecordAsync(node));

        await Statements(node).ReadOnAsync(default);
        Assert.Single(Assert.Single(Statements(node).Counts()).Counts);
        Assert.Contains(node.Damages.All(), d => d.Contains("read again", StringComparison.Ordinal));
    }

    private static SellerStatements Statements(TestNode node) => node.Services.GetRequiredService<SellerStatements>();

    private static Task<bool> RecordAsync(TestNode node) =>
        node.Services.GetRequiredService<EvaluationRecorder>().WriteAsync(CancellationToken.None);

    /// <summary>Has elements granted, and then others refused.</summary>
    private static async Task TakeAsync(TestNode node, string key, int granted, int refused = 0)
    {
        var quota = node.Grains.GetGrain<ITagQuotaGrain>(key);
        Assert.Null((await quota.TakeAsync(granted, 100, 100)).Limit);
        if (refused > 0)
        {
            Assert.NotNull((await quota.TakeAsync(refused, granted, granted)).Limit);
        }
    }

    private static Task<IReadOnlyList<CountedDay>> CloseAsync(TestNode node, string key) =>
        node.Grains.GetGrain<ITagQuotaGrain>(key).CloseDaysAsync(node.Clock.GetUtcNow().ToUnixTimeSeconds() / 86_400);

    private static async Task<List<EvaluationsPayload>> SaidAsync(TestNode node)
    {
        var origin = Origin.Parse(TestCoalition.Receipts("a"));
        var (_, entries) = await node.ReadAllAsync(origin.Text);
        return
        [
            .. entries.Select((e, i) => Interpret(origin, i, e)).OfType<EvaluationsPayload>(),
        ];

        static Payload? Interpret(Origin origin, int index, StoredEntry entry) =>
            LogEntry.TryInterpret(
                origin, index, MerkleHash.Leaf(entry.Leaf), entry.Leaf, entry.Salt, entry.Payload, out var meaning, out _)
                ? meaning.Payload
                : null;
    }
}
