using System.Buffers;

namespace FederationNode.Protocol.Keys;

/// <summary>
/// Standard base64 (RFC 4648 section 4) with exactly one text for each value: padded, no spaces, zero trailing bits.
/// The platform's decoder skips white space and ignores trailing bits, so two texts could name one key.
/// </summary>
internal static class CanonicalBase64
{
    private static readonly SearchValues<char> s_alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    /// <summary>Number of bytes that <paramref name="text"/> decodes to if it is canonical; otherwise -1.</summary>
    public static int DecodedLength(ReadOnlySpan<char> text)
    {
        if (text.Length % 4 != 0)
        {
            return -1;
        }

        var padding = text.EndsWith("==") ? 2 : text.EndsWith('=') ? 1 : 0;
        return (text.Length / 4 * 3) - padding;
    }

    /// <summary>Decodes into the whole of <paramref name="destination"/>; false for other lengths or forms.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination)
    {
        if (DecodedLength(text) != destination.Length || !IsAlphabet(text.TrimEnd('=')))
        {
            return false;
        }

        return Convert.TryFromBase64Chars(text, destination, out var written)
            && written == destination.Length
            && HasZeroTrailingBits(text, destination);
    }

    private static bool IsAlphabet(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(s_alphabet);

    /// <summary>Encodes the last one to three bytes again: only there can bits be left over.</summary>
    private static bool HasZeroTrailingBits(ReadOnlySpan<char> text, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return true;
        }

        var tail = bytes[((bytes.Length - 1) / 3 * 3)..];
        Span<char> canonical = stackalloc char[4];
        return Convert.TryToBase64Chars(tail, canonical, out _) && text[^4..].SequenceEqual(canonical);
    }
}
