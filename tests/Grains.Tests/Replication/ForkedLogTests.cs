using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>A log that forked: it is found out, proven, frozen, and told.</summary>
public sealed class ForkedLogTests
{
    private static readonly string s_log = TestCoalition.Indicators("c");

    // Where the branches part: in the first leaves, at borders of subtrees, in the last leaf of both.
    [Theory]
    [InlineData(700, 700, 0)]
    [InlineData(700, 700, 255)]
    [InlineData(700, 700, 511)]
    [InlineData(700, 700, 699)]
    [InlineData(300, 700, 200)]
    [InlineData(700, 300, 200)]
    public async Task Heads_PeerHoldsAnotherBranch_IsSearchedProvenFrozenAndTold(int held, int size, int common)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(held, size, common);
        await node.Log(s_log).ExtendAsync(writer.Range(0, held));
        var (b, secretariat) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat));
        b.Hold(other);

        await node.ReplicateAsync([b, secretariat], s_log);
        if (size < held)
        {
            // Two heads of different sizes do not show it; a push of one does.
            await node.Replication.TakePushAsync("b", s_log, other.Range(0, size), size);
        }

        await node.AdvanceUntilAsync(() => node.Heads.Get(s_log)!.FrozenAt is not null);
        await node.SettleAsync();

        Assert.Equal(((long?)common, common), (node.Heads.Get(s_log)!.FrozenAt, node.Heads.Get(s_log)!.HeadSize));
        Assert.Equal(writer.Root(common), node.Heads.Get(s_log)!.HeadRoot);
        var proof = await node.Log(s_log).GetForkAsync();
        Assert.Equal(
            [("b", s_log), (Origin.Secretariat, s_log)],
            node.Peers.ForkPushes.Select(p => (p.Member, p.Origin)).Distinct().OrderBy(p => p.Member, StringComparer.Ordinal));
        Assert.All(node.Peers.ForkPushes, p => Assert.Equal(proof, p.Proof));
        AssertProves(proof!, common);
        var heads = await node.Replication.AnswerHeadsAsync("c", new(default, 0, 0, [], 0), CancellationToken.None);
        Assert.Equal((common, (long?)common), Assert.Single(
            heads!.Heads.Where(h => h.Origin == s_log).Select(h => ((int)h.Size, h.FrozenAt))));

        // At most one question for each halving, and one for the leaves.
        Assert.InRange(node.Peers.Ranges.Count, 0, 13);
    }

    [Fact]
    public async Task Fetch_RangeOfAnotherBranch_IsSearchedAndProven()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(700, 900, 300);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 700));
        var b = node.Peers.Play("b");
        b.Hold(other);

        await node.ReplicateAsync([b], s_log);
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_log)!.FrozenAt == 300, 500);

        Assert.Contains("another branch", node.Links.Get("b").Note, StringComparison.Ordinal);
        Assert.Equal(700, node.Heads.Get(s_log)!.Size);
    }

    [Fact]
    public async Task Search_PeerDoesNotGiveItsBranch_NothingIsFrozenAndThePeerIsLeftAloneForAWhile()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(300, 300, 200);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        var b = node.Peers.Play("b");
        b.Hold(other);
        b.OnRange = (request, _) => Task.FromResult(writer.Answer(request));

        await node.ReplicateAsync([b], s_log);
        for (var second = 0; second < 60; second++)
        {
            await node.AdvanceAsync(1_000);
        }

        // It showed two roots and gave what is held: only what is signed convicts anybody.
        Assert.Null(node.Heads.Get(s_log)!.FrozenAt);
        Assert.Empty(await Logs.OwnLogTests.KeysAsync(node, LogRowKind.Fork));
        Assert.InRange(node.Peers.Ranges.Count, 1, 20);
        Assert.NotNull(node.Links.Get("b").Note);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Heads_PeerHasFrozenALog_ItsProofIsFetchedKeptAndTold(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        var (writer, other) = Branches(300, 400, 200);
        var proof = writer.ForkFrom(other, 200).Encode();
        await using (var node = await TestNode.StartAsync(sandbox))
        {
            await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
            var (b, secretariat) = (node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat));
            b.Show(s_log, 200, writer.Root(200), 200);
            b.OnFork = (_, _) => Task.FromResult(proof);

            await node.ReplicateAsync([b, secretariat], s_log);
            await node.SettleAsync();

            Assert.Equal([("b", s_log)], node.Peers.Forks);
            Assert.Equal((200L, 200L), (node.Heads.Get(s_log)!.FrozenAt, node.Heads.Get(s_log)!.HeadSize));
            Assert.Equal(
                [(Origin.Secretariat, s_log)], node.Peers.ForkPushes.Select(p => (p.Member, p.Origin)).Distinct());
            Assert.Null(node.Links.Get("b").Note);
        }

        await using var again = await TestNode.StartAsync(sandbox);
        Assert.Equal(200, (await again.Log(s_log).GetStatusAsync()).FrozenAt);
        Assert.Equal(proof, await again.Log(s_log).GetForkAsync());
    }

    [Fact]
    public async Task Heads_PeerHasFrozenALogWithoutProof_IsBlamedAndTheLogGoesOn()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(300, 400, 200);
        var good = writer.ForkFrom(other, 200).Encode();
        byte[][] bad =
        [
            [], [1, 2, 3], [.. good, 0], [.. good.Select((x, i) => i == good.Length / 2 ? (byte)(x ^ 1) : x)],
            ForkProof.Contradiction(writer.Checkpoint(300), writer.Checkpoint(300), [], []).Encode(),
        ];
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        var b = node.Peers.Play("b");
        var answers = 0;
        b.OnFork = (_, _) => Task.FromResult(bad[answers++ % bad.Length]);
        b.Show(s_log, 200, writer.Root(200), 200);
        await node.ReplicateAsync([b], s_log);

        await node.AdvanceUntilAsync(() => answers >= bad.Length, 1_000);

        Assert.Contains("malformed or does not verify", node.Links.Get("b").Note, StringComparison.Ordinal);
        Assert.Null(node.Heads.Get(s_log)!.FrozenAt);
        Assert.Empty(node.Peers.ForkPushes);
        writer.AddListings(1);
        var result = await node.Replication.TakePushAsync(Origin.Secretariat, s_log, writer.Range(300, 301), 301);
        Assert.Equal(301, result.HeadSize);
    }

    [Theory]
    [InlineData(300, 300, 200, false)]
    [InlineData(300, 300, 0, false)]
    [InlineData(300, 250, 200, false)]
    [InlineData(300, 250, 200, true)]
    public async Task TwoNodes_EachHoldsAnotherBranch_BothCountTheCommonEntries(int one, int two, int common, bool told)
    {
        await using var sandbox1 = await StorageSandbox.CreateAsync("sqlite");
        await using var sandbox2 = await StorageSandbox.CreateAsync("sqlite");
        await using var a = await TestNode.StartAsync(sandbox1);
        await using var b = await TestNode.StartAsync(sandbox2, member: "b", clock: a.Clock);
        var (writer, other) = Branches(one, two, common);
        await a.Log(s_log).ExtendAsync(writer.Range(0, one));
        await b.Log(s_log).ExtendAsync(other.Range(0, two));
        if (told)
        {
            // The heads alone prove the fork, but not where the branches part.
            await a.Log(s_log).ExtendAsync(other.Range(two, two));
            Assert.Equal(two, a.Heads.Get(s_log)!.FrozenAt);
        }

        LinkedNodes.Link(a, b);
        await a.ReplicateAsync(s_log);
        await b.ReplicateAsync(s_log);
        await LinkedNodes.AdvanceUntilAsync(
            [a, b], () => a.Heads.Get(s_log)!.FrozenAt == common && b.Heads.Get(s_log)!.FrozenAt == common);

        foreach (var node in (TestNode[])[a, b])
        {
            Assert.Equal((common, writer.Root(common)), ((int)node.Heads.Get(s_log)!.HeadSize, node.Heads.Get(s_log)!.HeadRoot));
        }
    }

    private static (WriterLog Writer, WriterLog Other) Branches(int held, int size, int common)
    {
        var writer = WriterLog.WithListings(s_log, held);
        var other = writer.Branch(common);
        other.AddListings(size - common, seed: 50_000);
        return (writer, other);
    }

    private static void AssertProves(byte[] bytes, int freezeAt)
    {
        Assert.True(ForkProof.TryDecode(bytes, out var proof, out var error), error);
        Assert.True(proof.TryVerify(s_log, TestCoalition.OpenerOf(s_log), out var at, out error), error);
        Assert.Equal(freezeAt, at);
    }
}
