using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>The replica of another member's log: what it takes from peers, and what it does not.</summary>
public sealed class ForeignLogTests
{
    private static readonly string s_log = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Extend_HonestRanges_GiveTheWritersLog(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 700);
        var at = 0;
        foreach (var end in (int[])[1, 255, 256, 257, 511, 513, 700])
        {
            var result = await node.Log(s_log).ExtendAsync(writer.Range(at, end));
            Assert.Equal(new ExtendResult(ExtendOutcome.Extended, end, null, end), result);
            await AssertHoldsAsync(node, writer, end, end);
            at = end;
        }

        await TestNode.DeactivateAsync(node.Log(s_log));
        await AssertHoldsAsync(node, writer, 700, 700);
        Assert.Equal(WriterLog.DigestOf((s_log, writer.Entries)), await node.DigestAsync(s_log, 700));
    }

    [Fact]
    public async Task Extend_RangeThatOverlapsWhatIsHeld_AddsTheRest()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 600);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));

        var result = await node.Log(s_log).ExtendAsync(writer.Range(100, 600));

        Assert.Equal((ExtendOutcome.Extended, 600), (result.Outcome, result.Size));
        await AssertHoldsAsync(node, writer, 600, 600);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Extend_AgainOrOlder_IsHeldAlreadyAndWritesNothing(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 300);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        var before = await HeldSnapshot.TakeAsync(node, s_log);

        LogRange[] repeated =
        [
            writer.Range(0, 300), writer.Range(300, 300), writer.Range(200, 250), writer.Range(0, 1), writer.Range(0, 0),
            writer.Range(0, 100, 256), writer.Range(300, 300) with { From = 5000 },
        ];
        foreach (var range in repeated)
        {
            Assert.Equal(
                new ExtendResult(ExtendOutcome.AlreadyHeld, 300, null, 300), await node.Log(s_log).ExtendAsync(range));
        }

        await before.AssertUnchangedAsync(node, s_log);
    }

    [Fact]
    public async Task Extend_RangeAboveWhatIsHeldOrWithoutNews_IsAGapAndWritesNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 400);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 100));
        var before = await HeldSnapshot.TakeAsync(node, s_log);

        LogRange[] gaps =
        [
            writer.Range(101, 400), writer.Range(400, 400), writer.Range(100, 100, 400), writer.Range(0, 100, 400),
            writer.Range(100, 100, 400) with { From = long.MaxValue }, writer.Range(50, 100, 400),
        ];
        foreach (var range in gaps)
        {
            Assert.Equal(new ExtendResult(ExtendOutcome.Gap, 100, null, 100), await node.Log(s_log).ExtendAsync(range));
        }

        await before.AssertUnchangedAsync(node, s_log);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Extend_WhatTheSenderIsToBlameFor_IsRefusedWholeAndChangesNothing(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 300);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 250));
        var before = await HeldSnapshot.TakeAsync(node, s_log);

        foreach (var (name, range) in BadRanges(writer))
        {
            var result = await node.Log(s_log).ExtendAsync(range);
            Assert.True(result.Outcome == ExtendOutcome.Refused, $"{name}: {result.Outcome}, {result.Error}");
            Assert.False(string.IsNullOrEmpty(result.Error));
            Assert.Equal(250, result.Size);
            await before.AssertUnchangedAsync(node, s_log);
        }

        await TestNode.DeactivateAsync(node.Log(s_log));
        await before.AssertUnchangedAsync(node, s_log);

        // The log goes on with who is honest, and ends where it would have without all that.
        Assert.Equal(ExtendOutcome.Extended, (await node.Log(s_log).ExtendAsync(writer.Range(250, 300))).Outcome);
        await AssertHoldsAsync(node, writer, 300, 300);
        Assert.Equal(WriterLog.DigestOf((s_log, writer.Entries)), await node.DigestAsync(s_log, 300));
        Assert.Empty(await OwnLogTests.KeysAsync(node, LogRowKind.Fork));
    }

    [Fact]
    public async Task Extend_LogThatTheRosterDoesNotVouchFor_IsUnknownAndWritesNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, rostered: false);
        var writer = WriterLog.WithListings(s_log, 3);
        await AssertUnknownAsync(s_log);
        node.Roster.Put(TestCoalition.Roster());
        await AssertUnknownAsync(TestCoalition.Indicators("stranger"));
        node.Roster.Put(TestCoalition.Roster().With("b", m => m with { Status = MemberStatus.Suspended }));
        await AssertUnknownAsync(s_log);
        node.Roster.Put(TestCoalition.Roster().With("b", m => m with { Status = MemberStatus.Expelled }));
        await AssertUnknownAsync(s_log);
        Assert.Empty(await OwnLogTests.KeysAsync(node, LogRowKind.Head));

        node.Roster.Put(TestCoalition.Roster());
        Assert.Equal(ExtendOutcome.Extended, (await node.Log(s_log).ExtendAsync(writer.Range(0, 3))).Outcome);

        async Task AssertUnknownAsync(string origin)
        {
            var log = WriterLog.WithListings(origin, 3);
            var result = await node.Log(origin).ExtendAsync(log.Range(0, 3));
            Assert.Equal((ExtendOutcome.UnknownLog, 0), (result.Outcome, result.Size));
            Assert.False(string.IsNullOrEmpty(result.Error));
        }
    }

    [Fact]
    public async Task Extend_RosterLogBeforeTheFirstRoster_IsTakenByTheTrustAnchor()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, rostered: false);
        var writer = new WriterLog(TestCoalition.RosterLog);
        writer.Add(new RosterPayload(TestCoalition.Sign(TestCoalition.Roster())));

        Assert.Equal(
            ExtendOutcome.Extended, (await node.Log(TestCoalition.RosterLog).ExtendAsync(writer.Range(0, 1))).Outcome);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Extend_TransferBrokenOff_IsKeptAndCountsOnceACheckpointIsWhole(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 700);
        var log = node.Log(s_log);
        await log.ExtendAsync(writer.Range(0, 100));

        Assert.Equal(ExtendOutcome.Extended, (await log.ExtendAsync(writer.Range(100, 400, 700))).Outcome);
        await AssertHoldsAsync(node, writer, 400, 100);
        await TestNode.DeactivateAsync(log);
        await AssertHoldsAsync(node, writer, 400, 100);
        Assert.Null(await log.GetEvidenceAsync(100));
        Assert.Null(await log.ReadTileAsync(0, 0, 101));
        Assert.NotNull(await log.ReadTileAsync(0, 0, 100));

        // The same range again brings nothing; one that goes on where it stopped does.
        Assert.Equal(ExtendOutcome.Gap, (await log.ExtendAsync(writer.Range(100, 400, 700))).Outcome);
        Assert.Equal(ExtendOutcome.Extended, (await log.ExtendAsync(writer.Range(400, 700))).Outcome);
        await AssertHoldsAsync(node, writer, 700, 700);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Extend_CheckpointForWhatABrokenOffTransferBrought_IsTaken(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 700);
        var log = node.Log(s_log);
        await log.ExtendAsync(writer.Range(0, 100));
        await log.ExtendAsync(writer.Range(100, 400, 700));

        // Another peer stopped earlier: its checkpoint covers a part of what is held, the next one all of it.
        foreach (var signed in (int[])[300, 400])
        {
            var result = await log.ExtendAsync(writer.Range(signed, signed));
            Assert.Equal(new ExtendResult(ExtendOutcome.Extended, 400, null, signed), result);
            await AssertHoldsAsync(node, writer, 400, signed);
            Assert.Equal(ExtendOutcome.AlreadyHeld, (await log.ExtendAsync(writer.Range(signed, signed))).Outcome);
        }

        Assert.Equal(ExtendOutcome.AlreadyHeld, (await log.ExtendAsync(writer.Range(200, 200))).Outcome);
        await AssertHoldsAsync(node, writer, 400, 400);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Extend_StorageFails_NothingChangesAndTheSameRangeIsTakenLater(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 300);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 10));
        foreach (var kind in (string[])[LogRowKind.Bundle, LogRowKind.Payloads, LogRowKind.Head])
        {
            node.Storage.BeforeWrite = WatchedStorage.FailOnce(kind);
            var result = await node.Log(s_log).ExtendAsync(writer.Range(10, 300));
            Assert.Equal((ExtendOutcome.StorageUnavailable, 10), (result.Outcome, result.Size));
            await AssertHoldsAsync(node, writer, 10, 10);
        }

        Assert.Equal(ExtendOutcome.Extended, (await node.Log(s_log).ExtendAsync(writer.Range(10, 300))).Outcome);
        await AssertHoldsAsync(node, writer, 300, 300);
    }

    [Fact]
    public async Task Extend_EntriesWithoutMeaning_AreKeptAndDoNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = WriterLog.WithListings(s_log, 3);
        var honest = WriterLog.WithListings(TestCoalition.Indicators("c"), 1).Entries[0];
        writer.AddRaw(new StoredEntry([0xc1], null, null));
        writer.AddRaw(new StoredEntry(new byte[ProtocolLimits.MaxEntry], null, null));
        writer.AddRaw(honest);
        writer.AddRaw(honest with { Salt = null, Payload = null });
        writer.AddListings(2);

        var result = await node.Log(s_log).ExtendAsync(writer.Range(0, writer.Size));

        Assert.True(result.Outcome == ExtendOutcome.Extended, result.Error);
        await AssertHoldsAsync(node, writer, 9, 9);
        Assert.Equal(WriterLog.DigestOf((s_log, writer.Entries)), await node.DigestAsync(s_log, 9));
        Assert.Equal(5, node.List.Current.Indicators);
    }

    private static IEnumerable<(string Name, LogRange Range)> BadRanges(WriterLog writer)
    {
        var good = writer.Range(250, 300);
        var part = writer.Range(250, 280, 300);
        var stranger = SigningKey.FromSeed(s_log, Hash256.Of("another key under the same name"u8).Span);
        var elsewhere = new WriterLog(TestCoalition.Indicators("c"));
        elsewhere.AddListings(300);
        var text = new Checkpoint(s_log, 300, writer.Root(300)).ToText();
        var entries = good.Entries;
        var first = entries[0];

        yield return ("no note", good with { Checkpoint = [] });
        yield return ("flipped bit in the signature", good with
        {
            Checkpoint = Flip(good.Checkpoint, good.Checkpoint.Length - 10),
        });
        yield return ("flipped digit of the size", good with { Checkpoint = Flip(good.Checkpoint, s_log.Length + 2) });
        yield return ("another key", good with
        {
            Checkpoint = new Checkpoint(s_log, 300, writer.Root(300)).Sign(stranger),
        });
        yield return ("the log's key over another origin", good with
        {
            Checkpoint = SignedNote.Sign(new Checkpoint(elsewhere.Origin, 300, writer.Root(300)).ToText(), writer.Key),
        });
        yield return ("another log's checkpoint", elsewhere.Range(250, 300));
        yield return ("a note too long for a fork proof", good with
        {
            Checkpoint = SignedNote.Sign(
                text, [writer.Key, .. Enumerable.Range(0, 20).Select(i => TestCoalition.KeyOf($"demo/b/witness-{i}"))]),
        });
        yield return ("an extension line", good with { Checkpoint = SignedNote.Sign(text + "more\n", writer.Key) });
        yield return ("a root that is not that of the entries", good with
        {
            Checkpoint = new Checkpoint(s_log, 300, Hash256.Of([1])).Sign(writer.Key),
        });
        yield return ("fewer entries than the checkpoint", good with { Entries = [.. entries.Take(49)] });
        yield return ("more entries than the checkpoint", good with { Entries = [.. entries, first] });
        yield return ("entries in another order", good with { Entries = [entries[1], first, .. entries.Skip(2)] });
        yield return ("an entry twice", good with { Entries = [first, first, .. entries.Skip(2)] });
        yield return ("another place", good with { From = 249 });
        yield return ("a place beyond the checkpoint", good with { From = 251 });
        yield return ("a place beyond all", good with { From = long.MaxValue });
        yield return ("a place below 0", good with { From = long.MinValue });
        yield return ("an older checkpoint", good with { Checkpoint = writer.Checkpoint(299) });
        yield return ("a hash too many behind", good with { After = [Hash256.Of([1])] });
        yield return ("a hash too many before", good with { Before = [.. good.Before, Hash256.Of([1])] });
        yield return ("no proof before", good with { Before = [] });
        yield return ("no proof behind", part with { After = [] });
        yield return ("a hash too few before", part with { Before = [.. part.Before.Skip(1)] });
        yield return ("a hash too few behind", part with { After = [.. part.After.Skip(1)] });
        yield return ("another hash before", part with { Before = [Hash256.Of([1]), .. part.Before.Skip(1)] });
        yield return ("another hash behind", part with { After = [.. part.After.SkipLast(1), Hash256.Of([1])] });
        yield return ("too many hashes", part with
        {
            After = [.. Enumerable.Repeat(Hash256.Of([1]), Limits.MaxProofHashes + 1)],
        });
        yield return ("too many entries", good with
        {
            Entries = [.. Enumerable.Repeat(first, Limits.MaxRangeEntries + 1)],
        });

        foreach (var (name, entry) in BadEntries(first))
        {
            yield return (name, good with { Entries = [entry, .. entries.Skip(1)] });
            yield return (name + ", last", good with { Entries = [.. entries.Take(49), entry] });
        }
    }

    private static IEnumerable<(string Name, StoredEntry Entry)> BadEntries(StoredEntry good)
    {
        var roster = Leaf.Commit(new byte[16], new byte[ProtocolLimits.MaxPayload + 1]);
        yield return ("a flipped bit in the leaf", good with { Leaf = Flip(good.Leaf, 40) });
        yield return ("a flipped bit in the salt", good with { Salt = Flip(good.Salt!, 3) });
        yield return ("a flipped bit in the payload", good with { Payload = Flip(good.Payload!, 3) });
        yield return ("an empty leaf", new StoredEntry([], null, null));
        yield return ("an oversized leaf", new StoredEntry(new byte[ProtocolLimits.MaxEntry + 1], null, null));
        yield return ("a salt alone", good with { Payload = null });
        yield return ("a payload alone", good with { Salt = null });
        yield return ("a short salt", good with { Salt = good.Salt![..15] });
        yield return ("a payload beside a malformed leaf", good with { Leaf = [0xc1] });
        yield return ("an oversized payload that its leaf commits to", new StoredEntry(
            new Leaf(s_log, EntryKind.Listing, TestCoalition.Issued, null, roster).Encode(),
            new byte[16],
            new byte[ProtocolLimits.MaxPayload + 1]));
    }

    private static byte[] Flip(byte[] bytes, int at) => [.. bytes.Select((b, i) => i == at ? (byte)(b ^ 1) : b)];

    private static async Task AssertHoldsAsync(TestNode node, WriterLog writer, int size, int signed)
    {
        var (status, entries) = await node.ReadAllAsync(s_log);
        Assert.Equal(
            new LogStatus(s_log, size, writer.Root(size), signed, writer.Root(signed), [], signed, writer.Root(signed)),
            status with { Checkpoint = [] });
        Assert.Equal(Convert.ToHexString(writer.Checkpoint(signed)), Convert.ToHexString(status.Checkpoint));
        Assert.Equal(writer.Entries.Take(signed).Select(WriterLog.Hex), entries.Select(WriterLog.Hex));
        Assert.Equal(status.SignedSize, node.Heads.Get(s_log)!.SignedSize);
    }
}
