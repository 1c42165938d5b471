using FederationNode.Matching.Policy;
using FederationNode.Node.Folder;
using FederationNode.Node.Policies;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Node.Tests.Policies;

public sealed class PolicyReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fednode-policy-").FullName;

    private string File => Path.Combine(_folder, "policy.json");

    public static TheoryData<string, string> Wrong => new()
    {
        { "{", "policy.json is not valid JSON in line 1: " },
        { "[]", "policy.json has a value of another type than it must be at $ in line 1." },
        { """{"kinds":[]}""", "policy.json has a value of another type than it must be at $.kinds in line 1." },
        { """{"whenstale":"open","whenStale":"closed"}""", "policy.json " },
        { "{\n\"colour\":1}", "policy.json has no setting \"colour\" in line 2: look for a typing error, or take it out." },
        {
            """{"allow":{"sellers":[]}}""",
            "policy.json has no setting \"sellers\" in line 1: look for a typing error, or take it out."
        },
        { """{"kinds":null}""", Says(1, "kinds", "must not be null: leave out what is to keep its default.") },
        { "{\"muted\":[\n\"a\",\nnull]}", Says(3, "muted[1]", "must not be null: leave out what is to keep its default.") },
        { """{"flood":null}""", Says(1, "flood", "must not be null: leave out what is to keep its default.") },
        {
            """{"kinds":{"smell":{}}}""",
            Says(1, "kinds.smell", "is no kind: the kinds are keyword, seller, image-pdq, image-sha256.")
        },
        { "{\"kinds\":{\n\"seller\":{\n\"blockAt\":-1}}}", Says(3, "kinds.seller.blockAt", "must be 0 to 1000.") },
        { """{"kinds":{"seller":{"blockAt":1001}}}""", Says(1, "kinds.seller.blockAt", "must be 0 to 1000.") },
        { """{"kinds":{"seller":{"reviewAt":-1}}}""", Says(1, "kinds.seller.reviewAt", "must be 0 to 1000.") },
        { """{"kinds":{"seller":{"minConfidence":101}}}""", Says(1, "kinds.seller.minConfidence", "must be 0 to 100.") },
        { """{"kinds":{"seller":{"maxAgeDays":3651}}}""", Says(1, "kinds.seller.maxAgeDays", "must be 0 to 3650.") },
        {
            """{"kinds":{"seller":{"categories":{"Ivory":{}}}}}""",
            Says(1, "kinds.seller.categories.Ivory", "is no category: a category is 1 to 32 of a-z, 0-9 and '-'.")
        },
        {
            """{"kinds":{"seller":{"categories":{"ivory":{"blockAt":-5}}}}}""",
            Says(1, "kinds.seller.categories.ivory.blockAt", "must be 0 to 1000.")
        },
        {
            """{"kinds":{"seller":{"categories":{"ivory":{"categories":{"a":{}}}}}}}""",
            Says(1, "kinds.seller.categories.ivory.categories", "must go: a category has no categories.")
        },
        {
            """{"kinds":{"seller":{"evasions":{"separated":"review"}}}}""",
            Says(1, "kinds.seller.evasions", "must go: only keywords can be hidden in a text.")
        },
        {
            """{"kinds":{"keyword":{"evasions":{"separated":"ban"}}}}""",
            Says(1, "kinds.keyword.evasions.separated", "must be none, signal, review, or block, which lowers nothing.")
        },
        {
            "{\"kinds\":{\"keyword\":{\"categories\":{\"ivory\":{\"evasions\":{\n\"spaced\":\"review\"}}}}}}",
            Says(2, "kinds.keyword.categories.ivory.evasions.spaced", "is no way to hide a keyword: these are lookalike, separated, repeated.")
        },
        {
            """{"kinds":{"keyword":{"evasions":null}}}""",
            Says(1, "kinds.keyword.evasions", "must not be null: leave out what is to keep its default.")
        },
        { """{"trusted":["a","Not A Name"]}""", Says(1, "trusted[1]", "is no member's name: 1 to 63 of a-z, 0-9 and '-'.") },
        { """{"muted":[""]}""", Says(1, "muted[0]", "is no member's name: 1 to 63 of a-z, 0-9 and '-'.") },
        {
            """{"trusted":["a"],"muted":["a"]}""",
            Says(1, "muted", "names a, and so does \"trusted\": take it out of one of them.")
        },
        { """{"disputes":{"members":0}}""", Says(1, "disputes.members", "must be 1 to 1000.") },
        {
            """{"disputes":{"lowerTo":"Review"}}""",
            Says(1, "disputes.lowerTo", "must be none, signal, review, or block, which lowers nothing.")
        },
        {
            """{"disputes":{"own":""}}""",
            Says(1, "disputes.own", "must be none, signal, review, or block, which lowers nothing.")
        },
        { """{"allow":{"ids":["00"]}}""", Says(1, "allow.ids[0]", "must be 64 lower-case hexadecimal digits.") },
        {
            """{"allow":{"values":{"smell":[]}}}""",
            Says(1, "allow.values.smell", "is no kind: the kinds are keyword, seller, image-pdq, image-sha256.")
        },
        {
            """{"allow":{"values":{"seller":["+86"]}}}""",
            Says(1, "allow.values.seller[0]", "must be 64 lower-case hexadecimal digits.")
        },
        {
            """{"allow":{"values":{"keyword":[" "]}}}""",
            Says(1, "allow.values.keyword[0]", "must be 1 to 200 characters of which one is visible.")
        },
        { """{"allow":{"phrases":[""]}}""", Says(1, "allow.phrases[0]", "must be 1 to 200 characters of which one is visible.") },
        { """{"flood":{}}""", Says(1, "flood.entries", "must be 1 to 100000000.", line: false) },
        { """{"flood":{"entries":5,"hours":0}}""", Says(1, "flood.hours", "must be 1 to 720.") },
        { """{"flood":{"entries":5,"holdHours":-1}}""", Says(1, "flood.holdHours", "must be 0 to 8760.") },
        {
            """{"flood":{"entries":5,"released":["?"]}}""",
            Says(1, "flood.released[0]", "is no member's name: 1 to 63 of a-z, 0-9 and '-'.")
        },
        { """{"whenStale":"ajar"}""", Says(1, "whenStale", "must be open or closed.") },
        { """{"sample":{}}""", Says(1, "sample.path", "must name a file of texts; or leave out \"sample\".", line: false) },
        {
            """{"sample":{"path":"x","maxHitRate":0}}""",
            Says(1, "sample.maxHitRate", "must be above 0, and at most 1, which is every text.")
        },
        {
            """{"sample":{"path":"x","maxHitRate":1.01}}""",
            Says(1, "sample.maxHitRate", "must be above 0, and at most 1, which is every text.")
        },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Read_Wrong_NamesLineAndSetting(string json, string says)
    {
        var fault = Assert.Throws<NodeFolderException>(() => Read(json));

        Assert.StartsWith(Path.Combine(_folder, says), fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sellers.txt", "0000\n", """{"allow":{"verifiedSellers":"sellers.txt"}}""",
        ", whose line 1 must be a seller's tag: 64 lower-case hexadecimal digits.")]
    [InlineData("other", "", """{"allow":{"verifiedSellers":"sellers.txt"}}""", "sellers.txt cannot be read: ")]
    [InlineData("ads.csv", "a,b\nx,y\n", """{"sample":{"path":"ads.csv","column":"c"}}""",
        "ads.csv has no column \"c\": name the one with the texts, of a, b.")]
    [InlineData("ads.csv", "a,b\nx,y\n", """{"sample":{"path":"ads.csv"}}""",
        "ads.csv has several columns: name the one with the texts, of a, b.")]
    [InlineData("ads.csv", "", """{"sample":{"path":"ads.csv"}}""", "ads.csv is empty.")]
    [InlineData("ads.csv", "a\n", """{"sample":{"path":"ads.csv"}}""", "ads.csv has no texts in it.")]
    [InlineData("ads.txt", "x", """{"sample":{"path":"ads.txt","column":"c"}}""",
        "ads.txt has no columns, being no .csv file: leave the column out.")]
    public void Read_FileThatItNamesIsWrong_SaysWhichAndWhy(string name, string content, string json, string says)
    {
        System.IO.File.WriteAllText(Path.Combine(_folder, name), content);

        var fault = Assert.Throws<NodeFolderException>(() => Read(json));

        Assert.Contains("policy.json, line 1: \"", fault.Message, StringComparison.Ordinal);
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SampleOfTooManyTexts_SaysHowManyMayBe()
    {
        System.IO.File.WriteAllLines(Path.Combine(_folder, "ads.txt"), Enumerable.Repeat("x", 100_001));

        var fault = Assert.Throws<NodeFolderException>(() => Read("""{"sample":{"path":"ads.txt"}}"""));

        Assert.Equal(
            $"{File}, line 1: \"sample.path\" names a file of 100001 texts: take 100000 of them at most, since each new keyword is "
                + "tried on all.",
            fault.Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("\uFEFF{ /* nothing */ }")]
    public void Read_NothingInIt_TheDefaults(string json)
    {
        var policy = Read(json).Verdicts;

        Assert.Equal(VerdictPolicy.Default, policy.Kinds);
        Assert.Equal(DisputePolicy.Default, policy.Disputes);
        Assert.Equal((StaleRule.Open, null), (policy.WhenStale, policy.Flood));
    }

    [Fact]
    public void Read_FileOfAnEarlierVersion_MeansTheSame()
    {
        var policy = Read(
            """
            {
              "kinds": { "seller": { "blockAt": 3, "reviewAt": 2, "minConfidence": 70 } },
              "trusted": ["ifaw"],
              "muted": ["acme"]
            }
            """).Verdicts;

        Assert.Equal((3, 2, 70, 0), Parts(policy.Kinds[IndicatorKind.Seller]));
        Assert.Empty(policy.Kinds[IndicatorKind.Seller].Categories);
        Assert.Equal(VerdictPolicy.Default[IndicatorKind.Keyword], policy.Kinds[IndicatorKind.Keyword]);
        Assert.Equal(["ifaw"], policy.Trusted);
        Assert.Equal(["acme"], policy.Muted);
    }

    [Fact]
    public void Read_EvasionCeilings_RefinedByCategoryAndWrittenOut()
    {
        var policy = Read(
            """
            {
              "kinds": { "keyword": {
                "blockAt": 2,
                "evasions": { "separated": "review" },
                "categories": { "ivory": { "evasions": { "lookalike": "signal" } }, "antique": { "blockAt": 0 } }
              } }
            }
            """);

        var rule = policy.Verdicts.Kinds[IndicatorKind.Keyword];
        Assert.Equal(new EvasionCeilings(Verdict.Block, Verdict.Review, Verdict.Block), rule.Hidden);
        Assert.Equal(new EvasionCeilings(Verdict.Signal, Verdict.Review, Verdict.Block), rule.Categories["ivory"].Hidden);
        Assert.Equal(EvasionCeilings.None, policy.Verdicts.Kinds[IndicatorKind.Seller].Hidden);
        Assert.Equal(
            ["lookalike block", "separated review", "repeated block"],
            policy.Document.Kinds["keyword"].Evasions!.Select(e => $"{e.Key} {e.Value}"));
        Assert.Null(policy.Document.Kinds["seller"].Evasions);
        Assert.Empty(PolicyNotes.Of(policy.Verdicts));
    }

    [Fact]
    public void Notes_CeilingThatLowersNothing_IsNamed()
    {
        var policy = Read(
            """
            { "kinds": { "keyword": {
              "evasions": { "separated": "review", "lookalike": "signal" },
              "categories": { "ivory": { "reviewAt": 0, "evasions": { "repeated": "signal" } } }
            } } }
            """);

        Assert.Equal(
            [
                "\"kinds.keyword.evasions.separated\" lowers nothing: by \"blockAt\" and \"reviewAt\" of kinds.keyword no keyword there gives more than review.",
                "\"kinds.keyword.categories.ivory.evasions.repeated\" lowers nothing: by \"blockAt\" and \"reviewAt\" of kinds.keyword.categories.ivory no keyword there gives more than signal.",
            ],
            PolicyNotes.Of(policy.Verdicts));
    }

    [Fact]
    public void Read_Everything_TakenUp()
    {
        var tag = new string('a', 64);
        System.IO.File.WriteAllText(Path.Combine(_folder, "sellers.txt"), $"# shops\n\n{tag}\r\n");
        System.IO.File.WriteAllText(Path.Combine(_folder, "ads.csv"), "id,text\n1,a parrot\n2,\n3,a bike\n");
        var policy = Read(
            """
            {
              "kinds": { "seller": { "maxAgeDays": 180, "categories": { "ivory": { "blockAt": 1 } } } },
              "disputes": { "members": 2, "lowerTo": "none", "own": "none" },
              "allow": {
                "ids": ["0000000000000000000000000000000000000000000000000000000000000001"],
                "values": { "keyword": ["IVORY Coast"] },
                "phrases": ["Ivory Soap"],
                "verifiedSellers": "sellers.txt"
              },
              "flood": { "entries": 10000, "hours": 1, "holdHours": 48, "released": ["globex"] },
              "whenStale": "closed",
              "sample": { "path": "ads.csv", "column": "text", "maxHitRate": 0.5 }
            }
            """);

        var verdicts = policy.Verdicts;
        Assert.Equal((2, 1, 50, 180), Parts(verdicts.Kinds[IndicatorKind.Seller]));
        Assert.Equal((1, 1, 50, 180), Parts(verdicts.Kinds[IndicatorKind.Seller].Categories["ivory"]));
        Assert.Equal(new DisputePolicy(2, Verdict.None, Verdict.None), verdicts.Disputes);
        Assert.Equal(
            (10_000, 1, 48, "globex"),
            (verdicts.Flood!.Entries, verdicts.Flood.Hours, verdicts.Flood.HoldHours, Assert.Single(verdicts.Flood.Released)));
        Assert.Equal(StaleRule.Closed, verdicts.WhenStale);
        Assert.Equal("ivory soap", Assert.Single(verdicts.Allowed.Phrases));
        var keyword = Indicator.Keyword("ivory coast");
        Assert.Equal("allowed by policy.json: ivory coast", verdicts.Allowed.ReasonFor(keyword.Id, keyword));
        var seller = new Indicator(IndicatorKind.Seller, "voprf/tel/1", Convert.FromHexString(tag));
        Assert.Equal("allowed by policy.json: a verified seller", verdicts.Allowed.ReasonFor(seller.Id, seller));
        Assert.Equal("allowed by policy.json: this indicator", verdicts.Allowed.ReasonFor(Hash256.TryParseHex(new string('0', 63) + "1", out var id) ? id : default, seller));
        Assert.Equal(["a parrot", "a bike"], policy.Sample!.Texts.ToArray());
        Assert.Equal(0.5, policy.Sample.MaxHitRate);
    }

    private static (int, int, int, int) Parts(KindPolicy rule) =>
        (rule.BlockAt, rule.ReviewAt, rule.MinConfidence, rule.MaxAgeDays);

    private static string Says(int number, string path, string says, bool line = true) =>
        $"policy.json{(line ? $", line {number}" : "")}: \"{path}\" {says}";

    private NodePolicy Read(string json)
    {
        System.IO.File.WriteAllText(File, json);
        return PolicyReader.ReadFile(File, "self");
    }
}
