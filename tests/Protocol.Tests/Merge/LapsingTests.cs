using System.Collections.Immutable;
using CsCheck;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Tests.Generators;
using FederationNode.Protocol.Tests.Roster;
using Xunit;

namespace FederationNode.Protocol.Tests.Merge;

/// <summary>docs/protocol.md, "Lapsing": what has lapsed is a function of the entries and the roster, whatever came when.</summary>
public sealed class LapsingTests
{
    private const long Day = 86_400;

    private static readonly ImmutableArray<Indicator> s_indicators =
    [
        Indicator.Keyword("elfenbein"),
        new(IndicatorKind.Seller, "voprf/tel/1", new byte[32]),
        new(IndicatorKind.Seller, "voprf/tel/2", new byte[32]),
        new(IndicatorKind.ImagePdq, IndicatorScheme.Pdq1, new byte[32]),
    ];

    /// <summary>One after the other, each stricter than the one before.</summary>
    private static readonly ImmutableArray<RosterDocument> s_rosters = [Roster(0), Roster(1), Roster(2), Roster(3)];

    private static readonly Gen<LogEntry[]> s_histories = Gen.Select(
            Gen.Int[0, 1], Gen.Int[0, 7], Gen.Int[0, 3], Gen.Int[0, 40], Gen.Int[1, 40], Gen.Bool)
        .Array[0, 30].Select(Build);

