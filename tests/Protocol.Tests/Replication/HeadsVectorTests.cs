using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

public sealed class HeadsVectorTests
{
    private static readonly Head s_a = new("c/a/indicators/1", 3, Hash256.Of([1]), null, 3);
    private static readonly Head s_b = new("c/b/indicators/1", 5, Hash256.Of([2]), 4, 5);

    [Fact]
    public void Digest_OfTwoHeads_IsTheHashOfTheirRows()
    {
        var vector = new HeadsVector(1);
        vector.Put(s_b);
        vector.Put(s_a);
        byte[] rows =
        [
            .. "fednode/heads/1\0c/a/indicators/1\0"u8, 0, 0, 0, 0, 0, 0, 0, 3, 255, 255, 255, 255, 255, 255, 255, 255,
            .. s_a.Root.Span,
            .. "c/b/indicators/1\0"u8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 4,
            .. s_b.Root.Span,
        ];
        Assert.Equal(Hash256.Of(rows), vector.Digest);
    }

    [Fact]
    public void Answer_ToWhoAskedBefore_HasOnlyWhatChanged()
    {
        var vector = new HeadsVector(7);
        vector.Put(s_a);
        vector.PutLinks(["b"]);
        var first = vector.Answer(Ask(0, 0), []);
        Assert.Equal([s_a], first.Heads);
        Assert.Equal(["b"], first.Links!);

        var again = vector.Answer(Ask(first.Instance, first.Version), []);
        Assert.Empty(again.Heads);
        Assert.Null(again.Links);

        vector.Put(s_b);
        var third = vector.Answer(Ask(first.Instance, first.Version), []);
        Assert.Equal([s_b], third.Heads);
        Assert.Null(third.Links);
    }

    [Fact]
    public void Answer_ToWhoAskedAnotherRun_HasEverything()
    {
        var vector = new HeadsVector(7);
        vector.Put(s_a);
        var answer = vector.Answer(Ask(6, long.MaxValue), []);
        Assert.Equal([s_a], answer.Heads);
        Assert.Empty(answer.Links!);
    }

    [Fact]
    public void Put_TheSameAgainOrAnEmptyLog_ChangesNothing()
    {
        var vector = new HeadsVector(7);
        vector.Put(s_a);
        var (version, digest) = (vector.Version, vector.Digest);
        vector.Put(s_a);
        vector.Put(s_b with { Size = 0, FrozenAt = null });
        Assert.Equal((version, digest), (vector.Version, vector.Digest));
    }

    [Fact]
    public void Answer_MoreHeadsThanAnAnswerTakes_AreToldOneAnswerAfterTheOther()
    {
        const int Logs = (2 * HeadsVector.MaxHeadsShown) + 1;
        var vector = new HeadsVector(7);
        Head HeadOf(int log, long size) => s_a with { Origin = $"c/m{log}/indicators/1", Size = size };
        for (var i = 0; i < Logs; i++)
        {
            vector.Put(HeadOf(i, 1));
        }

        var told = new Dictionary<string, Head>();
        var answer = vector.Answer(Ask(0, 0), []);
        for (var changed = false; ; changed = true)
        {
            Assert.Equal(vector.Digest, answer.Digest);
            Assert.InRange(answer.Heads.Count, 1, HeadsVector.MaxHeadsShown);
            foreach (var head in answer.Heads)
            {
                told[head.Origin] = head;
            }

            if (answer.Heads.Count < HeadsVector.MaxHeadsShown)
            {
                break;
            }

            if (!changed)
            {
                // One that was told already, and one that was not.
                vector.Put(HeadOf(3, 2));
                vector.Put(HeadOf(Logs - 2, 2));
            }

            Assert.True(vector.HasNews(Ask(answer.Instance, answer.Version)));
            answer = vector.Answer(Ask(answer.Instance, answer.Version), []);
        }

        Assert.Equal(vector.All.ToHashSet(), told.Values.ToHashSet());
        Assert.Equal(vector.Version, answer.Version);
        Assert.Empty(vector.Answer(Ask(answer.Instance, answer.Version), []).Heads);
    }

    [Fact]
    public void Answer_MoreUrgentRunsThanAnAnswerTakes_ShowsTheNewest()
    {
        const int Logs = (HeadsVector.MaxUrgentShown / HeadsVector.MaxUrgentRuns) + 2;
        var vector = new HeadsVector(7);
        var runs = Enumerable.Range(0, Logs * HeadsVector.MaxUrgentRuns)
            .Select(i => new UrgentRun($"c/m{i % Logs}/indicators/1", i, i + 1))
            .ToList();
        runs.ForEach(vector.PutUrgent);

        var shown = vector.Answer(Ask(0, 0), []).Urgent;

        Assert.Equal(HeadsVector.MaxUrgentShown, shown.Count);
        Assert.Equal(runs[^HeadsVector.MaxUrgentShown..].ToHashSet(), shown.ToHashSet());
    }

    [Fact]
    public void Answer_UrgentRuns_AreShownOnceAndTheOldestGoesFirst()
    {
        var vector = new HeadsVector(7);
        var runs = Enumerable.Range(0, HeadsVector.MaxUrgentRuns + 2).Select(i => new UrgentRun(s_a.Origin, 10 * i, (10 * i) + 1)).ToList();
        runs.ForEach(vector.PutUrgent);
        vector.PutUrgent(runs[^1]);
        var first = vector.Answer(Ask(0, 0), []);
        Assert.Equal(runs[2..], first.Urgent);
        Assert.Empty(vector.Answer(Ask(first.Instance, first.Version), []).Urgent);

        vector.DropUrgent(s_a.Origin, 60);
        Assert.Equal(runs[2..6], vector.Answer(Ask(0, 0), []).Urgent);
    }

    [Fact]
    public void Answer_ToWhoReadsThisRunForTheFirstTime_ShowsItsOwnCheckpoints()
    {
        var vector = new HeadsVector(7);
        vector.Put(s_a);
        byte[][] notes = [[1, 2, 3]];
        Assert.Equal(notes, vector.Answer(Ask(0, 0), notes).Yours);
        Assert.Equal(notes, vector.Answer(Ask(6, 1), notes).Yours);
        Assert.Empty(vector.Answer(Ask(7, 1), notes).Yours);
    }

    [Fact]
    public void HasNews_UntilAllWasRead_IsTrue()
    {
        var vector = new HeadsVector(7);
        Assert.True(vector.HasNews(Ask(0, 0)));
        vector.Put(s_a);
        Assert.True(vector.HasNews(Ask(7, vector.Version - 1)));
        Assert.False(vector.HasNews(Ask(7, vector.Version)));
        vector.Paused = true;
        Assert.True(vector.HasNews(Ask(7, vector.Version - 1)));
    }

    private static HeadsQuestion Ask(ulong instance, long since) => new(default, instance, since, [], 0);
}
