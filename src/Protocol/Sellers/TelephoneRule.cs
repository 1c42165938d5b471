using System.Diagnostics.CodeAnalysis;
using System.Text;
using PhoneNumbers;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Telephone numbers in E.164 form with '+', by libphonenumber and its metadata. The package's exact version is part
/// of the rules, since national prefixes and lengths come from that metadata, which it carries as embedded resources:
/// it does no I/O at run time. A number passes if its length is possible in full; whether the range is assigned is
/// not asked, because that changes monthly; it only ever refuses, where a number without '+' could be meant with its
/// country calling code and without it. Stricter than libphonenumber, which would search a number in any text:
/// only digits, separators and a well-known extension mark are allowed, no letters as on a keypad, no second number.
/// </summary>
internal static class TelephoneRule
{
    private const int MaxLength = 64;
    private const int MaxExtension = 9;

    // The '0' of each block of decimal digits that numbers are written with: ASCII, Arabic-Indic, Extended Arabic-Indic,
    // Devanagari, Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada, Malayalam, Thai, Lao, Tibetan, Myanmar,
    // Khmer, Mongolian. Full-width ones are ASCII by now.
    private const string Zeros =
        "0\u0660\u06f0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66\u0e50\u0ed0\u0f20\u1040\u17e0\u1810";

    // ASCII hyphen, full stop and parentheses, the Unicode hyphens and dashes, minus, and the long vowel mark, which
    // Japanese keyboards write for a hyphen.
    private const string Separators = "-.()\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc";

    private static readonly string[] ExtensionMarks =
        [";ext=", "extension", "ext.", "ext", "x", "#", "\u5206\u673a", "\u8f6c", "\u8f49"];

    private static readonly PhoneNumberUtil Numbers = PhoneNumberUtil.GetInstance();
    private static readonly HashSet<string> Regions = [.. Numbers.GetSupportedRegions()];

