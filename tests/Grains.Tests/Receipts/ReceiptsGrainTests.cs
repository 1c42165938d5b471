using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Receipts;

/// <summary>What a node says that it holds: only what it does hold, each size once, and rising.</summary>
public sealed class ReceiptsGrainTests
{
    private static readonly string s_receipts = TestCoalition.Receipts("a");
    private static readonly string s_b = TestCoalition.Indicators("b");
    private static readonly string s_c = TestCoalition.Indicators("c");

    [Theory]
    [InlineData(null, 500)]
    [InlineData(0, 5_000)]
    [InlineData(1_000, 4_000)]
    [InlineData(4_400, 600)]
    [InlineData(4_600, 500)]
    [InlineData(90_000, 500)]
    public void DueAfter_GathersForAMomentAndKeepsTheGap(int? sinceLast, int due) => Assert.Equal(
        TimeSpan.FromMilliseconds(due),
        new ReceiptOptions().DueAfter(sinceLast is { } ms ? TimeSpan.FromMilliseconds(ms) : null));

    [Theory, OnSqlite, OnPostgres]
    public async Task Flush_StatementsThatRise_AreWrittenOnceAndOthersNever(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var receipts = node.Grains.GetGrain<IReceiptsGrain>("a");
        await receipts.HeldAsync([Held(s_b, 5), Held(s_c, 2), Held(s_b, 5), Held(s_b, 4), Held(s_b, 7), Held(s_c, 2)]);
        Assert.Empty(await StatementsAsync(node));
        await receipts.FlushAsync();
        (string, long)[] first = [(s_b, 5), (s_c, 2), (s_b, 7)];
        Assert.Equal(first, await StatementsAsync(node));

        await receipts.HeldAsync([Held(s_b, 7), Held(s_b, 1), Held(s_c, 2), Held(s_c, 0)]);
        await receipts.FlushAsync();
        await TestNode.DeactivateAsync(receipts);
        await receipts.HeldAsync([Held(s_b, 7), Held(s_b, 6), Held(s_c, 2)]);
        await receipts.FlushAsync();
        Assert.Equal(first, await StatementsAsync(node));
        Assert.Equal(1, (await node.Log(s_receipts).GetStatusAsync()).Size);

        await receipts.HeldAsync([Held(s_c, 3)]);
        await receipts.FlushAsync();
        Assert.Equal([.. first, (s_c, 3)], await StatementsAsync(node));
    }

    [Fact]
    public async Task Flush_MoreThanOneEntryTakes_AreSplit()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var receipts = node.Grains.GetGrain<IReceiptsGrain>("a");
        await receipts.HeldAsync([.. Enumerable.Range(1, 600).Select(i => Held(s_b, i))]);

        await receipts.FlushAsync();

