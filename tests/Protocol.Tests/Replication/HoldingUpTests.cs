using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>A node among peers that answer at once, in virtual time: what one log may hold up.</summary>
public sealed class HoldingUpTests
{
    private const string Damaged = "demo/b/indicators/1";
    private const string Sound = "demo/c/indicators/1";
    private const int RangeBytes = 256 * 1024;

    // One log may have as much under way as all together.
    private static readonly ReplicationOptions s_options = new()
    {
        RangeBytes = RangeBytes,
        MaxFetchesPerLog = 6,
        MaxCredit = 6 * RangeBytes,
        Gateways = 1,
    };

    private readonly CoreInVirtualTime _run;
    private readonly Dictionary<string, Dictionary<string, long>> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _held = new(StringComparer.Ordinal);
    private readonly Dictionary<long, (string Origin, long End)> _fetched = [];
    private readonly List<FetchRange> _fetches = [];
    private long _version;

    public HoldingUpTests() => _run = new CoreInVirtualTime(s_options, AnswersTo);

    [Fact]
    public void Fetch_OneLogCannotBeStored_OthersAreFetchedAllTheSame()
    {
        Show("b", Damaged, 100_000);
        Show("c", Sound, 0);
        Start(new RosterTaken(
            [new PeerInfo("b", true), new PeerInfo("c", true)], [new LogInfo(Damaged, "b"), new LogInfo(Sound, "c")]));
        _run.RunUntil(60_000);
        Show("c", Sound, 100_000);

        _run.RunUntil(90_000);

        Assert.Equal(100_000, _held[Sound]);
    }

    [Fact]
    public void Fetch_OneLogCannotBeStored_IsTriedMoreAndMoreRarely()
    {
        Show("b", Damaged, 100_000);
        Start(new RosterTaken([new PeerInfo("b", true)], [new LogInfo(Damaged, "b")]));
        _run.RunUntil(600_000);
        var before = _fetches.Count;

        _run.RunUntil(1_200_000);

        Assert.InRange(_fetches.Count - before, 1, 3);
        Assert.Equal(0, _run.Core.WaitingBytes);
    }

    [Fact]
    public void Fetch_GatewayGetsOnLongerThanTheGrace_OthersOfItsRegionGoOnWaitingForIt()
    {
        string[] inside = ["g1", "g2", "g3", "g4", "g5", "g6"];
        Show("c", Sound, 400_000);
        foreach (var gateway in inside)
        {
            Show(gateway, Sound, 0);
        }

        Start(new RosterTaken(
            [new PeerInfo("c", true, "far"), .. inside.Select(g => new PeerInfo(g, true, "near"))],
            [new LogInfo(Sound, "c")],
            "near"));
        for (var given = 8_192; given < 100_000; given += 8_192)
        {
            Show("g1", Sound, given);
            _run.RunUntil(_run.Now + (s_options.GatewayGrace * 4 / 5));
        }

        Assert.DoesNotContain(_fetches, f => f.Peer == "c");

        // Now it stands still.
        _run.RunUntil(_run.Now + (3 * s_options.GatewayGrace));
        Assert.Contains(_fetches, f => f.Peer == "c");
    }

    private void Show(string peer, string origin, long size)
    {
        if (!_shown.TryGetValue(peer, out var heads))
        {
            _shown[peer] = heads = new(StringComparer.Ordinal);
        }

        heads[origin] = size;
        _version++;
    }

    private void Start(RosterTaken roster) => _run.Step(new Started(roster, [], [], false));

    private IEnumerable<ReplicationEvent> AnswersTo(ReplicationEffect effect)
    {
        switch (effect)
        {
            case AskHeads ask:
                Head[] heads =
                [
                    .. _shown[ask.Peer].Select(s => new Head(s.Key, s.Value, Hash256.Of([(byte)s.Value]), null, s.Value)),
                ];
                yield return new HeadsAnswered(ask.Id, new HeadsAnswer(default, 1, _version, heads, [], [], false, []), []);
                break;
            case FetchRange fetch:
                _fetches.Add(fetch);
                var size = _shown[fetch.Peer][fetch.Origin];
                var end = Math.Min(size, fetch.From + fetch.MaxEntries);
                _fetched[fetch.Id] = (fetch.Origin, end);
                yield return new RangeFetched(fetch.Id, (int)(end - fetch.From), fetch.MaxBytes, size);
                break;
            case StoreRange { Origin: Damaged } store:
                yield return new RangeStored(store.Id, StoreOutcome.Unavailable);
                break;
            case StoreRange store:
                var held = _held[store.Origin] = Math.Max(_held.GetValueOrDefault(store.Origin), _fetched[store.Id].End);
                yield return new LogMoved(store.Origin, held, held, Hash256.Of([(byte)held]));
                yield return new RangeStored(store.Id, StoreOutcome.Stored);
                break;
            case PushHead push:
                yield return new PushAnswered(push.Id, 0, 0);
                break;
        }
    }
}
