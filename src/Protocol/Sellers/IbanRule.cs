using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// International Bank Account Numbers (ISO 13616): without white space and hyphens, upper-case, two letters, two check
/// digits and 11 to 30 letters or digits, and the check digits of ISO 7064 MOD 97-10 must hold. Check digits are 02 to
/// 98, so that one account has one number. A country of the pinned register (<see cref="IbanLengths"/>) must have its
/// length; the check digits alone would let one broken number in 97 pass.
/// </summary>
internal static class IbanRule
{
    internal static bool TryApply(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        var iban = Ascii.ToUpper(RemoveSeparators(raw));
        if (!HasForm(iban))
        {
            error = "An IBAN has two letters, two digits and 11 to 30 letters or digits, with nothing but spaces "
                + "and hyphens between them. Card numbers are not accepted.";
            return false;
        }

        if (!IbanLengths.Fits(iban))
        {
            error = "The IBAN has not the length that its country uses: a character is missing or added.";
            return false;
        }

        var check = ((iban[2] - '0') * 10) + (iban[3] - '0');
        if (check is < 2 or > 98 || Remainder(iban) != 1)
        {
            error = "The check digits of the IBAN are wrong: a character is missing, added or mistyped.";
            return false;
        }

        canonical = iban;
        error = null;
        return true;
    }

    private static string RemoveSeparators(ReadOnlySpan<char> raw)
    {
        Span<char> kept = new char[raw.Length];
        var length = 0;
        foreach (var c in raw)
        {
            if (c != '-' && !WhiteSpace.Contains(c))
            {
                kept[length++] = c;
            }
        }

        return new string(kept[..length]);
    }

    private static bool HasForm(string iban)
    {
        if (iban.Length is < 15 or > 34
            || !char.IsAsciiLetter(iban[0]) || !char.IsAsciiLetter(iban[1])
            || !char.IsAsciiDigit(iban[2]) || !char.IsAsciiDigit(iban[3]))
        {
            return false;
        }

        foreach (var c in iban)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    // The number that the text is when its first four characters move to the end and A is 10, B is 11, ..., modulo 97.
    private static int Remainder(string iban)
    {
        var remainder = 0;
        for (var i = 0; i < iban.Length; i++)
        {
            var c = iban[(i + 4) % iban.Length];
            remainder = char.IsAsciiDigit(c)
                ? ((remainder * 10) + (c - '0')) % 97
                : ((remainder * 100) + (c - 'A' + 10)) % 97;
        }

        return remainder;
    }
}
