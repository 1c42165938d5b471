using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>What peers are answered.</summary>
public sealed class ServingTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Fact]
    public async Task AnswerHeads_FirstQuestion_TellsAllThatCountsAndTheAskersOwnCheckpoints()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 30);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 10));
        await node.Log(s_b).ExtendAsync(writer.Range(10, 20, 30));
        await OwnLogTests.AppendAsync(node, 3);
        await node.ReplicateAsync(s_b);

        var answer = await AskAsync(node, "b", Question());

        // What is held beyond the newest head is not told.
        Assert.Equal([(s_own, 3L), (s_b, 10L)], answer.Heads.Select(h => (h.Origin, h.Size)));
        Assert.Equal((writer.Root(10), null), (answer.Heads[1].Root, answer.Heads[1].FrozenAt));
        Assert.Equal(writer.Checkpoint(10), Assert.Single(answer.Yours));
        Assert.Equal(HeadsVector.ComputeDigest(answer.Heads), answer.Digest);
        Assert.NotEqual(0UL, answer.Instance);
        Assert.False(answer.Paused);
        Assert.Empty((await AskAsync(node, "c", Question())).Yours);
    }

    [Fact]
    public async Task AnswerHeads_AskedAgain_TellsOnlyWhatChanged()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 30);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 10));
        await node.ReplicateAsync(s_b);
        var first = await AskAsync(node, "b", Question());
        var second = await AskAsync(node, "b", After(first));
        Assert.Empty(second.Heads);
        Assert.Empty(second.Yours);

        await OwnLogTests.AppendAsync(node, 3);
        var third = await AskAsync(node, "b", After(second));

        Assert.Equal([(s_own, 3L)], third.Heads.Select(h => (h.Origin, h.Size)));
        Assert.NotEqual(second.Digest, third.Digest);
        Assert.Equal(2, (await AskAsync(node, "b", After(third) with { Instance = 7 })).Heads.Count);
        Assert.NotEqual(0, node.Links.Get("b").LastContact);
    }

    [Fact]
    public async Task AnswerHeads_HeldQuestion_IsAnsweredAsSoonAsThereIsNews()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.ReplicateAsync();
        var first = await AskAsync(node, "c", Question());
        var now = await AskAsync(node, "c", After(first));
        var held = AskAsync(node, "c", After(now) with { Wait = 20_000 });
        await node.AdvanceAsync(19_000);
        Assert.False(held.IsCompleted);

        await OwnLogTests.AppendAsync(node, 1);

        var answer = await held.WaitAsync(TestNode.Patience());
        Assert.Equal([(s_own, 1L)], answer.Heads.Select(h => (h.Origin, h.Size)));
    }

    [Theory]
    [InlineData(1_000, 1_000)]
    [InlineData(20_000, 20_000)]
    [InlineData(int.MaxValue, Limits.MaxHeadsWait)]
    public async Task AnswerHeads_HeldQuestionWithoutNews_IsAnsweredWhenItsTimeIsOver(int wait, int most)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, configure: s => s.AddSingleton(
            new ReplicationOptions { LinkTimeout = 60_000 }));
        await node.ReplicateAsync();
        var first = await AskAsync(node, "c", Question());
        var now = await AskAsync(node, "c", After(first));

        // Its peers do not answer meanwhile, which changes nothing that it tells.
        var held = AskAsync(node, "c", After(now) with { Wait = wait });
        await node.AdvanceAsync(most - 1);
        Assert.False(held.IsCompleted);
        await node.AdvanceAsync(1);

        Assert.Empty((await held.WaitAsync(TestNode.Patience())).Heads);
    }

    [Fact]
    public async Task AnswerHeads_HeldQuestionAndTheAskerGoesAway_Ends()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.ReplicateAsync();
        var first = await AskAsync(node, "c", Question());
        using var cancel = new CancellationTokenSource();
        var held = node.Replication.AnswerHeadsAsync(
            "c", After(await AskAsync(node, "c", After(first))) with { Wait = 20_000 }, cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held.WaitAsync(TestNode.Patience()));
    }

    [Fact]
    public async Task AnswerHeads_HeldQuestionAndTheNodeStops_Ends()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.ReplicateAsync();
        var first = await AskAsync(node, "c", Question());
        var held = AskAsync(node, "c", After(await AskAsync(node, "c", After(first))) with { Wait = 20_000 });

        await node.Replication.StopAsync(CancellationToken.None);

        await held.WaitAsync(TestNode.Patience());
    }

    [Fact]
    public async Task TakePush_EntriesThatContinueTheLog_AreStored()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 30);
        await node.ReplicateAsync(s_b);

        Assert.Equal(
            new ExtendResult(ExtendOutcome.Extended, 20, null, 20),
            await node.Replication.TakePushAsync("b", s_b, writer.Range(0, 20), 20));
        Assert.Equal(
            new ExtendResult(ExtendOutcome.Extended, 30, null, 30),
            await node.Replication.TakePushAsync("b", s_b, writer.Range(15, 30), 30));
        var bad = writer.Range(10, 30);
        var refused = await node.Replication.TakePushAsync("b", s_b, bad with { Entries = [.. bad.Entries.Reverse()] }, 30);
        Assert.Equal((ExtendOutcome.Refused, 30), (refused.Outcome, refused.Size));
    }

    [Fact]
    public async Task TakePush_BeyondTheQuota_IsNotStoredUntilOthersHoldItOrTimeHasPassed()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, configure: s => s.AddSingleton(
            new ReplicationOptions { QuotaBurst = 100, QuotaPerDay = 100 }));
        var writer = WriterLog.WithListings(s_b, 300);
        var (b, secretariat) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat));
        b.OnRange = (_, _) => throw TestTransport.Refusal("b", 503);
        await node.ReplicateAsync([b, secretariat], s_b);

        Assert.Equal(ExtendOutcome.Extended, (await node.Replication.TakePushAsync("b", s_b, writer.Range(0, 80), 80)).Outcome);
        Assert.Equal(
            new ExtendResult(ExtendOutcome.Gap, 80, null, 80),
            await node.Replication.TakePushAsync("b", s_b, writer.Range(80, 130), 130));
        Assert.Equal(
            new ExtendResult(ExtendOutcome.Extended, 100, null, 100),
            await node.Replication.TakePushAsync("b", s_b, writer.Range(80, 100), 130));

        // Half a day later half of a day's allowance is there again.
        await node.AdvanceAsync(12 * 3_600_000);
        Assert.Equal(
            new ExtendResult(ExtendOutcome.Extended, 150, null, 150),
            await node.Replication.TakePushAsync("b", s_b, writer.Range(100, 150), 150));
        Assert.Equal(ExtendOutcome.Gap, (await node.Replication.TakePushAsync("b", s_b, writer.Range(150, 151), 151)).Outcome);

        // What more than a third of the other members hold is free.
        secretariat.Hold(writer);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.HeadSize == 300, 500);
    }

    [Fact]
    public async Task Fetch_BeyondTheQuota_StopsAtItAndTheMemberIsNoted()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, configure: s => s.AddSingleton(
            new ReplicationOptions { QuotaBurst = 100, QuotaPerDay = 100 }));
        var writer = WriterLog.WithListings(s_b, 300);
        var b = node.Peers.Play("b");
        b.Hold(writer);

        await node.ReplicateAsync([b], s_b);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)!.Size == 100);
        await node.AdvanceUntilAsync(() => node.Links.Get("b").Note is not null);

        Assert.Contains("quota", node.Links.Get("b").Note, StringComparison.Ordinal);
        Assert.InRange(node.Heads.Get(s_b)!.Size, 100, 101);
    }

    private static HeadsQuestion Question() => new(default, 0, 0, [], 0);

    private static HeadsQuestion After(HeadsAnswer answer) => new(answer.Digest, answer.Instance, answer.Version, [], 0);

    private static async Task<HeadsAnswer> AskAsync(TestNode node, string member, HeadsQuestion question) =>
        (await node.Replication.AnswerHeadsAsync(member, question, CancellationToken.None))!;
}
