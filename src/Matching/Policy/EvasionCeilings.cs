using FederationNode.Matching.Keywords;

namespace FederationNode.Matching.Policy;

/// <summary>
/// The gravest verdict that a keyword gives where the text hides it, by how it does. Of a keyword that is hidden in
/// several ways the mildest holds. <see cref="Verdict.Block"/> lowers nothing.
/// </summary>
/// <param name="Lookalike">Where other characters stand for some letters.</param>
/// <param name="Separated">Where separators stand that the keyword has not, or lacks.</param>
/// <param name="Repeated">Where letters are repeated.</param>
public readonly record struct EvasionCeilings(Verdict Lookalike, Verdict Separated, Verdict Repeated)
{
    /// <summary>A hidden keyword counts like a plain one.</summary>
    public static EvasionCeilings None { get; } = new(Verdict.Block, Verdict.Block, Verdict.Block);

    /// <summary>The ceiling for a place of a text.</summary>
    /// <param name="evasions">How the text hides the keyword there.</param>
    public Verdict Of(KeywordEvasions evasions)
    {
        var ceiling = Verdict.Block;
        foreach (var (evasion, most) in All)
        {
            ceiling = evasions.HasFlag(evasion) && most < ceiling ? most : ceiling;
        }

        return ceiling;
    }

    /// <summary>The way of hiding to which a ceiling belongs, each with its own.</summary>
    public IReadOnlyList<(KeywordEvasions Evasion, Verdict Ceiling)> All =>
    [
        (KeywordEvasions.Lookalike, Lookalike), (KeywordEvasions.Separated, Separated), (KeywordEvasions.Repeated, Repeated),
    ];

    /// <summary>The ways in which a place is hidden that may give no more than a verdict.</summary>
    internal IEnumerable<string> LoweringTo(Verdict verdict, KeywordEvasions evasions) =>
        All.Where(c => evasions.HasFlag(c.Evasion) && c.Ceiling == verdict).SelectMany(c => c.Evasion.ToText());
}
