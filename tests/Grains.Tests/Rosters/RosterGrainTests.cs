using FederationNode.Contracts.Roster;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Grains.Tests.Rosters;

/// <summary>Which roster is in force: the next one, signed as the last one asks, and never an older one again.</summary>
public sealed class RosterGrainTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task Advance_DocumentsInOrder_ComeIntoForceAndStayAfterARestart(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        var last = TestCoalition.Sign(TestCoalition.Roster(3));
        await using (var node = await TestNode.StartAsync(sandbox, rostered: false))
        {
            Assert.Equal(0, (await node.RosterGrain.GetAsync()).Version);
            Assert.Null(node.Roster.Current);
            for (var version = 1; version <= 3; version++)
            {
                var note = TestCoalition.Sign(TestCoalition.Roster(version));
                Assert.Equal(new RosterResult(version, null), await node.RosterGrain.AdvanceAsync(note));
                Assert.Equal(version, node.Roster.Current!.Version);
            }

            await TestNode.DeactivateAsync(node.RosterGrain);
            Assert.Equal(last, (await node.RosterGrain.GetAsync()).Note);
        }

        await using var again = await TestNode.StartAsync(sandbox, rostered: false);
        var status = await again.RosterGrain.GetAsync();
        Assert.Equal((3, 3), (status.Version, again.Roster.Current!.Version));
        Assert.Equal(last, status.Note);
        Assert.Equal(
            new RosterResult(4, null), await again.RosterGrain.AdvanceAsync(TestCoalition.Sign(TestCoalition.Roster(4))));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Advance_WhatDoesNotFollow_IsRefusedAndChangesNothing(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox, rostered: false);
        foreach (var (name, note) in BadFirst())
        {
            await AssertRefusedAsync(node, name, note, 0);
        }

        Assert.Empty(await RowsAsync(node));
        await node.RosterGrain.AdvanceAsync(TestCoalition.Sign(TestCoalition.Roster(1)));
        await node.RosterGrain.AdvanceAsync(TestCoalition.Sign(TestCoalition.Roster(2)));
        var before = await RowsAsync(node);

        foreach (var (name, note) in BadNext())
        {
            await AssertRefusedAsync(node, name, note, 2);
        }

        Assert.Equal(before, await RowsAsync(node));
        await TestNode.DeactivateAsync(node.RosterGrain);
        Assert.Equal(TestCoalition.Sign(TestCoalition.Roster(2)), (await node.RosterGrain.GetAsync()).Note);
        Assert.Equal(
            new RosterResult(3, null), await node.RosterGrain.AdvanceAsync(TestCoalition.Sign(TestCoalition.Roster(3))));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task FollowLog_DocumentsAmongOthers_WalksTheChainOnceAndGoesOn(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox, rostered: false);
        var writer = new WriterLog(TestCoalition.RosterLog);
        writer.Add(new HeartbeatPayload([]));
        Add(writer, 1);
        Add(writer, 3);
        writer.AddRaw(new Contracts.Logs.StoredEntry([0xc1], null, null));
        Add(writer, 2);
        Add(writer, 1);
        Add(writer, 3);
        writer.Add(new HeartbeatPayload([]));
        var log = node.Log(TestCoalition.RosterLog);
        await log.ExtendAsync(writer.Range(0, writer.Size));

        Assert.Equal(new RosterResult(3, null), await node.RosterGrain.FollowLogAsync());
        Assert.Equal(3, node.Roster.Current!.Version);
        Assert.Equal(3, (await RowAsync(node)).Chain.Length);

        // What was put into force by hand is met again in the log, and does no harm.
        await node.RosterGrain.AdvanceAsync(TestCoalition.Sign(TestCoalition.Roster(4)));
        await TestNode.DeactivateAsync(node.RosterGrain);
        var size = writer.Size;
        Add(writer, 4);
        Add(writer, 5);
        await log.ExtendAsync(writer.Range(size, writer.Size));
        Assert.Equal(new RosterResult(5, null), await node.RosterGrain.FollowLogAsync());
        Assert.Equal(new RosterResult(5, null), await node.RosterGrain.FollowLogAsync());
        Assert.Equal((5, 10L), ((await RowAsync(node)).Chain.Length, (await RowAsync(node)).LogRead));
    }

    [Fact]
    public async Task Advance_StorageFails_TheRosterInForceStaysUntilItIsStored()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, rostered: false);
        await node.RosterGrain.AdvanceAsync(TestCoalition.Sign(TestCoalition.Roster(1)));
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(RosterGrain.RowKind);

        await Assert.ThrowsAsync<Grains.Storage.StorageException>(
            () => node.RosterGrain.AdvanceAsync(TestCoalition.Sign(TestCoalition.Roster(2))));

        Assert.Equal((1, 1), ((await node.RosterGrain.GetAsync()).Version, node.Roster.Current!.Version));
        Assert.Equal(
            new RosterResult(2, null), await node.RosterGrain.AdvanceAsync(TestCoalition.Sign(TestCoalition.Roster(2))));
    }

    [Fact]
    public async Task Activate_StoredChainDamagedOrExchanged_IsRefused()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox, rostered: false);
        for (var version = 1; version <= 3; version++)
        {
            await node.RosterGrain.AdvanceAsync(TestCoalition.Sign(TestCoalition.Roster(version)));
        }

        // An activation that fails ends, so each of the following calls reads the row again.
        await TestNode.DeactivateAsync(node.RosterGrain);
        var good = await RowAsync(node);
        var forged = SignedNote.Sign(TestCoalition.Roster(3).ToText(), TestCoalition.KeyOf("demo/a/forger"));
        RosterRow[] bad =
        [
            new() { Chain = good.Chain[1..], Note = good.Note },
            new() { Chain = [good.Chain[0], good.Chain[2]], Note = good.Note },
            new() { Chain = [good.Chain[0], good.Chain[1], forged], Note = forged },
            new() { Chain = good.Chain, Note = forged },
            new() { Chain = good.Chain[..2], Note = good.Note },
            new() { Chain = [], Note = good.Note },
            new() { Chain = good.Chain, Note = [] },
        ];
        foreach (var row in bad)
        {
            var stored = await node.Rows.ReadAsync<RosterRow>(RosterGrain.RowKind, TestCoalition.Name);
            await node.Rows.WriteAsync(RosterGrain.RowKind, TestCoalition.Name, row, stored!.ETag);
            await Assert.ThrowsAsync<CorruptStateException>(node.RosterGrain.GetAsync);
        }

        var last = await node.Rows.ReadAsync<RosterRow>(RosterGrain.RowKind, TestCoalition.Name);
        await node.Rows.WriteAsync(RosterGrain.RowKind, TestCoalition.Name, good, last!.ETag);
        Assert.Equal(3, (await node.RosterGrain.GetAsync()).Version);
    }

    private static IEnumerable<(string Name, byte[] Note)> BadFirst()
    {
        var first = TestCoalition.Roster();
        yield return ("nothing", []);
        yield return ("version 2 first", TestCoalition.Sign(TestCoalition.Roster(2)));
        yield return ("another coalition", TestCoalition.Sign(Rename(first)));
        yield return ("another signer", SignedNote.Sign(first.ToText(), TestCoalition.KeyOf("demo/secretariat/signer-2")));
        yield return ("a member's key", SignedNote.Sign(first.ToText(), TestCoalition.KeyOf(TestCoalition.Indicators("a"))));
        yield return ("the signer's name with another key", SignedNote.Sign(
            first.ToText(), SigningKey.FromSeed("demo/secretariat/signer-1", Hash256.Of([9]).Span)));
        yield return ("another set of keys", TestCoalition.Sign(first with
        {
            SecretariatKeys = [.. first.SecretariatKeys, TestCoalition.KeyOf("demo/secretariat/signer-2").VerificationKey],
        }));
    }

    private static IEnumerable<(string Name, byte[] Note)> BadNext()
    {
        var next = TestCoalition.Roster(3);
        var good = TestCoalition.Sign(next);
        yield return ("a gap", TestCoalition.Sign(TestCoalition.Roster(4)));
        yield return ("the one in force", TestCoalition.Sign(TestCoalition.Roster(2)));
        yield return ("the one in force, changed", TestCoalition.Sign(TestCoalition.Roster(2) with
        {
            Expires = next.Expires + 1,
        }));
        yield return ("an older one", TestCoalition.Sign(TestCoalition.Roster(1)));
        yield return ("another coalition", TestCoalition.Sign(Rename(next)));
        yield return ("another signer", SignedNote.Sign(next.ToText(), TestCoalition.KeyOf("demo/secretariat/signer-2")));
        yield return ("new keys that did not sign", TestCoalition.Sign(next with
        {
            SecretariatKeys = [TestCoalition.KeyOf("demo/secretariat/signer-2").VerificationKey],
        }));
        yield return ("signed by the new keys only", SignedNote.Sign(
            (next with { SecretariatKeys = [TestCoalition.KeyOf("demo/secretariat/signer-2").VerificationKey] }).ToText(),
            TestCoalition.KeyOf("demo/secretariat/signer-2")));
        yield return ("a log dropped", TestCoalition.Sign(next.With("b", m => m with { Logs = [m.Logs[0]] })));
        var exchanged = SigningKey.FromSeed(TestCoalition.Indicators("b"), Hash256.Of([8]).Span).VerificationKey;
        yield return ("a log's key exchanged", TestCoalition.Sign(next.With("b", m => m with
        {
            Logs = [m.Logs[0] with { Key = exchanged }, m.Logs[1]],
        })));
        yield return ("a flipped bit", [.. good.Select((b, i) => i == 60 ? (byte)(b ^ 1) : b)]);
        yield return ("a byte more", [.. good, (byte)'\n']);
        yield return ("oversized", new byte[RosterChain.MaxNote + 1]);
    }

    private static RosterDocument Rename(RosterDocument roster) => roster with
    {
        Coalition = "other",
        Members = [.. roster.Members.Select(m => m with { Logs = [] })],
    };

    private static void Add(WriterLog log, int version) =>
        log.Add(new RosterPayload(TestCoalition.Sign(TestCoalition.Roster(version))));

    private static async Task AssertRefusedAsync(TestNode node, string name, byte[] note, int version)
    {
        var result = await node.RosterGrain.AdvanceAsync(note);
        Assert.True(result.Version == version && !string.IsNullOrEmpty(result.Error), $"{name}: {result}");
        Assert.Equal(version, (await node.RosterGrain.GetAsync()).Version);
        Assert.Equal(version, node.Roster.Current?.Version ?? 0);
    }

    private static async Task<RosterRow> RowAsync(TestNode node) =>
        (await node.Rows.ReadAsync<RosterRow>(RosterGrain.RowKind, TestCoalition.Name))!.Value;

    private static async Task<string> RowsAsync(TestNode node) =>
        await node.Rows.ReadAsync<RosterRow>(RosterGrain.RowKind, TestCoalition.Name) is { } row
            ? $"{row.ETag} {string.Join(' ', row.Value.Chain.Select(Convert.ToHexString))}"
            : "";
}
