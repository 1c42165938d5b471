using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>
/// An origin that signs two histories: the one that was seen first stays, and what proves the fork is kept, so that
/// anybody can check it with the two notes and the hashes alone.
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
    public async Task Extend_SecondRootForASizeUpToTheOneHeld_IsAForkWithEvidence(int held, int size, int common)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(held, size, common);
        await node.Log(s_log).ExtendAsync(writer.Range(0, held));

        await AssertForkAsync(node, other.Range(size, size), writer.Checkpoint(held), other.Checkpoint(size));

        Assert.Equal(ExtendOutcome.Fork, (await node.Log(s_log).ExtendAsync(other.Range(0, size))).Outcome);
        await AssertGoesOnAsync(node, writer);
    }

    [Theory]
    [InlineData(3, 5, 2)]
    [InlineData(256, 300, 0)]
    [InlineData(300, 1000, 299)]
    [InlineData(512, 513, 511)]
    public async Task Extend_WholeLogThatContradictsTheSmallerOneHeld_IsAForkWithEvidence(int held, int size, int common)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(held, size, common);
        await node.Log(s_log).ExtendAsync(writer.Range(0, held));

        await AssertForkAsync(node, other.Range(0, size), writer.Checkpoint(held), other.Checkpoint(size));

        await AssertGoesOnAsync(node, writer);
    }

    [Fact]
    public async Task Extend_LargerHeadThatDoesNotFollowWithoutItsWholeLog_IsRefusedAsUnproven()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(300, 400, 200);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        var before = await HeldSnapshot.TakeAsync(node, s_log);

        // Anybody can put together entries that do not fit: only the whole other branch convicts the origin.
        foreach (var range in (LogRange[])[other.Range(300, 400), other.Range(300, 350, 400), other.Range(1, 400), other.Range(0, 350, 400)])
        {
            Assert.Equal(ExtendOutcome.Refused, (await node.Log(s_log).ExtendAsync(range)).Outcome);
        }

        var forged = other.Range(0, 400) with { Entries = [.. writer.Entries, .. other.Entries.Skip(300)] };
        Assert.Equal(ExtendOutcome.Refused, (await node.Log(s_log).ExtendAsync(forged)).Outcome);
        await before.AssertUnchangedAsync(node, s_log);
        Assert.Empty(await OwnLogTests.KeysAsync(node, LogRowKind.Fork));
    }

    [Fact]
    public async Task Extend_ForkWithinABrokenOffTransfer_ChangesNothingAndIsProvenOnceItIsComplete()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(400, 250, 200);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 100));
        await node.Log(s_log).ExtendAsync(writer.Range(100, 300, 400));
        var before = await HeldSnapshot.TakeAsync(node, s_log);

        // No checkpoint of the first branch is held that covers these entries, so there is nothing to prove it with.
        Assert.Equal(ExtendOutcome.Fork, (await node.Log(s_log).ExtendAsync(other.Range(250, 250))).Outcome);
        await before.AssertUnchangedAsync(node, s_log);
        Assert.Empty(await OwnLogTests.KeysAsync(node, LogRowKind.Fork));

        await node.Log(s_log).ExtendAsync(writer.Range(300, 400));
        await AssertForkAsync(node, other.Range(250, 250), writer.Checkpoint(400), other.Checkpoint(250));
    }

    [Fact]
    public async Task Extend_SecondFork_TheFirstEvidenceStays()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(10, 10, 5);
        var third = writer.Branch(2);
        third.AddListings(8, seed: 77_000);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 10));
        await node.Log(s_log).ExtendAsync(other.Range(0, 10));
        await TestNode.DeactivateAsync(node.Log(s_log));

        Assert.Equal(ExtendOutcome.Fork, (await node.Log(s_log).ExtendAsync(third.Range(0, 10))).Outcome);

        var row = await node.Rows.ReadAsync<ForkRow>(LogRowKind.Fork, s_log);
        Assert.Equal(other.Checkpoint(10), row!.Value.Other);
    }

    [Fact]
    public async Task Extend_EvidenceCannotBeStored_IsToldAsUnavailableAndKeptTheNextTime()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = Branches(10, 10, 5);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 10));
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(LogRowKind.Fork);

        Assert.Equal(
            ExtendOutcome.StorageUnavailable, (await node.Log(s_log).ExtendAsync(other.Range(0, 10))).Outcome);

        await AssertForkAsync(node, other.Range(0, 10), writer.Checkpoint(10), other.Checkpoint(10));
    }

    private static (WriterLog Writer, WriterLog Other) Branches(int held, int size, int common)
    {
        var writer = WriterLog.WithListings(s_log, held);
        var other = writer.Branch(common);
        other.AddListings(size - common, seed: 50_000);
        return (writer, other);
    }

    private static async Task AssertForkAsync(TestNode node, LogRange range, byte[] heldNote, byte[] otherNote)
    {
        var before = await HeldSnapshot.TakeAsync(node, s_log);

        var result = await node.Log(s_log).ExtendAsync(range);

        Assert.Equal((ExtendOutcome.Fork, before.Status.Size), (result.Outcome, result.Size));
        Assert.Contains("forked", result.Error, StringComparison.Ordinal);
        await before.AssertUnchangedAsync(node, s_log);
        var row = await node.Rows.ReadAsync<ForkRow>(LogRowKind.Fork, s_log);
        Assert.NotNull(row);
        Assert.Equal(heldNote, row.Value.Held);
        Assert.Equal(otherNote, row.Value.Other);
        AssertConvicts(row.Value);
    }

    /// <summary>What a third party does with the evidence: nothing but the log's key, the two notes and the hashes.</summary>
    private static void AssertConvicts(ForkRow row)
    {
        var key = TestCoalition.KeyOf(s_log).VerificationKey;
        Assert.True(Checkpoint.TryOpen(row.Held, key, out var held, out var error), error);
        Assert.True(Checkpoint.TryOpen(row.Other, key, out var other, out error), error);
        var (small, large) = held.Size <= other.Size ? (held, other) : (other, held);
        if (small.Size == large.Size)
        {
            Assert.NotEqual(small.Root, large.Root);
            Assert.Empty(row.Nodes);
            return;
        }

        var hashes = HeadEdge.Split(row.Nodes);
        var left = CompactRange.Nodes(0, small.Size);
        var nodes = left.Concat(CompactRange.Nodes(small.Size, large.Size)).ToArray();
        Assert.Equal(nodes.Length, hashes.Count);
        var tree = new CompactRange();
        for (var i = 0; i < nodes.Length; i++)
        {
            if (i == left.Count)
            {
                Assert.NotEqual(small.Root, tree.Root());
            }

            tree.AppendSubtree(nodes[i].Level, hashes[i]);
        }

        Assert.Equal(large.Root, tree.Root());
    }

    private static async Task AssertGoesOnAsync(TestNode node, WriterLog writer)
    {
        var size = writer.Size;
        writer.AddListings(5);
        var result = await node.Log(s_log).ExtendAsync(writer.Range(size, size + 5));
        Assert.Equal((ExtendOutcome.Extended, size + 5), (result.Outcome, result.Size));
        Assert.Equal(WriterLog.DigestOf((s_log, writer.Entries)), await node.DigestAsync(s_log, size + 5));
    }
}
