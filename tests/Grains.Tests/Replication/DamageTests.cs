using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>A damaged head row stops its own log and nothing else.</summary>
public sealed class DamageTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");
    private static readonly string s_c = TestCoalition.Indicators("c");

    [Fact]
    public async Task Own_HeadIsDamaged_PeersThatShowItsCheckpointAreHeardAllTheSame()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var own = new WriterLog(s_own);
        await using (var before = await TestNode.StartAsync(sandbox))
        {
            (await OwnLogTests.AppendAsync(before, 20)).ForEach(own.AddRaw);
        }

        await DamageAsync(sandbox, s_own);
        await using var node = await TestNode.StartAsync(sandbox, confirmed: false);
        var writer = WriterLog.WithListings(s_b, 300);
        PlayedPeer[] peers = [node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat)];
        foreach (var peer in peers)
        {
            peer.Hold(writer);
            peer.Hold(own);
            peer.Yours = [own.Checkpoint(20)];
        }

        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_b)?.HeadSize == 300 && peers.All(p => p.IsHeard));

        Assert.All(peers, p => Assert.DoesNotContain(
            "malformed", node.Links.Get(p.Name).Note ?? "", StringComparison.Ordinal));
        Assert.NotNull(await node.Replication.AnswerHeadsAsync(
            "b", new(default, 0, 0, [own.Checkpoint(20)], 0), CancellationToken.None));
        Assert.Null(await node.Log(s_own).NoteShownAsync([1]));
        Assert.Equal(
            AppendRefusal.Damaged, Assert.Single(await node.Log(s_own).AppendAsync([Sample.Request(20, 1)])).Refusal);
    }

    [Fact]
    public async Task Foreign_HeadIsDamaged_TheNodeIsReadyWithTheOthers()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var (damaged, sound) = (WriterLog.WithListings(s_b, 300), WriterLog.WithListings(s_c, 300, seed: 1_000));
        await using (var before = await TestNode.StartAsync(sandbox))
        {
            await before.Log(s_b).ExtendAsync(damaged.Range(0, 300));
        }

        await DamageAsync(sandbox, s_b);
        await using var node = await TestNode.StartAsync(sandbox);
        var b = node.Peers.Play("b");
        b.Hold(damaged);
        b.Hold(sound);

        await node.StartAllAsync();
        await node.AdvanceUntilAsync(() => node.Follower.IsReady, 500);

        Assert.Equal((0, 300), (node.List.AppliedOf(s_b), node.List.AppliedOf(s_c)));
        Assert.Null(node.Links.Get("b").Note);
        node.Peers.Ranges.Clear();
        for (var minute = 0; minute < 10; minute++)
        {
            await node.AdvanceAsync(60_000);
        }

        Assert.InRange(node.Peers.Ranges.Count, 0, 20);
    }

    [Fact]
    public async Task TakeFork_HeadIsDamaged_IsTakenOnceItIsMended()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = ForkTests.Branches(300, 400, 200);
        var proof = writer.ForkFrom(other, 200).Encode();
        await node.Log(s_b).ExtendAsync(writer.Range(0, 300));
        await DamageAsync(sandbox, s_b);
        await TestNode.DeactivateAsync(node.Log(s_b));

        Assert.Equal(ForkOutcome.StorageUnavailable, await node.Log(s_b).TakeForkAsync(proof));
        Assert.Equal(ForkOutcome.Refused, await node.Log(s_b).TakeForkAsync([1]));
        Assert.Null(await node.Log(s_b).GetForkAsync());

        await DamageAsync(sandbox, s_b);
        await TestNode.DeactivateAsync(node.Log(s_b));
        Assert.Equal(ForkOutcome.Taken, await node.Log(s_b).TakeForkAsync(proof));
        await ForkTests.AssertFrozenAsync(node, writer, 200);
    }

    /// <summary>Turns a bit of the log's head row around; twice, and it is sound again.</summary>
    private static async Task DamageAsync(StorageSandbox sandbox, string origin)
    {
        const string Where = " WHERE GrainTypeString = @kind AND GrainIdExtensionString = @key";
        var (kind, key) = (("kind", (object)$"row/{LogRowKind.Head}"), ("key", (object)$":{origin}"));
        var row = (byte[])(await sandbox.ExecuteAsync("SELECT PayloadBinary FROM OrleansStorage" + Where, kind, key))!;
        row[^1] ^= 1;
        await sandbox.ExecuteAsync("UPDATE OrleansStorage SET PayloadBinary = @row" + Where, ("row", row), kind, key);
    }
}
