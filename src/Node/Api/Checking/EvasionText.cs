using FederationNode.Matching.Keywords;

namespace FederationNode.Node.Api.Checking;

/// <summary>How a text hides a keyword, as the API writes it.</summary>
internal static class EvasionText
{
    private static readonly string[][] s_all = [.. Enumerable.Range(0, 8).Select(e => Names((KeywordEvasions)e))];

    /// <summary>The names, in the order of the enumeration; empty if it is not hidden.</summary>
    public static IReadOnlyList<string> Of(KeywordEvasions evasions) => s_all[(int)evasions];

    private static string[] Names(KeywordEvasions evasions) =>
        [.. Enum.GetValues<KeywordEvasions>().Where(e => e != KeywordEvasions.None && evasions.HasFlag(e))
            .Select(e => e.ToString().ToLowerInvariant())];
}
