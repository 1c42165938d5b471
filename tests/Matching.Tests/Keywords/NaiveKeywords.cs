using System.Collections.Immutable;
using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Tests.Keywords;

/// <summary>The rules of keyword matching without an automaton: every rule at every place.</summary>
internal static class NaiveKeywords
{
    public static List<KeywordHit> Find(IEnumerable<KeywordRule> rules, string original)
    {
        var normalized = Wlnorm.NormalizeWithOffsets(original);
        var text = normalized.Text;
        var list = rules.ToList();
        return
        [
            .. from end in Enumerable.Range(1, text.Length)
               from start in Enumerable.Range(0, end)
               from rule in list
               where rule.Text == text[start..end] && Counts(text, start, end, rule.Match)
               where ContextHolds(rule, text, start, end)
               select new KeywordHit(
                   rule.Id,
                   normalized.Source(start).Start,
                   normalized.Source(end - 1).End - normalized.Source(start).Start),
        ];
    }

    private static bool ContextHolds(KeywordRule rule, string text, int start, int end)
    {
        var from = rule.Window == 0 ? 0 : Math.Max(0, start - rule.Window);
        var to = rule.Window == 0 ? text.Length : Math.Min(text.Length, end + rule.Window);
        bool Near(string raw) => Wlnorm.Normalize(raw) is { Length: > 0 } term
            && Enumerable.Range(0, text.Length).Any(at => at >= from && at + term.Length <= to
                && string.CompareOrdinal(text, at, term, 0, term.Length) == 0
                && Counts(text, at, at + term.Length, KeywordMatch.ByScript));
        return (rule.AnyOf.IsEmpty || rule.AnyOf.Any(Near)) && rule.AllOf.All(Near) && !rule.NoneOf.Any(Near);
    }

    private static bool Counts(string text, int start, int end, KeywordMatch match)
    {
        var boundaries = new bool[text.Length + 1];
        WordBreaks.Mark(text, boundaries);
        var word = text[start..end].EnumerateRunes().ToImmutableArray();
        return match switch
        {
            KeywordMatch.Substring => true,
            KeywordMatch.Prefix => boundaries[start],
            KeywordMatch.Word => boundaries[start] && boundaries[end],
            _ => (boundaries[start] || Scripts.IsWrittenWithoutSpaces(word[0].Value))
                && (boundaries[end] || Scripts.IsWrittenWithoutSpaces(word[^1].Value)),
        };
    }
}
