using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Blockchain addresses in bech32 (BIP-173) or bech32m (BIP-350): lower-case, one case only, and the checksum must
/// hold. For Bitcoin and Litecoin (bc, tb, ltc) the witness version decides which of the two checksums, and the witness
/// program must be one: version 0 to 16, 2 to 40 bytes, 20 or 32 in version 0, padded with zero bits. Up to 128
/// characters instead of 90, because Cardano's addresses have 103. A "bitcoin:" prefix is refused: give the address
/// alone.
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

        if (IsSegwit(address, separator) && !HasWitnessProgram(address.AsSpan()[(separator + 1)..^ChecksumLength]))
        {
            error = "The bech32 address has a right checksum, but is no address of Bitcoin or Litecoin: its version is "
                + "above 16, or it has not the length of an address.";
            return false;
        }

        canonical = address;
        error = null;
        return true;
    }

    private static bool IsSegwit(string address, int separator) => address[..separator] is "bc" or "tb" or "ltc";

    // BIP-173, "Segwit address format": a version, then bytes in groups of five bits, filled up with zero bits.
    private static bool HasWitnessProgram(ReadOnlySpan<char> data)
    {
        var version = Alphabet.IndexOf(data[0], StringComparison.Ordinal);
        var bits = (data.Length - 1) * 5;
        var (bytes, padding) = (bits / 8, bits % 8);
        var isPadded = padding < 5
            && (data.Length == 1 || (Alphabet.IndexOf(data[^1], StringComparison.Ordinal) & ((1 << padding) - 1)) == 0);
        return version <= 16 && isPadded && bytes is >= 2 and <= 40 && (version > 0 || bytes is 20 or 32);
    }

    private static bool HasChecksum(string address, int separator)
    {
        var remainder = Polymod(address, separator);
        if (!IsSegwit(address, separator))
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
