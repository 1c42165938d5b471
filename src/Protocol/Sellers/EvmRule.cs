using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Addresses of Ethereum and chains alike: <c>0x</c> and 40 hexadecimal digits, in lower-case. In an address of mixed
/// case the case is a checksum (ERC-55) and must hold; one of a single case carries none.
/// </summary>
internal static class EvmRule
{
    private const int Length = 42;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    internal static bool TryApply(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        if (raw.Length != Length || raw[0] != '0' || raw[1] is not ('x' or 'X')
            || raw[2..].ContainsAnyExcept(HexDigits))
        {
            error = "An EVM address is 0x and 40 hexadecimal digits; names such as .eth must be resolved first.";
            return false;
        }

        var digits = raw[2..];
        var lower = Ascii.ToLower(digits);
        if (digits.ContainsAnyInRange('a', 'f') && digits.ContainsAnyInRange('A', 'F') && !HasChecksum(digits, lower))
        {
            error = "The capital letters of the EVM address do not match its ERC-55 checksum: a character is mistyped.";
            return false;
        }

        canonical = "0x" + lower;
        error = null;
        return true;
    }

    // A letter is a capital where the same nibble of Keccak-256 of the lower-case digits is 8 or more.
    private static bool HasChecksum(ReadOnlySpan<char> digits, string lower)
    {
        Span<byte> ascii = stackalloc byte[lower.Length];
        System.Text.Encoding.ASCII.GetBytes(lower, ascii);
        Span<byte> hash = stackalloc byte[Keccak256.Size];
        Keccak256.Hash(ascii, hash);
        for (var i = 0; i < digits.Length; i++)
        {
            var nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15;
            if (char.IsAsciiLetter(digits[i]) && char.IsAsciiLetterUpper(digits[i]) != nibble >= 8)
            {
                return false;
            }
        }

        return true;
    }
}
