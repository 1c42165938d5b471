using System.Collections.Immutable;
using FederationNode.Matching.Checking;
using FederationNode.Matching.Policy;

namespace FederationNode.Node.Policies;

/// <summary>What a policy makes of a recorded sample of texts.</summary>
/// <param name="Texts">Number of texts.</param>
/// <param name="Block">Texts that are blocked.</param>
/// <param name="Review">Texts that go to a review.</param>
/// <param name="Signal">Texts that only signal.</param>
/// <param name="None">Texts that nothing speaks against.</param>
/// <param name="Hits">The indicators that hit most texts, with the gravest verdict first.</param>
internal sealed record PolicyTrial(int Texts, int Block, int Review, int Signal, int None, IReadOnlyList<TrialHit> Hits)
{
    private const int SnippetRadius = 24;

    /// <summary>Checks all texts, on all processors.</summary>
    /// <param name="checker">The list under the policy.</param>
    /// <param name="texts">The sample.</param>
    /// <param name="top">How many indicators are named.</param>
    public static PolicyTrial Run(ListChecker checker, ImmutableArray<string> texts, int top)
    {
        var verdicts = new ItemVerdict[texts.Length];
        Parallel.For(0, texts.Length, i => verdicts[i] = checker.CheckText(texts[i]));
        var hits = new Dictionary<(string Id, Verdict Verdict, string Reason), (int Texts, int First, JudgedMatch Match)>();
        var counts = new int[4];
        for (var i = 0; i < verdicts.Length; i++)
        {
            counts[(int)verdicts[i].Verdict]++;
            foreach (var match in verdicts[i].Matches.DistinctBy(m => (m.Match.IndicatorId, m.Judgement.Verdict)))
            {
                var key = (match.Match.IndicatorId.ToString(), match.Judgement.Verdict, match.Judgement.Reason);
                var (before, first, earlier) = hits.GetValueOrDefault(key, (0, i, match));
                hits[key] = (before + 1, first, earlier);
            }
        }

        return new PolicyTrial(
            texts.Length,
            counts[(int)Verdict.Block],
            counts[(int)Verdict.Review],
            counts[(int)Verdict.Signal],
            counts[(int)Verdict.None],
            [.. hits
                .OrderByDescending(h => h.Key.Verdict)
                .ThenByDescending(h => h.Value.Texts)
                .ThenBy(h => h.Key.Id, StringComparer.Ordinal)
                .Take(top)
                .Select(h => new TrialHit(
                    h.Key.Id,
                    Api.Indicators.IndicatorDescriber.ValueText(h.Value.Match.Newest.Indicator),
                    h.Value.Match.Newest.Category,
                    h.Key.Verdict.ToText(),
                    h.Value.Texts,
                    h.Key.Reason,
                    Snippet(texts[h.Value.First], h.Value.Match.Match.Start, h.Value.Match.Match.Length)))]);
    }

    /// <summary>A place of a text with a little of what is around it, on one line, the place in brackets.</summary>
    public static string Snippet(string text, int start, int length)
    {
        var from = Math.Max(0, start - SnippetRadius);
        var end = Math.Min(text.Length, start + length + SnippetRadius);
        var snippet = string.Concat(
            from > 0 ? "…" : "",
            text.AsSpan(from, start - from),
            $"[{text.AsSpan(start, length)}]",
            text.AsSpan(start + length, end - start - length).ToString() + (end < text.Length ? "…" : ""));

        // A cut in a pair of surrogates, or a control character, would spoil the terminal.
        return string.Concat(snippet.EnumerateRunes().Select(r =>
            System.Text.Rune.IsControl(r) || r == System.Text.Rune.ReplacementChar ? " " : r.ToString()));
    }
}

/// <summary>An indicator that hits texts of a sample.</summary>
/// <param name="IndicatorId">Its id.</param>
/// <param name="Value">The keyword.</param>
/// <param name="Category">What it stands for.</param>
/// <param name="Verdict">What the policy makes of it.</param>
/// <param name="Texts">How many texts it hits so.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Snippet">The first place.</param>
internal sealed record TrialHit(
    string IndicatorId, string Value, string Category, string Verdict, int Texts, string Reason, string Snippet);