    private static readonly Gen<(LogEntry[] History, LogEntry[] Arrivals, int Roster, int Early, int At)> s_cases =
        s_histories.SelectMany(history => Gen.Select(
            HistoryGen.Arrivals(history), Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 60],
            (arrivals, one, other, at) => (history, arrivals, Math.Max(one, other), Math.Min(one, other), at)));

    [Fact]
    public void Apply_AnyOrderAndRosters_GivesTheViewWithoutWhatHasLapsed() =>
        s_cases.Sample((history, arrivals, roster, early, at) =>
        {
            var view = ViewOf(arrivals, roster, early, at);
            var left = Left(history, roster);

            Assert.Equal(new NaiveView(left).Digest(), view.Digest());
            foreach (var id in s_indicators.Select(i => i.Id))
            {
                var winners = new NaiveView(left).Winners.Where(w => (w.Payload as ListingPayload)?.Indicator.Id == id).ToList();
                var held = view.TryGet(id, out var state) ? state.Listings : [];
                Assert.Equal(
                    winners.Select(w => (w.Member, w.Index, EndOf(w, roster))).Order(),
                    held.Where(l => l.Payload is ListingPayload).Select(l => (l.Member, l.Index, l.Ends)).Order());
            }
        });

    /// <summary>Who gets the log after the payloads are gone has the same view.</summary>
    [Fact]
    public void Apply_WithoutThePayloadsThatHaveLapsed_GivesTheSameDigest() =>
        s_cases.Sample((history, arrivals, roster, early, at) => Assert.Equal(
            ViewOf(arrivals, roster, early, at).Digest(), ViewOf(Left(history, roster), roster, roster, 0).Digest()));

    [Fact]
    public void IsErased_AnyEntry_IsWhatTheModelLetsLapse() =>
        s_cases.Sample((history, arrivals, roster, early, at) =>
        {
            var view = ViewOf(arrivals, roster, early, at);
            var left = Left(history, roster).ToHashSet();
            foreach (var entry in history.Where(e => e.Payload is ListingPayload && !IsOrdered(history, e)))
            {
                Assert.Equal(!left.Contains(entry), view.IsErased(entry.Origin, entry.Index));
            }

            foreach (var order in history.Where(e => EntryKind.IsOrder(e.Payload.Kind)))
            {
                Assert.False(view.IsErased(order.Origin, order.Index));
            }
        });

    /// <summary>Each entry that has lapsed is named once to whoever erases: by its lapse entry, or as lapsed by the roster.</summary>
    [Fact]
    public void Erasures_OfEachLog_NameWhatHasLapsedAndEachLapseEntry() =>
        s_cases.Sample((history, arrivals, roster, early, at) =>
        {
            var view = ViewOf(arrivals, roster, early, at);
            foreach (var log in history.GroupBy(e => e.Origin.Text))
            {
                var origin = log.First().Origin;
                var left = Left([.. log], roster).Select(e => e.Index).ToHashSet();
                var lapses = log.Where(e => e.Payload is LapsePayload).Select(e => e.Index).ToHashSet();
                var named = view.Erasures(origin, 0, long.MaxValue).Where(e => lapses.Contains(e.Order)).ToList();
                Assert.Equal(lapses.Order(), named.Select(e => e.Order).Distinct().Order());
                var found = named.Where(e => e.Order != e.Erased).Select(e => e.Erased)
                    .Concat(view.LapsedByRoster(origin, 0)).ToHashSet();
                var lapsed = log.Where(e => !left.Contains(e.Index) && !IsOrdered(history, e)).Select(e => e.Index);
                Assert.Subset(found, lapsed.ToHashSet());
                Assert.DoesNotContain(found, left.Contains);
            }
        });

    [Fact]
    public void Truncate_AnyLogAnywhere_GivesTheViewAsIfTheRestHadNeverCome() =>
        Gen.Select(s_cases, Gen.Int[0, 1], Gen.Int[0, 20]).Sample((given, member, size) =>
        {
            var (history, arrivals, roster, early, at) = given;
            var view = ViewOf(arrivals, roster, early, at);
            var origin = new Log(member == 0 ? "alpha" : "beta").Origin;
            _ = view.Truncate(origin, size, out var restored);
            foreach (var entry in history.Where(e => e.Origin.Text == origin.Text && restored.Contains(e.Index)))
            {
                view.Apply(entry);
            }

            var kept = history.Where(e => e.Origin.Text != origin.Text || e.Index < size).ToArray();
            Assert.Equal(new NaiveView(Left(kept, roster)).Digest(), view.Digest());
        });

    /// <summary>The same rule for who has only leaves, such as an auditor.</summary>
    [Fact]
    public void EndOf_Leaf_IsThatOfTheListing() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 40], Gen.Int[1, 1800], Gen.Int[0, 3]).Sample((which, issued, lasts, roster) =>
        {
            var from = Log.Issued + (issued * Day);
            var listing = Log.Listing(s_indicators[which], expires: from + (lasts * Day));
            var lifetimes = Lifetimes.Of(s_rosters[roster]);
            var leaf = Leaf.Of("demo/alpha/indicators/1", from, null, EntryKind.Listing, new byte[16], listing.Encode());
            Assert.Equal(lifetimes.EndOf(ListingTerm.Of(listing), from), lifetimes.EndOf(leaf));
            Assert.Equal(from + ProtocolLimits.MaxLifetime, lifetimes.EndOf(leaf with { Term = null }));
            Assert.Null(lifetimes.EndOf(leaf with { Kind = EntryKind.Opinion, Term = null }));
        });

    [Theory]
    [InlineData(IndicatorKind.Keyword, 731)]
    [InlineData(IndicatorKind.Seller, 366)]
    [InlineData(IndicatorKind.ImagePdq, 1830)]
    [InlineData("vpdq", 1830)]
    public void LimitOf_NothingSaid_IsTheDefault(string kind, int days) =>
        Assert.Equal(days * Day, Lifetimes.Default.LimitOf(kind));

    /// <summary>What an image of the kind says is not there any more cannot be found to be early or late by a false leaf.</summary>
    [Theory]
    [InlineData("image-pdq", "pdq/1", 0)]
    [InlineData("keyword", "wlnorm/2", 0)]
    [InlineData("keyword", "wlnorm/1", 1)]
    public void TryInterpret_LeafSaysOtherThanThePayload_MeansNothing(string kind, string scheme, int later)
    {
        var log = new Log("alpha");
        var listing = Log.Listing(s_indicators[0]);
        var salt = new byte[16];
        var leaf = (Leaf.Of(log.Origin.Text, Log.Issued, null, EntryKind.Listing, salt, listing.Encode()) with
        {
            Term = new ListingTerm(kind, scheme, listing.Expires + later),
        }).Encode();

        Assert.False(LogEntry.TryInterpret(log.Origin, 0, default, leaf, salt, listing.Encode(), out _, out var reason));
        Assert.Equal("The leaf says of another kind, scheme or expiry than the payload.", reason);
    }

    [Fact]
    public void TryInterpret_LapseAheadOfItsIssue_MeansNothing()
    {
        var payload = new LapsePayload(Log.Issued + 1);
        var leaf = Leaf.Of("demo/alpha/indicators/1", Log.Issued, null, EntryKind.Lapse, new byte[16], payload.Encode()).Encode();
        Assert.False(LogEntry.TryInterpret(
            Origin.Parse("demo/alpha/indicators/1"), 0, default, leaf, new byte[16], payload.Encode(), out _, out _));
    }

    private static View ViewOf(LogEntry[] arrivals, int roster, int early, int at)
    {
        var view = new View();
        view.Put(Lifetimes.Of(s_rosters[early]), []);
        for (var i = 0; i < arrivals.Length; i++)
        {
            if (i == at)
            {
                view.Put(Lifetimes.Of(s_rosters[roster]), []);
            }

            view.Apply(arrivals[i]);
        }

        view.Put(Lifetimes.Of(s_rosters[roster]), []);
        return view;
    }

    /// <summary>The rule in its plainest form.</summary>
    private static LogEntry[] Left(LogEntry[] history, int roster) =>
        [.. history.Where(e => e.Payload is not ListingPayload || !(
            s_rosters[roster].Issued >= LapseOf(e, roster)
            || history.Any(l => l.Origin.Text == e.Origin.Text && l.Index > e.Index && l.Payload is LapsePayload p && p.Time >= LapseOf(e, roster))))];

    private static long LapseOf(LogEntry entry, int roster) =>
        (entry.HasTerm ? EndOf(entry, roster) : entry.Issued + (1830 * Day)) + (7 * Day);

    private static long EndOf(LogEntry entry, int roster)
    {
        var listing = (ListingPayload)entry.Payload;
        var limit = listing.Indicator.Kind switch
        {
            "keyword" => roster >= 2 ? 10 : 731,
            "seller" => roster >= 1 ? 20 : 366,
            _ => 1830,
        };
        var end = Math.Min(listing.Expires, entry.Issued + (limit * Day));
        return roster == 3 && listing.Indicator.Scheme == "voprf/tel/1" ? Math.Min(end, Log.Issued + (12 * Day)) : end;
    }

    private static bool IsOrdered(LogEntry[] history, LogEntry entry) => history.Any(
        e => e.Origin.Text == entry.Origin.Text && e.Payload is ErasePayload erase && erase.Index == entry.Index);

    private static RosterDocument Roster(int number)
    {
        var limits = ImmutableSortedDictionary<string, long>.Empty;
        limits = number >= 1 ? limits.Add("seller", 20 * Day) : limits;
        limits = number >= 2 ? limits.Add("keyword", 10 * Day) : limits;
        return Demo.Second with
        {
            Issued = Log.Issued + (number * 9 * Day),
            Lifetimes = limits,
            SellerKeys = [new SellerKey("tel", 1, Demo.Pin("one")) { Until = number == 3 ? Log.Issued + (12 * Day) : null }],
        };
    }

    private static LogEntry[] Build((int Member, int Kind, int Indicator, int Issued, int Lasts, bool HasTerm)[] steps)
    {
        Log[] logs = [new("alpha"), new("beta")];
        var sizes = new int[2];
        var entries = new List<LogEntry>();
        foreach (var step in steps)
        {
            var issued = Log.Issued + (step.Issued * Day);
            var indicator = s_indicators[step.Indicator];
            var size = sizes[step.Member]++;
            entries.Add(logs[step.Member].Append(
                step.Kind switch
                {
                    0 or 1 => new LapsePayload(issued - (step.Lasts % 3 * Day)),
                    2 when size > 0 => new ErasePayload(step.Lasts % size, "legal"),
                    3 => new WithdrawalPayload(indicator.Id, "error"),
                    _ => Log.Listing(indicator, step.Lasts % 4, issued + (step.Lasts * Day)),
                },
                issued,
                step.HasTerm));
        }

        return [.. entries];
    }
}