        Assert.Equal(3, (await node.Log(s_receipts).GetStatusAsync()).Size);
        Assert.Equal(Enumerable.Range(1, 600).Select(i => (s_b, (long)i)), await StatementsAsync(node));
    }

    [Theory]
    [InlineData(LogRowKind.Head)]
    [InlineData(ReceiptsGrain.RowKind)]
    public async Task Flush_StorageFails_NothingIsLostAndSizesNeverFall(string kind)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var receipts = node.Grains.GetGrain<IReceiptsGrain>("a");
        await receipts.HeldAsync([.. Enumerable.Range(1, 300).Select(i => Held(s_b, i))]);
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(kind);

        await Record.ExceptionAsync(receipts.FlushAsync);
        await receipts.FlushAsync();

        Assert.Equal(Enumerable.Range(1, 300).Select(i => (s_b, (long)i)), await StatementsAsync(node));
    }

    [Theory]
    [InlineData(LogRowKind.Head)]
    [InlineData(ReceiptsGrain.RowKind)]
    public async Task Timer_StorageFails_TriesAgainOfItsOwnAccord(string kind)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(
            sandbox, configure: s => s.AddSingleton(new ReceiptOptions
            {
                FlushInterval = TimeSpan.FromMilliseconds(1),
                MinGap = TimeSpan.Zero,
            }));
        var done = new TaskCompletionSource();
        node.Heads.Grew += head =>
        {
            if (head.Origin == s_receipts && head.Size == 2)
            {
                done.TrySetResult();
            }
        };
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(kind);

        await node.Grains.GetGrain<IReceiptsGrain>("a").HeldAsync([.. Enumerable.Range(1, 300).Select(i => Held(s_b, i))]);

        await done.Task.WaitAsync(TestNode.Patience());
        Assert.Equal(Enumerable.Range(1, 300).Select(i => (s_b, (long)i)), await StatementsAsync(node));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Follow_TransferInPieces_IsReceiptedOnlyUnderHeadsThatAreHeldWhole(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var receipts = node.Grains.GetGrain<IReceiptsGrain>("a");
        var writer = WriterLog.WithListings(s_b, 700);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 100));
        await ReceiptAsync(100);

        // Not receipted: entries without a checkpoint that they complete, and a range that is refused.
        await node.Log(s_b).ExtendAsync(writer.Range(100, 400, 700));
        var bad = writer.Range(400, 700);
        await node.Log(s_b).ExtendAsync(bad with { Entries = [.. bad.Entries.Reverse()] });
        await OwnReceiptsStayAsync(1);
        node.Clock.Advance(TimeSpan.FromSeconds(5));
        await node.Log(s_b).ExtendAsync(writer.Range(400, 700));
        await ReceiptAsync(700);

        var (_, entries) = await node.ReadAllAsync(s_receipts);
        var held = Payloads(entries).SelectMany(p => p.Held).ToArray();
        Assert.Equal([(100L, writer.Root(100)), (700L, writer.Root(700))], held.Select(h => (h.Head.Size, h.Head.Root)));
        Assert.Equal(
            [TestCoalition.Issued * 1000, (TestCoalition.Issued + 5) * 1000], held.Select(h => h.Since));

        async Task ReceiptAsync(int size)
        {
            // The list tells the grain after it has applied the entries.
            await node.DigestAsync(s_b, size);
            var patience = TestNode.Patience();
            while (!(await StatementsAsync(node)).Contains((s_b, size)))
            {
                patience.ThrowIfCancellationRequested();
                await receipts.FlushAsync();
            }
        }

        async Task OwnReceiptsStayAsync(long size)
        {
            await receipts.FlushAsync();
            Assert.Equal(size, (await node.Log(s_receipts).GetStatusAsync()).Size);
        }
    }

    [Fact]
    public async Task Follow_OwnAndReceiptsLogs_AreNotReceipted()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var foreign = new WriterLog(TestCoalition.Receipts("b"));
        foreign.Add(new ReceiptPayload([]));
        await OwnLogAsync(node);
        await node.Log(foreign.Origin).ExtendAsync(foreign.Range(0, 1));
        var writer = WriterLog.WithListings(s_b, 1);
        await node.Log(s_b).ExtendAsync(writer.Range(0, 1));
        await node.DigestAsync(TestCoalition.Indicators("a"), 1);
        await node.DigestAsync(s_b, 1);

        var patience = TestNode.Patience();
        while ((await StatementsAsync(node)).Count == 0)
        {
            patience.ThrowIfCancellationRequested();
            await node.Grains.GetGrain<IReceiptsGrain>("a").FlushAsync();
        }

        Assert.Equal([(s_b, 1L)], await StatementsAsync(node));
    }

    private static async Task OwnLogAsync(TestNode node)
    {
        var result = await node.Log(TestCoalition.Indicators("a")).AppendAsync([Sample.Request(0, 1)]);
        Assert.Equal(AppendRefusal.None, Assert.Single(result).Refusal);
    }

    private static HeldStatement Held(string origin, long size) => new(origin, size, Hash256.Of([(byte)size]), size);

    private static async Task<List<(string Origin, long Size)>> StatementsAsync(TestNode node)
    {
        var (_, entries) = await node.ReadAllAsync(s_receipts);
        return [.. Payloads(entries).SelectMany(p => p.Held).Select(h => (h.Head.Origin, h.Head.Size))];
    }

    private static IEnumerable<ReceiptPayload> Payloads(List<StoredEntry> entries) => entries.Select((e, i) =>
    {
        Assert.True(LogEntry.TryInterpret(
            Origin.Parse(s_receipts), i, MerkleHash.Leaf(e.Leaf), e.Leaf, e.Salt, e.Payload, out var entry, out var reason), reason);
        return Assert.IsType<ReceiptPayload>(entry.Payload);
    });
}
