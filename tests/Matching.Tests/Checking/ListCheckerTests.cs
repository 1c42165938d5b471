using System.Diagnostics.CodeAnalysis;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Policy;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using Xunit;

namespace FederationNode.Matching.Tests.Checking;

public sealed class ListCheckerTests
{
    private readonly Evidence _list = new();

    [Fact]
    public void CheckImage_Listed_JudgedWithItsListings()
    {
        _list.List("acme", Evidence.Image(1), confidence: 70);
        _list.List("globex", Evidence.Image(1), confidence: 90, category: "pangolin", issued: Evidence.Now - 10);

        var verdict = _list.Checker().CheckImage(Hash(1));

        Assert.Equal(Verdict.Block, verdict.Verdict);
        var match = Assert.Single(verdict.Matches);
        Assert.Equal(["acme", "globex"], match.Judgement.Listings.Select(l => l.Member));
        Assert.Equal((90, "pangolin"), (match.Confidence, match.Newest.Category));
    }

    [Fact]
    public void CheckSeller_NotListed_NothingAndNoAllocation()
    {
        _list.List("acme", Evidence.Seller(1));
        var checker = _list.Checker();
        var (unknown, known) = (Hash(9), Hash(1));
        Assert.Equal(Verdict.Review, checker.CheckSeller(known).Verdict);
        Assert.Equal(ItemVerdict.None, checker.CheckSeller(unknown));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            checker.CheckSeller(unknown);
            checker.CheckImage(unknown);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(StaleRule.Open)]
    [InlineData(StaleRule.Closed)]
    public void CheckSellersAndImages_AnyValues_EachAsOneAfterTheOther(StaleRule whenStale)
    {
        foreach (byte value in (byte[])[1, 2, 3, 4])
        {
            _list.List("acme", Evidence.Seller(value), action: "signal");
            _list.List("acme", Evidence.Image(value), expires: value == 2 ? Evidence.Now : Evidence.Now + 1);
        }

        _list.List("globex", Evidence.Seller(3), confidence: 90);
        _list.Opine("globex", Evidence.Image(4));
        var checker = new ListChecker(
            _list.Matcher,
            _list.TryGet,
            new VerdictPolicy { Self = "self", WhenStale = whenStale },
            _ => true,
            Evidence.Now,
            new CheckLimits(10, 1000))
        {
            IsStale = true,
        };
        Hash256[] asked = [.. Enumerable.Range(0, 600).Select(i => Hash((byte)(i % 7)))];
        var (sellers, images) = (new ItemVerdict[asked.Length + 1], new ItemVerdict[asked.Length + 1]);

        checker.CheckSellers(asked, sellers);
        checker.CheckImages(asked, images);

        for (var i = 0; i < asked.Length; i++)
        {
            AssertSame(checker.CheckSeller(asked[i]), sellers[i]);
            AssertSame(checker.CheckImage(asked[i]), images[i]);
        }

        Assert.Equal(default, sellers[^1]);
        checker.CheckSellers([], []);

        static void AssertSame(ItemVerdict alone, ItemVerdict among)
        {
            Assert.Equal((alone.Verdict, alone.Reason), (among.Verdict, among.Reason));
            Assert.Equal(
                alone.Matches.Select(m => (m.Match.IndicatorId, m.Judgement.Verdict, m.Judgement.Reason, m.Confidence)),
                among.Matches.Select(m => (m.Match.IndicatorId, m.Judgement.Verdict, m.Judgement.Reason, m.Confidence)));
        }
    }

    [Fact]
    public void CheckSellers_NoneListed_NoAllocation()
    {
        _list.List("acme", Evidence.Seller(1));
        var checker = _list.Checker();
        Hash256[] asked = [.. Enumerable.Repeat(Hash(9), 1000)];
        var verdicts = new ItemVerdict[asked.Length];
        checker.CheckSellers(asked, verdicts);

        var before = GC.GetAllocatedBytesForCurrentThread();
        checker.CheckSellers(asked, verdicts);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.All(verdicts, v => Assert.Equal(ItemVerdict.None, v));
    }

    [Fact]
    public void CheckText_NoListingInForce_LeftOut()
    {
        _list.List("acme", Indicator.Keyword("netsuke"), expires: Evidence.Now);

        Assert.Equal(ItemVerdict.None, _list.Checker().CheckText("a netsuke"));
    }

    [Fact]
    public void CheckText_StateUnknown_LeftOut()
    {
        _list.List("acme", Indicator.Keyword("netsuke"));
        static bool Nothing(Hash256 id, [NotNullWhen(true)] out IndicatorState? state)
        {
            state = null;
            return false;
        }

        var checker = new ListChecker(
            _list.Matcher, Nothing, new VerdictPolicy { Self = "self" }, _ => true, Evidence.Now, new CheckLimits(10, 10));

        Assert.Equal(ItemVerdict.None, checker.CheckText("a netsuke"));
    }

