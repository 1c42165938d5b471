using System.Buffers;

namespace FederationNode.Protocol;

/// <summary>
/// The small alphabets that names and codes are written in. They hold no separator of any format that they stand in
/// (origins, key names, URLs, CSV), so nothing ever needs escaping. docs/protocol.md, "Names".
/// </summary>
public static class Names
{
    /// <summary>Longest member or coalition name, in characters.</summary>
    public const int MaxName = 63;

    /// <summary>Longest code (category, reason, exception), in characters.</summary>
    public const int MaxCode = 32;

    private static readonly SearchValues<char> LowerDigitsHyphen =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>
    /// Whether <paramref name="text"/> can name a coalition or a member: 1 to 63 of a-z, 0-9 and '-',
    /// neither first nor last a hyphen.
    /// </summary>
    public static bool IsName(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MaxName
        && !text.ContainsAnyExcept(LowerDigitsHyphen)
        && text[0] != '-'
        && text[^1] != '-';

    /// <summary>
    /// Whether <paramref name="text"/> is a code, such as a category or a reason: 1 to 32 of a-z, 0-9 and '-',
    /// neither first nor last a hyphen.
    /// </summary>
    public static bool IsCode(ReadOnlySpan<char> text) => text.Length <= MaxCode && IsName(text);
}
