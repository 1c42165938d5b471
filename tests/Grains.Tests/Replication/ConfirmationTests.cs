using FederationNode.Contracts.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>
/// An own log takes entries once enough peers could have shown that they hold more of it, as after an old backup was
/// restored, and not before all that they did show is back.
/// </summary>
public sealed class ConfirmationTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");

    [Fact]
    public async Task Start_AThirdOfThePeersAnswered_OwnLogsStillTakeNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        await node.ReplicateAsync([node.Peers.Play("b")]);
        await OwnLogTests.AssertDefersAsync(node);

        // One of three peers is a third; two are more.
        var secretariat = node.Peers.Play(Origin.Secretariat);
        await node.AdvanceUntilAsync(() => secretariat.IsHeard, 500);

        await OwnLogTests.AppendAsync(node, 1);
        Assert.True(node.Heads.IsConfirmed(TestCoalition.Receipts("a")));
    }

    [Fact]
    public async Task Start_PeerThatOnlyDialsHasReadTheHeads_CountsLikeOneThatAnswered()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        await node.ReplicateAsync([node.Peers.Play("b")]);
        var heads = await node.Replication.AnswerHeadsAsync("c", Question(), CancellationToken.None);
        await node.SettleAsync();
        await OwnLogTests.AssertDefersAsync(node);

        // Who asks again has seen how much is held here, and would have shown more with its question.
        await node.Replication.AnswerHeadsAsync(
            "c", Question() with { Instance = heads!.Instance, Since = heads.Version }, CancellationToken.None);
        await node.SettleAsync();

        await OwnLogTests.AppendAsync(node, 1);
    }

    [Fact]
    public async Task Start_SamePeerAnswersAgainAndAgain_CountsOnce()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        var b = node.Peers.Play("b");
        await node.ReplicateAsync([b]);
        for (var i = 0UL; i < 5; i++)
        {
            var questions = node.Peers.Questions.Count;
            b.Restart(5_000 + i);
            await node.AdvanceUntilAsync(() => node.Peers.Questions.Count(q => q.Member == "b") > questions + 2, 500);
        }

        await OwnLogTests.AssertDefersAsync(node);
    }

    [Fact]
    public async Task Start_NoRosterYet_OwnLogsTakeNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, rostered: false, confirmed: false);
        await node.ReplicateAsync([node.Peers.Play(Origin.Secretariat)]);

        await OwnLogTests.AssertDefersAsync(node);
    }

    [Fact]
    public async Task Start_SecretariatOfANewCoalition_TakesItsFirstRosterAtOnce()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(
            sandbox, member: Origin.Secretariat, rostered: false, confirmed: false);
        await node.ReplicateAsync();
        await node.SettleAsync();

        var roster = new Protocol.Entries.RosterPayload(TestCoalition.Sign(TestCoalition.Roster()));
        var result = await node.Log(TestCoalition.RosterLog).AppendAsync([new AppendRequest([Sample.Entry(roster)])]);
        Assert.Equal(AppendRefusal.None, Assert.Single(result).Refusal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Start_OldBackupAndAPeerShowsTheCheckpoint_TakesNothingBeforeAllIsFetchedBack(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        var before = await MakeBackupAsync(sandbox, held: 100, size: 400);
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        var (b, secretariat, gate) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat), new Gate());
        b.Hold(before);
        b.Yours = [before.Checkpoint(400)];
        b.OnRange = async (request, cancel) =>
        {
            await node.Peers.HangAsync(cancel, gate);
            return b.Give(request);
        };
        await node.ReplicateAsync([b, secretariat]);
        await OwnLogTests.AssertDefersAsync(node);

        gate.Open();
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_own)!.SignedSize >= 400);

        var entries = await OwnLogTests.AppendAsync(node, 1);
        Assert.Equal(402, entries.Count);
        Assert.Equal(before.Root(400), WriterLog.RootOf(entries[..400]));
        Assert.Null(node.Links.Get("b").Note);
    }

    [Fact]
    public async Task Start_OldBackupAndAPeerShowsItInItsQuestion_IsFetchedBackFromThatPeer()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var before = await MakeBackupAsync(sandbox, held: 100, size: 400);
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        var (b, secretariat) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat));
        await node.ReplicateAsync();
        b.Hold(before);
        b.OnHeads = (_, _) => throw TestTransport.Dead("b");

        Assert.NotNull(await node.Replication.AnswerHeadsAsync(
            "b", Question() with { Yours = [before.Checkpoint(400)] }, CancellationToken.None));
        await OwnLogTests.AssertDefersAsync(node);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_own)!.SignedSize == 400, 500);
        await OwnLogTests.AssertDefersAsync(node);

        // All that was shown is back; now it only wants enough peers that have shown nothing.
        await node.Replication.AnswerHeadsAsync("c", Question(), CancellationToken.None);
        b.OnHeads = (question, _) => Task.FromResult(b.Answer(question));
        await node.AdvanceUntilAsync(() => secretariat.IsHeard && b.IsHeard, 500);
        Assert.Equal(402, (await OwnLogTests.AppendAsync(node, 1)).Count);
    }

    [Fact]
    public async Task Run_PeerPushesALargerCheckpointOfAnOwnLog_TakesNothingBeforeAllIsFetchedBack()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var before = await MakeBackupAsync(sandbox, held: 100, size: 400);
        await using var node = await TestNode.StartAsync(sandbox);
        var (b, gate) = (node.Peers.Play("b"), new Gate());
        await node.ReplicateAsync([b]);
        b.Hold(before);
        b.OnRange = async (request, cancel) =>
        {
            await node.Peers.HangAsync(cancel, gate);
            return b.Give(request);
        };

        await node.Replication.TakePushAsync("b", s_own, before.Range(400, 400), 400);

        await OwnLogTests.AssertDefersAsync(node);
        gate.Open();
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_own)!.SignedSize >= 400);
        Assert.Equal(402, (await OwnLogTests.AppendAsync(node, 1)).Count);
    }

    [Fact]
    public async Task Start_PeersOnlyClaimMore_HoldsNothingUp()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        PlayedPeer[] peers = [node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat)];
        foreach (var peer in peers)
        {
            peer.Show(s_own, 1L << 40, Hash256.Of([1]));
        }

        await node.ReplicateAsync(peers);

        await OwnLogTests.AppendAsync(node, 1);
    }

    [Fact]
    public async Task Start_PeerShowsACheckpointThatIsNotOurs_IsBlamedAndDoesNotCount()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        var (b, secretariat) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat));
        var log = WriterLog.WithListings(s_own, 5);
        var stranger = SigningKey.FromSeed(s_own, Hash256.Of("another key under the same name"u8).Span);
        byte[][] bad =
        [
            [1], new Checkpoint(s_own, 5, log.Root(5)).Sign(stranger),
            WriterLog.WithListings(TestCoalition.Indicators("b"), 5).Checkpoint(5),
        ];
        b.Yours = [bad[0]];
        await node.ReplicateAsync([secretariat]);
        foreach (var note in bad)
        {
            b.Yours = [log.Checkpoint(0), note];
            node.Peers.Questions.Clear();
            await node.AdvanceUntilAsync(() => node.Peers.Questions.Any(q => q.Member == "b"), 500);
            Assert.Contains("malformed or does not verify", node.Links.Get("b").Note, StringComparison.Ordinal);
            Assert.Null(await node.Replication.AnswerHeadsAsync(
                "b", Question() with { Yours = [note] }, CancellationToken.None));
        }

        await OwnLogTests.AssertDefersAsync(node);
        b.Yours = [log.Checkpoint(0)];
        await node.AdvanceUntilAsync(() => b.IsHeard, 500);
        await OwnLogTests.AppendAsync(node, 1);
    }

    private static HeadsQuestion Question() => new(default, 0, 0, [], 0);

    /// <summary>A database that holds the first entries of a's log, and the whole log as its peers hold it.</summary>
    private static async Task<WriterLog> MakeBackupAsync(StorageSandbox sandbox, int held, int size)
    {
        await using var node = await TestNode.StartAsync(sandbox);
        var log = new WriterLog(s_own);
        foreach (var entry in await OwnLogTests.AppendAsync(node, held))
        {
            log.AddRaw(entry);
        }

        log.AddListings(size - held, seed: 3000);
        return log;
    }
}
