using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FederationNode.Protocol.Keys;

/// <summary>The shape that the text forms of public and private keys share: <c>name+hex8+base64</c>.</summary>
internal static class KeyText
{
    private const int KeyIdChars = 8;

    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// Splits at the first two plus signs (base64 may hold more) and checks the name, the key id's eight lower-case
    /// hex digits and the length of the rest. The rest itself is not decoded.
    /// </summary>
    public static bool TrySplit(
        ReadOnlySpan<char> text,
        int encodedChars,
        out ReadOnlySpan<char> name,
        out uint keyId,
        out ReadOnlySpan<char> encoded,
        [NotNullWhen(false)] out string? error)
    {
        name = default;
        encoded = default;
        keyId = 0;
        var plus = text.IndexOf('+');
        if (plus < 0 || text.Length != plus + 1 + KeyIdChars + 1 + encodedChars || text[plus + 1 + KeyIdChars] != '+')
        {
            error = $"The key is not of the form name+id+key with {KeyIdChars} hex digits of id and "
                + $"{encodedChars} characters of base64: copy the whole line again.";
            return false;
        }

        if (!KeyName.IsValid(text[..plus], out error))
        {
            return false;
        }

        var digits = text.Slice(plus + 1, KeyIdChars);
        if (digits.ContainsAnyExcept(s_hexDigits)
            || !uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out keyId))
        {
            error = $"The key id is not {KeyIdChars} lower-case hex digits: copy the whole line again.";
            return false;
        }

        name = text[..plus];
        encoded = text[^encodedChars..];
        return true;
    }
}
