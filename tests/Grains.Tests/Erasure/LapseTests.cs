using FederationNode.Contracts.Logs;
using FederationNode.Grains.Tests.Building;
using FederationNode.Grains.Tests.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FederationNode.Grains.Tests.Erasure;

/// <summary>What has lapsed leaves every row without an order that names it: by the log's own word or by a roster.</summary>
public sealed class LapseTests
{
    private const long Day = 86_400;
    private const long Soon = TestCoalition.Issued + Day;

    private static readonly string s_own = TestCoalition.Indicators("a");
    private static readonly string s_b = TestCoalition.Indicators("b");

    [Theory, OnSqlite, OnPostgres]
    public async Task Lapse_ForeignLog_PayloadsAreGoneAndTheTreeStands(string backend)
    {
        await using var sandbox = await StorageSandbox.CreateAsync(backend);
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = Ending(700, 3, 300, 650);
        writer.Add(new LapsePayload(Soon + ProtocolLimits.LapseDelay), TestCoalition.Issued + (10 * Day));
        writer.Add(new ErasePayload(700, "legal"));
        await node.Log(s_b).ExtendAsync(writer.Range(0, writer.Size));
        await node.StartAllAsync(erasing: true);

        await ErasureTests.ErasedAsync(node, s_b, writer.Size);

        await ErasureTests.AssertHeldAsync(node, writer, 3, 300, 650);
        Assert.Equal(WriterLog.DigestOf((s_b, writer.Entries)), node.List.Current.Digest);
        Assert.False(node.List.TryGet(Sample.Image(300).Id, out _));
    }

    /// <summary>A second too early: the payloads stay.</summary>
    [Fact]
    public async Task Lapse_BeforeItsTime_NothingIsErased()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using var node = await TestNode.StartAsync(sandbox);
        var writer = Ending(10, 3);
        writer.Add(new LapsePayload(Soon + ProtocolLimits.LapseDelay - 1), TestCoalition.Issued + (10 * Day));
        await node.Log(s_b).ExtendAsync(writer.Range(0, writer.Size));
        await node.StartAllAsync(erasing: true);

        await ErasureTests.ErasedAsync(node, s_b, writer.Size);

        await ErasureTests.AssertHeldAsync(node, writer);
        Assert.True(node.List.TryGet(Sample.Image(3).Id, out _));
    }

    /// <summary>Of a member that writes no more, a roster tells; whatever the node's own clock says.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public async Task Roster_IssuedLateEnough_PayloadsAreGone(int later, bool gone)
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        var writer = Ending(300, 3, 299);
        await using (var node = await TestNode.StartAsync(sandbox, clock: Ahead()))
        {
            await node.Log(s_b).ExtendAsync(writer.Range(0, writer.Size));
            await node.StartAllAsync(erasing: true);
            await ErasureTests.ErasedAsync(node, s_b, writer.Size);
            await ErasureTests.AssertHeldAsync(node, writer);

            node.Roster.Put(TestCoalition.Roster(2) with { Issued = Soon + ProtocolLimits.LapseDelay + later });
            await node.AdvanceAsync(3_000);
            await ErasureTests.AssertHeldAsync(node, writer, gone ? [3, 299] : []);
            Assert.Equal(!gone, node.List.TryGet(Sample.Image(299).Id, out _));
        }

        // And what a peer gives whole after the next start goes again.
        await using var again = await TestNode.StartAsync(sandbox, rostered: false);
        again.Roster.Put(TestCoalition.Roster(2) with { Issued = Soon + ProtocolLimits.LapseDelay + later });
        writer.Add(Sample.Listing(900, Soon));
        await again.Log(s_b).ExtendAsync(writer.Range(300, 301));
        await again.StartAllAsync(erasing: true);
        await again.AdvanceUntilAsync(() => again.List.AppliedOf(s_b) == 301);
        await again.AdvanceAsync(3_000);
        await ErasureTests.AssertHeldAsync(again, writer, gone ? [3, 299, 300] : []);
    }

    /// <summary>
    /// A clock that runs ahead has nothing erased, of nobody. Once another member has signed that the time has come, the
    /// node says so in its own log, once, and erases.
    /// </summary>
    [Fact]
    public async Task Writer_ClockRunsAhead_SaysNothingBeforeSomebodyElseHasSignedTheTime()
    {
        await using var sandbox = await StorageSandbox.CreateAsync("sqlite");
        await using (var before = await TestNode.StartAsync(sandbox))
        {
            await before.Log(s_own).AppendAsync(
                [new AppendRequest([Sample.Entry(Sample.Listing(1, Soon)), Sample.Entry(Sample.Listing(2))])]);
        }

        await using var node = await TestNode.StartAsync(sandbox, clock: Ahead());
        await node.StartAllAsync(erasing: true);
        await node.AdvanceUntilAsync(() => node.Follower.IsReady);
        var own = node.Log(s_own);
        await node.AdvanceAsync(200_000);
        Assert.Equal(2, (await own.GetStatusAsync()).Size);

        var other = new WriterLog(s_b);
        other.Add(Sample.Listing(9, TestCoalition.Issued + (100 * Day)), TestCoalition.Issued + (10 * Day));
        await node.Log(s_b).ExtendAsync(other.Range(0, 1));
        await node.AdvanceUntilAsync(() => node.Heads.Get(s_own)?.Size == 3);
        await ErasureTests.ErasedAsync(node, s_own, 3);

        var (_, entries) = await node.ReadAllAsync(s_own);
        Assert.Equal([true, false, false], entries.Select(e => e.Payload is null));
        Assert.True(Payload.TryDecode(EntryKind.Lapse, entries[2].Payload, out var lapse, out _));
        Assert.InRange(((LapsePayload)lapse).Time, TestCoalition.Issued + (9 * Day), TestCoalition.Issued + (10 * Day));
        await node.AdvanceAsync(200_000);
        Assert.Equal(3, (await own.GetStatusAsync()).Size);
    }

    /// <summary>A node's own clock, 300 days ahead of what anybody has signed.</summary>
    private static FakeTimeProvider Ahead() => new(DateTimeOffset.FromUnixTimeSeconds(TestCoalition.Issued + (300 * Day)));

    private static WriterLog Ending(int count, params int[] soon)
    {
        var writer = new WriterLog(s_b);
        for (var i = 0; i < count; i++)
        {
            writer.Add(Sample.Listing(i, soon.Contains(i) ? Soon : TestCoalition.Issued + (300 * Day)));
        }

        return writer;
    }
}
