using CsCheck;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Tests.Building;
using FederationNode.Matching.Lists;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using Xunit;

namespace FederationNode.Grains.Tests.Lists;

/// <summary>Urgent entries over the list, and entries that do not count any more.</summary>
public sealed class MergedListTests
{
    private const long Now = TestCoalition.Issued;
    private const int Size = 40;

    private static readonly string s_b = TestCoalition.Indicators("b");
    private static readonly string s_c = TestCoalition.Indicators("c");

    /// <summary>Few indicators, so that listings, withdrawals, opinions and erasures meet in the same cells.</summary>
    private static readonly WriterLog s_log = Sample.LogOfAllKinds(s_b, Size);

    // Where the prefix ends at first, and the runs above it.
    private static readonly Gen<(int Prefix, (int From, int Count)[] Runs)> s_urgent = Gen.Select(
        Gen.Int[0, Size], Gen.Select(Gen.Int[0, Size - 1], Gen.Int[1, 6]).Array[0, 6]);

    /// <summary>The value stays where another listing has it: of another member, or an older one of the same.</summary>
    [Fact]
    public void ForgetErased_OnlyWhereNobodyElseLists_TheMatcherForgets()
    {
        var (list, b, c) = (new MergedList(), new WriterLog(s_b), new WriterLog(s_c));
        foreach (var number in (int[])[0, 1, 2, 3, 3, 4])
        {
            b.Add(Sample.Listing(number));
        }

        b.Add(new WithdrawalPayload(Sample.Image(3).Id, "error"));
        foreach (var index in (long[])[0, 1, 4])
        {
            b.Add(new ErasePayload(index, "legal"));
        }

        c.Add(Sample.Listing(1));
        Take(list, b, 0, b.Size);
        Take(list, c, 0, 1);
        Assert.True(IsFound(list, 0));
        list.ForgetErased(Now);
        Assert.Equal([false, true, true, true, true], Enumerable.Range(0, 5).Select(n => IsFound(list, n)));

        c.Add(new ErasePayload(0, "legal"));
        b.Add(new ErasePayload(3, "legal"));
        Take(list, c, 1, 2);
        Take(list, b, b.Size - 1, b.Size);
        list.ForgetErased(Now);
        Assert.Equal([false, false, true, false, true], Enumerable.Range(0, 5).Select(n => IsFound(list, n)));

        b.Add(Sample.Listing(0));
        Take(list, b, b.Size - 1, b.Size);
        list.ForgetErased(Now);
        Assert.True(IsFound(list, 0));
    }

    /// <summary>While one thread applies and another forgets, no listing that the view has is lost to the matcher, and none other stays.</summary>
    [Fact]
    public async Task ForgetErased_BesideApply_LosesNoListing()
    {
        const int Rounds = 400;
        var (list, b, c) = (new MergedList(), new WriterLog(s_b), new WriterLog(s_c));
        for (var i = 0; i < Rounds; i++)
        {
            b.Add(Sample.Listing(i));
            b.Add(new ErasePayload(4 * i, "legal"));
            b.Add(Sample.Listing(Rounds + i));
            b.Add(new ErasePayload((4 * i) + 2, "legal"));
            c.Add(Sample.Listing(i));
        }

        var isDone = false;
        var forgetting = Task.Run(() =>
        {
            while (!Volatile.Read(ref isDone))
            {
                list.ForgetErased(Now);
            }
        });
        await Task.WhenAll(
            Task.Run(() => TakeEach(list, b, 4)),
            Task.Run(() => TakeEach(list, c, 1)));
        Volatile.Write(ref isDone, true);
        await forgetting;
        list.ForgetErased(Now);

        Assert.All(Enumerable.Range(0, Rounds), n => Assert.True(IsFound(list, n), $"{n} is not found"));
        Assert.All(Enumerable.Range(Rounds, Rounds), n => Assert.False(IsFound(list, n), $"{n} is found"));
    }

    private static void TakeEach(MergedList list, WriterLog log, int step)
    {
        for (var at = 0; at < log.Size; at += step)
        {
            Take(list, log, at, at + step);
        }
    }

    private static void Take(MergedList list, WriterLog log, int from, int end) => list.Apply(
        Origin.Parse(log.Origin), from, [.. log.Entries.Skip(from).Take(end - from)], Now, _ => true);

    private static bool IsFound(MergedList list, int number)
    {
        var found = new List<IndicatorMatch>();
        list.Matcher.MatchImage(new Hash256(Sample.Image(number).Value.Span), found);
        return found.Count > 0;
    }

