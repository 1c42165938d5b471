using System.Collections.Immutable;
using CsCheck;
using FederationNode.Matching.Keywords;
using FederationNode.Matching.Policy;
using FederationNode.Matching.Tests.Checking;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Matching.Tests.Policy;

public sealed class VerdictPolicyTests
{
    private static readonly Indicator s_seller = Evidence.Seller(1);
    private static readonly Indicator s_image = Evidence.Image(1);
    private static readonly Indicator s_word = Indicator.Keyword("netsuke");

    private readonly Evidence _list = new();
    private readonly VerdictPolicy _policy = new() { Self = "self" };

    [Fact]
    public void Judge_NoListing_None()
    {
        _list.Opine("acme", s_image);

        Expect(s_image, _policy, Verdict.None, "none: no listing in force");
    }

    [Fact]
    public void Judge_EnoughToBlock_SaysWho()
    {
        _list.List("globex", s_seller);
        _list.List("acme", s_seller);

        Expect(s_seller, _policy, Verdict.Block, "block: 2 of 2 members needed to block (acme, globex)");
    }

    [Fact]
    public void Judge_OneShortOfBlock_ReviewSaysWhatIsMissing()
    {
        _list.List("acme", s_seller);

        Expect(
            s_seller,
            _policy,
            Verdict.Review,
            "review: 1 of 1 members needed to review (acme); 1 of 2 members needed to block (acme)");
    }

    [Fact]
    public void Judge_Confirmed_CountsTheOneWhoConfirms()
    {
        _list.List("acme", s_seller);
        _list.Opine("globex", s_seller, OpinionPayload.Confirm);

        Expect(s_seller, _policy, Verdict.Block, "block: 2 of 2 members needed to block (acme, globex)");
    }

    [Fact]
    public void Judge_Keyword_NeverBlocks()
    {
        _list.List("acme", s_word);
        _list.List("globex", s_word);

        Expect(
            s_word,
            _policy,
            Verdict.Review,
            "review: 2 of 1 members needed to review (acme, globex); kind keyword never blocks");
    }

    [Fact]
    public void Judge_SuggestsOnlyASignal_SaysThatNobodyAsksForMore()
    {
        _list.List("acme", s_image, "signal");

        Expect(s_image, _policy, Verdict.Signal, "signal: 0 of 1 members needed to review");
    }

    [Fact]
    public void Judge_UnknownKind_OnlySignals()
    {
        var strange = new Indicator("smell", "nose/1", new byte[] { 1 });
        _list.List("acme", strange, confidence: 100);

        Expect(strange, _policy, Verdict.Signal, "signal: kind smell only signals");
    }

    [Fact]
    public void Judge_TooUnsure_SaysHowSureItMustBe()
    {
        _list.List("acme", s_image, confidence: 49);

        Expect(
            s_image, _policy, Verdict.Signal, "signal: 0 of 1 members needed to review; too unsure to count: acme (49 of 50)");
    }

    [Fact]
    public void Judge_OwnListing_IsEnough()
    {
        _list.List("self", s_seller);

        Expect(s_seller, _policy, Verdict.Block, "block: self itself stands behind it");
    }

    [Fact]
    public void Judge_TrustedMember_IsEnough()
    {
        _list.List("ifaw", s_seller);

        Expect(s_seller, _policy with { Trusted = ["ifaw"] }, Verdict.Block, "block: ifaw is trusted");
    }

    [Fact]
    public void Judge_TrustedMemberOnKeyword_StillNeverBlocks()
    {
        _list.List("ifaw", s_word);

        Expect(
            s_word,
            _policy with { Trusted = ["ifaw"] },
            Verdict.Review,
            "review: 1 of 1 members needed to review (ifaw); kind keyword never blocks");
    }

    [Fact]
    public void Judge_MutedMember_IsNotHeard()
    {
        _list.List("acme", s_image);
        _list.List("globex", s_seller);
        _list.Opine("acme", s_seller);
        var policy = _policy with { Muted = ["acme"] };

        Expect(s_image, policy, Verdict.None, "none: no listing in force");
        Assert.Empty(Judge(s_seller, policy).Disputers);
    }

    [Fact]
    public void Judge_Disputed_LoweredToReviewByDefault()
    {
        _list.List("acme", s_image);
        _list.Opine("globex", s_image);

        Expect(
            s_image, _policy, Verdict.Review, "review: 1 of 1 members needed to block (acme); disputed by globex");
    }

    [Fact]
    public void Judge_DisputedByThisMember_LoweredToSignalByDefault()
    {
        _list.List("acme", s_image);
        _list.Opine("self", s_image);

        Expect(s_image, _policy, Verdict.Signal, "signal: 1 of 1 members needed to block (acme); disputed by self");
    }