    internal static bool TryApply(
        ReadOnlySpan<char> raw,
        string? region,
        [NotNullWhen(true)] out string? canonical,
        [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        if (raw.Length > MaxLength)
        {
            error = $"A telephone number has at most {MaxLength} characters with its separators and extension.";
            return false;
        }

        if (!TryReadDigits(raw, out var digits, out error)
            || !TryChooseRegion(digits, region, out var parsed, out error))
        {
            return false;
        }

        if (!TryFormat(digits, parsed, out var once, out error))
        {
            return false;
        }

        if (parsed is not null && MayLackPlus(digits, parsed, once))
        {
            error = "The telephone number can be read in two ways, with and without its country calling code: give it "
                + "as '+', country calling code and number.";
            return false;
        }

        // With a trunk prefix too many the library takes off one per reading, so the result reads as another number.
        if (!TryFormat(once, null, out var twice, out _) || once != twice)
        {
            error = "The telephone number can be read in two ways: give it as '+', country calling code and number, "
                + "without the prefix for calls inside the country.";
            return false;
        }

        canonical = once;
        return true;
    }

    private static bool TryChooseRegion(
        string digits, string? region, out string? chosen, [NotNullWhen(false)] out string? error)
    {
        chosen = null;
        error = null;
        if (digits[0] == '+')
        {
            return true;
        }

        if (string.IsNullOrEmpty(region))
        {
            error = "The telephone number does not start with '+', so the region of the account is needed "
                + "(ISO 3166-1 alpha-2, for example CN).";
            return false;
        }

        chosen = Ascii.ToUpper(region);
        if (!Regions.Contains(chosen))
        {
            error = "The region is not an ISO 3166-1 alpha-2 code that has a telephone network (for example CN).";
            return false;
        }

        return true;
    }

    /// <summary>
    /// Whether digits without '+' are the assigned number of a country once one is put before them, and this is another
    /// number than they are inside the region, where they are either not assigned, or assigned too and begin with the
    /// region's own calling code.
    /// </summary>
    private static bool MayLackPlus(string digits, string region, string inside)
    {
        if (!TryParse("+" + digits, null, out var abroad, out _)
            || !Numbers.IsValidNumber(abroad)
            || Numbers.Format(abroad, PhoneNumberFormat.E164) == inside)
        {
            return false;
        }

        return abroad.CountryCode == Numbers.GetCountryCodeForRegion(region)
            || !TryParse(inside, null, out var number, out _)
            || !Numbers.IsValidNumber(number);
    }

    private static bool TryFormat(
        string digits,
        string? region,
        [NotNullWhen(true)] out string? canonical,
        [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        if (!TryParse(digits, region, out var number, out error))
        {
            return false;
        }

        error = Numbers.IsPossibleNumberWithReason(number) switch
        {
            PhoneNumberUtil.ValidationResult.IS_POSSIBLE => null,
            PhoneNumberUtil.ValidationResult.IS_POSSIBLE_LOCAL_ONLY =>
                "The telephone number can be dialled only locally: add its area code.",
            PhoneNumberUtil.ValidationResult.TOO_SHORT => "The telephone number has too few digits for its country.",
            PhoneNumberUtil.ValidationResult.TOO_LONG => "The telephone number has too many digits for its country.",
            PhoneNumberUtil.ValidationResult.INVALID_COUNTRY_CODE =>
                "The telephone number starts with no known country calling code.",
            _ => "No telephone number of that country has this many digits.",
        };
        canonical = error is null ? Numbers.Format(number, PhoneNumberFormat.E164) : null;
        return canonical is not null;
    }

    private static bool TryParse(
        string digits,
        string? region,
        [NotNullWhen(true)] out PhoneNumber? number,
        [NotNullWhen(false)] out string? error)
    {
        try
        {
            number = Numbers.Parse(digits, region);
            error = null;
            return true;
        }
        catch (NumberParseException exception)
        {
            // Its message may quote the number: only its kind goes on.
            error = exception.ErrorType == ErrorType.INVALID_COUNTRY_CODE
                ? "The telephone number starts with no known country calling code."
                : "The text is no telephone number: too few or too many digits.";
            number = null;
            return false;
        }
    }

    /// <summary>'+' if there is one, and the digits as ASCII, without separators and extension.</summary>
    private static bool TryReadDigits(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? digits, [NotNullWhen(false)] out string? error)
    {
        digits = null;
        var kept = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];
            if (TryReadDigit(c, out var digit))
            {
                kept.Append(digit);
            }
            else if (c == '+' && kept.Length == 0)
            {
                kept.Append('+');
            }
            else if (!IsSeparator(c))
            {
                if (!IsExtension(raw[i..]))
                {
                    error = "The telephone number has a character that is neither a digit, a separator (space - . "
                        + "parentheses), a leading '+' nor an extension: give one number, without words.";
                    return false;
                }

                break;
            }
        }

        if (kept.Length == 0 || kept[^1] == '+')
        {
            error = "The telephone number has no digits.";
            return false;
        }

        digits = kept.ToString();
        error = null;
        return true;
    }

    // A mark, optional white space or a colon, and one to nine digits up to the end.
    private static bool IsExtension(ReadOnlySpan<char> tail)
    {
        foreach (var mark in ExtensionMarks)
        {
            if (tail.StartsWith(mark, StringComparison.OrdinalIgnoreCase))
            {
                return IsExtensionNumber(tail[mark.Length..]);
            }
        }

        return false;
    }

    private static bool IsExtensionNumber(ReadOnlySpan<char> text)
    {
        var number = WhiteSpace.Trim(text);
        number = number is [':', ..] ? WhiteSpace.Trim(number[1..]) : number;
        foreach (var c in number)
        {
            if (!TryReadDigit(c, out _))
            {
                return false;
            }
        }

        return number.Length is >= 1 and <= MaxExtension;
    }

    private static bool TryReadDigit(char c, out char digit)
    {
        foreach (var zero in Zeros)
        {
            if (c >= zero && c - zero <= 9)
            {
                digit = (char)('0' + (c - zero));
                return true;
            }
        }

        digit = default;
        return false;
    }

    private static bool IsSeparator(char c) =>
        WhiteSpace.Contains(c)
        || Separators.Contains(c, StringComparison.Ordinal)
        || WhiteSpace.IsInvisible(c);
}
