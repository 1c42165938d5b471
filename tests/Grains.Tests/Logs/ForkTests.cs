using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>
/// An origin that signs two histories: the one that was seen first stays in the rows, what proves the fork is kept, so
/// that anybody can check it with the log's key alone, and what is behind the fork does not count any more.
/// </summary>
public sealed class ForkTests
{
    private static readonly string s_log = TestCoalition.Indicators("b");

    // Sizes at and between the borders of bundles and powers of two.
    [Theory]
    [InlineData(300, 300, 299)]
    [InlineData(300, 300, 0)]
    [InlineData(256, 256, 255)]
    [InlineData(600, 1, 0)]
    [InlineData(600, 256, 100)]
    [InlineData(600, 512, 511)]
    [InlineData(600, 599, 3)]
    [InlineData(600, 300, 256)]
    public async Task Extend_SecondRootForASizeUpToTheOneHeld_FreezesThereAndLaterWhereTheBranchesPart(
        int held, int size, int common)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(held, size, common);
        await node.Log(s_log).ExtendAsync(writer.Range(0, held));

        await AssertForkAsync(node, other.Range(size, size), writer, size);
        await AssertForkAsync(node, other.Range(0, size), writer, common, ExtendOutcome.AlreadyHeld);
    }

    [Theory]
    [InlineData(3, 5, 2)]
    [InlineData(256, 300, 0)]
    [InlineData(300, 1000, 299)]
    [InlineData(512, 513, 511)]
    [InlineData(600, 300, 256)]
    [InlineData(300, 300, 299)]
    public async Task Extend_RangeWithTheFirstEntryThatDiffers_FreezesTheLogBeforeIt(int held, int size, int common)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(held, size, common);
        await node.Log(s_log).ExtendAsync(writer.Range(0, held));

        await AssertForkAsync(node, other.Range(common, Math.Min(size, common + 7), size), writer, common);
        await AssertStaysAsync(node, writer, common);
    }

    [Fact]
    public async Task Extend_RangeBehindTheFork_IsToldAndProvenOnlyByTheEntriesThatShowIt()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(300, 400, 200);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        var before = await HeldSnapshot.TakeAsync(node, s_log);

        foreach (var range in (LogRange[])[other.Range(300, 400), other.Range(300, 350, 400), other.Range(256, 300, 400)])
        {
            var result = await node.Log(s_log).ExtendAsync(range);
            Assert.Equal((ExtendOutcome.Fork, 300L, 300L), (result.Outcome, result.Size, result.HeadSize));
            await before.AssertUnchangedAsync(node, s_log);
        }

        // Anybody can put together entries that do not fit.
        var forged = other.Range(0, 400) with { Entries = [.. writer.Entries, .. other.Entries.Skip(300)] };
        Assert.Equal(ExtendOutcome.Refused, (await node.Log(s_log).ExtendAsync(forged)).Outcome);
        await before.AssertUnchangedAsync(node, s_log);
        Assert.Empty(await OwnLogTests.KeysAsync(node, LogRowKind.Fork));

        await AssertForkAsync(node, other.Range(1, 350, 400), writer, 200);
    }

    [Theory]
    [InlineData(250, 250)]
    [InlineData(0, 200)]
    public async Task Extend_ForkWithinABrokenOffTransfer_IsProvenByTheCheckpointThatItCameWith(int from, int freezeAt)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(400, 250, 200);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 100));
        await node.Log(s_log).ExtendAsync(writer.Range(100, 300, 400));

        await AssertForkAsync(node, other.Range(from, 250), writer, freezeAt);

        await AssertStaysAsync(node, writer, freezeAt);
    }

    [Fact]
    public async Task Extend_ThirdBranch_TheEarliestForkHolds()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(10, 10, 5);
        var (early, late) = (writer.Branch(2), writer.Branch(8));
        early.AddListings(8, seed: 77_000);
        late.AddListings(2, seed: 88_000);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 10));
        await node.Log(s_log).ExtendAsync(other.Range(0, 10));
        await TestNode.DeactivateAsync(node.Log(s_log));

        await AssertForkAsync(node, late.Range(0, 10), writer, 5, ExtendOutcome.AlreadyHeld);
        await AssertForkAsync(node, early.Range(0, 10), writer, 2, ExtendOutcome.AlreadyHeld);

        await AssertStaysAsync(node, writer, 2);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Extend_ProofCannotBeStored_IsToldAsUnavailableAndKeptTheNextTime(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(10, 10, 5);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 10));
        foreach (var range in (LogRange[])[other.Range(0, 10), other.Range(10, 10)])
        {
            node.Storage.BeforeWrite = WatchedStorage.FailOnce(LogRowKind.Fork);
            var failed = await node.Log(s_log).ExtendAsync(range);
            Assert.Equal((ExtendOutcome.StorageUnavailable, 10L), (failed.Outcome, failed.HeadSize));
            Assert.Null((await node.Log(s_log).GetStatusAsync()).FrozenAt);
        }

        await AssertForkAsync(node, other.Range(0, 10), writer, 5);
    }

    internal static (WriterLog Writer, WriterLog Other) Branches(int held, int size, int common)
    {
        var writer = WriterLog.WithListings(s_log, held);
        var other = writer.Branch(common);
        other.AddListings(size - common, seed: 50_000);
        return (writer, other);
    }

    /// <summary>A frozen log keeps its rows, and what counts of it are its first entries.</summary>
    internal static async Task AssertFrozenAsync(TestNode node, WriterLog writer, int freezeAt)
    {
        var (status, entries) = await node.ReadAllAsync(s_log);
        var counting = (int)Math.Min(freezeAt, status.Size);
        Assert.Equal(((long?)freezeAt, counting, writer.Root(counting)), (status.FrozenAt, status.HeadSize, status.HeadRoot));
        Assert.Equal(writer.Entries.Take(counting).Select(WriterLog.Hex), entries.Select(WriterLog.Hex));
        Assert.Equal(status with { Checkpoint = [] }, node.Heads.Get(s_log)! with { Checkpoint = [] });
        AssertConvicts(await node.Log(s_log).GetForkAsync(), freezeAt);
    }

    private static async Task AssertForkAsync(
        TestNode node, LogRange range, WriterLog writer, int freezeAt, ExtendOutcome outcome = ExtendOutcome.Fork)
    {
        var before = await node.Log(s_log).GetStatusAsync();
        var head = await node.Rows.ReadAsync<HeadRow>(LogRowKind.Head, s_log);

        var result = await node.Log(s_log).ExtendAsync(range);

        Assert.Equal((outcome, before.Size), (result.Outcome, result.Size));
        Assert.Equal(outcome is ExtendOutcome.Fork, result.Error?.Contains("forked", StringComparison.Ordinal) ?? false);
        Assert.Equal(head!.ETag, (await node.Rows.ReadAsync<HeadRow>(LogRowKind.Head, s_log))!.ETag);
        await AssertFrozenAsync(node, writer, freezeAt);
        await TestNode.DeactivateAsync(node.Log(s_log));
        await AssertFrozenAsync(node, writer, freezeAt);
        var row = await node.Rows.ReadAsync<ForkRow>(LogRowKind.Fork, s_log);
        Assert.Equal(freezeAt, row!.Value.FreezeAt);
        Assert.Equal(await node.Log(s_log).GetForkAsync(), row.Value.Proof);
    }

    /// <summary>What a third party does with the proof: it needs nothing but the log's key.</summary>
    private static void AssertConvicts(byte[]? bytes, int freezeAt)
    {
        Assert.True(ForkProof.TryDecode(bytes, out var proof, out var error), error);
        Assert.True(proof.TryVerify(s_log, TestCoalition.OpenerOf(s_log), out var shown, out error), error);
        Assert.Equal(freezeAt, shown);
    }

    private static async Task AssertStaysAsync(TestNode node, WriterLog writer, int freezeAt)
    {
        var size = (int)(await node.Log(s_log).GetStatusAsync()).Size;
        writer.AddListings(5);
        foreach (var range in (LogRange[])[writer.Range(size, writer.Size), writer.Range(writer.Size, writer.Size)])
        {
            await node.Log(s_log).ExtendAsync(range);
        }

        Assert.Equal(size, (await node.Log(s_log).GetStatusAsync()).Size);
        await AssertFrozenAsync(node, writer, freezeAt);
        if (freezeAt > 0)
        {
            var counting = writer.Entries.Take(freezeAt).ToList();
            Assert.Equal(WriterLog.DigestOf((s_log, counting)), await node.DigestAsync(s_log, freezeAt));
        }
    }
}
