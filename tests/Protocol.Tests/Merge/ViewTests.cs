using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using Xunit;

namespace FederationNode.Protocol.Tests.Merge;

public sealed class ViewTests
{
    private static readonly Indicator s_ivory = Indicator.Keyword("elfenbein");

    [Fact]
    public void Digest_OfNothing_IsTheModels() => Assert.Equal(new NaiveView([]).Digest(), new View().Digest());

    [Fact]
    public void Apply_EraseOfTheWinner_LetsTheOneBeforeCountAgain()
    {
        var log = new Log("alpha");
        var (older, newer, erase) = (log.Append(Log.Listing(s_ivory, 1)), log.Append(Log.Listing(s_ivory, 3)), log.Append(new ErasePayload(1, "legal")));

        Assert.Equal([older], ListingsOf(older, newer, erase));
        Assert.Equal([older], ListingsOf(erase, newer, older));
        Assert.Equal([newer], ListingsOf(older, newer));
    }

    [Fact]
    public void TryGet_ListingsThatDifferInAnything_AreAsTheyWere()
    {
        // With and without what a listing shares with others in memory, each of them twice.
        var seller = new Indicator(IndicatorKind.Seller, "voprf/tel/1", new byte[32]);
        var plain = Log.Listing(seller);
        ListingPayload[] shapes =
        [
            plain,
            plain with { Expires = Log.Issued + 100_000 },
            plain with { Severity = 3, Taxon = "Manis javanica", Cites = "I" },
            plain with { Evidence = Hash256.Of([1]) },
            plain with { Jurisdictions = [.. Enumerable.Repeat("CN", 64)], Exceptions = [.. Enumerable.Repeat(new string('e', 32), 16)] },
            plain with { Indicator = new Indicator("phone-model", "x", new byte[Indicator.MaxValue]) },
            plain with { Indicator = new Indicator("phone-model", "x", Array.Empty<byte>()) },
            Log.Listing(s_ivory),
        ];
        for (var round = 0; round < 2; round++)
        {
            foreach (var shape in shapes)
            {
                var entry = new Log("alpha").Append(shape);
                var view = ViewOf(new Log("beta").Append(plain), entry);

                Assert.True(view.TryGet(shape.Indicator.Id, out var state));
                Assert.Equal(shape, state.Listings.Single(l => l.Member == "alpha").Payload);
            }
        }
    }

    [Fact]
    public void Apply_MoreKindsOfListingsThanAreShared_AreAllAsTheyWere()
    {
        const int Kinds = ushort.MaxValue + 3;
        var log = new Log("alpha");
        static ListingPayload Of(int i)
        {
            var value = Hash256.Of(BitConverter.GetBytes(i)).ToArray();
            return Log.Listing(new Indicator(IndicatorKind.ImageSha256, IndicatorScheme.Sha2561, value)) with { Category = $"c{i:x}" };
        }

        var view = ViewOf([.. Enumerable.Range(0, Kinds).Select(i => log.Append(Of(i)))]);

        // One is erased, which makes room for another.
        view.Apply(log.Append(new ErasePayload(7, "legal")));
        view.Apply(log.Append(Of(Kinds)));

        Assert.False(view.Contains(Of(7).Indicator.Id));
        Assert.All(
            Enumerable.Range(0, Kinds + 1).Where(i => i != 7),
            i => Assert.Equal(Of(i), view.TryGet(Of(i).Indicator.Id, out var state) ? state.Listings.Single().Payload : null));
    }

    [Fact]
    public void Apply_EraseOfAnOlderValue_ChangesNothing()
    {
        var log = new Log("alpha");
        LogEntry[] entries = [log.Append(Log.Listing(s_ivory, 1)), log.Append(Log.Listing(s_ivory, 3))];
        var view = ViewOf(entries);
        var digest = view.Digest();

        view.Apply(log.Append(new ErasePayload(0, "legal")));

        Assert.Equal(digest, view.Digest());
        Assert.True(view.IsErased(log.Origin, 0));
        Assert.False(view.IsErased(log.Origin, 1));
    }

    [Fact]
    public void Apply_EraseBeforeItsTarget_TargetNeverCounts()
    {
        var log = new Log("alpha");
        var (listing, erase) = (log.Append(Log.Listing(s_ivory)), log.Append(new ErasePayload(0, "legal")));
        var view = ViewOf(erase, listing);

        Assert.False(view.TryGet(s_ivory.Id, out _));
        Assert.Equal(0, view.IndicatorCount);
        Assert.Equal(new View().Digest(), view.Digest());
    }

    [Fact]
    public void Apply_ListingThenItsErasure_LeavesNoTrace()
    {
        var log = new Log("alpha");
        var view = ViewOf(log.Append(Log.Listing(s_ivory)), log.Append(new ErasePayload(0, "legal")));

        Assert.Equal(0, view.IndicatorCount);
        Assert.Empty(view.IndicatorIds);
        Assert.Equal(new View().Digest(), view.Digest());
    }

    [Fact]
    public void Apply_ListingAfterTheErasureOfTheOnlyOne_Counts()
    {
        var log = new Log("alpha");
        var (first, erase, second) = (log.Append(Log.Listing(s_ivory)), log.Append(new ErasePayload(0, "legal")), log.Append(Log.Listing(s_ivory)));

        Assert.Equal([second], ListingsOf(first, erase, second));
    }

