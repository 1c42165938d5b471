using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>An outline is dropped when it is filled, whatever happens first, and no part of it leaves a gap.</summary>
public sealed class OutlineEndTests
{
    private const string Indicators = "demo/b/indicators/1";

    private static readonly ReplicationOptions s_options =
        new() { Outlines = true, OutlineGap = 100, RangeEntries = 100, MaxFetchesPerLog = 1 };

    private readonly Replicator _core = new("a", 7, s_options);
    private long _now;

    [Fact]
    public void PartIsDurableOnlyWhenTheLogIsFilled_IsDropped()
    {
        Start(held: 0, outline: 0);
        Step(new OutlineMoved(Indicators, 400, 500));
        Assert.DoesNotContain(Step(new OutlineMoved(Indicators, 500, 500)), e => e is DropOutline);

        Assert.Single(Step(new LogMoved(Indicators, 500, 500, default)).OfType<DropOutline>());
        Assert.Empty(Step(new Tick()).OfType<DropOutline>());
        Step(new OutlineMoved(Indicators, 0, 0));
        Assert.Single(Step(new OutlineMoved(Indicators, 500, 500)).OfType<DropOutline>());
    }

    [Fact]
    public void Start_OutlineIsFilled_IsDropped() =>
        Assert.Single(Start(held: 500, outline: 400).OfType<DropOutline>());

    [Fact]
    public void StorageTookNothing_IsDroppedWhenItTakesAnything()
    {
        Start(held: 0, outline: 500);
        Step(new StorageChanged(true));
        Assert.Single(Step(new LogMoved(Indicators, 500, 500, default)).OfType<DropOutline>());

        Assert.Single(Step(new StorageChanged(false)).OfType<DropOutline>());
        Step(new OutlineMoved(Indicators, 0, 0));
        Assert.Empty(Step(new StorageChanged(false)).OfType<DropOutline>());
    }

    [Fact]
    public void OldOneIsNotDroppedYet_NoOtherIsFetched()
    {
        Start(held: 500, outline: 400);
        Assert.Empty(Show(5_000, "b").Concat(Show(5_000, "c")).OfType<FetchOutline>());
        Assert.Contains(Step(new OutlineMoved(Indicators, 0, 0)), e => e is FetchOutline { From: 500 });
    }

    [Fact]
    public void HistoryHasOvertakenIt_TheNextPartBeginsWhereTheLastEnds()
    {
        Start(held: 450, outline: 400, headSize: 20);
        Assert.Contains(Show(5_000, "b"), e => e is FetchOutline { From: 400 });
    }

    private IReadOnlyList<ReplicationEffect> Start(long held, long outline, long? headSize = null) => Step(new Started(
        new RosterTaken([new PeerInfo("b", true), new PeerInfo("c", true)], [new LogInfo(Indicators, "b", HasOutline: true)]),
        [new LogMoved(Indicators, held, headSize ?? held, default)],
        [],
        false,
        outline == 0 ? [] : [new OutlineMoved(Indicators, outline, 500)]));

    /// <summary>A peer shows that it holds so many entries.</summary>
    private IReadOnlyList<ReplicationEffect> Show(long size, string peer) => Step(new HeadPushed(peer, Indicators, size));

    private IReadOnlyList<ReplicationEffect> Step(ReplicationEvent happened) => _core.Step(happened, ++_now);
}