    [Fact]
    public void CheckText_SeveralIndicators_GravestThenSurestThenFirst()
    {
        _list.List("acme", Indicator.Keyword("netsuke"), "signal", confidence: 100);
        _list.List("acme", Indicator.Keyword("okimono"), "review", confidence: 60);
        _list.List("acme", Indicator.Keyword("bangle"), "review", confidence: 95);

        var verdict = _list.Checker().CheckText("netsuke okimono bangle okimono");

        Assert.Equal(Verdict.Review, verdict.Verdict);
        Assert.Equal(
            [("review", 16), ("review", 8), ("review", 23), ("signal", 0)],
            verdict.Matches.Select(m => (m.Judgement.Verdict.ToText(), m.Match.Start)));
    }

    [Fact]
    public void CheckText_ManyPlaces_TheGravestAndFirstReported()
    {
        _list.List("acme", Indicator.Keyword("netsuke"), "signal");
        _list.List("globex", Indicator.Keyword("netsuke"), "review", context: KeywordContext.None with { AnyOf = ["ivory"], Window = 8 });

        var verdict = _list.Checker(places: 3).CheckText("netsuke netsuke netsuke netsuke netsuke and far away netsuke ivory");

        Assert.Equal([53, 0, 8], verdict.Matches.Select(m => m.Match.Start));
        Assert.Equal([Verdict.Review, Verdict.Signal, Verdict.Signal], verdict.Matches.Select(m => m.Judgement.Verdict));
    }

    [Fact]
    public void CheckText_Longest_ShorterOnesThatOverlapAreLeftOut()
    {
        foreach (var word in (string[])["ivory", "ivory bangle", "bangle", "bangle shop"])
        {
            _list.List("acme", Indicator.Keyword(word), "review");
        }

        const string Text = "ivory bangle shop or ivory of bangle shop";
        Assert.Equal(
            [(0, 5), (0, 12), (6, 6), (6, 11), (21, 5), (30, 6), (30, 11)],
            Places(_list.Checker().CheckText(Text)));

        // The first of two that overlap is the longer one; the second stands alone further on.
        Assert.Equal([(0, 12), (21, 5), (30, 11)], Places(_list.Checker().CheckText(Text, longest: true)));
    }

    [Fact]
    public void CheckText_Longest_GraverAndWithdrawnOnesAreNotHidden()
    {
        _list.List("acme", Indicator.Keyword("ivory"), "review");
        _list.List("acme", Indicator.Keyword("ivory bangle"), "signal");
        _list.List("acme", Indicator.Keyword("ivory bangle shop"), "review", expires: Evidence.Now - 1);

        var verdict = _list.Checker().CheckText("ivory bangle shop", longest: true);

        Assert.Equal(Verdict.Review, verdict.Verdict);
        Assert.Equal([(0, 5), (0, 12)], Places(verdict));
    }

    [Fact]
    public void CheckText_Longest_LimitsHoldAfterwards()
    {
        _list.List("acme", Indicator.Keyword("netsuke"), "review");
        _list.List("acme", Indicator.Keyword("old netsuke"), "review");

        var verdict = _list.Checker(places: 2).CheckText("old netsuke, old netsuke, old netsuke, netsuke", longest: true);

        Assert.Equal([(0, 11), (13, 11), (39, 7)], Places(verdict));
    }

    [Fact]
    public void CheckText_LongestOfArbitraryTexts_SameVerdictAndWhatTheDefinitionSays()
    {
        string[] words = ["aaa", "aab", "aba", "baa", "aaab", "abab", "baba", "aabaa", "babab", "abbabb", "bbbbbb"];
        string[] actions = ["signal", "review"];
        var seed = Environment.TickCount;
        var random = new Random(seed);
        foreach (var word in words)
        {
            _list.List("acme", Indicator.Keyword(word), actions[random.Next(2)], context: KeywordContext.None with { Match = "substring" });
        }

        var checker = _list.Checker(places: 1000, matches: 1000);
        for (var round = 0; round < 500; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(2) == 0 ? 'a' : 'b'));
            var all = checker.CheckText(text);
            var longest = checker.CheckText(text, longest: true);

            var kept = new List<JudgedMatch>();
            foreach (var match in all.Matches.OrderByDescending(m => m.Match.Length).ThenBy(m => m.Match.Start))
            {
                if (!kept.Exists(k => Overlap(k, match) && Place(k) != Place(match) && k.Judgement.Verdict >= match.Judgement.Verdict))
                {
                    kept.Add(match);
                }
            }

