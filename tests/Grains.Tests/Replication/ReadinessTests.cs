using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>
/// When the list can be asked: what was held at start is applied; and when it is complete: what others held is, too.
/// </summary>
public sealed class ReadinessTests
{
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Start_OthersHoldMore_IsLoadedFirstAndReadyOnceItIsApplied(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        var writer = WriterLog.WithListings(s_b, 300);
        await using (var before = await TestNode.StartAsync(sandbox))
        {
            await before.Log(s_b).ExtendAsync(writer.Range(0, 100));
        }

        await using var node = await TestNode.StartAsync(sandbox);
        var (b, gate) = (node.Peers.Play("b"), new Gate());
        b.Hold(writer);
        b.OnRange = async (request, cancel) =>
        {
            await node.Peers.HangAsync(cancel, gate);
            return b.Give(request);
        };
        Assert.Equal((false, false), (node.Follower.IsLoaded, node.Follower.IsReady));

        await node.StartAllAsync();
        await TestNode.UntilAsync(() => node.Follower.IsLoaded);
        Assert.Equal((false, 100L), (node.Follower.IsReady, node.List.AppliedOf(s_b)));
        await node.AdvanceUntilAsync(() => node.Peers.Hanging == 1);
        await node.AdvanceAsync(5_000);
        Assert.False(node.Follower.IsReady);

        gate.Open();
        await node.AdvanceUntilAsync(() => node.Follower.IsReady);
        Assert.Equal(300, node.List.AppliedOf(s_b));
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), node.List.Current.Digest);
    }

    [Fact]
    public async Task Start_NobodyAnswers_IsReadyWithWhatItHolds()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await node.StartAllAsync();

        await node.AdvanceUntilAsync(() => node.Follower.IsReady);
    }

    [Fact]
    public async Task Start_PeerClaimsWhatItDoesNotGive_IsReadyAllTheSame()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (b, gate) = (node.Peers.Play("b"), new Gate());
        b.Show(s_b, 1_000, Hash256.Of([1]));
        b.OnRange = async (request, cancel) =>
        {
            await node.Peers.HangAsync(cancel, gate);
            return b.Give(request);
        };
        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => b.IsHeard);
        Assert.False(node.Follower.IsReady);

        gate.Open();
        await node.AdvanceUntilAsync(() => node.Follower.IsReady, 500);
        Assert.Equal(0, node.List.AppliedOf(s_b));
    }

    [Fact]
    public async Task Start_NewMemberWithoutARoster_GetsItFromTheSecretariatAndThenTheLogs()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, rostered: false, confirmed: false);
        var rosters = new WriterLog(TestCoalition.RosterLog);
        rosters.Add(new RosterPayload(TestCoalition.Sign(TestCoalition.Roster())));
        var writer = WriterLog.WithListings(s_b, 300);
        node.Peers.Play(Origin.Secretariat).Hold(rosters);
        node.Peers.Play("b").Hold(writer);
        await node.StartAllAsync();
        Assert.Equal((false, false), (node.Follower.IsLoaded, node.Follower.IsReady));

        await node.AdvanceUntilAsync(() => node.Follower.IsReady);

        Assert.Equal(1, node.Roster.Current!.Version);
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), node.List.Current.Digest);
        await node.AdvanceUntilAsync(() => node.Heads.IsConfirmed(TestCoalition.Indicators("a")));
    }

    [Fact]
    public async Task Run_RosterClosesALog_TheListEndsThere()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, rostered: false);
        var rosters = new WriterLog(TestCoalition.RosterLog);
        rosters.Add(new RosterPayload(TestCoalition.Sign(TestCoalition.Roster())));
        var writer = WriterLog.WithListings(s_b, 300);
        var secretariat = node.Peers.Play(Origin.Secretariat);
        secretariat.Hold(rosters);
        node.Peers.Play("b").Hold(writer);
        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => node.Follower.IsReady);

        rosters.Add(new RosterPayload(TestCoalition.Sign(TestCoalition.Roster(2).With("b", m => m with
        {
            Logs = [m.Logs[0] with { ClosedAt = new LogHead(s_b, 200, writer.Root(200)) }, m.Logs[1]],
        }))));
        secretariat.Hold(rosters);
        await node.AdvanceUntilAsync(() => node.List.AppliedOf(s_b) == 200);

        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries.Take(200).ToList())), node.List.Current.Digest);
    }

    [Fact]
    public async Task TwoNodes_OnePublishes_TheOtherHasTheSameList()
    {
        await using var sandbox1 = await StorageSandbox.CreateAsync("sqlite");
        await using var sandbox2 = await StorageSandbox.CreateAsync("sqlite");
        await using var a = await TestNode.StartAsync(sandbox1, confirmed: false);
        await using var b = await TestNode.StartAsync(sandbox2, member: "b", clock: a.Clock, confirmed: false);
        LinkedNodes.Link(a, b);
        foreach (var node in (TestNode[])[a, b])
        {
            node.Peers.Play(Origin.Secretariat);
            await node.StartAllAsync();
        }

        var (ofA, ofB) = (TestCoalition.Indicators("a"), s_b);
        await LinkedNodes.AdvanceUntilAsync([a, b], () => a.Heads.IsConfirmed(ofA) && b.Heads.IsConfirmed(ofB));
        for (var i = 0; i < 5; i++)
        {
            await a.Log(ofA).AppendAsync([Sample.Request(i * 10, 10)]);
            await b.Log(ofB).AppendAsync([Sample.Request(5 + (i * 10), 10)]);
        }

        await LinkedNodes.AdvanceUntilAsync(
            [a, b], () => a.List.AppliedOf(ofB) == 50 && b.List.AppliedOf(ofA) == 50 && a.List.Current.Digest == b.List.Current.Digest);
        Assert.Equal(55, a.List.Current.Indicators);
    }
}
