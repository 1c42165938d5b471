using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Grains.Tests.Erasure;

/// <summary>What an entry orders to erase leaves every row, and nothing else changes.</summary>
public sealed class ErasureTests
{
    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");

    /// <summary>Sealed entries and one in the tail, an order named again, an order that names an order, and one sealed since.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task Erase_ForeignLog_PayloadsAreGoneAndTheTreeStands(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 700);
        foreach (var index in (long[])[3, 300, 650, 300, 701])
        {
            writer.Add(new ErasePayload(index, "legal"));
        }

        await node.Log(s_b).ExtendAsync(writer.Range(0, writer.Size));
        var before = await node.Log(s_b).GetStatusAsync();
        Assert.True(await IsStoredAsync(node, writer, 300));
        await node.StartAllAsync(erasing: true);

        await ErasedAsync(node, s_b, writer.Size);

        await AssertHeldAsync(node, writer, 3, 300, 650);
        Assert.Equal(before with { Checkpoint = [] }, await node.Log(s_b).GetStatusAsync() with { Checkpoint = [] });
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), node.List.Current.Digest);

        // What the tail lacks, the sealed row lacks, too; and nothing is written twice.
        writer.AddListings(100);
        await node.Log(s_b).ExtendAsync(writer.Range(705, writer.Size));
        await ErasedAsync(node, s_b, writer.Size);
        await AssertHeldAsync(node, writer, 3, 300, 650);
        var writes = node.Storage.Writes(LogRowKind.Payloads);
        await node.AdvanceAsync(10_000);
        Assert.Equal(writes, node.Storage.Writes(LogRowKind.Payloads));
    }

    [Fact]
    public async Task Erase_OwnLog_GoesOnSigningTheSameTree()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = new WriterLog(s_own);
        (await OwnLogTests.AppendAsync(node, 300)).ForEach(writer.AddRaw);
        await node.StartAllAsync(erasing: true);
        foreach (var index in (long[])[10, 290])
        {
            Assert.Equal(
                AppendRefusal.None,
                (await node.Log(s_own).AppendAsync([new AppendRequest([Sample.Entry(new ErasePayload(index, "legal"))])]))[0].Refusal);
        }

        await ErasedAsync(node, s_own, 302);
        (await node.ReadAllAsync(s_own)).Entries.Skip(300).ToList().ForEach(writer.AddRaw);
        await AssertHeldAsync(node, writer, 10, 290);

        await TestNode.DeactivateAsync(node.Log(s_own));
        await node.Log(s_own).AppendAsync([Sample.Request(5_000, 300)]);
        (await node.ReadAllAsync(s_own)).Entries.Skip(302).ToList().ForEach(writer.AddRaw);
        await AssertHeldAsync(node, writer, 10, 290);
        var range = await node.Log(s_own).ReadAsync(0, 1, 1);
        Assert.True(RangeCheck.TryCheck(s_own, range, writer.Key.VerificationKey, out _, out var error), error);
    }

    /// <summary>Each write that the erasure makes fails once, and the node is stopped there and started again.</summary>
    [Theory]
    [InlineData(LogRowKind.Payloads, false)]
    [InlineData(LogRowKind.Payloads, true)]
    [InlineData(LogRowKind.Head, false)]
    [InlineData(LogRowKind.Head, true)]
    public async Task Erase_NodeEndsInTheMiddle_IsCarriedOutAfterTheNextStart(string kind, bool written)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var writer = WriterLog.WithListings(s_b, 700);
        writer.Add(new ErasePayload(300, "legal"));
        writer.Add(new ErasePayload(600, "legal"));
        writer.Add(new ErasePayload(690, "legal"));
        await using (var before = await TestNode.StartAsync(sandbox))
        {
            await before.Log(s_b).ExtendAsync(writer.Range(0, writer.Size));
            var hasFailed = false;
            Task Fail(string k)
            {
                hasFailed |= k == kind;
                return k == kind ? throw new IOException("No space left on device") : Task.CompletedTask;
            }

            before.Storage.BeforeWrite = written ? null : Fail;
            before.Storage.AfterWrite = written ? Fail : null;
            await before.StartAllAsync(erasing: true);
            await before.AdvanceUntilAsync(() => hasFailed);
            if (!written)
            {
                // It is tried again, and stays open.
                await before.AdvanceUntilAsync(() => before.Eraser.Open is [{ Error: not null }]);
                Assert.Equal((s_b, 3L, 700L), before.Eraser.Open.Select(o => (o.Origin, o.Orders, o.First)).Single());
            }
        }

        await using var node = await TestNode.StartAsync(sandbox);
        await node.StartAllAsync(erasing: true);
        await ErasedAsync(node, s_b, writer.Size);
        await AssertHeldAsync(node, writer, 300, 600, 690);
    }

    /// <summary>The row is damaged when the order comes; the peer that mends it has the payload still.</summary>
    [Fact]
    public async Task Erase_RowIsDamaged_WaitsForTheRepairAndThenErases()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 700);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 700));
        var peer = node.Peers.Play("b");
        peer.Hold(writer);
        await node.StartAllAsync(erasing: true);
        await node.AdvanceUntilAsync(() => node.List.AppliedOf(s_b) == 700);
        await sandbox.ExecuteAsync(
            "UPDATE OrleansStorage SET PayloadBinary = substr(PayloadBinary, 1, 100) "
                + "WHERE GrainTypeString = @kind AND GrainIdExtensionString LIKE @key",
            ("kind", $"row/{LogRowKind.Payloads}"),
            ("key", $":{s_b}|1|%"));
        peer.OnRange = (_, _) => throw TestTransport.Refusal("b", 500);
        writer.Add(new ErasePayload(300, "legal"));
        await node.Log(s_b).ExtendAsync(writer.Range(700, 701));
        await node.AdvanceUntilAsync(() => node.Eraser.Open is [{ Error: not null }]);
        Assert.Single(node.Damages.All());

        peer.Hold(writer);
        peer.OnRange = (request, _) => Task.FromResult(writer.Answer(request));
        await node.AdvanceUntilAsync(() => node.Damages.All().Count == 0 && node.Eraser.Open.Count == 0);

        await ErasedAsync(node, s_b, writer.Size);
        await AssertHeldAsync(node, writer, 300);
    }

    /// <summary>A payload row that a crash left before its head was written has the payload, too.</summary>
    [Fact]
    public async Task Erase_RowLeftByACrash_LosesThePayloadToo()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 300);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 200));
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(LogRowKind.Head);
        Assert.Equal(ExtendOutcome.StorageUnavailable, (await node.Log(s_b).ExtendAsync(writer.Range(200, 300))).Outcome);
        Assert.Single(await node.Rows.ListKeysAsync(LogRowKind.Payloads).ToListAsync());

        var other = writer.Branch(200);
        other.Add(new ErasePayload(150, "legal"));
        await node.Log(s_b).ExtendAsync(other.Range(200, 201));
        await node.StartAllAsync(erasing: true);
        await ErasedAsync(node, s_b, 201);

        await AssertHeldAsync(node, other, 150);
    }

    /// <summary>An order beyond the end of a log that forked orders nothing.</summary>
    [Fact]
    public async Task Erase_OrderDoesNotCount_NothingIsErased()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_b, 20);
        var other = writer.Branch(20);
        writer.Add(new ErasePayload(5, "legal"));
        other.AddListings(1, seed: 900);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 21));
        Assert.Equal(ForkOutcome.Taken, await node.Log(s_b).TakeForkAsync(writer.ForkFrom(other, 20).Encode()));
        await node.StartAllAsync(erasing: true);

        await node.AdvanceAsync(60_000);

        Assert.True(await IsStoredAsync(node, writer, 5));
        Assert.Empty(node.Eraser.Open);
    }

    internal static Task ErasedAsync(TestNode node, string origin, long size) => node.AdvanceUntilAsync(
        () => node.List.AppliedOf(origin) == size && node.Eraser.Open.Count == 0 && node.Eraser.DoneOf(origin) == size);

    /// <summary>The log has every leaf, every other payload, and no row has these.</summary>
    internal static async Task AssertHeldAsync(TestNode node, WriterLog writer, params int[] erased)
    {
        var (status, entries) = await node.ReadAllAsync(writer.Origin);
        Assert.Equal(writer.Root(writer.Size), status.HeadRoot);
        Assert.Equal(
            writer.Entries.Select((e, i) => WriterLog.Hex(erased.Contains(i) ? e with { Salt = null, Payload = null } : e)),
            entries.Select(WriterLog.Hex));
        foreach (var index in erased)
        {
            Assert.False(await IsStoredAsync(node, writer, index), $"entry {index} is stored");
            var evidence = await node.Log(writer.Origin).GetEvidenceAsync(index);
            Assert.Null(evidence!.Entry.Payload);
            Assert.True(InclusionProof.Verify(
                MerkleHash.Leaf(evidence.Entry.Leaf), index, writer.Size, [.. evidence.Proof], writer.Root(writer.Size)));
        }
    }

    /// <summary>Looks for payload and salt in the bytes of all rows.</summary>
    internal static async Task<bool> IsStoredAsync(TestNode node, WriterLog writer, int index)
    {
        var found = false;
        await foreach (var row in node.AllRowsAsync())
        {
            found |= row.AsSpan().IndexOf(writer.Entries[index].Payload) >= 0 || row.AsSpan().IndexOf(writer.Entries[index].Salt) >= 0;
        }

        return found;
    }
}
