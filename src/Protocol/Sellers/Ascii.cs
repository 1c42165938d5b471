namespace FederationNode.Protocol.Sellers;

/// <summary>Case of the letters a-z alone: no culture, no table, other characters stay what they are.</summary>
internal static class Ascii
{
    internal static string ToLower(ReadOnlySpan<char> text)
    {
        var lower = text.ToArray();
        foreach (ref var c in lower.AsSpan())
        {
            c = char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
        }

        return new string(lower);
    }

    internal static string ToUpper(ReadOnlySpan<char> text)
    {
        var upper = text.ToArray();
        foreach (ref var c in upper.AsSpan())
        {
            c = char.IsAsciiLetterLower(c) ? (char)(c & ~0x20) : c;
        }

        return new string(upper);
    }
}
