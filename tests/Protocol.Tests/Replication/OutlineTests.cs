using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>When a node fetches the outline of a log, and when it relies on it: in virtual time, among played peers.</summary>
public sealed class OutlineTests
{
    private const string Log = "demo/b/indicators/1";
    private const string Receipts = "demo/b/receipts/1";
    private const long Size = 20_000;

    private static readonly string[] s_peers = ["b", "c", "d", "e", "f", "g"];

    private readonly CoreInVirtualTime _run;
    private readonly Dictionary<string, long> _shown = new(StringComparer.Ordinal) { [Log] = Size };

    // Peers that know of no outlines.
    private readonly HashSet<string> _without = [];

    // Peers that say that other entries are live.
    private readonly HashSet<string> _others = [];
    private readonly Dictionary<long, long> _fetched = [];
    private bool _givesRanges;

    // Where the peers' lists end.
    private long _limit = long.MaxValue;
    private long _held;
    private long _outlined;

    public OutlineTests() => _run = new CoreInVirtualTime(new ReplicationOptions { Outlines = true }, AnswersTo);

    [Fact]
    public void Start_MuchIsMissing_TheOutlineComesFirstAndTheHistoryBehind()
    {
        _givesRanges = true;
        Start();
        _run.RunUntil(60_000);

        Assert.Equal(Size, _held);
        var firstRange = _run.Done.FindIndex(e => e is FetchRange);
        Assert.True(firstRange > _run.Done.FindLastIndex(e => e is FetchOutline { From: 0 }));
        Assert.Equal(Size, _outlined);
        Assert.Single(_run.Done, e => e is DropOutline);
        Assert.DoesNotContain(_run.Done, e => e is Noted { Kind: not Note.Reachable });
    }

    [Fact]
    public void Start_LittleIsMissingOrNothingCanBeDead_NoOutlineIsFetched()
    {
        (_givesRanges, _shown[Log], _shown[Receipts]) = (true, 4_000, Size);
        Start();
        _run.RunUntil(60_000);

        Assert.Equal(4_000, _held);
        Assert.DoesNotContain(_run.Done, e => e is FetchOutline);
        Assert.Contains(_run.Done, e => e is FetchRange { Origin: Receipts });
    }

    [Fact]
    public void Start_NobodyGivesTheOutline_TheLogIsFetchedAllTheSame()
    {
        _givesRanges = true;
        _without.UnionWith(s_peers);
        Start();
        _run.RunUntil(20_000);

        Assert.Equal(Size, _held);
        Assert.Contains(_run.Done, e => e is CaughtUp);
    }

    [Fact]
    public void Start_NobodyCanGiveTheOutlineNow_IsAskedForItMoreAndMoreRarely()
    {
        Start(limit: 0);
        _run.RunUntil(600_000);

        Assert.All(s_peers, p => Assert.InRange(_run.Done.Count(e => e is FetchOutline fetch && fetch.Peer == p), 1, 15));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public void CaughtUp_ByAnOutline_WhenMoreThanAThirdSayTheSame(int others, bool isCaughtUp)
    {
        // Of six peers three must say the same.
        _others.UnionWith(s_peers.Take(others));
        Start();
        _run.RunUntil(120_000);

        Assert.Equal((0, Size), (_held, _outlined));
        Assert.Equal(isCaughtUp, _run.Done.Exists(e => e is CaughtUp));
        Assert.InRange(_run.Done.Count(e => e is CompareOutline), 3, 6);
        Assert.Equal(others, _run.Done.OfType<Noted>().Count(n => n.Kind is Note.OtherLive));
    }

    [Fact]
    public void CaughtUp_SomebodyWhoGaveAPartKnewOfMore_NotBeforeTheOutlineHasComeSoFar()
    {
        _shown[Log] = Size + 5_000;
        Start(limit: Size);
        _run.RunUntil(30_000);
        Assert.Equal(Size, _outlined);
        Assert.DoesNotContain(_run.Done, e => e is CompareOutline or CaughtUp);

        _limit = long.MaxValue;
        _run.RunUntil(700_000);
        Assert.Equal(Size + 5_000, _outlined);
        Assert.Contains(_run.Done, e => e is CaughtUp);
    }

    [Fact]
    public void Fork_WithAnOutlineKept_ItIsDroppedAndNoneIsFetchedAgain()
    {
        Start();
        _run.RunUntil(30_000);
        _run.Done.Clear();

        _run.Step(new LogMoved(Log, 0, 0, default, FrozenAt: 10_000));
        _shown[Log] = Size + 9_000;
        _run.RunUntil(120_000);

        Assert.Single(_run.Done, e => e is DropOutline);
        Assert.DoesNotContain(_run.Done, e => e is FetchOutline);
        Assert.Equal(0, _run.Core.WaitingBytes);
    }

    private void Start(long limit = long.MaxValue)
    {
        _limit = limit;
        _run.Step(new Started(
            new RosterTaken(
                [.. s_peers.Select(p => new PeerInfo(p, true))],
                [new LogInfo(Log, "b", HasOutline: true), new LogInfo(Receipts, "b", Lazy: true)]),
            [],
            [],
            false));
    }

    private IEnumerable<ReplicationEvent> AnswersTo(ReplicationEffect effect)
    {
        switch (effect)
        {
            case AskHeads ask:
                Head[] heads = [.. _shown.Select(s => new Head(s.Key, s.Value, Hash256.Of([1]), null, s.Value))];
                yield return new HeadsAnswered(ask.Id, new HeadsAnswer(default, 1, 1 + _run.Now, heads, [], [], false, []), []);
                break;
            case FetchOutline fetch when _without.Contains(fetch.Peer):
                yield return new RequestFailed(fetch.Id, RequestFault.NotHeld);
                break;
            case FetchOutline fetch:
                var end = Math.Min(Math.Min(_limit, _shown[fetch.Origin]), fetch.From + fetch.MaxEntries);
                if (end <= fetch.From)
                {
                    yield return new RequestFailed(fetch.Id, RequestFault.Busy);
                    break;
                }

                _fetched[fetch.Id] = end;
                yield return new RangeFetched(fetch.Id, (int)(end - fetch.From), 100_000, _shown[fetch.Origin]);
                break;
            case StoreOutline store:
                _outlined = Math.Max(_outlined, _fetched[store.Id]);
                yield return new OutlineMoved(Log, _outlined, _shown[Log]);
                yield return new RangeStored(store.Id, StoreOutcome.Stored);
                break;
            case CompareOutline compare:
                yield return new OutlineCompared(compare.Id, !_others.Contains(compare.Peer));
                break;
            case DropOutline:
                yield return new OutlineMoved(Log, 0, 0);
                break;
            case FetchRange fetch when fetch.Origin == Log && _givesRanges:
                _fetched[fetch.Id] = Math.Min(_shown[Log], fetch.From + fetch.MaxEntries);
                yield return new RangeFetched(fetch.Id, (int)(_fetched[fetch.Id] - fetch.From), 100_000, _shown[Log]);
                break;
            case FetchRange fetch:
                yield return new RequestFailed(fetch.Id, RequestFault.Refused);
                break;
            case StoreRange store:
                _held = Math.Max(_held, _fetched[store.Id]);
                yield return new LogMoved(Log, _held, _held == _shown[Log] ? _held : 0, Hash256.Of([1]));
                yield return new RangeStored(store.Id, StoreOutcome.Stored);
                break;
            default:
                // Nobody answers.
                break;
        }
    }
}