    [Fact]
    public void Overlie_AnyRuns_AreNotInTheDigestAndGiveWayToThePrefix() => s_urgent.Sample(
        (prefix, runs) =>
        {
            var list = new MergedList();
            Apply(list, s_b, 0, prefix);
            Array.ForEach(runs, r => Overlie(list, r.From, r.Count));
            Assert.Equal(DigestOf(prefix), list.Current.Digest);
            Assert.Equal(prefix, list.AppliedOf(s_b));

            // In pieces, so that some runs are above, some within and some below what is applied.
            for (var at = prefix; at < Size; at += 7)
            {
                Apply(list, s_b, at, Math.Min(Size, at + 7));
                Assert.Equal(DigestOf(Math.Min(Size, at + 7)), list.Current.Digest);
            }

            AssertIs(Whole(Size), list);
        },
        iter: 200);

    [Fact]
    public void Overlie_AnyRuns_StatesAreThoseOfTheirEntriesAndThePrefix() => s_urgent.Sample(
        (prefix, runs) =>
        {
            var list = new MergedList();
            Apply(list, s_b, 0, prefix);
            Array.ForEach(runs, r => Overlie(list, r.From, r.Count));

            // An order to erase counts only in its turn, so only what is below it may be erased.
            var view = new View();
            var above = runs.SelectMany(r => Enumerable.Range(r.From, Math.Min(r.Count, Size - r.From)))
                .Where(i => i >= prefix && EntryAt(i)?.Payload is not ErasePayload);
            foreach (var entry in Enumerable.Range(0, prefix).Concat(above).Select(EntryAt).OfType<LogEntry>())
            {
                view.Apply(entry);
            }

            AssertStates(view, list);
        },
        iter: 200);

    [Fact]
    public void Overlie_MemberThatDoesNotCountOrListingThatExpired_IsNotInForce()
    {
        var list = new MergedList();
        list.Overlie(Origin.Parse(s_b), 10, s_log.Entries.Skip(10).Take(5).ToList(), Now, _ => false);
        Assert.NotEqual(0, list.Current.Indicators);
        Assert.Equal(0, list.Current.InForce);

        list.Overlie(Origin.Parse(s_c), 10, [Entry(s_c, Sample.Listing(900))], Now + (31 * 86_400), _ => true);
        Assert.Equal(0, list.Current.InForce);
        list.Overlie(Origin.Parse(s_c), 11, [Entry(s_c, Sample.Listing(901))], Now, _ => true);
        Assert.Equal(1, list.Current.InForce);
        Assert.Contains(Sample.Image(901).Id, list.Page(null, 100).Select(s => s.Id));
    }

    [Fact]
    public void Overlie_Listing_IsMatchedAtOnce()
    {
        var list = new MergedList();
        list.Overlie(Origin.Parse(s_c), 500, [Entry(s_c, Sample.Listing(77))], Now, _ => true);

        var matches = new List<IndicatorMatch>();
        list.Matcher.MatchImage(new Hash256(Sample.Image(77).Value.Span), matches);
        Assert.Equal(Sample.Image(77).Id, Assert.Single(matches).IndicatorId);
    }

    [Fact]
    public void Overlie_EntriesWithoutMeaningOrOfAnotherLog_CountNothing()
    {
        var list = new MergedList();
        StoredEntry[] entries =
        [
            new([0xc1], null, null), Entry(s_b, Sample.Listing(1)), Entry(s_c, Sample.Listing(1)) with { Payload = null, Salt = null },
            Entry(s_c, new ErasePayload(3, "error")), Entry(s_c, new HeartbeatPayload([])),
        ];
        list.Overlie(Origin.Parse(s_c), 10, entries, Now, _ => true);

        Assert.Equal((0, 0), (list.Current.Indicators, list.Current.InForce));
        Assert.Empty(list.Page(null, 10));
    }

    [Fact]
    public void Truncate_AtAnySize_IsAsIfTheRestHadNeverCome() =>
        Gen.Select(s_urgent, Gen.Int[0, Size], Gen.Int[0, Size]).Sample(
            (urgent, held, size) =>
            {
                var list = new MergedList();
                list.Apply(Origin.Parse(s_c), 0, [Entry(s_c, Sample.Listing(3))], Now, _ => true);
                Apply(list, s_b, 0, held);
                Array.ForEach(urgent.Runs, r => Overlie(list, r.From, r.Count));

                foreach (var index in list.Truncate(Origin.Parse(s_b), size, size, Now, _ => true))
                {
                    Assert.InRange(index, 0, Math.Min(held, size) - 1);
                    list.Restore(Origin.Parse(s_b), index, s_log.Entries[(int)index], Now, _ => true);
                }

                var fresh = new MergedList();
                fresh.Apply(Origin.Parse(s_c), 0, [Entry(s_c, Sample.Listing(3))], Now, _ => true);
                Apply(fresh, s_b, 0, Math.Min(held, size));

                // What is urgent counts up to where the log ends.
                Array.ForEach(urgent.Runs, r => Overlie(fresh, r.From, Math.Clamp(size - r.From, 0, r.Count)));
                AssertIs(fresh, list);

                // What counts may still grow up to where it ends.
                Apply(list, s_b, Math.Min(held, size), size);
                Apply(fresh, s_b, Math.Min(held, size), size);
                AssertIs(fresh, list);
            },
            iter: 300);

