using System.Collections.Immutable;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Text;
using Xunit;
using static FederationNode.Matching.Tests.Keywords.Rules;

namespace FederationNode.Matching.Tests.Keywords;

public sealed class KeywordEngineTests
{
    [Theory]
    [InlineData("ivory", "old ivory, IVORY.", "ivory|IVORY")]
    [InlineData("ivory", "ivorylike nonivory ivory2", "")]
    [InlineData("ivory", "ivory's ivory-white (ivory)", "ivory|ivory|ivory")]
    [InlineData("rhino horn", "Rhino \t\r\n horn", "Rhino \t\r\n horn")]
    [InlineData("象牙", "出售老象牙手镯", "象牙")]
    [InlineData("象牙", "真象\u200B牙", "象\u200B牙")]
    [InlineData("龙", "龍", "龍")]
    [InlineData("งาช้าง", "ขายงาช้างแท้", "งาช้าง")]
    [InlineData("ゾウ", "アフリカゾウの牙", "ゾウ")]
    [InlineData("ivory", "买ivory吗", "ivory")]
    [InlineData("ivory象", "ivory象牙", "ivory象")]
    [InlineData("ivory象", "nonivory象牙", "")]
    [InlineData("🐘", "a🐘🐘b", "🐘|🐘")]
    [InlineData("слон", "слоновая кость, слон", "слон")]
    [InlineData("상아", "상아 상아를 상아탑", "상아|상아")]
    [InlineData("カメ", "カメの甲羅", "カメ")]
    [InlineData("ak47", "ak47 ak67 akа7", "ak47")]
    [InlineData("奶奶", "奶牛 奶奶，牛奶", "奶奶")]
    [InlineData("奶奶", "奶奶奶", "奶奶|奶奶")]
    [InlineData("爸爸妈", "爸妈 爸爸妈妈", "爸爸妈")]
    [InlineData("看一一", "看一 看一一", "看一一")]
    public void Find_ByScript_WholeWordOrSubstring(string keyword, string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Parts(Rule(keyword), text)));

    [Theory]
    [InlineData(KeywordMatch.Word, "ivory ivories xivory", "ivory")]
    [InlineData(KeywordMatch.Substring, "ivorylike xivory", "ivory|ivory")]
    [InlineData(KeywordMatch.Prefix, "ivorylike xivory", "ivory")]
    public void Find_MatchMode_Overrides(KeywordMatch match, string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Parts(Rule("ivory", match), text)));

    [Theory]
    [InlineData("ivory", "ＩＶＯＲＹ", 0, 5)]
    [InlineData("ivory", "  i\u00ADv\u200Bory!", 2, 7)]
    [InlineData("ivory", "ﷺ ivory", 2, 5)]
    [InlineData("ivory", "\uFB03 ivory", 2, 5)]
    [InlineData("ivory", "🐘 𝕀𝕍𝕆ℝ𝕐", 3, 9)]
    [InlineData("café", "un cafe\u0301 noir", 3, 5)]
    [InlineData("fish", "a ﬁsh", 2, 3)]
    [InlineData("strasse", "Straße", 0, 6)]
    [InlineData("2024", "a ٢٠٢٤ b", 2, 4)]
    public void Find_TextThatChangesLength_GivesPlaceInTheOriginal(string keyword, string text, int start, int length)
    {
        var hits = new List<KeywordHit>();
        Rules.Engine([Rule(keyword, id: 7)]).Find(text, hits);
        Assert.Equal([new KeywordHit(7, start, length, KeywordEvasions.None)], hits);
    }

    [Fact]
    public void Find_IllFormedText_StillFindsTheRest()
    {
        Assert.Equal(["象牙"], Parts(Rule("象牙"), "\uD800象牙\uDC00"));
        Assert.Empty(Parts(Rule("🐘"), "\uD83D \uDC18"));
    }

    [Fact]
    public void Find_OverlappingKeywords_GivesAllInOrderOfEnd()
    {
        string[] texts = ["he", "she", "hers", "his", "象", "象牙", "牙雕", "象牙雕"];
        var engine = Rules.Engine(texts.Select((text, id) => Rule(text, KeywordMatch.Substring, id: id)));
        Assert.Equal(["she", "he", "hers", "象", "象牙", "象牙雕", "牙雕"], Parts(engine, "ushers象牙雕"));
    }

    [Fact]
    public void Find_RulesWithTheSameText_GivesEachOfThem()
    {
        var hits = new List<KeywordHit> { new(99, 0, 1, 0) };
        var needsMore = Rule("xy", KeywordMatch.Word, any: ["z"], id: 2);
        var engine = Rules.Engine([Rule("xy", id: 3), Rule("ab", id: 9), Rule("xy", id: 1), needsMore]);
        engine.Find("xy", hits);
        Assert.Equal([new(99, 0, 1, 0), new(3, 0, 2, 0), new(1, 0, 2, 0)], hits);
        Assert.Equal(4, engine.RuleCount);
    }

    [Theory]
    [InlineData("XY 象", true)]
    [InlineData("XY 老料微信", true)]
    [InlineData("XY for sale", false)]
    [InlineData("XY 12345678901234567象", true)]
    [InlineData("XY 123456789012345678901象", false)]
    [InlineData("象12345678901234567 XY", true)]
    [InlineData("象123456789012345678901 XY", false)]
    public void Find_AnyOf_NeedsATermInTheWindow(string text, bool found) =>
        Assert.Equal(found, Parts(Rule("xy", any: ["象", "牙", "料", "非洲", "微信", "🐘"], window: 20), text).Length > 0);

    [Theory]
    [InlineData("white, old, carved", true)]
    [InlineData("carved old white", true)]
    [InlineData("white old", false)]
    [InlineData("white old carvedly", false)]
    public void Find_AllOf_NeedsEveryTerm(string text, bool found) =>
        Assert.Equal(found, Parts(Rule("white", all: ["old", "CARVED"]), text).Length > 0);

    [Theory]
    [InlineData("ivory", true)]
    [InlineData("Ivory Coast", false)]
    [InlineData("ivory. A trip to the Ivory\u3000Coast", true)]
    [InlineData("ivory coastal", true)]
    public void Find_NoneOf_ForbidsTheTermNearby(string text, bool found) =>
        Assert.Equal(found, Parts(Rule("ivory", none: ["ivory coast"], window: 8), text).Length > 0);

    [Theory]
    [InlineData("ab-cd", 3, true)]
    [InlineData("ab-cd", 2, false)]
    [InlineData("cd..ab", 4, true)]
    [InlineData("cd..ab", 3, false)]
    [InlineData("cd..........ab", 0, true)]
    public void Find_Window_HoldsTheWholeTerm(string text, int window, bool found) =>
        Assert.Equal(found, Parts(Rule("ab", any: ["cd"], window: window), text).Length > 0);

    [Fact]
    public void Find_RequiredTermThatNormalisesToNothing_NeverHolds()
    {
        Assert.Empty(Parts(Rule("ivory", any: ["\u200B"]), "ivory"));
        Assert.Empty(Parts(Rule("ivory", all: ["old", " "]), "old ivory"));
        Assert.Single(Parts(Rule("ivory", any: ["", "old"]), "old ivory"));
        Assert.Single(Parts(Rule("ivory", none: [""]), "old ivory"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Ivory")]
    [InlineData(" ivory")]
    [InlineData("象\u200B牙")]
    public void Add_TextNotNormalised_LeavesTheRuleOut(string text)
    {
        var engine = Rules.Engine([Rule(text, KeywordMatch.Substring)]);
        Assert.Equal(0, engine.RuleCount);
        Assert.Empty(Parts(engine, "Ivory  ivory 象牙" + text));
    }

    [Fact]
    public void Add_NoRules_FindsNothing() => Assert.Empty(Parts(Rules.Engine([]), "ivory"));

    [Fact]
    public void Add_UninitialisedContext_CountsAsNone() =>
        Assert.Single(Parts(new KeywordRule(1, "ivory", KeywordMatch.Word, default, default, default, 0), "ivory"));

    [Fact]
    public void Add_NonsenseRule_Throws()
    {
        Assert.Throws<ArgumentException>(() => Rules.Engine([Rule("ivory", window: -1)]));
        Assert.Throws<ArgumentException>(() => Rules.Engine([Rule("ivory", (KeywordMatch)9)]));
    }

    [Fact]
    public void Find_EmptyOrLongText_Works()
    {
        var engine = Rules.Engine([Rule("ivory")]);
        Assert.Empty(Parts(engine, ""));
        Assert.Equal(50_000, Parts(engine, string.Concat(Enumerable.Repeat("ivory 象 ", 50_000))).Length);
        Assert.Equal(["ivory"], Parts(engine, "ivory"));
    }

    [Fact]
    public void Find_TenThousandKeywords_EachIsFoundWhereItStands()
    {
        var words = Enumerable.Range(0, 10_000).Select(Word);
        var texts = words.Select(word => Wlnorm.Normalize(word)).Distinct().ToArray();
        var engine = Rules.Engine(texts.Select((text, id) => Rule(text, KeywordMatch.Word, id: id)));
        Assert.Equal(texts.Length, engine.PatternCount);
        var hits = new List<KeywordHit>();
        engine.Find(string.Join(' ', texts), hits);
        var start = 0;
        var whole = new HashSet<KeywordHit>(hits);
        for (var id = 0; id < texts.Length; id++)
        {
            Assert.Contains(new KeywordHit(id, start, texts[id].Length, KeywordEvasions.None), whole);
            start += texts[id].Length + 1;
        }

        Assert.True(engine.MemoryBytes is > 0 and < 4_000_000, $"{engine.MemoryBytes} bytes");
    }

    [Fact]
    public void Find_SameTextAgain_AllocatesNothing()
    {
        var engine = Rules.Engine([Rule("ivory", any: ["old"], window: 9), Rule("象牙", none: ["玩具"])]);
        var hits = new List<KeywordHit>(64);
        const string text = "An OLD ivory cafe\u0301 象牙 🐘, ＩＶＯＲＹ far away from it";
        engine.Find(text, hits);
        hits.Clear();
        var before = GC.GetAllocatedBytesForCurrentThread();
        engine.Find(text, hits);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2, hits.Count);
    }

    [Fact]
    public void Find_ManyThreadsAtOnce_EachGetsItsOwnHits()
    {
        string[] words = ["ivory", "象牙", "tusk", "xy", "fake"];
        var engine = Rules.Engine(words.Select((text, id) => Rule(text, none: ["fake"], window: 6, id: id)));
        var texts = Enumerable.Range(0, 64)
            .Select(n => string.Join(' ', Enumerable.Range(0, 40 + n).Select(k => words[((n * k) + k) % words.Length])))
            .ToArray();
        var expected = texts.Select(text => Parts(engine, text)).ToImmutableArray();
        Parallel.For(0, 2_000, n => Assert.Equal(expected[n % 64], Parts(engine, texts[n % 64])));
    }

    private static string Word(int n)
    {
        var state = (uint)n * 2_654_435_761u;
        var first = (n % 3) switch { 0 => 0x4E00, 1 => 'a', _ => 'а' };
        var range = n % 3 == 0 ? 3_000u : 26u;
        var letters = Enumerable.Range(0, 2 + (n % 7)).Select(k => (char)(first + ((state >> (k * 3)) % range)));
        return new string([.. letters]);
    }
}
