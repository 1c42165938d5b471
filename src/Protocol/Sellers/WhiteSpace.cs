namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The 25 characters with the Unicode property White_Space, written out so that the answer does not depend on the
/// Unicode version of the runtime, and the marks that show nothing and stick to text copied from chats and web pages.
/// </summary>
internal static class WhiteSpace
{
    internal static bool Contains(char c) => c
        is (>= '\u0009' and <= '\u000d') or ' ' or '\u0085' or '\u00a0' or '\u1680'
        or (>= '\u2000' and <= '\u200a') or '\u2028' or '\u2029' or '\u202f' or '\u205f' or '\u3000';

    /// <summary>Soft hyphen, zero-width characters, marks of writing direction, byte order mark.</summary>
    internal static bool IsInvisible(char c) => c
        is '\u00ad' or (>= '\u200b' and <= '\u200f') or (>= '\u202a' and <= '\u202e') or '\u2060'
        or (>= '\u2066' and <= '\u2069') or '\ufeff';

    /// <summary>Without white space and invisible marks at the ends.</summary>
    internal static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty && (Contains(text[0]) || IsInvisible(text[0])))
        {
            text = text[1..];
        }

        while (!text.IsEmpty && (Contains(text[^1]) || IsInvisible(text[^1])))
        {
            text = text[..^1];
        }

        return text;
    }
}
