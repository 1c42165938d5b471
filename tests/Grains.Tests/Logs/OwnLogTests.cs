using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using MessagePack;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>Appending to an own log and reading it again, over real rows.</summary>
public sealed class OwnLogTests
{
    private static readonly string s_log = TestCoalition.Indicators("a");

    [Theory, OnSqlite, OnPostgres]
    public async Task Read_RangesOfALogOfThreeBundles_AreTheEntriesWithProofs(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var entries = await AppendAsync(node, 255, 1, 1, 254, 1, 88);
        var log = node.Log(s_log);
        var leaves = entries.Select(e => MerkleHash.Leaf(e.Leaf)).ToArray();
        Assert.Equal(600, leaves.Length);

        (int From, int Most)[] cases =
        [
            (0, 1), (0, 255), (0, 256), (0, 257), (0, 600), (0, 4096), (1, 255), (255, 1), (255, 2), (256, 1), (256, 256),
            (256, 257), (300, 100), (511, 1), (511, 2), (512, 1), (512, 88), (599, 1), (599, 4096),
        ];
        foreach (var (from, most) in cases)
        {
            var range = await log.ReadAsync(from, most, int.MaxValue);
            var count = Math.Min(most, 600 - from);
            Assert.Equal((from, count), ((int)range.From, range.Entries.Count));
            Assert.Equal(leaves.Skip(from).Take(count), range.Entries.Select(e => MerkleHash.Leaf(e.Leaf)));
            var checkpoint = OpenCheckpoint(range.Checkpoint);
            Assert.Equal((600, MerkleHash.Root(leaves)), (checkpoint.Size, checkpoint.Root));
            Assert.True(
                new RangeProof(range.Before, range.After).Verify(from, leaves.AsSpan(from, count), 600, checkpoint.Root),
                $"The proof of {from} to {from + count} does not hold.");
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Read_FromTheEndOrBeyond_IsEmptyUnderTheCheckpoint(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, 300);

        foreach (var from in (long[])[300, 301, long.MaxValue])
        {
            var range = await node.Log(s_log).ReadAsync(from, 10, 1000);
            Assert.Equal(300, range.From);
            Assert.Empty(range.Entries);
            Assert.Empty(range.Before);
            Assert.Empty(range.After);
            Assert.Equal(300, OpenCheckpoint(range.Checkpoint).Size);
        }

        foreach (var from in (long[])[-1, long.MinValue])
        {
            var range = await node.Log(s_log).ReadAsync(from, 10, int.MaxValue);
            Assert.Equal((0, 10), (range.From, range.Entries.Count));
        }
    }

    [Fact]
    public async Task Read_ByteLimit_EndsAfterTheEntryThatReachesIt()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var entries = await AppendAsync(node, 300);
        var log = node.Log(s_log);
        var three = entries.Skip(250).Take(3).Sum(e => e.WireSize);

        Assert.Equal(3, (await log.ReadAsync(250, 100, three)).Entries.Count);
        Assert.Equal(4, (await log.ReadAsync(250, 100, three + 1)).Entries.Count);
        Assert.Single((await log.ReadAsync(250, 100, 1)).Entries);
        Assert.Single((await log.ReadAsync(250, 0, int.MinValue)).Entries);
    }

