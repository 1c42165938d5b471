using FederationNode.Contracts.Logs;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;
using FederationNode.Protocol.Roster;
using Xunit;

namespace FederationNode.Grains.Tests.Logs;

/// <summary>Fork proofs that others made.</summary>
public sealed class ForkProofTests
{
    private static readonly string s_log = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task TakeFork_ProofThatHolds_FreezesTheLogForGood(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = ForkTests.Branches(300, 400, 200);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        await node.DigestAsync(s_log, 300);
        Assert.Null(await node.Log(s_log).GetForkAsync());

        Assert.Equal(ForkOutcome.Taken, await node.Log(s_log).TakeForkAsync(writer.ForkFrom(other, 200).Encode()));

        await ForkTests.AssertFrozenAsync(node, writer, 200);
        await TestNode.DeactivateAsync(node.Log(s_log));
        await ForkTests.AssertFrozenAsync(node, writer, 200);
        await TestNode.UntilAsync(() => node.List.AppliedOf(s_log) == 200);
        Assert.Equal(WriterLog.DigestOf((s_log, writer.Entries.Take(200).ToList())), node.List.Current.Digest);
        Assert.Empty((await node.Log(s_log).ReadAsync(200, 10, int.MaxValue)).Entries);
    }

    [Fact]
    public async Task TakeFork_BeforeItsEntries_TheyAreTakenUpToTheForkOfEitherBranch()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = ForkTests.Branches(300, 400, 200);

        Assert.Equal(ForkOutcome.Taken, await node.Log(s_log).TakeForkAsync(writer.ForkFrom(other, 200).Encode()));
        Assert.Equal((0, 200L), ((int)node.Heads.Get(s_log)!.HeadSize, node.Heads.Get(s_log)!.FrozenAt));
        Assert.Equal(ExtendOutcome.Extended, (await node.Log(s_log).ExtendAsync(other.Range(0, 100, 400))).Outcome);
        Assert.Equal(ExtendOutcome.Gap, (await node.Log(s_log).ExtendAsync(writer.Range(199, 201, 300))).Outcome);
        Assert.Equal(
            new ExtendResult(ExtendOutcome.Extended, 200, null, 200),
            await node.Log(s_log).ExtendAsync(writer.Range(50, 300)));

