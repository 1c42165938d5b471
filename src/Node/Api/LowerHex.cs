using System.Buffers;
using FederationNode.Protocol;

namespace FederationNode.Node.Api;

/// <summary>64 lower-case hexadecimal digits: one hash has one text form, so upper case is refused.</summary>
internal static class LowerHex
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    public static bool TryParse(ReadOnlySpan<char> text, out Hash256 hash)
    {
        hash = default;
        return !text.ContainsAnyExcept(Digits) && Hash256.TryParseHex(text, out hash);
    }
}
