using FederationNode.Matching.Keywords;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Tests.Keywords;

/// <summary>Keyword matching without an index, once without evasions and once with all of them.</summary>
internal static class NaiveKeywords
{
    /// <summary>Every rule at every place of view V1, with the boundaries of UAX #29; contexts are left aside.</summary>
    public static List<KeywordHit> FindPlain(IEnumerable<KeywordRule> rules, string original)
    {
        var normalized = Wlnorm.NormalizeWithOffsets(original);
        var text = normalized.Text;
        var list = rules.ToList();
        var boundaries = new bool[text.Length + 1];
        WordBreaks.Mark(text, boundaries);
        for (var index = 1; index < text.Length; index++)
        {
            // Tailored: these end words, whatever marks they have.
            var before = index - 1;
            while (before > 0 && IsMark(text, before))
            {
                before--;
            }

            boundaries[index] |= !IsMark(text, index) && (IsEnd(text[index]) || IsEnd(text[before]));
        }

        return
        [
            .. from end in Enumerable.Range(1, text.Length)
               from start in Enumerable.Range(0, end)
               from rule in list
               where rule.Text == text[start..end] && !IsMark(text, end) && Counts(text, start, end, rule.Match, boundaries)
               select new KeywordHit(
                   rule.Id,
                   normalized.Source(start).Start,
                   normalized.Source(end - 1).End - normalized.Source(start).Start,
                   KeywordEvasions.None),
        ];
    }

    /// <summary>Every pattern laid against every place at which a scan would try it if it tried all.</summary>
    public static List<(string Keyword, PatternPlace Place)> FindAll(IEnumerable<KeywordRule> rules, string normalized)
    {
        var found = new HashSet<(string, PatternPlace)>();
        var text = new ScanText(normalized, isNormalized: true);
        foreach (var rule in rules)
        {
            var pattern = new KeywordPattern(0, rule.Text, BoundariesOf.Text(rule.Match, rule.Text));
            for (var start = 0; start < normalized.Length; start++)
            {
                if (IsStart(text, start, pattern) && KeywordAligner.TryAlign(text, pattern.Text, pattern.Boundaries, start, out var place))
                {
                    found.Add((rule.Text, place));
                }
            }
        }

        return [.. found.OrderBy(f => f.Item2.Start).ThenBy(f => f.Item2.End).ThenBy(f => f.Item1, StringComparer.Ordinal)
            .ThenBy(f => f.Item2.Evasions)];
    }

    /// <summary>Of equal characters of scripts without spaces the last one is where a keyword starts.</summary>
    private static bool IsStart(ScanText text, int start, KeywordPattern pattern)
    {
        var word = text.WordAt(start, out var width);
        if (TextUnits.Kind(word) is UnitKind.Ignored || (start > 0 && char.IsLowSurrogate(text.Units[start])))
        {
            return false;
        }

        var isSymbol = TextUnits.Kind(TextUnits.Normalized[pattern.Text[0]]) == UnitKind.Separator;
        if (TextUnits.Kind(word) == UnitKind.Unspaced)
        {
            if (KeywordKeys.Of(pattern, 0).StartsWithSingle)
            {
                return true;
            }

            _ = text.KindFrom(start + width, out var next);
            return next >= text.Length || text.WordAt(next, out _) >> TextUnits.ClassShift != word >> TextUnits.ClassShift;
        }

        return isSymbol || TextUnits.Kind(word) != UnitKind.Separator || (word & TextUnits.LetterLike) != 0;
    }

    private static bool IsEnd(char unit) => unit is '\'' or '\u2019' or '_';

    /// <summary>A letter with another mark is not quite the keyword's.</summary>
    private static bool IsMark(string text, int index) =>
        index < text.Length && (TextUnits.Normalized[text[index]] & TextUnits.Mark) != 0;

    private static bool Counts(string text, int start, int end, KeywordMatch match, bool[] boundaries) => match switch
    {
        KeywordMatch.Substring => true,
        KeywordMatch.Prefix => boundaries[start],
        KeywordMatch.Word => boundaries[start] && boundaries[end],
        _ => (boundaries[start] || Scripts.IsWrittenWithoutSpaces(text[start]))
            && (boundaries[end] || Scripts.IsWrittenWithoutSpaces(text[end - 1])),
    };
}