    [Theory]
    [InlineData(1, Verdict.None, Verdict.None, "none: 1 of 1 members needed to block (acme); disputed by globex")]
    [InlineData(1, Verdict.Signal, Verdict.Signal, "signal: 1 of 1 members needed to block (acme); disputed by globex")]
    [InlineData(1, Verdict.Block, Verdict.Block, "block: 1 of 1 members needed to block (acme); disputed by globex")]
    [InlineData(
        2,
        Verdict.Review,
        Verdict.Block,
        "block: 1 of 1 members needed to block (acme); disputed by globex (1 of 2 members needed to lower it)")]
    public void Judge_DisputesAsTheOperatorChose(int members, Verdict lowerTo, Verdict verdict, string reason)
    {
        _list.List("acme", s_image);
        _list.Opine("globex", s_image);

        Expect(s_image, _policy with { Disputes = new DisputePolicy(members, lowerTo, Verdict.Signal) }, verdict, reason);
    }

    [Fact]
    public void Judge_OwnDisputeLowersToWhatTheOperatorChose_NeverRaises()
    {
        _list.List("acme", s_image, "signal");
        _list.Opine("self", s_image);
        var disputes = new DisputePolicy(5, Verdict.None, Verdict.Review);

        Assert.Equal(Verdict.Signal, Judge(s_image, _policy with { Disputes = disputes }).Verdict);

        _list.List("acme", s_image);
        Assert.Equal(Verdict.Review, Judge(s_image, _policy with { Disputes = disputes }).Verdict);
    }

    [Fact]
    public void Judge_CategoryWithARuleOfItsOwn_CountedByIt()
    {
        _list.List("acme", s_seller, category: "ivory");
        _list.List("acme", Evidence.Seller(2), category: "pangolin");
        var policy = WithCategory("ivory", new KindPolicy(1, 1, 50));

        Expect(s_seller, policy, Verdict.Block, "block: 1 of 1 members needed to block (acme)");
        Assert.Equal(Verdict.Review, Judge(Evidence.Seller(2), policy).Verdict);
    }

    [Fact]
    public void Judge_StrictCategory_IsNotHelpedByOthers()
    {
        _list.List("acme", s_seller, category: "antique");
        _list.List("globex", s_seller, category: "antique");
        _list.List("initech", s_seller, category: "ivory");

        Expect(
            s_seller,
            WithCategory("antique", new KindPolicy(0, 0, 50)),
            Verdict.Review,
            "review: 1 of 1 members needed to review (initech); 1 of 2 members needed to block (initech)");
    }

    [Fact]
    public void Judge_OnlyACategoryThatNeverBlocks_NamesIt()
    {
        _list.List("acme", s_seller, category: "antique");

        Expect(
            s_seller,
            WithCategory("antique", new KindPolicy(0, 1, 50)),
            Verdict.Review,
            "review: 1 of 1 members needed to review (acme); category antique never blocks");
    }

    [Theory]
    [InlineData(KeywordEvasions.None, Verdict.Block, "block: 1 of 1 members needed to block (acme)")]
    [InlineData(KeywordEvasions.Repeated, Verdict.Block, "block: 1 of 1 members needed to block (acme)")]
    [InlineData(
        KeywordEvasions.Separated,
        Verdict.Review,
        "review: 1 of 1 members needed to block (acme); at most review, since the text hides the keyword (separated)")]
    [InlineData(
        KeywordEvasions.Separated | KeywordEvasions.Lookalike | KeywordEvasions.Repeated,
        Verdict.Signal,
        "signal: 1 of 1 members needed to block (acme); at most signal, since the text hides the keyword (lookalike)")]
    public void Judge_HiddenKeyword_NoGraverThanItsCeiling(KeywordEvasions evasions, Verdict verdict, string reason)
    {
        _list.List("acme", s_word);
        var policy = WithHidden(new EvasionCeilings(Verdict.Signal, Verdict.Review, Verdict.Block));

        var judgement = policy.Judge(_list.State(s_word), Evidence.Now, _ => true, evasions: evasions);

        Assert.Equal((verdict, reason), (judgement.Verdict, judgement.Reason));
    }

