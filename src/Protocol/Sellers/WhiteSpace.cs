namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The 25 characters with the Unicode property White_Space, written out so that the answer does not depend on the
/// Unicode version of the runtime.
/// </summary>
internal static class WhiteSpace
{
    internal static bool Contains(char c) => c
        is (>= '\u0009' and <= '\u000d') or ' ' or '\u0085' or '\u00a0' or '\u1680'
        or (>= '\u2000' and <= '\u200a') or '\u2028' or '\u2029' or '\u202f' or '\u205f' or '\u3000';

    internal static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty && Contains(text[0]))
        {
            text = text[1..];
        }

        while (!text.IsEmpty && Contains(text[^1]))
        {
            text = text[..^1];
        }

        return text;
    }

    /// <summary>Without any white space, at the ends or inside.</summary>
    internal static string Remove(ReadOnlySpan<char> text)
    {
        Span<char> kept = new char[text.Length];
        var length = 0;
        foreach (var c in text)
        {
            if (!Contains(c))
            {
                kept[length++] = c;
            }
        }

        return new string(kept[..length]);
    }
}
