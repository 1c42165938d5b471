using CsCheck;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Tests.Generators;
using Xunit;

namespace FederationNode.Protocol.Tests.Merge;

/// <summary>The view is a function of the set of entries, the one that section 8 of docs/protocol.md describes.</summary>
public sealed class ViewPropertyTests
{
    /// <summary>A history, the order in which it came, and where one of its logs is cut.</summary>
    private static readonly Gen<(LogEntry[] History, LogEntry[] Arrivals, (Origin Log, long Size) Cut)> s_cuts =
        HistoryGen.Histories.Where(h => h.Length > 0).SelectMany(history => Gen.Select(
            HistoryGen.Arrivals(history),
            Gen.Select(Gen.Int[0, history.Length - 1], Gen.Int[0, 12])
                .Select((log, size) => (history[log].Origin, (long)size)),
            (arrivals, cut) => (history, arrivals, cut)));

    [Fact]
    public void Apply_AnyOrderAndRepetition_GivesTheViewOfTheModel() =>
        HistoryGen.Histories.SelectMany(h => HistoryGen.Arrivals(h).Select(a => (History: h, Arrivals: a))).Sample((history, arrivals) =>
        {
            AssertIsModel(new NaiveView(history), Fresh(arrivals), history);
        });

    [Fact]
    public void Digest_TakenOnTheWay_EqualsThatOfAFreshViewAndOfTheModel() =>
        Gen.Select(HistoryGen.Histories, Gen.Int[1, 7]).Sample(
            (history, every) =>
            {
                var view = new View();
                for (var i = 0; i < history.Length; i++)
                {
                    view.Apply(history[i]);
                    if (i % every == 0)
                    {
                        var sofar = history[..(i + 1)];
                        Assert.Equal(Fresh(sofar).Digest(), view.Digest());
                        Assert.Equal(new NaiveView(sofar).Digest(), view.Digest());
                    }
                }
            },
            iter: 30);

    [Fact]
    public void Digest_OfTwoHistories_IsEqualExactlyWhenTheRowsAre() =>
        Gen.Select(HistoryGen.Histories, Gen.Int[0, 39]).Sample((history, without) =>
        {
            var fewer = history.Where((_, i) => i != without).ToArray();
            var (all, less) = (new NaiveView(history), new NaiveView(fewer));
            var sameRows = all.Rows.Select(r => Convert.ToHexString(r.Bytes)).SequenceEqual(less.Rows.Select(r => Convert.ToHexString(r.Bytes)));
            Assert.Equal(sameRows, Fresh(history).Digest() == Fresh(fewer).Digest());
        });

    [Fact]
    public void Apply_AnyEntry_ReportsEachIndicatorThatChanges() =>
        HistoryGen.Histories.Sample(history =>
        {
            var view = new View();
            foreach (var entry in history)
            {
                var before = HistoryGen.Indicators.Select(i => StateText(view, i.Id)).ToList();
                var changed = view.Apply(entry);
                for (var i = 0; i < before.Count; i++)
                {
                    var id = HistoryGen.Indicators[i].Id;
                    Assert.True(StateText(view, id) == before[i] || changed == id);
                }
            }
        });

    [Fact]
    public void Truncate_AnyLogAnywhere_GivesTheViewAndDigestAsIfTheRestHadNeverCome() =>
        s_cuts.Sample((history, arrivals, cut) =>
        {
            var view = Fresh(arrivals);
            Truncate(view, history, cut);

            var kept = Kept(history, cut);
            AssertIsModel(new NaiveView(kept), view, kept);
            Assert.Equal(Fresh(kept).Digest(), view.Digest());
        });

    [Fact]
    public void Truncate_ThenTheSameEntriesAgain_GivesTheWholeViewAgain() =>
        s_cuts.Sample((history, arrivals, cut) =>
        {
            var view = Fresh(arrivals);
            Truncate(view, history, cut);
            foreach (var entry in arrivals)
            {
                Apply(view, entry);
            }

            AssertIsModel(new NaiveView(history), view, history);
        });

    [Fact]
    public void Truncate_AnyLogAnywhere_ReportsEachIndicatorThatChanges() =>
        s_cuts.Sample((history, arrivals, cut) =>
        {
            var view = Fresh(arrivals);
            var before = HistoryGen.Indicators.Select(i => StateText(view, i.Id)).ToList();
            var touched = Truncate(view, history, cut);
            for (var i = 0; i < before.Count; i++)
            {
                var id = HistoryGen.Indicators[i].Id;
                Assert.True(StateText(view, id) == before[i] || touched.Contains(id));
            }
        });

    [Fact]
    public void Live_OfEachLogAtAnySize_IsWhatThatLogAloneGivesItsCells() =>
        s_cuts.Sample((history, arrivals, cut) =>
        {
            // Without erasures behind the cut, which take entries out of the view for good.
            arrivals = [.. arrivals.Where(e => e.Payload is not ErasePayload || e.Origin.Text != cut.Log.Text || e.Index < cut.Size)];
            var alone = Kept([.. arrivals.Where(e => e.Origin.Text == cut.Log.Text)], cut);
            var live = Fresh(arrivals).Live(cut.Log, 0, cut.Size, cut.Size).ToList();

            Assert.Equal(new NaiveView(alone).Winners.Select(w => w.Index).Order(), live);
        });

