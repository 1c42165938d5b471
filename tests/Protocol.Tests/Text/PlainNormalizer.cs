using FederationNode.TableGenerator;
using FederationNode.TestSupport;

namespace FederationNode.Protocol.Tests.Text;

/// <summary>
/// The definition of wlnorm/1 step by step over the whole text, straight from the data files: slow, and without the
/// units, tables and fast paths of the real one.
/// </summary>
internal static class PlainNormalizer
{
    private const string WhiteSpace =
        "\t\n\v\f\r \u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A"
        + "\u2028\u2029\u202F\u205F\u3000";

    public static CharacterDatabase Characters { get; } = new(Path.Combine(TestFiles.Repository, "data"));

    public static CanonicalForms Forms { get; } = new(Characters);

    public static string Normalize(string text)
    {
        var folded = Forms.Decompose(CodePoints(text))
            .SelectMany(c => Characters.Casefold.TryGetValue(c, out var mapping) ? mapping : [c]);
        var converged = Forms.Compose(folded)
            .Select(c => Characters.Simplified.GetValueOrDefault(c, c))
            .Select(c => Characters.DecimalDigit.TryGetValue(c, out var digit) ? '0' + digit : c);
        return string.Join(' ', Text(converged).Split(WhiteSpace.ToCharArray(), StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Code points of ill-formed text: U+FFFD for a surrogate alone, as Rune enumeration has it.</summary>
    public static int[] CodePoints(string text) => [.. text.EnumerateRunes().Select(rune => rune.Value)];

    public static string Text(IEnumerable<int> codePoints) => string.Concat(codePoints.Select(char.ConvertFromUtf32));
}
