using System.Text;

namespace FederationNode.Protocol.Entries;

/// <summary>
/// Texts that were read before: kinds, schemes, categories and origins are a few words that stand in millions of entries,
/// so each of them is mostly not made anew. Each thread has its own; a text takes the place of another with the same hash.
/// </summary>
internal static class ShortTexts
{
    private const int Slots = 256;
    private const int MaxLength = 64;

    [ThreadStatic]
    private static string[]? t_texts;

    /// <summary>The text that the bytes stand for in UTF-8; what is not well-formed becomes U+FFFD.</summary>
    public static string Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return "";
        }

        if (bytes.Length > MaxLength || !Ascii.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var hash = (uint)bytes.Length;
        foreach (var character in bytes)
        {
            hash = unchecked((hash * 31) + character);
        }

        ref var known = ref (t_texts ??= new string[Slots])[(hash ^ (hash >> 16)) % Slots];
        if (known is null || !Ascii.Equals(bytes, known))
        {
            known = Encoding.ASCII.GetString(bytes);
        }

        return known;
    }
}
