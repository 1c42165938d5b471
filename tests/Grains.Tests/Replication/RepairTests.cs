using System.Collections.Concurrent;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Logs;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Grains.Tests.Replication;

/// <summary>
/// A damaged sealed row is written anew with what a peer gives, byte for byte as it was, and with nothing else.
/// </summary>
public sealed class RepairTests
{
    private const string Malformed = "malformed or does not verify";
    private const string Withholds = "does not give";

    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory]
    [InlineData(LogRowKind.Bundle, false, "another entry", Malformed)]
    [InlineData(LogRowKind.Bundle, false, "no entries", Withholds)]
    [InlineData(LogRowKind.Bundle, true, "another entry", Malformed)]
    [InlineData(LogRowKind.Payloads, false, "another payload", Malformed)]
    [InlineData(LogRowKind.Payloads, false, "no payload", Withholds)]
    [InlineData(LogRowKind.Payloads, true, "another payload", Malformed)]
    public async Task Repair_FirstPeerLies_TheRowComesFromTheSecond(string kind, bool own, string lie, string note)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = own ? await AppendedAsync(node) : await ExtendedAsync(node, WriterLog.WithListings(s_b, 700));
        var before = await HeldSnapshot.TakeAsync(node, writer.Origin);
        var sound = await FlipAsync(sandbox, kind, $"{writer.Origin}|1|");
        var asked = await PlayAsync(node, writer, (first, request) => first ? Lie(writer, request, lie) : writer.Answer(request));

        await Assert.ThrowsAsync<CorruptStateException>(() => node.Log(writer.Origin).ReadAsync(256, 1, 1));
        Assert.Single(node.Damages.All());
        await node.AdvanceUntilAsync(() => node.Damages.All().Count == 0);
        await node.SettleAsync();

        Assert.Equal(2, asked.Distinct().Count());
        Assert.All(node.Peers.Ranges, r => Assert.Equal((256, 256), (r.Request.From, r.Request.MaxEntries)));
        Assert.Equal(2, node.Peers.Ranges.Count);
        Assert.Equal(sound, await RowAsync(sandbox, kind, $"{writer.Origin}|1|"));
        await before.AssertUnchangedAsync(node, writer.Origin);
        Assert.Contains(note, node.Links.Get(asked.First()).Note, StringComparison.Ordinal);
        Assert.Null(node.Links.Get(asked.Last()).Note);
        node.Peers.Ranges.Clear();
        await node.AdvanceAsync(600_000);
        Assert.Empty(node.Peers.Ranges);
    }

    [Fact]
    public async Task Repair_RowIsGoneBeforeTheStart_IsWrittenAnewAndFollowed()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = await ExtendedAsync(node, WriterLog.WithListings(s_b, 700));
        await sandbox.ExecuteAsync(
            "DELETE FROM OrleansStorage WHERE GrainTypeString = @kind AND GrainIdExtensionString LIKE @key",
            ("kind", $"row/{LogRowKind.Payloads}"),
            ("key", $":{s_b}|1|%"));
        await node.FollowAsync();
        await TestNode.UntilAsync(() => node.Follower.HeldUp.Count == 1);
        Assert.Equal(256, node.List.AppliedOf(s_b));

        await PlayAsync(node, writer, (_, request) => writer.Answer(request));
        await node.AdvanceUntilAsync(() => node.List.AppliedOf(s_b) == 700 && node.Follower.HeldUp.Count == 0);

        Assert.Empty(node.Damages.All());
        var (_, entries) = await node.ReadAllAsync(s_b);
        Assert.Equal(writer.Entries.Select(WriterLog.Hex), entries.Select(WriterLog.Hex));
    }

    [Fact]
    public async Task Repair_NobodyHasIt_NothingChangesUntilSomebodyDoes()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = await ExtendedAsync(node, WriterLog.WithListings(s_b, 700));
        var sound = await FlipAsync(sandbox, LogRowKind.Bundle, $"{s_b}|1|");
        var damaged = await RowAsync(sandbox, LogRowKind.Bundle, $"{s_b}|1|");
        var peer = node.Peers.Play("b");
        peer.Hold(writer, 500);
        await node.ReplicateAsync([peer], s_b);

        await Assert.ThrowsAsync<CorruptStateException>(() => node.Log(s_b).ReadAsync(256, 1, 1));
        for (var minute = 0; minute < 10; minute++)
        {
            await node.AdvanceAsync(60_000);
        }

        Assert.Empty(node.Peers.Ranges);
        Assert.Equal(damaged, await RowAsync(sandbox, LogRowKind.Bundle, $"{s_b}|1|"));
        Assert.Equal(256, (await node.Log(s_b).ReadAsync(0, 4096, int.MaxValue)).Entries.Count);
        Assert.Equal(700, (await node.Log(s_b).GetStatusAsync()).HeadSize);

        peer.Hold(writer, 512);
        await node.AdvanceUntilAsync(() => node.Damages.All().Count == 0);
        Assert.Equal(sound, await RowAsync(sandbox, LogRowKind.Bundle, $"{s_b}|1|"));
    }

    [Fact]
    public async Task Repair_NobodyGivesIt_IsAskedForMoreAndMoreRarely()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = await ExtendedAsync(node, WriterLog.WithListings(s_b, 700));
        await FlipAsync(sandbox, LogRowKind.Bundle, $"{s_b}|1|");
        var asked = await PlayAsync(node, writer, (_, _) => throw TestTransport.Refusal("b", 500));

        await Assert.ThrowsAsync<CorruptStateException>(() => node.Log(s_b).ReadAsync(256, 1, 1));
        for (var second = 0; second < 3_600; second++)
        {
            await node.AdvanceAsync(1_000);
        }

        // Twelve doublings of a second are more than an hour.
        Assert.InRange(asked.Count, 10, 40);
        Assert.Single(node.Damages.All());
    }

    /// <summary>The peer has not carried out the order yet; what this node erased does not come back by it.</summary>
    [Fact]
    public async Task Repair_ErasedPayload_StaysErased()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var whole = WriterLog.WithListings(s_b, 700);
        whole.Add(new ErasePayload(300, "mistake"));
        var without = new WriterLog(s_b);
        for (var i = 0; i < whole.Size; i++)
        {
            without.AddRaw(i == 300 ? whole.Entries[i] with { Salt = null, Payload = null } : whole.Entries[i]);
        }

        await ExtendedAsync(node, without);
        var sound = await FlipAsync(sandbox, LogRowKind.Payloads, $"{s_b}|1|");
        await PlayAsync(node, whole, (_, request) => whole.Answer(request));

        await Assert.ThrowsAsync<CorruptStateException>(() => node.Log(s_b).ReadAsync(256, 1, 1));
        await node.AdvanceUntilAsync(() => node.Damages.All().Count == 0);

        Assert.Equal(sound, await RowAsync(sandbox, LogRowKind.Payloads, $"{s_b}|1|"));
    }

    /// <summary>A tile says nothing that the rows below it do not say; what a crash left beside them is passed over.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RepairTile_Damaged_IsMadeOutOfTheRowsBelowIt(bool own)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = new WriterLog(own ? s_own : s_b);
        for (var i = 0; i < 65_536 + 300; i++)
        {
            writer.AddRaw(new StoredEntry(BitConverter.GetBytes(i), null, null));
        }

        await ExtendedAsync(node, writer);
        await node.Rows.WriteAsync(
            LogRowKind.Bundle, new SealedPlace(writer.Origin, 0, 7, Hash256.Of([7])).KeyFor(LogRowKind.Bundle), new BundleRow(), null);
        var sound = await FlipAsync(sandbox, LogRowKind.Tile, $"{writer.Origin}|1|0|");
        await TestNode.DeactivateAsync(node.Log(writer.Origin));
        await node.ReplicateAsync(writer.Origin);

        await Assert.ThrowsAsync<CorruptStateException>(() => node.Log(writer.Origin).ReadAsync(256, 1, 1));
        await node.AdvanceUntilAsync(() => node.Damages.All().Count == 0);

        Assert.Equal(sound, await RowAsync(sandbox, LogRowKind.Tile, $"{writer.Origin}|1|0|"));
        Assert.Empty(node.Peers.Ranges);
        var range = await node.Log(writer.Origin).ReadAsync(60_000, 1, 1);
        Assert.True(RangeCheck.TryCheck(writer.Origin, range, writer.Key.VerificationKey, out _, out var error), error);
    }

    private static LogRange Lie(WriterLog writer, RangeRequestMessage request, string lie)
    {
        var good = writer.Answer(request);
        var other = WriterLog.WithListings(writer.Origin, 1, seed: 9_000).Entries[0];
        var first = good.Entries[0];
        StoredEntry Changed() => lie switch
        {
            "another entry" => other,
            "another payload" => first with { Payload = other.Payload },
            _ => first with { Salt = null, Payload = null },
        };
        return lie == "no entries"
            ? writer.Range(writer.Size, writer.Size)
            : good with { Entries = [Changed(), .. good.Entries.Skip(1)] };
    }

    /// <summary>Two peers that show a log, and answer as said; the answer is who was asked, in order.</summary>
    private static async Task<ConcurrentQueue<string>> PlayAsync(
        TestNode node, WriterLog writer, Func<bool, RangeRequestMessage, LogRange> answer)
    {
        var asked = new ConcurrentQueue<string>();
        PlayedPeer[] peers = [node.Peers.Play("b"), node.Peers.Play(Origin.Secretariat)];
        foreach (var peer in peers)
        {
            peer.Hold(writer);
            peer.OnRange = (request, _) =>
            {
                asked.Enqueue(peer.Name);
                return Task.FromResult(answer(peer.Name == asked.First(), request));
            };
        }

        await node.ReplicateAsync(peers, s_b);
        return asked;
    }

    private static async Task<WriterLog> ExtendedAsync(TestNode node, WriterLog writer)
    {
        for (var from = 0; from < writer.Size; from += 4_096)
        {
            var end = Math.Min(writer.Size, from + 4_096);
            await node.Log(writer.Origin).ExtendAsync(writer.Range(from, end, writer.Size));
        }

        Assert.Equal(writer.Size, (await node.Log(writer.Origin).GetStatusAsync()).HeadSize);
        return writer;
    }

    private static async Task<WriterLog> AppendedAsync(TestNode node)
    {
        var writer = new WriterLog(s_own);
        (await OwnLogTests.AppendAsync(node, 700)).ForEach(writer.AddRaw);
        return writer;
    }

    private static async Task<byte[]> FlipAsync(StorageSandbox sandbox, string kind, string beginning)
    {
        var row = await RowAsync(sandbox, kind, beginning);
        await sandbox.ExecuteAsync(
            "UPDATE OrleansStorage SET PayloadBinary = @row" + Where,
            ("row", (byte[])[.. row[..^1], (byte)(row[^1] ^ 1)]),
            ("kind", $"row/{kind}"),
            ("key", $":{beginning}%"));
        return row;
    }

    private static async Task<byte[]> RowAsync(StorageSandbox sandbox, string kind, string beginning) =>
        (byte[])(await sandbox.ExecuteAsync(
            "SELECT PayloadBinary FROM OrleansStorage" + Where, ("kind", $"row/{kind}"), ("key", $":{beginning}%")))!;

    private const string Where = " WHERE GrainTypeString = @kind AND GrainIdExtensionString LIKE @key";
}
