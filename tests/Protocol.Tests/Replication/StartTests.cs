using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>A node is caught up when it has what the others had, and never before it knows of which logs.</summary>
public sealed class StartTests
{
    private const string Roster = "demo/secretariat/roster/1";
    private const string Indicators = "demo/secretariat/indicators/1";

    private static readonly ReplicationOptions s_options = new();
    private static readonly PeerInfo s_secretariat = new("secretariat", true);
    private static readonly LogInfo s_rosterLog = new(Roster, "secretariat");

    private readonly Replicator _core = new("a", 7, s_options);
    private readonly List<ReplicationEffect> _done = [];
    private long _now;

    [Fact]
    public void NewNode_HasTheRosterLogAndNoRosterYet_IsNotCaughtUp()
    {
        Step(new RosterTaken([s_secretariat], [s_rosterLog], Provisional: true));
        Answer(full: true, (Roster, 2));
        Step(new LogMoved(Roster, 2, 2, default));
        Wait(10 * s_options.ExchangeTimeout);

        Assert.Empty(_done.OfType<CaughtUp>());
    }

    [Fact]
    public void NewNode_LearnsOfLogsByARoster_AsksForAllHeadsAgainAtOnceAndCatchesUpWithThem()
    {
        Step(new RosterTaken([s_secretariat], [s_rosterLog], Provisional: true));
        Answer(full: true, (Roster, 2), (Indicators, 500));
        Step(new LogMoved(Roster, 2, 2, default));
        var before = _now;
        Step(new RosterTaken([s_secretariat], [s_rosterLog, new LogInfo(Indicators, "secretariat")]));
        Assert.Empty(_done.OfType<CaughtUp>());

        Answer(full: true, (Roster, 2), (Indicators, 500));
        Assert.InRange(_now - before, 0, s_options.HeadsInterval);
        Assert.Empty(_done.OfType<CaughtUp>());

        Step(new LogMoved(Indicators, 499, 0, default));
        Assert.Empty(_done.OfType<CaughtUp>());
        Step(new LogMoved(Indicators, 500, 500, default));
        Assert.Single(_done.OfType<CaughtUp>());
    }

    [Fact]
    public void AnswerUnderWayWhenARosterBringsNewLogs_IsNotTakenForAllThatThePeerShows()
    {
        Step(new Started(
            new RosterTaken([s_secretariat], [s_rosterLog]), [new LogMoved(Roster, 1, 1, Hash256.Of([2]))], [], false));
        Answer(full: true, (Roster, 1));
        var underWay = NextQuestion(full: false);
        Step(new RosterTaken([s_secretariat], [s_rosterLog, new LogInfo(Indicators, "secretariat")]));
        Step(AnswerTo(underWay, version: 2));

        Answer(full: true, (Roster, 1), (Indicators, 500));

        Assert.Contains(_done.OfType<FetchRange>(), f => f.Origin == Indicators);
    }

    [Fact]
    public void PeerWithMoreHeadsThanAnAnswerTakes_IsAskedOnAtOnceAndAllOfThemCount()
    {
        (string Origin, long Size)[] heads =
            [.. Enumerable.Range(0, HeadsVector.MaxHeadsShown + 1).Select(i => ($"demo/m{i}/indicators/1", 1L))];
        Step(new RosterTaken([s_secretariat], [.. heads.Select(h => new LogInfo(h.Origin, h.Origin.Split('/')[1]))]));
        foreach (var (origin, size) in heads[..^1])
        {
            Step(new LogMoved(origin, size, size, Hash256.Of([2])));
        }

        Answer(full: true, heads[..^1]);
        var before = _now;
        Assert.Empty(_done.OfType<CaughtUp>());
        Answer(full: false, heads[^1..]);

        Assert.InRange(_now - before, 0, 2 * s_options.LongPollGap);
        Assert.Empty(_done.OfType<CaughtUp>());
        Assert.Contains(_done.OfType<FetchRange>(), f => f.Origin == heads[^1].Origin);
        Step(new LogMoved(heads[^1].Origin, 1, 1, Hash256.Of([2])));
        Assert.Single(_done.OfType<CaughtUp>());
    }

    [Fact]
    public void PeerThatNeverComesToAnEnd_IsAskedAtTheUsualPace()
    {
        Step(new RosterTaken([s_secretariat], [s_rosterLog]));
        (string, long)[] made = [.. Enumerable.Range(0, HeadsVector.MaxHeadsShown).Select(i => ($"demo/m{i}/indicators/1", 1L))];
        Answer(full: true, made);
        var before = _now;
        for (var i = 0; i < 10; i++)
        {
            Step(AnswerTo(NextQuestion(full: false), version: 2 + i, made));
        }

        Assert.InRange(_now - before, 8 * s_options.HeadsInterval, 12 * s_options.HeadsInterval);
    }

    [Fact]
    public void ProcessThatSleptAfterItsStart_WaitsForThoseThatItOnlyAsksNow()
    {
        Step(new RosterTaken([s_secretariat], [s_rosterLog]));
        _now += 100 * s_options.ExchangeTimeout;
        Step(new Tick());
        Assert.Single(_done.OfType<AskHeads>());
        Assert.Empty(_done.OfType<CaughtUp>());

        Step(new RequestFailed(_done.OfType<AskHeads>().Single().Id, RequestFault.Unreachable));
        Assert.Single(_done.OfType<CaughtUp>());
    }

    [Fact]
    public void PeerThatFailedBefore_IsNeverAskedBeforeItsTimeHoweverTheDiceFall()
    {
        for (ulong seed = 1; seed <= 2_000; seed++)
        {
            var core = new Replicator("a", seed, s_options);
            var start = new Started(
                new RosterTaken([s_secretariat], [s_rosterLog]), [], [new PeerBackoff("secretariat", 3, 5_000, [])], false);
            Assert.Empty(core.Step(start, 0).OfType<AskHeads>());
            Assert.Empty(core.Step(new Tick(), 4_999).OfType<AskHeads>());
            Assert.Single(core.Step(new Tick(), 5_000).OfType<AskHeads>());
        }
    }

    /// <summary>The next question to the secretariat is answered.</summary>
    private void Answer(bool full, params (string Origin, long Size)[] heads) =>
        Step(AnswerTo(NextQuestion(full), version: 1, heads));

    private static HeadsAnswered AnswerTo(AskHeads ask, long version, params (string Origin, long Size)[] heads) => new(
        ask.Id,
        new HeadsAnswer(
            Hash256.Of([1]), 9, version, [.. heads.Select(h => new Head(h.Origin, h.Size, Hash256.Of([2]), null, h.Size))], [], [], false, []),
        []);

    private AskHeads NextQuestion(bool full)
    {
        var asked = _done.OfType<AskHeads>().Count();
        while (_done.OfType<AskHeads>().Count() == asked)
        {
            Assert.NotEqual(long.MaxValue, _core.NextDue);
            Wait(_core.NextDue - _now);
        }

        var ask = _done.OfType<AskHeads>().Last();
        Assert.Equal(full, ask.Question.Since == 0);
        return ask;
    }

    private void Wait(long time)
    {
        _now += time;
        Step(new Tick());
    }

    private void Step(ReplicationEvent happened) => _done.AddRange(_core.Step(happened, _now));
}
