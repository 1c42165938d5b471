using CsCheck;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Text;
using Xunit;

namespace FederationNode.Matching.Tests.Keywords;

/// <summary>
/// The engine against every rule tried at every place, over alphabets so small that much collides; and one that rules
/// were added to one by one against one that has them from the start.
/// </summary>
public sealed class KeywordOracleTests
{
    private static readonly Gen<string> TextPiece = Gen.OneOf(
        "a", "b", "A", "Ｂ", "象", "牙", "龍", "🐘", "ง", "า", " ", " ", ".", "_", "1", "\u0301", "\u200B", "ß",
        "\uD800", "、", "か", "ﾞ", "à", "'", "4", "а", "ь", "8", "i", "l", "I", "\n", "각", "톡", "𠀀", "…", "\U000E0061");

    private static readonly Gen<string> KeywordPiece = Gen.OneOf(
        "a", "b", "a", "b", "象", "牙", "龙", "ง", "า", " ", ".", "1", "s", "が", "á", "à", "'", "i", "l", "각", "𠀀");

    private static readonly Gen<string> Text = TextPiece.Array[0, 30].Select(string.Concat);

    private static readonly Gen<KeywordRule> Rule = Gen.Select(
        Gen.Int[0, 99], KeywordPiece.Array[1, 5], Gen.Int[0, 3],
        (id, pieces, match) => Rules.Rule(Wlnorm.Normalize(string.Concat(pieces)), (KeywordMatch)match, id: id));

    [Fact]
    public void Find_AnyRulesAndText_PlainHitsAreThoseOfTheOracle() =>
        Gen.Select(Rule.Where(BeginsAndEndsInLetters).Array[0, 12], Text).Sample(
            (rules, text) => Same(rules, text), iter: 5_000, print: Print);

    [Fact]
    public void Find_TextMadeOfTheKeywords_PlainHitsAreThoseOfTheOracle() =>
        Gen.Select(Rule.Where(BeginsAndEndsInLetters).Array[1, 20], Gen.Int[0, 19].Array[0, 12])
            .Select((rules, order) => (rules, string.Concat(order.Select(n => rules[n % rules.Length].Text))))
            .Sample((rules, text) => Same(rules, text), iter: 5_000, print: Print);

    [Fact]
    public void Find_AnyRulesAndText_MissesNothingThatCanBeAligned() =>
        Gen.Select(Rule.Where(r => r.Text.Length > 0).Array[1, 12], Text).Sample(
            (rules, text) =>
            {
                var normalized = Wlnorm.Normalize(text);
                Assert.Equal(
                    Shortest(NaiveKeywords.FindAll(rules, normalized)), Shortest(Scan(rules, normalized)));
                return true;
            },
            iter: 8_000,
            print: Print);

    private static bool Same(KeywordRule[] rules, string text)
    {
        var hits = new List<KeywordHit>();
        Rules.Engine(rules).Find(text, hits);
        Assert.Equal(
            Sorted(NaiveKeywords.FindPlain(rules, text)),
            Sorted(hits.Where(h => h.Evasions == KeywordEvasions.None)));
        return true;
    }

    /// <summary>Of repeated characters at the beginning a scan may take in more or fewer.</summary>
    private static IEnumerable<(string Keyword, PatternPlace Place)> Shortest(
        IEnumerable<(string Keyword, PatternPlace Place)> found) =>
        found.GroupBy(f => (f.Keyword, f.Place.End)).Select(g => g.MaxBy(f => (f.Place.Start, f.Place.Evasions)))
            .OrderBy(f => f.Place.End).ThenBy(f => f.Keyword, StringComparer.Ordinal);

    private static IEnumerable<KeywordHit> Sorted(IEnumerable<KeywordHit> hits) =>
        hits.OrderBy(h => h.Start).ThenBy(h => h.Length).ThenBy(h => h.RuleId);

    private static List<(string Keyword, PatternPlace Place)> Scan(KeywordRule[] rules, string normalized)
    {
        var index = new KeywordIndex(0x5EED);
        foreach (var rule in rules)
        {
            _ = index.Add(rule.Text, BoundariesOf.Text(rule.Match, rule.Text), null);
        }

        var hits = new List<PatternHit>();
        Assert.True(KeywordScan.TryRun(index.Table, index.Seed, new ScanText(normalized, isNormalized: true), hits));
        return [.. hits.Select(h => (index.Table.PatternOf(h.Number).Text, h.Place)).Distinct()
            .OrderBy(h => h.Place.Start).ThenBy(h => h.Place.End).ThenBy(h => h.Item1, StringComparer.Ordinal)
            .ThenBy(h => h.Place.Evasions)];
    }

    /// <summary>At an end that is no letter the engine asks for no boundary.</summary>
    private static bool BeginsAndEndsInLetters(KeywordRule rule) =>
        rule.Text.Length > 0 && IsWord(rule.Text[0]) && IsWord(rule.Text[^1]);

    private static bool IsWord(char unit) =>
        TextUnits.Kind(TextUnits.Normalized[unit]) is UnitKind.Letter or UnitKind.Unspaced or UnitKind.Hangul;

    private static string Print((KeywordRule[] Rules, string Text) found) =>
        $"{string.Join(" | ", found.Rules.Select(r => $"{r.Id} {r.Match} [{Escape(r.Text)}]"))} in [{Escape(found.Text)}]";

    private static string Escape(string text) =>
        string.Concat(text.Select(c => c is > ' ' and < '\u007F' ? c.ToString() : $"\\u{(int)c:X4}"));
}
