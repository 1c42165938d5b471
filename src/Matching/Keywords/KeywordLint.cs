using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>Refuses to publish keywords that would hit normal listings everywhere.</summary>
public static class KeywordLint
{
    /// <summary>
    /// Letters that a keyword needs to stand alone. A Han character or a Hangul syllable counts as two.
    /// </summary>
    public const int LettersNeeded = 4;

    /// <summary>
    /// Whether <paramref name="rule"/> may be published: its text has at least two Han characters or four letters after
    /// normalising, or it has a condition that something must be near (any-of or all-of; none-of is not enough).
    /// Digits, punctuation and symbols do not count.
    /// </summary>
    /// <param name="rule">The rule; its text need not be normalised.</param>
    /// <param name="reason">When refused: what is wrong and what to do.</param>
    public static bool TryAccept(KeywordRule rule, [NotNullWhen(false)] out string? reason)
    {
        ArgumentNullException.ThrowIfNull(rule);
        reason = null;
        var text = Wlnorm.Normalize(rule.Text);
        if (text.Length == 0)
        {
            reason = "The keyword is empty after normalising: give it at least one visible character.";
            return false;
        }

        if (CountLetters(text) >= LettersNeeded || HasTerm(rule.AnyOf) || HasTerm(rule.AllOf))
        {
            return true;
        }

        reason = $"The keyword \"{text}\" is too short to stand alone (fewer than 2 Han characters or 4 letters): "
            + "add words that must be near it (any-of or all-of).";
        return false;
    }

    private static int CountLetters(string text)
    {
        var letters = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            letters += Scripts.Of(rune.Value) is Script.Han or Script.Hangul ? 2
                : Scripts.IsLetter(rune.Value) ? 1
                : 0;
        }

        return letters;
    }

    private static bool HasTerm(System.Collections.Immutable.ImmutableArray<string> terms) =>
        !terms.IsDefaultOrEmpty && terms.Any(term => Wlnorm.Normalize(term).Length > 0);
}
