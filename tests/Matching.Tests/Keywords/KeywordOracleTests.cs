using System.Collections.Immutable;
using CsCheck;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Text;
using Xunit;

namespace FederationNode.Matching.Tests.Keywords;

/// <summary>The engine against every rule tried at every place, over alphabets so small that much collides.</summary>
public sealed class KeywordOracleTests
{
    private static readonly Gen<string> TextPiece = Gen.OneOf(
        "a", "b", "A", "Ｂ", "象", "牙", "龍", "🐘", "ง", "า", " ", " ", ".", "_", "1", "\u0301", "\u200B", "ß",
        "\uD800", "、", "か", "ﾞ", "à", "'");

    private static readonly Gen<string> KeywordPiece =
        Gen.OneOf("a", "b", "a", "b", "象", "牙", "龙", "🐘", "ง", "า", " ", ".", "1", "s", "が", "á", "à", "'");

    private static readonly Gen<string> Text = TextPiece.Array[0, 30].Select(string.Concat);

    private static readonly Gen<string> Keyword =
        KeywordPiece.Array[1, 4].Select(pieces => Wlnorm.Normalize(string.Concat(pieces)));

    private static readonly Gen<ImmutableArray<string>> Terms =
        Gen.Frequency((3, Gen.Const(Array.Empty<string>())), (1, KeywordPiece.Array[1, 2]))
            .Select(terms => terms.ToImmutableArray());

    private static readonly Gen<KeywordRule> Rule = Gen.Select(
        Gen.Int[0, 99], Keyword, Gen.Int[0, 3], Gen.Select(Terms, Terms, Terms), Gen.Int[0, 6],
        (id, text, match, context, window) => new KeywordRule(
            id, text, (KeywordMatch)match, context.Item1, context.Item2, context.Item3, window));

    [Fact]
    public void Find_AnyRulesAndText_AsTheOracleSays() =>
        Gen.Select(Rule.Array[0, 12], Text).Sample(
            (rules, text) =>
            {
                var hits = new List<KeywordHit>();
                KeywordEngine.Build(rules).Find(text, hits);
                return hits.SequenceEqual(NaiveKeywords.Find(rules, text));
            },
            iter: 2_500);

    [Fact]
    public void Find_RandomTextMadeOfTheKeywords_AsTheOracleSays() =>
        Gen.Select(Rule.Array[1, 20], Gen.Int[0, 19].Array[0, 12]).Sample(
            (rules, order) =>
            {
                var text = string.Concat(order.Select(n => rules[n % rules.Length].Text));
                var hits = new List<KeywordHit>();
                KeywordEngine.Build(rules).Find(text, hits);
                return hits.SequenceEqual(NaiveKeywords.Find(rules, text));
            },
            iter: 2_000);
}
