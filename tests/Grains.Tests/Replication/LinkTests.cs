using FederationNode.Contracts.Peers;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>Whom the node talks to, how patient it is, and what it remembers of that.</summary>
public sealed class LinkTests
{
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Heads_PeerDoesNotAnswer_IsLeftAloneTwiceAsLongEachTimeAlsoAfterARestart(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        double[] expected = [1, 2, 4, 8, 16, 30, 30];
        var node = await TestNode.StartAsync(sandbox);
        try
        {
            await node.ReplicateAsync();
            for (var i = 0; i < expected.Length; i++)
            {
                await node.AdvanceUntilAsync(() => node.Links.Get("b").Failures == i + 1, 10);
                var link = node.Links.Get("b");
                Assert.Equal((false, 0L), (link.Reachable, link.LastContact));
                Assert.Contains("no answer", link.LastError, StringComparison.Ordinal);

                var clock = node.Clock;
                await node.DisposeAsync();
                node = await TestNode.StartAsync(sandbox, clock: clock);
                var row = await node.Grains.GetGrain<IPeerGrain>("b").LoadAsync();
                var wait = row.NextAttempt - clock.GetUtcNow().ToUnixTimeMilliseconds();
                Assert.Equal(i + 1, row.Failures);
                Assert.InRange(wait / 1000.0, (0.8 * expected[i]) - 0.011, (1.2 * expected[i]) + 0.011);

                // A node that has just started asks within half a second, if it may.
                await node.ReplicateAsync();
                await node.AdvanceAsync(wait - 1);
                Assert.Empty(QuestionsTo(node, "b"));
                await node.AdvanceUntilAsync(() => QuestionsTo(node, "b").Count > 0, 10);
                Assert.InRange(clock.GetUtcNow().ToUnixTimeMilliseconds(), row.NextAttempt, row.NextAttempt + 510);
            }

            var b = node.Peers.Play("b");
            await node.AdvanceUntilAsync(() => b.IsHeard, 500);
            var well = node.Links.Get("b");
            Assert.Equal((true, 0, null), (well.Reachable, well.Failures, well.LastError));
            var memory = await node.Grains.GetGrain<IPeerGrain>("b").LoadAsync();
            Assert.Equal((0, 0L), (memory.Failures, memory.NextAttempt));
        }
        finally
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task Fetch_LogThatAPeerCannotGive_IsNotAskedForAgainTooSoonAlsoAfterARestart()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var node = await TestNode.StartAsync(sandbox);
        try
        {
            for (var failures = 1; failures <= 4; failures++)
            {
                node.Peers.Play("b").Show(s_b, 5, Hash256.Of([1]));
                var until = (await node.Grains.GetGrain<IPeerGrain>("b").LoadAsync()).Logs.SingleOrDefault()?.Until ?? 0;
                await node.ReplicateAsync(s_b);
                await node.AdvanceUntilAsync(() => !node.Peers.Ranges.IsEmpty, 10);
                Assert.InRange(node.Clock.GetUtcNow().ToUnixTimeMilliseconds(), until, long.MaxValue);
                await node.SettleAsync();

                var log = Assert.Single((await node.Grains.GetGrain<IPeerGrain>("b").LoadAsync()).Logs);
                Assert.Equal((s_b, nameof(RequestFault.NotHeld), failures), (log.Origin, log.Reason, log.Failures));
                var wait = log.Until - node.Clock.GetUtcNow().ToUnixTimeMilliseconds();
                Assert.InRange(wait, 790 << (failures - 1), 1210 << (failures - 1));
                var clock = node.Clock;
                await node.DisposeAsync();
                node = await TestNode.StartAsync(sandbox, clock: clock);
            }
        }
        finally
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task Heads_ClockWasSetBack_PeerIsNotLeftAloneUntilTheOldTime()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var future = node.Clock.GetUtcNow().AddYears(1).ToUnixTimeMilliseconds();
        await node.Grains.GetGrain<IPeerGrain>("b").SaveAsync(
            new PeerMemory(0, 3, future, [new PeerLogBackoff(s_b, "NotHeld", 3, future)]));
        var (b, writer) = (node.Peers.Play("b"), WriterLog.WithListings(s_b, 5));
        b.Hold(writer);
        await node.ReplicateAsync(s_b);
        var options = new ReplicationOptions();
        await node.AdvanceAsync((1.2 * options.MaxLinkBackoff) - 1);
        Assert.Empty(QuestionsTo(node, "b"));

        await node.AdvanceAsync(1);
        Assert.Single(QuestionsTo(node, "b"));
        Assert.Empty(node.Peers.Ranges);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.HeadSize == 5, 5_000);
        var waited = node.Clock.GetUtcNow().ToUnixTimeSeconds() - TestCoalition.Issued;
        Assert.InRange(waited, options.MaxLogBackoff / 1_000, (1.2 * options.MaxLogBackoff / 1_000) + 6);
    }

    [Fact]
    public async Task Heads_RowOfTheDatabaseMakesNoSense_PeerIsAskedAllTheSame()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.Grains.GetGrain<IPeerGrain>("b").SaveAsync(new PeerMemory(
            long.MinValue,
            int.MinValue,
            long.MinValue,
            [new("", "", 0, 0), new("no origin", "NotHeld", 1, 1), new(s_b, "no reason", int.MaxValue, long.MaxValue)]));
        var (b, writer) = (node.Peers.Play("b"), WriterLog.WithListings(s_b, 5));
        b.Hold(writer);

        await node.ReplicateAsync([b], s_b);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.HeadSize == 5);
    }

    [Fact]
    public async Task Heads_PeerHangs_IsGivenUpAfterTenSeconds()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        node.Peers.Play("b").OnHeads = async (_, cancel) =>
        {
            await node.Peers.HangAsync(cancel);
            throw new InvalidOperationException();
        };
        await node.ReplicateAsync();
        await node.AdvanceUntilAsync(() => node.Peers.Hanging == 1, 1);

        await node.AdvanceAsync(new ReplicationOptions().ExchangeTimeout - 1);
        Assert.Equal((1, 0), (node.Peers.Hanging, node.Links.Get("b").Failures));
        await node.AdvanceAsync(1);

        Assert.Equal((0, 1), (node.Peers.Hanging, node.Links.Get("b").Failures));
        Assert.Contains("within 10 s", node.Links.Get("b").LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heads_RosterInForce_EveryPeerWithAnAddressIsAskedAboutEveryTwoSeconds()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        PlayedPeer[] peers = [node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat), node.Peers.Play("c")];
        await node.ReplicateAsync();
        for (var i = 0; i < 200; i++)
        {
            await node.AdvanceAsync(100);
        }

        foreach (var peer in peers[..2])
        {
            var questions = QuestionsTo(node, peer.Name);
            Assert.InRange(questions.Count, 8, 13);
            Assert.Equal((0UL, 0L), (questions[0].Instance, questions[0].Since));
            Assert.All(questions.Skip(1), q => Assert.NotEqual((0UL, 0L), (q.Instance, q.Since)));
            Assert.All(questions, q => Assert.Equal(0, q.Wait));
        }

        Assert.Empty(QuestionsTo(node, "c"));
    }

    [Fact]
    public async Task Heads_NodeCannotBeDialled_LetsItsQuestionsBeHeldOpen()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, member: "c");
        var b = node.Peers.Play("b");
        var held = 0;
        b.OnHeads = async (question, cancel) =>
        {
            if (question.Wait > 0)
            {
                held++;
                await node.Peers.HangAsync(cancel);
            }

            return b.Answer(question);
        };

        await node.ReplicateAsync();
        await node.AdvanceUntilAsync(() => held > 0);
        Assert.Equal(new ReplicationOptions().LongPoll, QuestionsTo(node, "b").Last().Wait);

        // The question may take the wait and the time of any exchange.
        await node.AdvanceAsync(new ReplicationOptions().LongPoll + new ReplicationOptions().ExchangeTimeout - 1);
        Assert.Equal((1, 0), (node.Peers.Hanging, node.Links.Get("b").Failures));
    }

    [Fact]
    public async Task Start_NoRoster_KnowsTheSecretariatOnlyAndThenWhomTheRosterNames()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, rostered: false);
        var (b, secretariat) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat));
        await node.ReplicateAsync([secretariat]);
        Assert.Equal([Origin.Secretariat], node.Peers.Questions.Select(q => q.Member).Distinct());

        node.Roster.Put(TestCoalition.Roster());
        await node.AdvanceUntilAsync(() => b.IsHeard);

        // A peer that is suspended is left alone, and may come back.
        node.Roster.Put(TestCoalition.Roster(2).With("b", m => m with { Status = MemberStatus.Suspended }));
        await node.SettleAsync();
        node.Peers.Questions.Clear();
        for (var i = 0; i < 20; i++)
        {
            await node.AdvanceAsync(500);
        }

        Assert.Equal([Origin.Secretariat], node.Peers.Questions.Select(q => q.Member).Distinct());
        node.Roster.Put(TestCoalition.Roster(3));
        await node.AdvanceUntilAsync(() => QuestionsTo(node, "b").Count > 0);
    }

    [Fact]
    public async Task Stop_ExchangesUnderWay_EndsThemAllAndStartsNoOther()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        foreach (var peer in (PlayedPeer[])[node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat)])
        {
            peer.OnHeads = async (_, cancel) =>
            {
                await node.Peers.HangAsync(cancel);
                throw new InvalidOperationException();
            };
        }

        await node.ReplicateAsync();
        await node.AdvanceUntilAsync(() => node.Peers.Hanging == 2);

        await node.Replication.StopAsync(CancellationToken.None);

        Assert.Equal(0, node.Peers.Hanging);
        node.Clock.Advance(TimeSpan.FromMinutes(5));
        await node.SettleAsync();
        Assert.Equal(2, node.Peers.Questions.Count);
    }

    private static List<HeadsQuestion> QuestionsTo(TestNode node, string member) =>
        [.. node.Peers.Questions.Where(q => q.Member == member).Select(q => q.Question)];
}