    [Fact]
    public void Apply_LiveEntriesAndOrdersFirst_GivesTheSameViewBeforeAndAfterTheHistory() =>
        s_cuts.Sample((history, arrivals, cut) =>
        {
            var whole = Fresh(history);
            var counted = history.GroupBy(e => e.Origin.Text).SelectMany(log =>
            {
                var live = whole.Live(log.First().Origin, 0, long.MaxValue, long.MaxValue).ToHashSet();
                return log.Where(e => live.Contains(e.Index) || e.Payload is ErasePayload);
            }).ToList();
            var view = Fresh(counted);
            Assert.Equal(whole.Digest(), view.Digest());

            foreach (var entry in arrivals)
            {
                Apply(view, entry);
                Assert.Equal(whole.Digest(), view.Digest());
            }

            AssertIsModel(new NaiveView(history), view, history);
        });

    [Fact]
    public void Truncate_LogThatIsNotThere_ChangesNothing()
    {
        var view = new View();
        Assert.Empty(view.Truncate(Origin.Parse("demo/alpha/indicators/1"), 0, out var restored));
        Assert.Empty(restored);
        Assert.Equal(new NaiveView([]).Digest(), view.Digest());
    }

    private static LogEntry[] Kept(LogEntry[] history, (Origin Log, long Size) cut) =>
        [.. history.Where(e => e.Origin.Text != cut.Log.Text || e.Index < cut.Size)];

    private static HashSet<Hash256> Truncate(View view, LogEntry[] history, (Origin Log, long Size) cut)
    {
        HashSet<Hash256> touched = [.. view.Truncate(cut.Log, cut.Size, out var restored)];
        foreach (var index in restored)
        {
            Assert.InRange(index, 0, cut.Size - 1);
            foreach (var entry in history.Where(e => e.Origin.Text == cut.Log.Text && e.Index == index))
            {
                touched.UnionWith(view.Apply(entry) is { } id ? [id] : []);
            }
        }

        foreach (var id in touched)
        {
            view.CountActive(id, now: 0, _ => true);
        }

        return touched;
    }

    private static View Fresh(IEnumerable<LogEntry> entries)
    {
        var view = new View();
        foreach (var entry in entries)
        {
            Apply(view, entry);
        }

        return view;
    }

    /// <summary>As a node does it: what an entry may have changed is looked at anew.</summary>
    private static void Apply(View view, LogEntry entry)
    {
        if (view.Apply(entry) is { } changed)
        {
            view.CountActive(changed, now: 0, _ => true);
        }
    }

    private static void AssertIsModel(NaiveView model, View view, LogEntry[] history)
    {
        Assert.Equal(model.Digest(), view.Digest());
        foreach (var id in HistoryGen.Indicators.Select(i => i.Id))
        {
            var known = view.TryGet(id, out var state);
            Assert.Equal(Positions(model.Winners, id, opinions: false), known ? state!.Listings.Select(Position) : []);
            Assert.Equal(Positions(model.Winners, id, opinions: true), known ? state!.Opinions.Select(Position) : []);
        }

        var named = model.Winners.Select(IdOf).OfType<Hash256>().Distinct().Order();
        Assert.Equal(named, view.IndicatorIds.Order());
        Assert.Equal(view.IndicatorIds.Count(), view.IndicatorCount);
        Assert.Equal(
            model.Winners.Where(w => w.Payload is ListingPayload { Expires: > 0 }).Select(IdOf).Distinct().Count(),
            view.ActiveCount);
        Assert.Equal(
            model.Winners.Where(w => w.Payload is TallyPayload).Select(Position).Order(),
            view.Tallies().Select(Position).Order());
        foreach (var entry in history.Where(e => e.Origin.Log == Origin.Indicators))
        {
            Assert.Equal(model.Erased.Contains((entry.Origin.Text, entry.Index)), view.IsErased(entry.Origin, entry.Index));
        }
    }

    private static IEnumerable<string> Positions(IEnumerable<LogEntry> winners, Hash256 id, bool opinions) =>
        winners.Where(w => IdOf(w) == id && w.Payload is OpinionPayload == opinions)
            .OrderBy(w => w.Member, StringComparer.Ordinal)
            .ThenBy(w => (w.Payload as OpinionPayload)?.Lister, StringComparer.Ordinal)
            .Select(Position);

    private static string Position(LogEntry entry) => $"{entry.Origin} {entry.Index} {entry.LeafHash}";

    private static string StateText(View view, Hash256 id) => view.TryGet(id, out var state)
        ? string.Join('\n', state.Listings.Concat(state.Opinions).Select(Position))
        : "";

    private static Hash256? IdOf(LogEntry entry) => entry.Payload switch
    {
        ListingPayload p => p.Indicator.Id,
        WithdrawalPayload p => p.IndicatorId,
        OpinionPayload p => p.IndicatorId,
        _ => null,
    };
}
