using FederationNode.Matching.Keywords;
using FederationNode.Matching.Policy;
using FederationNode.Protocol.Entries;

namespace FederationNode.Node.Policies;

/// <summary>Settings that can be used and do nothing: who wrote them may have meant something else.</summary>
internal static class PolicyNotes
{
    /// <summary>One sentence for each, in the order of the settings.</summary>
    public static IReadOnlyList<string> Of(VerdictPolicy policy)
    {
        var kind = policy.Kinds[IndicatorKind.Keyword];
        const string Path = $"kinds.{IndicatorKind.Keyword}";
        var notes = new List<string>();
        Add(notes, Path, kind, EvasionCeilings.None);
        foreach (var (category, rule) in kind.Categories.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            Add(notes, $"{Path}.categories.{category}", rule, kind.Hidden);
        }

        return notes;
    }

    /// <summary>Of ceilings that are not those of the rule that is refined.</summary>
    private static void Add(List<string> notes, string path, KindPolicy rule, EvasionCeilings refined)
    {
        var gravest = Gravest(rule);
        foreach (var ((evasion, ceiling), (_, before)) in rule.Hidden.All.Zip(refined.All))
        {
            var helpsACategory = rule.Categories.Values.Any(c => c.Hidden.All.Contains((evasion, ceiling)) && Gravest(c) > ceiling);
            if (ceiling < Verdict.Block && ceiling >= gravest && ceiling != before && !helpsACategory)
            {
                notes.Add(
                    $"\"{path}.evasions.{evasion.ToText()[0]}\" lowers nothing: by \"blockAt\" and \"reviewAt\" of {path} no keyword "
                    + $"there gives more than {gravest.ToText()}.");
            }
        }
    }

    private static Verdict Gravest(KindPolicy rule) =>
        rule.BlockAt > 0 ? Verdict.Block : rule.ReviewAt > 0 ? Verdict.Review : Verdict.Signal;
}
