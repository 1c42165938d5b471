using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FederationNode.Protocol.Sellers;

/// <summary>Account names on platforms, WeChat ids and QQ numbers. The text comes trimmed and not empty.</summary>
internal static class HandleRules
{
    private const int MaxAccountLength = 128;
    private const int Replacement = 0xfffd;

    /// <summary>
    /// toNFKC_Casefold by the pinned tables, then one leading '@' is dropped. No spaces and control characters. No
    /// look-alikes are merged, nor simplified and traditional characters: that would tag innocent people.
    /// </summary>
    internal static bool TryApplyAccount(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        if (!CaseFolding.TryFold(raw, out var folded) || folded.Contains(Replacement))
        {
            error = "The account name contains half a character, or the sign that stands for lost ones (U+FFFD): copy "
                + "it again.";
            return false;
        }

        var codePoints = folded is ['@', ..] ? folded.AsSpan(1) : folded;
        if (codePoints is [] or ['@', ..])
        {
            error = "The account name has nothing after '@', or more than one '@' before it, or nothing visible: give "
                + "the name itself.";
            return false;
        }

        var name = new StringBuilder(codePoints.Length);
        foreach (var codePoint in codePoints)
        {
            if (codePoint < 0x10000 && (char.IsControl((char)codePoint) || WhiteSpace.Contains((char)codePoint)))
            {
                error = "The account name contains a space or control character: give the account's name, not its "
                    + "title.";
                return false;
            }

            name.Append(char.ConvertFromUtf32(codePoint));
        }

        if (name.Length > MaxAccountLength)
        {
            error = $"The account name is longer than {MaxAccountLength} characters.";
            return false;
        }

        return Accept(name.ToString(), out canonical, out error);
    }

    /// <summary>
    /// Lower-case, then <c>[a-z][-_a-z0-9]{5,19}</c>: the rule that WeChat shows where an id is chosen. Ids that WeChat
    /// gave itself (<c>wxid_...</c>, <c>gh_...</c>) have the same form; each is an identifier of its own.
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
            error = "A QQ number has 5 to 11 digits 0-9, without separators, and does not start with 0.";
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
