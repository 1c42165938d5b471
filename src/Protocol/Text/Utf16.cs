namespace FederationNode.Protocol.Text;

/// <summary>Code points of UTF-16 text that may be ill-formed.</summary>
internal static class Utf16
{
    private const int Replacement = 0xFFFD;

    /// <summary>
    /// The code point at <paramref name="index"/> and its <paramref name="width"/> in units (1 or 2).
    /// A surrogate without its partner reads as U+FFFD of width 1.
    /// </summary>
    public static int CodePointAt(ReadOnlySpan<char> text, int index, out int width)
    {
        width = 1;
        var unit = text[index];
        if (!char.IsSurrogate(unit))
        {
            return unit;
        }

        if (char.IsHighSurrogate(unit) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            width = 2;
            return char.ConvertToUtf32(unit, text[index + 1]);
        }

        return Replacement;
    }
}