    [Fact]
    public void Apply_EraseOfAnEraseEntry_DoesNothing()
    {
        var log = new Log("alpha");
        var (listing, erase, erasure) = (log.Append(Log.Listing(s_ivory)), log.Append(new ErasePayload(0, "legal")), log.Append(new ErasePayload(1, "legal")));
        foreach (var view in new[] { ViewOf(listing, erase, erasure), ViewOf(erasure, erase, listing) })
        {
            Assert.False(view.TryGet(s_ivory.Id, out _));
            Assert.True(view.IsErased(log.Origin, 0));
            Assert.False(view.IsErased(log.Origin, 1));
        }
    }

    [Fact]
    public void Apply_EraseInAnotherLogOrEpoch_DoesNotReachThisOne()
    {
        var (log, next, other) = (new Log("alpha"), new Log("alpha", epoch: 2), new Log("beta"));
        var listing = log.Append(Log.Listing(s_ivory));

        Assert.Equal([listing], ListingsOf(listing, next.At(1, new ErasePayload(0, "legal")), other.At(1, new ErasePayload(0, "legal"))));
    }

    [Fact]
    public void Apply_LaterEpoch_WinsWhateverTheIndex()
    {
        var old = new Log("alpha").At(500, Log.Listing(s_ivory, 3));
        var young = new Log("alpha", epoch: 2).At(0, Log.Listing(s_ivory, 0));

        Assert.Equal([young], ListingsOf(young, old));
        Assert.Equal([young], ListingsOf(old, young));
    }

    [Fact]
    public void Apply_Withdrawal_TakesThePlaceOfTheListing()
    {
        var log = new Log("alpha");
        var (listing, withdrawal) = (log.Append(Log.Listing(s_ivory)), log.Append(new WithdrawalPayload(s_ivory.Id, "error")));
        var view = ViewOf(withdrawal, listing);

        Assert.True(view.TryGet(s_ivory.Id, out var state));
        Assert.Equal(withdrawal, Assert.Single(state.Listings));
        Assert.Null(state.Indicator);
        Assert.Empty(state.Active(0, _ => true));
    }

    [Fact]
    public void Apply_NewerTally_ReplacesThatOfTheDayAndCategoryOnly()
    {
        var log = new Log("alpha");
        LogEntry[] entries =
        [
            log.Append(new TallyPayload(20_000, "ivory", 1, 0, 0)), log.Append(new TallyPayload(20_000, "pangolin", 2, 0, 0)),
            log.Append(new TallyPayload(20_001, "ivory", 3, 0, 0)), log.Append(new TallyPayload(20_000, "ivory", 4, 0, 0)),
        ];

        Assert.Equal([2L, 3L, 4L], ViewOf(entries).Tallies().Select(t => ((TallyPayload)t.Payload).Matches).Order());
    }

    [Fact]
    public void Apply_ReceiptsRostersAndHeartbeats_TouchNothing()
    {
        var view = ViewOf(
            new Log("alpha", Origin.Receipts).Append(new ReceiptPayload([])),
            new Log("alpha", Origin.Receipts).Append(new HeartbeatPayload([])),
            new Log("secretariat", Origin.RosterLog).Append(new RosterPayload(new byte[1])),
            new Log("alpha").Append(new HeartbeatPayload([])));

        Assert.Equal(new View().Digest(), view.Digest());
        Assert.Equal(0, view.IndicatorCount);
        Assert.Empty(view.Tallies());
    }

    [Fact]
    public void Apply_ManyIndicators_DigestIsTheModels()
    {
        // Enough for buckets with several rows.
        var log = new Log("alpha");
        LogEntry[] entries = [.. Enumerable.Range(0, 1500).Select(i => log.Append(Log.Listing(Indicator.Keyword($"w{i}"))))];
        var model = new NaiveView(entries);

        Assert.Contains(model.Rows.GroupBy(r => r.Bucket), g => g.Count() > 1);
        Assert.Equal(model.Digest(), ViewOf(entries).Digest());
        Assert.Equal(model.Digest(), ViewOf([.. entries.Reverse()]).Digest());
    }

    /// <summary>
    /// What a hostile member can write within its quota. If one entry took longer for all those before it, this would not end
    /// for long.
    /// </summary>
    [Fact]
    public void Apply_FortyThousandEntriesOfOneCellOrOneIndicator_EachAsQuickAsTheFirst()
    {
        const int Count = 40_000;
        var (log, view) = (new Log("alpha"), new View());
        var shared = Log.Listing(s_ivory);
        for (var i = 0; i < Count; i++)
        {
            view.Apply(log.Append(shared));
            view.CountActive(s_ivory.Id, now: 0, _ => true);
        }

        for (var i = 0; i < Count; i++)
        {
            view.Apply(log.Append(new OpinionPayload(s_ivory.Id, $"m{i}", "dispute", "wrong")));
            view.CountActive(s_ivory.Id, now: 0, _ => true);
        }

        Assert.Equal((1, 1), (view.IndicatorCount, view.ActiveCount));
        for (var i = 0; i < Count / 2; i++)
        {
            view.Apply(log.Append(new ErasePayload(Count - 1 - i, "legal")));
            view.Apply(log.Append(new ErasePayload(i, "legal")));
            view.Apply(log.Append(new ErasePayload(Count + i, "legal")));
            view.CountActive(s_ivory.Id, now: 0, _ => true);
        }

        Assert.Equal(0, view.ActiveCount);
        Assert.True(view.TryGet(s_ivory.Id, out var state));
        Assert.Empty(state.Listings);
        Assert.Equal(Count / 2, state.Opinions.Length);
    }

    private static View ViewOf(params LogEntry[] entries)
    {
        var view = new View();
        Array.ForEach(entries, e => view.Apply(e));
        return view;
    }

    private static LogEntry[] ListingsOf(params LogEntry[] entries) =>
        ViewOf(entries).TryGet(s_ivory.Id, out var state) ? [.. state.Listings] : [];
}
