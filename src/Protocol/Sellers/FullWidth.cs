namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The full-width forms U+FF01 to U+FF5E, which East Asian keyboards write for U+0021 to U+007E: the same characters in
/// a wider box, one for one.
/// </summary>
internal static class FullWidth
{
    private const char First = '\uff01';
    private const char Last = '\uff5e';

    internal static string ToAscii(ReadOnlySpan<char> text)
    {
        var narrow = text.ToArray();
        foreach (ref var c in narrow.AsSpan())
        {
            c = c is >= First and <= Last ? (char)(c - First + '!') : c;
        }

        return new string(narrow);
    }
}