    [Fact]
    public async Task Read_MoreThanARangeMayHold_EndsAtTheLimit()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, Limits.MaxAppendEntries, 10);

        Assert.Equal(Limits.MaxRangeEntries, (await node.Log(s_log).ReadAsync(5, int.MaxValue, int.MaxValue)).Entries.Count);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task GetEvidence_EveryEntry_ProvesItUnderTheCheckpoint(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var entries = await AppendAsync(node, 520);
        foreach (var index in (long[])[0, 1, 127, 255, 256, 300, 511, 512, 519])
        {
            var evidence = await node.Log(s_log).GetEvidenceAsync(index);
            Assert.NotNull(evidence);
            Assert.Equal(index, evidence.Index);
            Assert.Equal(entries[(int)index].Leaf, evidence.Entry.Leaf);
            Assert.Equal(Sample.Listing((int)index).Encode(), evidence.Entry.Payload);
            var checkpoint = OpenCheckpoint(evidence.Checkpoint);
            var leaf = MerkleHash.Leaf(evidence.Entry.Leaf);
            Assert.True(InclusionProof.Verify(leaf, index, checkpoint.Size, evidence.Proof, checkpoint.Root));
            Assert.False(InclusionProof.Verify(leaf, index ^ 1, checkpoint.Size, evidence.Proof, checkpoint.Root));
        }

        Assert.Null(await node.Log(s_log).GetEvidenceAsync(520));
        Assert.Null(await node.Log(s_log).GetEvidenceAsync(-1));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task ReadTile_EveryTileOfTheTree_IsThatOfTheEntries(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var entries = await AppendAsync(node, 700);
        var log = node.Log(s_log);
        var leaves = entries.Select(e => MerkleHash.Leaf(e.Leaf)).ToArray();

        foreach (var tile in TilePath.ForTree(700))
        {
            var span = 1 << (8 * tile.Level);
            var expected = Enumerable.Range((int)tile.Number * 256, tile.Width)
                .SelectMany(i => MerkleHash.Root(leaves.AsSpan(i * span, span)).ToArray());
            Assert.Equal(expected, await log.ReadTileAsync(tile.Level, tile.Number, tile.Width));
        }

        foreach (var tile in TilePath.ForLevel(TilePath.Entries, 700))
        {
            var part = entries.Skip((int)tile.Number * 256).Take(tile.Width).ToArray();
            Assert.Equal(
                EntryBundle.Encode([.. part.Select(e => (ReadOnlyMemory<byte>)e.Leaf)]),
                await log.ReadTileAsync(TilePath.Entries, tile.Number, tile.Width));
            var items = MessagePackSerializer.Deserialize<PayloadItem?[]>(
                await log.ReadTileAsync(TilePath.Payloads, tile.Number, tile.Width));
            Assert.Equal(
                part.Select(WriterLog.Hex),
                items.Zip(part, (i, e) => WriterLog.Hex(new StoredEntry(e.Leaf, i!.Salt, i.Payload))));
        }
    }

    [Fact]
    public async Task ReadTile_OutsideTheTree_IsNull()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, 300);
        (int Level, long Number, int Width)[] outside =
        [
            (0, 1, 45), (0, 2, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (0, long.MaxValue, 1), (0, long.MinValue, 1),
            (1, 0, 2), (1, 1, 1), (2, 0, 1), (7, 0, 1), (8, 0, 1), (63, 0, 1), (64, 0, 1), (-3, 0, 1), (int.MinValue, 0, 1),
            (-1, 1, 45), (-1, 2, 1), (-2, 1, 45),
        ];
        foreach (var (level, number, width) in outside)
        {
            Assert.True(
                await node.Log(s_log).ReadTileAsync(level, number, width) is null, $"tile {level}/{number}, {width} wide");
        }

        Assert.NotNull(await node.Log(s_log).ReadTileAsync(0, 1, 44));
        Assert.NotNull(await node.Log(s_log).ReadTileAsync(1, 0, 1));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_ThenReactivate_HeadCheckpointAndEntriesAreTheSame(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var before = new List<StoredEntry>();
        foreach (var count in (int[])[1, 254, 1, 1, 255, 1])
        {
            before = await AppendAsync(node, count);
            var (status, _) = await node.ReadAllAsync(s_log);
            var reads = node.Storage.Reads(LogRowKind.Head);
            await TestNode.DeactivateAsync(node.Log(s_log));

            var (again, entries) = await node.ReadAllAsync(s_log);

            Assert.Equal(reads + 1, node.Storage.Reads(LogRowKind.Head));
            AssertSame(status, again);
            Assert.Equal(before.Select(WriterLog.Hex), entries.Select(WriterLog.Hex));
        }

        Assert.Equal(513, before.Count);
    }

    [Fact]
    public async Task Append_Entries_HaveOriginTimeCommitmentAndMeaning()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var entries = await AppendAsync(node, 2);

        Assert.NotEqual(entries[0].Salt, entries[1].Salt);
        for (var i = 0; i < entries.Count; i++)
        {
            var (bytes, salt, payload) = entries[i];
            Assert.True(LogEntry.TryInterpret(
                Origin.Parse(s_log), i, MerkleHash.Leaf(bytes), bytes, salt, payload, out var entry, out var reason), reason);
            Assert.True(Leaf.TryDecode(bytes, out var leaf, out reason), reason);
            Assert.Equal((s_log, EntryKind.Listing, TestCoalition.Issued), (leaf.Origin, leaf.Kind, leaf.Issued));
            Assert.Equal((s_log, TestCoalition.Issued), (entry.Origin.Text, entry.Issued));
        }
    }

    [Fact]
    public async Task Append_HeadWriteHeldUp_NobodySeesTheEntriesBeforeItIsDone()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, 3);
        var reached = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        node.Storage.BeforeWrite = async kind =>
        {
            if (kind == LogRowKind.Head)
            {
                reached.SetResult();
                await gate.Task;
            }
        };

        var append = node.Log(s_log).AppendAsync([Sample.Request(3, 300)]);
        await reached.Task.WaitAsync(TestNode.Patience());

        Assert.False(append.IsCompleted);
        Assert.Equal(3, node.Heads.Get(s_log)!.SignedSize);
        Assert.Equal(3, OpenCheckpoint(node.Heads.Get(s_log)!.Checkpoint).Size);
        gate.SetResult();
        Assert.Equal(3, Assert.Single(await append).First);
        Assert.Equal(303, node.Heads.Get(s_log)!.SignedSize);
    }

    [Fact]
    public async Task Append_WhatNoReaderWouldUnderstand_IsRefusedAloneAndWritesNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, 1);
        AppendRequest[] bad =
        [
            new([]),
            new([.. Enumerable.Repeat(Sample.Entry(Sample.Listing(1)), Limits.MaxAppendEntries + 1)]),
            new([new NewEntry("no such kind!", [1])]),
            new([new NewEntry("unknown", [1])]),
            new([new NewEntry(EntryKind.Listing, [0xc1])]),
            new([new NewEntry(EntryKind.Listing, new byte[ProtocolLimits.MaxPayload + 1])]),
            new([Sample.Entry(new ReceiptPayload([]))]),
            new([Sample.Entry(Sample.Listing(1, TestCoalition.Issued))]),
            new([Sample.Entry(Sample.Listing(1, TestCoalition.Issued + ProtocolLimits.MaxLifetime + 1))]),
            new([Sample.Entry(new ErasePayload(9, "error"))]),
            new([Sample.Entry(Sample.Listing(1))], ""),
            new([Sample.Entry(Sample.Listing(1))], new string('k', Limits.MaxIdempotencyKey + 1)),
        ];
        var head = await node.Rows.ReadAsync<HeadRow>(LogRowKind.Head, s_log);

        foreach (var request in bad)
        {
            var result = Assert.Single(await node.Log(s_log).AppendAsync([request]));
            Assert.Equal(AppendRefusal.Invalid, result.Refusal);
            Assert.False(string.IsNullOrEmpty(result.Error));
        }

        Assert.Equal(head!.ETag, (await node.Rows.ReadAsync<HeadRow>(LogRowKind.Head, s_log))!.ETag);
        var mixed = await node.Log(s_log).AppendAsync([Sample.Request(1, 1), .. bad, Sample.Request(2, 1)]);
        Assert.Equal((1, 2), (mixed[0].First, mixed[^1].First));
        Assert.All(mixed.Skip(1).Take(bad.Length), r => Assert.Equal(AppendRefusal.Invalid, r.Refusal));
        Assert.Equal(3, (await node.Log(s_log).GetStatusAsync()).Size);
    }

    [Fact]
    public async Task Append_ForeignLog_IsRefused()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);

        var result = Assert.Single(await node.Log(TestCoalition.Indicators("b")).AppendAsync([Sample.Request(0, 1)]));

        Assert.Equal(AppendRefusal.NotOurs, result.Refusal);
        Assert.Empty(await KeysAsync(node, LogRowKind.Head));
    }

    [Fact]
    public async Task Append_LogThatTheRosterClosed_IsRefusedAndWritesNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, 3);
        var before = await HeldSnapshot.TakeAsync(node, s_log);
        node.Roster.Put(TestCoalition.Roster(2).With("a", m => m with
        {
            Logs = [m.Logs[0] with { ClosedAt = new LogHead(s_log, 3, before.Status.Root) }, m.Logs[1]],
        }));

        var result = Assert.Single(await node.Log(s_log).AppendAsync([Sample.Request(3, 1)]));

        Assert.Equal(AppendRefusal.NotOurs, result.Refusal);
        Assert.Contains("closed", result.Error, StringComparison.Ordinal);
        await before.AssertUnchangedAsync(node, s_log);
    }

    [Fact]
    public async Task Append_ClockMovesDuringTheCall_NoEntryLosesItsMeaning()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        node.Clock.AutoAdvanceAmount = TimeSpan.FromSeconds(1);
        for (var i = 1; i <= 3; i++)
        {
            var soon = Sample.Entry(Sample.Listing(i, node.Clock.GetUtcNow().ToUnixTimeSeconds() + i));
            await node.Log(s_log).AppendAsync([new AppendRequest([soon])]);
        }

        node.Clock.AutoAdvanceAmount = TimeSpan.Zero;
        var (status, entries) = await node.ReadAllAsync(s_log);
        Assert.InRange(status.Size, 1, 3);
        for (var i = 0; i < entries.Count; i++)
        {
            var (leaf, salt, payload) = entries[i];
            Assert.True(LogEntry.TryInterpret(
                Origin.Parse(s_log), i, MerkleHash.Leaf(leaf), leaf, salt, payload, out _, out var reason), reason);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_64AtOnce_Get64ConsecutivePositionsUnderOneRootForEachSize(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, 250);
        var roots = new Dictionary<long, Hash256>();
        node.Heads.Grew += head =>
        {
            var checkpoint = OpenCheckpoint(head.Checkpoint);
            lock (roots)
            {
                Assert.True(roots.TryAdd(checkpoint.Size, checkpoint.Root) || roots[checkpoint.Size] == checkpoint.Root);
            }
        };
        var writes = node.Storage.Writes(LogRowKind.Head);
        var appender = node.Services.GetRequiredService<LogAppender>();

        var results = await Task.WhenAll(Enumerable.Range(0, 64).Select(
            i => Task.Run(() => appender.AppendAsync(s_log, Sample.Request(250 + i, 1)))));

        Assert.Equal(Enumerable.Range(250, 64).Select(i => (long)i), results.Select(r => r.First).Order());
        Assert.All(results, r => Assert.Equal((1, false, AppendRefusal.None), (r.Count, r.Repeated, r.Refusal)));
        var (status, entries) = await node.ReadAllAsync(s_log);
        Assert.Equal(314, status.Size);
        foreach (var (result, i) in results.Select((r, i) => (r, i)))
        {
            Assert.Equal(Sample.Listing(250 + i).Encode(), entries[(int)result.First].Payload);
        }

        var leaves = entries.Select(e => MerkleHash.Leaf(e.Leaf)).ToArray();
        Assert.Equal(node.Storage.Writes(LogRowKind.Head) - writes, roots.Count);
        Assert.All(roots, r => Assert.Equal(MerkleHash.Root(leaves.AsSpan(0, (int)r.Key)), r.Value));
    }

    [Fact]
    public async Task Append_RequestsThatWaitForAWrite_ShareTheNextOne()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var appender = node.Services.GetRequiredService<LogAppender>();
        var reached = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        node.Storage.BeforeWrite = async kind =>
        {
            if (kind == LogRowKind.Head)
            {
                reached.TrySetResult();
                await gate.Task;
            }
        };

        var first = appender.AppendAsync(s_log, Sample.Request(0, 1));
        await reached.Task.WaitAsync(TestNode.Patience());
        var others = Enumerable.Range(1, 64).Select(i => appender.AppendAsync(s_log, Sample.Request(i, 1))).ToArray();
        gate.SetResult();
        await Task.WhenAll([first, .. others]);

        Assert.Equal(2, node.Storage.Writes(LogRowKind.Head));
        Assert.Equal(Enumerable.Range(1, 64), others.Select(o => (int)o.Result.First));
    }

    [Fact]
    public async Task Append_MoreThanOneCallTakes_AreSplitInOrder()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var appender = node.Services.GetRequiredService<LogAppender>();
        int[] sizes = [4000, 96, 1, 4096, 4095, 1, 1];

        var results = await Task.WhenAll(sizes.Select((n, i) => appender.AppendAsync(s_log, Sample.Request(10_000 * i, n))));

        var next = 0L;
        foreach (var (result, size) in results.Zip(sizes))
        {
            Assert.Equal((next, size, AppendRefusal.None), (result.First, result.Count, result.Refusal));
            next += size;
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_StorageFails_NothingIsAcknowledgedAndTheLogGoesOn(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var before = await AppendAsync(node, 255);
        foreach (var kind in (string[])[LogRowKind.Bundle, LogRowKind.Payloads, LogRowKind.Head])
        {
            node.Storage.BeforeWrite = WatchedStorage.FailOnce(kind);
            var failed = Assert.Single(await node.Log(s_log).AppendAsync([Sample.Request(900, 2)]));
            Assert.Equal(AppendRefusal.StorageUnavailable, failed.Refusal);
            Assert.Contains("No space left", failed.Error, StringComparison.Ordinal);
            Assert.Equal(255, OpenCheckpoint(node.Heads.Get(s_log)!.Checkpoint).Size);
        }

        node.Storage.BeforeWrite = null;
        var entries = await AppendAsync(node, 2);
        Assert.Equal(before.Select(WriterLog.Hex), entries.Take(255).Select(WriterLog.Hex));
        Assert.Equal(257, entries.Count);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Append_StorageFailsAfterTheHeadWasWritten_TheRepetitionFindsIt(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        await AppendAsync(node, 3);
        node.Storage.AfterWrite = WatchedStorage.FailOnce(LogRowKind.Head);
        var request = Sample.Request(3, 2, "once");

        var unknown = Assert.Single(await node.Log(s_log).AppendAsync([request]));
        var again = Assert.Single(await node.Log(s_log).AppendAsync([request]));

        Assert.Equal(AppendRefusal.StorageUnavailable, unknown.Refusal);
        Assert.Equal((3, 2, true, AppendRefusal.None), (again.First, again.Count, again.Repeated, again.Refusal));
        Assert.Equal(5, (await node.Log(s_log).GetStatusAsync()).Size);
    }

    /// <summary>Appends that many listings after those that are there, one call a number, and gives the whole log.</summary>
    internal static async Task<List<StoredEntry>> AppendAsync(TestNode node, params int[] counts)
    {
        foreach (var count in counts)
        {
            var size = (int)(await node.Log(s_log).GetStatusAsync()).Size;
            var result = Assert.Single(await node.Log(s_log).AppendAsync([Sample.Request(size, count)]));
            Assert.Equal((size, count, AppendRefusal.None), (result.First, result.Count, result.Refusal));
        }

        return (await node.ReadAllAsync(s_log)).Entries;
    }

    /// <summary>
    /// The log may not sign: a request gets no place in it, and waits. However often it is made, it becomes one entry.
    /// </summary>
    internal static async Task AssertDefersAsync(TestNode node)
    {
        var result = Assert.Single(await node.Log(s_log).AppendAsync([Sample.Request(900_000, 1, "waits")]));
        Assert.Equal((AppendRefusal.None, true, -1L), (result.Refusal, result.Deferred, result.First));
    }

    internal static Checkpoint OpenCheckpoint(byte[] note)
    {
        var key = TestCoalition.KeyOf(s_log).VerificationKey;
        Assert.True(Checkpoint.TryOpen(note, key, out var checkpoint, out var error), error);
        return checkpoint;
    }

    internal static void AssertSame(LogStatus expected, LogStatus actual)
    {
        Assert.Equal(expected with { Checkpoint = [] }, actual with { Checkpoint = [] });
        Assert.Equal(expected.Checkpoint, actual.Checkpoint);
    }

    internal static async Task<List<string>> KeysAsync(TestNode node, string kind)
    {
        var keys = new List<string>();
        await foreach (var key in node.Rows.ListKeysAsync(kind))
        {
            keys.Add(key);
        }

        return keys;
    }
}
