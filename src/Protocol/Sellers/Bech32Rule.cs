using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Blockchain addresses in bech32 (BIP-173) or bech32m (BIP-350): lower-case, one case only, and the checksum must
/// hold. For Bitcoin (bc, tb) the witness version decides which of the two checksums. Up to 128 characters instead of
/// 90, because Cardano's addresses have 103. A "bitcoin:" prefix is refused: give the address alone.
/// </summary>
internal static class Bech32Rule
{
    private const string Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const int MaxLength = 128;
    private const int ChecksumLength = 6;
    private const uint Bech32Constant = 1;
    private const uint Bech32mConstant = 0x2bc830a3;

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);

    internal static bool TryApply(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        if (raw.Length > MaxLength || raw.ContainsAnyExceptInRange('!', '~'))
        {
            error = $"A bech32 address has at most {MaxLength} visible ASCII characters, without spaces.";
            return false;
        }

        var hasUpper = raw.ContainsAnyInRange('A', 'Z');
        if (hasUpper && raw.ContainsAnyInRange('a', 'z'))
        {
            error = "A bech32 address is all lower-case or all upper-case, never mixed (BIP-173).";
            return false;
        }

        var address = Ascii.ToLower(raw);
        var separator = address.LastIndexOf('1');
        if (separator < 1 || address.Length - separator - 1 <= ChecksumLength
            || address.AsSpan()[(separator + 1)..].ContainsAnyExcept(Characters))
        {
            error = "A bech32 address is a prefix, a '1' and at least seven characters of the bech32 alphabet.";
            return false;
        }

        if (!HasChecksum(address, separator))
        {
            error = "The checksum of the bech32 address is wrong: a character is missing, added or mistyped.";
            return false;
        }

        canonical = address;
        error = null;
        return true;
    }

    private static bool HasChecksum(string address, int separator)
    {
        var remainder = Polymod(address, separator);
        if (address[..separator] is not ("bc" or "tb"))
        {
            return remainder is Bech32Constant or Bech32mConstant;
        }

        var isVersionZero = address[separator + 1] == Alphabet[0];
        return remainder == (isVersionZero ? Bech32Constant : Bech32mConstant);
    }

    // BIP-173's checksum over the expanded prefix (high bits, zero, low bits) and the data.
    private static uint Polymod(string address, int separator)
    {
        uint checksum = 1;
        for (var i = 0; i < separator; i++)
        {
            checksum = Step(checksum, (uint)address[i] >> 5);
        }

        checksum = Step(checksum, 0);
        for (var i = 0; i < separator; i++)
        {
            checksum = Step(checksum, (uint)address[i] & 31);
        }

        foreach (var c in address.AsSpan()[(separator + 1)..])
        {
            checksum = Step(checksum, (uint)Alphabet.IndexOf(c, StringComparison.Ordinal));
        }

        return checksum;
    }

    private static uint Step(uint checksum, uint value)
    {
        ReadOnlySpan<uint> generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
        var top = checksum >> 25;
        checksum = ((checksum & 0x1ffffff) << 5) ^ value;
        for (var i = 0; i < generator.Length; i++)
        {
            checksum ^= ((top >> i) & 1) * generator[i];
        }

        return checksum;
    }
}
