using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>Account names on platforms, WeChat ids and QQ numbers. The text comes trimmed and not empty.</summary>
internal static class HandleRules
{
    private const int MaxAccountLength = 128;

    /// <summary>
    /// One leading '@' is dropped and ASCII letters become lower-case. Only visible ASCII without spaces: letters of
    /// other scripts need the pinned case folding of <c>wlnorm/1</c> and are refused until the rules use it. No
    /// look-alikes are merged: that would tag innocent people.
    /// </summary>
    internal static bool TryApplyAccount(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        var name = raw[0] == '@' ? raw[1..] : raw;
        if (name.IsEmpty || name[0] == '@')
        {
            error = "The account name has nothing after '@', or more than one '@' before it: give the name itself.";
            return false;
        }

        if (name.Length > MaxAccountLength)
        {
            error = $"The account name is longer than {MaxAccountLength} characters.";
            return false;
        }

        if (name.ContainsAnyExceptInRange('!', '~'))
        {
            error = name.ContainsAnyExceptInRange('\0', '\x7f')
                ? "The account name has characters outside ASCII, which this version cannot fold safely: use the "
                    + "platform's numeric or ASCII account id."
                : "The account name contains a space or control character: give the account's name, not its title.";
            return false;
        }

        return Accept(Ascii.ToLower(name), out canonical, out error);
    }

    /// <summary>
    /// Lower-case, then <c>[a-z][-_a-z0-9]{5,19}</c>. What WeChat accepts by its clients' behaviour; there is no
    /// official grammar.
    /// </summary>
    internal static bool TryApplyWeChat(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        var id = Ascii.ToLower(raw);
        if (id.Length is < 6 or > 20 || !char.IsAsciiLetterLower(id[0]))
        {
            error = "A WeChat id has 6 to 20 characters and starts with a letter a-z: give the id, not the nickname "
                + "or the telephone number.";
            return false;
        }

        foreach (var c in id)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '_'))
            {
                error = "A WeChat id has only letters a-z, digits, '-' and '_': give the id, not the nickname.";
                return false;
            }
        }

        return Accept(id, out canonical, out error);
    }

    /// <summary><c>[1-9][0-9]{4,10}</c>, unchanged.</summary>
    internal static bool TryApplyQq(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        if (raw.Length is < 5 or > 11 || raw[0] == '0' || raw.ContainsAnyExceptInRange('0', '9'))
        {
            error = "A QQ number has 5 to 11 ASCII digits, without separators, and does not start with 0.";
            return false;
        }

        return Accept(raw.ToString(), out canonical, out error);
    }

    private static bool Accept(
        string text, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = text;
        error = null;
        return true;
    }
}