    [Fact]
    public async Task Apply_LogsAtTheSameTime_EveryKeywordIsFound()
    {
        const int Keywords = 600;
        const int Part = 20;
        string[] origins = [TestCoalition.Indicators("a"), s_b, s_c];
        var logs = origins.Select(o =>
        {
            var log = new WriterLog(o);
            for (var i = 0; i < Keywords; i++)
            {
                log.Add(Sample.Listing(i) with { Indicator = Indicator.Keyword(WordOf(o, i)), Context = KeywordContext.None });
            }

            return log;
        }).ToList();
        var list = new MergedList();

        await Task.WhenAll(logs.Select(log => Task.Run(() =>
        {
            for (var at = 0; at < Keywords; at += Part)
            {
                list.Apply(Origin.Parse(log.Origin), at, [.. log.Entries.Skip(at).Take(Part)], Now, _ => true);
                Assert.NotEmpty(Matches(list, WordOf(log.Origin, at)));
            }
        })));

        Assert.All(
            origins.SelectMany(o => Enumerable.Range(0, Keywords).Select(i => WordOf(o, i))),
            word => Assert.Single(Matches(list, word)));
        Assert.Equal(
            WriterLog.DigestOf(logs.Select(l => (l.Origin, l.Entries))), list.Current.Digest);
    }

    [Fact]
    public void Overlie_WhileTheSameEntryIsApplied_IsNotKeptBesideIt()
    {
        var log = new WriterLog(s_b);
        log.Add(Sample.Listing(1));
        log.Add(Sample.Listing(2));
        log.Add(new ErasePayload(0, "legal"));
        var list = new MergedList();
        var overlaid = false;

        // In the middle of it: the roster is asked while entries are taken.
        list.Apply(Origin.Parse(s_b), 0, log.Entries, Now, _ =>
        {
            if (!overlaid)
            {
                overlaid = true;
                list.Overlie(Origin.Parse(s_b), 0, [log.Entries[0]], Now, _ => true);
            }

            return true;
        });

        Assert.True(overlaid);
        Assert.False(list.TryGet(Sample.Image(1).Id, out _));
        Assert.Equal(1, list.Current.Indicators);
    }

    private static string WordOf(string origin, int number) => $"{Origin.Parse(origin).Member}word{number}";

    private static List<IndicatorMatch> Matches(MergedList list, string text)
    {
        var matches = new List<IndicatorMatch>();
        list.Matcher.MatchText(text, matches);
        return matches;
    }

    private static void Apply(MergedList list, string origin, int from, int end) =>
        list.Apply(Origin.Parse(origin), from, [.. s_log.Entries.Skip(from).Take(end - from)], Now, _ => true);

    private static void Overlie(MergedList list, int from, int count) =>
        list.Overlie(Origin.Parse(s_b), from, [.. s_log.Entries.Skip(from).Take(count)], Now, _ => true);

    private static MergedList Whole(int size)
    {
        var list = new MergedList();
        Apply(list, s_b, 0, size);
        return list;
    }

    private static Hash256 DigestOf(int size) => WriterLog.DigestOf((s_b, s_log.Entries.Take(size).ToList()));

    private static StoredEntry Entry(string origin, Payload payload)
    {
        var log = new WriterLog(origin);
        log.Add(payload);
        return log.Entries[0];
    }

    private static LogEntry? EntryAt(int index)
    {
        var (leaf, salt, payload) = s_log.Entries[index];
        return LogEntry.TryInterpret(
            Origin.Parse(s_b), index, Protocol.Merkle.MerkleHash.Leaf(leaf), leaf, salt, payload, out var entry, out _)
            ? entry
            : null;
    }

    private static void AssertIs(MergedList expected, MergedList actual)
    {
        Assert.Equal(expected.Current with { Version = 0 }, actual.Current with { Version = 0 });
        Assert.Equal(expected.AppliedOf(s_b), actual.AppliedOf(s_b));
        Assert.Equal(Text(expected.Page(null, 100)), Text(actual.Page(null, 100)));
    }

    private static void AssertStates(View expected, MergedList actual)
    {
        var states = expected.IndicatorIds.Order().Select(i => expected.TryGet(i, out var state) ? state : null);
        Assert.Equal(Text(states.OfType<IndicatorState>()), Text(actual.Page(null, 100)));
        Assert.Equal(expected.IndicatorCount, actual.Current.Indicators);
        foreach (var id in Enumerable.Range(0, 5).Select(i => Sample.Image(i).Id))
        {
            Assert.Equal(expected.TryGet(id, out _), actual.TryGet(id, out _));
        }
    }

    private static string Text(IEnumerable<IndicatorState> states) => string.Join('\n', states.Select(s =>
        $"{s.Id}: {string.Join(' ', s.Listings.Concat(s.Opinions).Select(e => $"{e.Origin.Text} {e.Index} {e.LeafHash}"))}"));
}