        await ForkTests.AssertFrozenAsync(node, writer, 200);
        Assert.Equal(ExtendOutcome.AlreadyHeld, (await node.Log(s_log).ExtendAsync(writer.Range(200, 300))).Outcome);
        Assert.Equal(
            WriterLog.DigestOf((s_log, writer.Entries.Take(200).ToList())), await node.DigestAsync(s_log, 200));
    }

    [Fact]
    public async Task TakeFork_WhatProvesNothing_IsRefusedAndChangesNothing()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = ForkTests.Branches(300, 400, 200);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        var before = await HeldSnapshot.TakeAsync(node, s_log);

        foreach (var (name, proof) in BadProofs(writer, other))
        {
            Assert.True(await node.Log(s_log).TakeForkAsync(proof) is ForkOutcome.Refused, name);
        }

        // A proof about one log says nothing of another.
        var good = writer.ForkFrom(other, 200).Encode();
        Assert.Equal(ForkOutcome.Refused, await node.Log(TestCoalition.Indicators("c")).TakeForkAsync(good));
        Assert.Equal(ForkOutcome.Refused, await node.Log("demo/z/indicators/1").TakeForkAsync(good));
        await before.AssertUnchangedAsync(node, s_log);
        Assert.Empty(await OwnLogTests.KeysAsync(node, LogRowKind.Fork));
    }

    [Fact]
    public async Task TakeFork_SeveralProofs_TheEarliestAndThenTheExactOneStays()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = ForkTests.Branches(300, 250, 200);
        var third = writer.Branch(100);
        third.AddListings(150, seed: 70_000);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        var weak = Contradiction(writer, other);
        var exact = writer.ForkFrom(other, 200);
        var earliest = writer.ForkFrom(third, 100);
        var weakThere = ForkProof.Contradiction(writer.Checkpoint(100), Forged(100), [], []);

        (ForkProof Shown, ForkProof Kept, int FreezeAt)[] steps =
        [
            (weak, weak, 250), (exact, exact, 200), (weak, exact, 200), (weakThere, weakThere, 100),
            (earliest, earliest, 100), (weakThere, earliest, 100), (exact, earliest, 100),
        ];
        foreach (var (shown, kept, freezeAt) in steps)
        {
            Assert.Equal(ForkOutcome.Taken, await node.Log(s_log).TakeForkAsync(shown.Encode()));
            Assert.Equal(kept.Encode(), await node.Log(s_log).GetForkAsync());
            Assert.Equal(freezeAt, node.Heads.Get(s_log)!.FrozenAt);
            await TestNode.DeactivateAsync(node.Log(s_log));
        }

        await ForkTests.AssertFrozenAsync(node, writer, 100);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task TakeFork_StorageFails_IsTakenTheNextTime(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = ForkTests.Branches(300, 400, 200);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        var before = await HeldSnapshot.TakeAsync(node, s_log);
        var proof = writer.ForkFrom(other, 200).Encode();
        node.Storage.BeforeWrite = WatchedStorage.FailOnce(LogRowKind.Fork);

        Assert.Equal(ForkOutcome.StorageUnavailable, await node.Log(s_log).TakeForkAsync(proof));
        await before.AssertUnchangedAsync(node, s_log);
        node.Storage.AfterWrite = WatchedStorage.FailOnce(LogRowKind.Fork);
        Assert.Equal(ForkOutcome.StorageUnavailable, await node.Log(s_log).TakeForkAsync(proof));

        Assert.Equal(ForkOutcome.Taken, await node.Log(s_log).TakeForkAsync(proof));
        await ForkTests.AssertFrozenAsync(node, writer, 200);
    }

    [Theory]
    [InlineData(MemberStatus.Suspended)]
    [InlineData(MemberStatus.Expelled)]
    public async Task TakeFork_LogOfAMemberThatIsNotActive_IsFrozen(MemberStatus status)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var (writer, other) = ForkTests.Branches(300, 400, 200);
        await node.Log(s_log).ExtendAsync(writer.Range(0, 300));
        node.Roster.Put(TestCoalition.Roster(2).With("b", m => m with { Status = status }));

        Assert.Equal(ForkOutcome.Taken, await node.Log(s_log).TakeForkAsync(writer.ForkFrom(other, 200).Encode()));

        await ForkTests.AssertFrozenAsync(node, writer, 200);
    }

    [Fact]
    public async Task TakeFork_OwnLog_TakesNothingAnyMoreAndSaysWhatToDo()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var own = TestCoalition.Indicators("a");
        var writer = new WriterLog(own);
        (await OwnLogTests.AppendAsync(node, 30)).ForEach(writer.AddRaw);
        var other = writer.Branch(20);
        other.AddListings(30, seed: 50_000);

        Assert.Equal(ForkOutcome.Taken, await node.Log(own).TakeForkAsync(writer.ForkFrom(other, 20).Encode()));

        var refused = Assert.Single(await node.Log(own).AppendAsync([Sample.Request(30, 1)]));
        Assert.Equal(AppendRefusal.Frozen, refused.Refusal);
        Assert.Contains("new epoch", refused.Error, StringComparison.Ordinal);
        Assert.Equal(20, node.Heads.Get(own)!.HeadSize);
    }

    private static IEnumerable<(string Name, byte[] Proof)> BadProofs(WriterLog writer, WriterLog other)
    {
        var good = writer.ForkFrom(other, 200).Encode();
        var (one, two) = (writer.Checkpoint(300), other.Checkpoint(400));
        var stranger = SigningKey.FromSeed(s_log, Hash256.Of("another key under the same name"u8).Span);
        yield return ("nothing", []);
        yield return ("no MessagePack", [0xc1]);
        yield return ("cut", good[..^1]);
        yield return ("longer", [.. good, 0]);
        yield return ("too long", new byte[ForkProof.MaxBytes + 1]);
        yield return ("two heads that agree", ForkProof.Contradiction(
            writer.Checkpoint(256), one, writer.Nodes(CompactRange.Nodes(0, 256)), writer.Nodes(CompactRange.Nodes(256, 300)))
            .Encode());
        yield return ("one head twice", ForkProof.Contradiction(one, one, [], []).Encode());
        yield return ("the hashes of the other branch", ForkProof.Contradiction(
            one, two, writer.Nodes(CompactRange.Nodes(0, 300)), other.Nodes(CompactRange.Nodes(300, 400))).Encode());
        yield return ("a head under another key", ForkProof.Contradiction(
            one, new Checkpoint(s_log, 300, Hash256.Of([1])).Sign(stranger), [], []).Encode());
        yield return ("a head of another log", ForkProof.Contradiction(
            one, WriterLog.WithListings(TestCoalition.Indicators("c"), 300).Checkpoint(300), [], []).Encode());
        foreach (var common in (int[])[199, 201])
        {
            yield return ($"parted at {common}", writer.ForkFrom(other, common).Encode());
        }

        for (var i = 0; i < good.Length; i += 97)
        {
            yield return ($"byte {i} changed", [.. good.Select((b, at) => at == i ? (byte)(b ^ 4) : b)]);
        }
    }

    /// <summary>A second root for a size, signed, with no entries to it.</summary>
    private static byte[] Forged(int size) =>
        new Checkpoint(s_log, size, Hash256.Of([1])).Sign(TestCoalition.KeyOf(s_log));

    private static ForkProof Contradiction(WriterLog writer, WriterLog other) => ForkProof.Contradiction(
        other.Checkpoint(other.Size),
        writer.Checkpoint(writer.Size),
        writer.Nodes(CompactRange.Nodes(0, other.Size)),
        writer.Nodes(CompactRange.Nodes(other.Size, writer.Size)));
}
