using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Blockchain addresses in Bitcoin's base58 alphabet, case kept: either 25 bytes that end in the first four bytes of
/// the double SHA-256 of the rest (Bitcoin, Litecoin, Dogecoin, Tron), or 32 bytes without a checksum (Solana).
/// Everything else is refused, so also addresses of chains with another alphabet or length (XRP, Monero).
/// </summary>
internal static class Base58Rule
{
    private const string Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const int MaxLength = 44;
    private const int CheckedSize = 25;
    private const int ChecksumSize = 4;
    private const int PlainSize = 32;

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);

    internal static bool TryApply(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        if (raw.Length > MaxLength || raw.ContainsAnyExcept(Characters))
        {
            error = $"A base58 address has at most {MaxLength} letters and digits, without 0, O, I and l.";
            return false;
        }

        var bytes = Decode(raw);
        if (bytes.Length is not (CheckedSize or PlainSize))
        {
            error = "The base58 address has neither 25 nor 32 bytes: a character is missing or added, or the chain is "
                + "not among the supported ones.";
            return false;
        }

        if (bytes.Length == CheckedSize && !HasChecksum(bytes))
        {
            error = "The checksum of the base58 address is wrong: a character is mistyped, or the case was changed.";
            return false;
        }

        canonical = raw.ToString();
        error = null;
        return true;
    }

    private static bool HasChecksum(ReadOnlySpan<byte> bytes)
    {
        var hash = SHA256.HashData(SHA256.HashData(bytes[..^ChecksumSize]));
        return bytes[^ChecksumSize..].SequenceEqual(hash.AsSpan()[..ChecksumSize]);
    }

    // Each leading '1' is a zero byte, the rest a big-endian number.
    private static byte[] Decode(ReadOnlySpan<char> text)
    {
        var zeros = text.IndexOfAnyExcept('1');
        zeros = zeros < 0 ? text.Length : zeros;
        var number = BigInteger.Zero;
        foreach (var c in text)
        {
            number = (number * 58) + Alphabet.IndexOf(c, StringComparison.Ordinal);
        }

        var tail = number.IsZero ? [] : number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[zeros], .. tail];
    }
}
