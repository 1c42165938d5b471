using System.Collections.Immutable;
using System.Globalization;
using FederationNode.Matching.Linting;

namespace FederationNode.Node.Policies;

/// <summary>A recorded sample of normal texts against which new keywords are tried. It stays on this machine.</summary>
/// <param name="Texts">The texts, not normalised.</param>
/// <param name="MaxHitRate">The part of them that a keyword may hit, above 0, at most 1.</param>
internal sealed record PublishingSample(ImmutableArray<string> Texts, double MaxHitRate)
{
    /// <summary>What is wrong with a keyword that hits so many texts, or null.</summary>
    public LintFault? FaultOf(int hits) => hits > Texts.Length * MaxHitRate
        ? new LintFault(".value", string.Create(
            CultureInfo.InvariantCulture,
            $"hits {hits:N0} of the {Texts.Length:N0} normal texts of \"sample\" in policy.json, which lets at most "
            + $"{MaxHitRate * 100:0.####} % pass: add words that must be near it (context.anyOf or context.allOf)"))
        : null;
}
