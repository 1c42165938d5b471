using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// E-mail addresses: white space beside a dot or the '@' goes (RFC 5322 section 4.4), ASCII letters become lower-case,
/// the local part is a dot-atom (RFC 5321 section 4.1.2), the domain as <see cref="HostName"/>. White space between two
/// words is refused: without it, "call jane@example.org" would name somebody else. Addresses at gmail.com and googlemail.com lose dots and a
/// '+suffix' and end in gmail.com, because that is one mailbox; at every other domain the local part is as it is.
/// Google's published formatting keeps googlemail.com apart; merging it is a choice of ours.
/// </summary>
internal static class EmailRule
{
    private const int MaxLocal = 64;
    private const int MaxAddress = 254;
    private const string OtherAtomCharacters = "!#$%&'*+-/=?^_`{|}~";

    internal static bool TryApply(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        if (!TryRemoveWhiteSpace(raw, out var spaceless))
        {
            error = "The e-mail address has white space between two words: give the address alone.";
            return false;
        }

        var address = Ascii.ToLower(spaceless);
        var at = address.LastIndexOf('@');
        if (at < 0)
        {
            error = "An e-mail address needs an '@'.";
            return false;
        }

        var local = address[..at];
        error = FindFault(local);
        if (error is not null
            || !HostName.TryCanonicalize(address.AsSpan()[(at + 1)..], underscores: false, out var domain, out error))
        {
            return false;
        }

        if (local.Length > MaxLocal || local.Length + 1 + domain.Length > MaxAddress)
        {
            error = $"An e-mail address has at most {MaxAddress} characters, at most {MaxLocal} of them before the "
                + "'@'.";
            return false;
        }

        return domain is "gmail.com" or "googlemail.com"
            ? TryApplyGmail(local, out canonical, out error)
            : Accept($"{local}@{domain}", out canonical, out error);
    }

    private static bool TryApplyGmail(
        string local, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        var plus = local.IndexOf('+', StringComparison.Ordinal);
        var mailbox = (plus < 0 ? local : local[..plus]).Replace(".", "", StringComparison.Ordinal);
        if (mailbox.Length == 0)
        {
            error = "The Gmail address has nothing before its '+': it names no mailbox.";
            return false;
        }

        return Accept(mailbox + "@gmail.com", out canonical, out error);
    }

    private static bool TryRemoveWhiteSpace(ReadOnlySpan<char> raw, out string spaceless)
    {
        Span<char> kept = new char[raw.Length];
        var (length, skipped) = (0, false);
        foreach (var c in raw)
        {
            if (WhiteSpace.Contains(c))
            {
                skipped = true;
                continue;
            }

            if (skipped && length > 0 && !Separates(c) && !Separates(kept[length - 1]))
            {
                spaceless = "";
                return false;
            }

            (kept[length++], skipped) = (c, false);
        }

        spaceless = new string(kept[..length]);
        return true;
    }

    private static bool Separates(char c) => c == '@' || HostName.IsDot(c);

    private static string? FindFault(ReadOnlySpan<char> local)
    {
        foreach (var c in local)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '.' && !OtherAtomCharacters.Contains(c, StringComparison.Ordinal))
            {
                return "The part before the '@' has a character that plain addresses do not have: quoted and "
                    + "non-ASCII local parts, display names and second '@' signs are not accepted.";
            }
        }

        return local.IsEmpty || local[0] == '.' || local[^1] == '.' || local.Contains("..", StringComparison.Ordinal)
            ? "The part before the '@' is empty, starts or ends with a dot, or has two dots in a row."
            : null;
    }

    private static bool Accept(
        string text, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = text;
        error = null;
        return true;
    }
}
