namespace FederationNode.Matching.Keywords;

/// <summary>How a text hides a keyword, as APIs write it.</summary>
public static class EvasionText
{
    private static readonly string[][] All = [.. Enumerable.Range(0, 8).Select(e => Names((KeywordEvasions)e))];

    /// <summary>The names in lower case, in the order of the enumeration; empty if the keyword is not hidden.</summary>
    public static IReadOnlyList<string> ToText(this KeywordEvasions evasions) => All[(int)evasions];

    private static string[] Names(KeywordEvasions evasions) =>
        [.. Enum.GetValues<KeywordEvasions>().Where(e => e != KeywordEvasions.None && evasions.HasFlag(e))
            .Select(e => e.ToString().ToLowerInvariant())];
}