            Assert.True(all.Verdict == longest.Verdict, $"seed {seed}, {text}");
            Assert.True(
                kept.Select(Place).Order().SequenceEqual(longest.Matches.Select(Place).Order()), $"seed {seed}, {text}");
        }

        static bool Overlap(JudgedMatch a, JudgedMatch b) =>
            a.Match.Start < b.Match.Start + b.Match.Length && b.Match.Start < a.Match.Start + a.Match.Length;
    }

    [Fact]
    public void CheckText_MoreMatchesThanReported_TheGravestReported()
    {
        _list.List("acme", Indicator.Keyword("netsuke"), "signal");
        _list.List("acme", Indicator.Keyword("okimono"), "review");

        var verdict = _list.Checker(matches: 1).CheckText("netsuke okimono");

        Assert.Equal(8, Assert.Single(verdict.Matches).Match.Start);
        Assert.Equal(Verdict.Review, verdict.Verdict);
    }

    [Fact]
    public void CheckText_KeywordWithinAnAllowedPhrase_NoneWithTheReason()
    {
        _list.List("acme", Indicator.Keyword("ivory"), "review");
        var policy = new VerdictPolicy { Self = "self", Allowed = new Allowlist([], [], ["ivory soap"], []) };

        var soap = _list.Checker(policy).CheckText("fine Ivory Soap");
        var match = Assert.Single(soap.Matches);
        Assert.Equal(
            (Verdict.None, "allowed by policy.json: ivory soap", 5),
            (match.Judgement.Verdict, match.Judgement.Reason, match.Match.Start));
        Assert.Equal(Verdict.None, soap.Verdict);

        var both = _list.Checker(policy).CheckText("ivory soap and ivory");
        Assert.Equal(Verdict.Review, both.Verdict);
        Assert.Equal([(15, Verdict.Review), (0, Verdict.None)], both.Matches.Select(m => (m.Match.Start, m.Judgement.Verdict)));
    }

    [Fact]
    public void CheckText_HiddenAndPlain_EachPlaceByItself()
    {
        _list.List("acme", Indicator.Keyword("netsuke"));
        var policy = new VerdictPolicy
        {
            Self = "self",
            Kinds = VerdictPolicy.Default.SetItem(
                IndicatorKind.Keyword,
                new KindPolicy(1, 1, 50) { Hidden = EvasionCeilings.None with { Separated = Verdict.Review } }),
        };

        var hidden = _list.Checker(policy).CheckText("a n-e-t-s-u-k-e");
        Assert.Equal(Verdict.Review, hidden.Verdict);
        Assert.EndsWith(
            "; at most review, since the text hides the keyword (separated)",
            Assert.Single(hidden.Matches).Judgement.Reason,
            StringComparison.Ordinal);

        var both = _list.Checker(policy).CheckText("n-e-t-s-u-k-e and netsuke");
        Assert.Equal([(18, Verdict.Block), (0, Verdict.Review)], both.Matches.Select(m => (m.Match.Start, m.Judgement.Verdict)));
    }

    [Fact]
    public void Check_StaleAndClosed_ReviewedWithTheReason()
    {
        _list.List("acme", Indicator.Keyword("netsuke"), "signal");
        _list.List("acme", Evidence.Image(1));
        var closed = new VerdictPolicy { Self = "self", WhenStale = StaleRule.Closed };
        const string Reason =
            "review: the list may be out of date, and policy.json has such items reviewed (whenStale is closed)";

        var stale = new ListChecker(
            _list.Matcher, _list.TryGet, closed, _ => true, Evidence.Now, new CheckLimits(10, 10))
        { IsStale = true };
        var nothing = stale.CheckText("nothing");
        Assert.Equal((Verdict.Review, Reason), (nothing.Verdict, nothing.Reason));
        Assert.Empty(nothing.Matches);
        var signal = stale.CheckText("netsuke");
        Assert.Equal((Verdict.Review, Reason), (signal.Verdict, signal.Reason));
        Assert.Equal(Verdict.Signal, Assert.Single(signal.Matches).Judgement.Verdict);
        var image = stale.CheckImage(Hash(1));
        Assert.Equal((Verdict.Block, null), (image.Verdict, image.Reason));

        Assert.Equal(ItemVerdict.None, _list.Checker(closed).CheckText("nothing"));
        Assert.Equal(
            ItemVerdict.None,
            new ListChecker(
                _list.Matcher, _list.TryGet, new VerdictPolicy { Self = "self" }, _ => true, Evidence.Now, new CheckLimits(10, 10))
            {
                IsStale = true,
            }.CheckText("nothing"));
    }

    [Fact]
    public void Check_ManyThreadsAndItemsInBetween_NobodySeesOthers()
    {
        _list.List("acme", Indicator.Keyword("netsuke"), "review");
        _list.List("acme", Evidence.Image(1));
        var checker = _list.Checker();

        Parallel.For(0, 2000, i =>
        {
            var verdict = (i % 3) switch
            {
                0 => checker.CheckText("a netsuke, netsuke"),
                1 => checker.CheckImage(Hash(1)),
                _ => checker.CheckText("nothing"),
            };
            Assert.Equal(i % 3 == 0 ? 2 : i % 3 == 1 ? 1 : 0, verdict.Matches.Length);
        });
    }

    private static Hash256 Hash(byte value) => new(Enumerable.Repeat(value, 32).ToArray());

    private static (int Start, int Length) Place(JudgedMatch match) => (match.Match.Start, match.Match.Length);

    private static IEnumerable<(int Start, int Length)> Places(ItemVerdict verdict) => verdict.Matches.Select(Place).Order();
}