    [Fact]
    public void Judge_HiddenKeywordOfTwoCategories_EachByItsOwnCeiling()
    {
        _list.List("acme", s_word, category: "ivory");
        _list.List("globex", s_word, category: "antique");
        var rule = new KindPolicy(1, 1, 50) { Hidden = EvasionCeilings.None with { Separated = Verdict.None } };
        var policy = WithHidden(EvasionCeilings.None with { Separated = Verdict.Signal });
        policy = policy with
        {
            Kinds = policy.Kinds.SetItem(IndicatorKind.Keyword, policy.Kinds[IndicatorKind.Keyword] with
            {
                Categories = ImmutableDictionary<string, KindPolicy>.Empty.Add("antique", rule),
            }),
        };

        var judgement = policy.Judge(_list.State(s_word), Evidence.Now, _ => true, evasions: KeywordEvasions.Separated);
        Assert.Equal(Verdict.Signal, judgement.Verdict);
        Assert.Contains("(acme); at most signal", judgement.Reason, StringComparison.Ordinal);

        _list.Opine("self", s_word);
        Assert.Contains(
            "disputed by self",
            policy.Judge(_list.State(s_word), Evidence.Now, _ => true, evasions: KeywordEvasions.Separated).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_TooOld_DoesNotCount()
    {
        const long Day = 86_400;
        _list.List("acme", s_image, issued: Evidence.Now - (90 * Day));
        var policy = _policy with
        {
            Kinds = VerdictPolicy.Default.SetItem(IndicatorKind.ImageSha256, new KindPolicy(1, 1, 50, 90)),
        };
        Expect(s_image, policy, Verdict.Block, "block: 1 of 1 members needed to block (acme)");

        _list.List("acme", s_image, issued: Evidence.Now - (90 * Day) - 1);
        Expect(s_image, policy, Verdict.None, "none: no listing in force; too old to count: acme (90 days)");
        Assert.Empty(Judge(s_image, policy).Listings);

        _list.List("globex", s_image);
        Expect(
            s_image,
            policy,
            Verdict.Block,
            "block: 1 of 1 members needed to block (globex); too old to count: acme (90 days)");
    }

    [Fact]
    public void Judge_Allowed_NoneWithTheReason()
    {
        foreach (var indicator in (Indicator[])[s_image, s_seller, s_word])
        {
            _list.List("self", indicator);
        }

        var policy = _policy with
        {
            Allowed = new Allowlist(
                [s_image.Id], [(IndicatorKind.Keyword, "netsuke")], [], [new FederationNode.Protocol.Hash256(s_seller.Value.Span)]),
        };

        Expect(s_image, policy, Verdict.None, "allowed by policy.json: this indicator");
        Expect(s_word, policy, Verdict.None, "allowed by policy.json: netsuke");
        Expect(s_seller, policy, Verdict.None, "allowed by policy.json: a verified seller");
        Assert.Single(Judge(s_word, policy).Listings);
    }

    [Fact]
    public void Judge_AllowedValueOfAnotherKind_Counts()
    {
        _list.List("acme", s_image);
        var hex = Convert.ToHexStringLower(s_image.Value.Span);

        Assert.Equal(Verdict.Block, Judge(s_image, Allow((IndicatorKind.ImagePdq, hex))).Verdict);
        Expect(s_image, Allow((IndicatorKind.ImageSha256, hex)), Verdict.None, "allowed by policy.json: this image-sha256");

        VerdictPolicy Allow((string, string) value) => _policy with { Allowed = new Allowlist([], [value], [], []) };
    }

    [Fact]
    public void Judge_Quarantined_OnlySignalsFromThatEntryOn()
    {
        var before = _list.List("acme", s_image);
        var after = _list.List("acme", Evidence.Image(2));
        var held = Held("acme", after);

        Assert.Equal(before + 1, after);
        Expect(s_image, _policy, Verdict.Block, "block: 1 of 1 members needed to block (acme)", held);
        Expect(
            Evidence.Image(2),
            _policy,
            Verdict.Signal,
            "signal: 0 of 1 members needed to review; quarantined: acme added 12,000 entries within 1 h",
            held);
    }

    [Fact]
    public void Judge_QuarantinedBesideOthers_OthersCount()
    {
        _list.List("acme", s_seller);
        _list.List("globex", s_seller);

        Expect(
            s_seller,
            _policy,
            Verdict.Review,
            "review: 1 of 1 members needed to review (globex); 1 of 2 members needed to block (globex); quarantined: "
                + "acme added 12,000 entries within 1 h",
            Held("acme", 0));
    }

    [Fact]
    public void Judge_OpinionsInQuarantine_DoNotCount()
    {
        _list.List("globex", s_seller);
        _list.Opine("acme", s_seller, OpinionPayload.Confirm);
        _list.List("globex", s_image);
        _list.Opine("acme", s_image);

        Assert.Equal(Verdict.Review, Judge(s_seller, _policy, Held("acme", 0)).Verdict);
        Assert.Empty(Judge(s_image, _policy, Held("acme", 0)).Disputers);
        Assert.Equal(Verdict.Block, Judge(s_image, _policy, Held("acme", 0)).Verdict);
    }

    private static QuarantineTable Held(string member, long from) =>
        new([new Quarantine(Evidence.Log(member).Text, member, from, 12_000, 3600, Evidence.Now)]);

    private VerdictPolicy WithHidden(EvasionCeilings hidden) => _policy with
    {
        Kinds = VerdictPolicy.Default.SetItem(IndicatorKind.Keyword, new KindPolicy(1, 1, 50) { Hidden = hidden }),
    };

    private VerdictPolicy WithCategory(string category, KindPolicy rule)
    {
        var kind = VerdictPolicy.Default[IndicatorKind.Seller];
        return _policy with
        {
            Kinds = VerdictPolicy.Default.SetItem(
                IndicatorKind.Seller,
                kind with { Categories = ImmutableDictionary<string, KindPolicy>.Empty.Add(category, rule) }),
        };
    }

    private Judgement Judge(Indicator indicator, VerdictPolicy policy, QuarantineTable? held = null) =>
        policy.Judge(_list.State(indicator), Evidence.Now, _ => true, quarantines: held);

    private void Expect(
        Indicator indicator, VerdictPolicy policy, Verdict verdict, string reason, QuarantineTable? held = null)
    {
        var judgement = Judge(indicator, policy, held);
        Assert.Equal((verdict, reason), (judgement.Verdict, judgement.Reason));
    }

    [Fact]
    public void Judge_WithAMemoryOfWhatWasAlike_AsWithout()
    {
        var policies = new[] { PolicyOf(1, "globex"), PolicyOf(2, "acme") };
        Gen.Select(StatementGen.Array[1, 3], Gen.Int[0, 3], Gen.Int[0, 19]).Array[60].Sample(
            cases =>
            {
                var memory = new CountMemory();
                foreach (var (statements, evasions, number) in cases)
                {
                    AssertSame(policies[number == 0 ? 1 : 0], statements, evasions, memory);
                }
            },
            iter: 40);

        static void AssertSame(
            VerdictPolicy policy,
            (string Member, string Action, int Confidence, string Category, bool IsOpinion, bool IsImage)[] statements,
            int evasions,
            CountMemory memory)
        {
            var list = new Evidence();
            var indicator = statements[0].IsImage ? Evidence.Image(1) : Evidence.Seller(1);
            foreach (var (member, action, confidence, category, isOpinion, _) in statements)
            {
                if (isOpinion)
                {
                    list.Opine(member, indicator, confidence > 50 ? OpinionPayload.Confirm : OpinionPayload.Dispute);
                }
                else
                {
                    list.List(member, indicator, action, confidence, category, Evidence.Now - (confidence * 86_400L));
                }
            }

            if (!list.TryGet(indicator.Id, out var state))
            {
                return;
            }

            var quarantines = new QuarantineTable(
                evasions == 3 ? [new Quarantine(Evidence.Log("acme").Text, "acme", 0, 5, 60, Evidence.Now)] : []);
            var hidden = evasions == 1 ? KeywordEvasions.Separated : KeywordEvasions.None;
            var counted = policy.Judge(state, Evidence.Now, m => m != "umbrella", null, quarantines, hidden);
            var remembered = policy.Judge(state, Evidence.Now, m => m != "umbrella", null, quarantines, hidden, memory);

            Assert.Equal((counted.Verdict, counted.Reason), (remembered.Verdict, remembered.Reason));
            Assert.Equal(counted.Listings.Select(l => l.Member), remembered.Listings.Select(l => l.Member));
            Assert.Equal(counted.Disputers.AsEnumerable(), remembered.Disputers.AsEnumerable());
        }

        static VerdictPolicy PolicyOf(int blockAt, string trusted) => new()
        {
            Self = "self",
            Trusted = [trusted],
            Muted = blockAt == 2 ? ["initech"] : [],
            Kinds = VerdictPolicy.Default.SetItem(IndicatorKind.Seller, new KindPolicy(blockAt, 1, 50, 70)
            {
                Hidden = new EvasionCeilings(Verdict.Review, Verdict.Signal, Verdict.Block),
                Categories = ImmutableDictionary.CreateRange([KeyValuePair.Create("pangolin", new KindPolicy(0, blockAt, 30))]),
            }),
        };
    }

    private static Gen<(string Member, string Action, int Confidence, string Category, bool IsOpinion, bool IsImage)> StatementGen =>
        Gen.Select(
            Gen.OneOf("acme", "globex", "initech", "umbrella", "self"),
            Gen.OneOf("block", "review"),
            Gen.OneOf(40, 60, 80),
            Gen.OneOf("ivory", "pangolin"),
            Gen.Int[0, 3].Select(i => i == 0),
            Gen.Bool);
}
