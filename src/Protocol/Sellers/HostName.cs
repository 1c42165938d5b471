using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Host names in the letters-digits-hyphens form (RFC 1123 section 2.1), lower-case, at least two labels. Names in
/// other scripts must come in their xn-- form: turning them into it takes the tables of UTS #46, which the runtime
/// takes from the machine, so that two nodes could disagree. Whether the part behind xn-- decodes is not checked.
/// </summary>
internal static class HostName
{
    private const int MaxLength = 253;
    private const int MaxLabel = 63;

    /// <summary>Reads a name of either case; with <paramref name="underscores"/>, '_' counts as a letter.</summary>
    internal static bool TryCanonicalize(
        ReadOnlySpan<char> raw,
        bool underscores,
        [NotNullWhen(true)] out string? canonical,
        [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        error = FindFault(raw, underscores);
        if (error is null)
        {
            canonical = Ascii.ToLower(raw);
        }

        return canonical is not null;
    }

    private static string? FindFault(ReadOnlySpan<char> name, bool underscores)
    {
        if (name.ContainsAnyExceptInRange('\0', '\x7f'))
        {
            return "The domain has characters outside ASCII: give it in its xn-- form (IDNA A-labels).";
        }

        if (name.Length is 0 or > MaxLength)
        {
            return $"The domain is empty or longer than {MaxLength} characters.";
        }

        var labels = 0;
        var last = ReadOnlySpan<char>.Empty;
        foreach (var range in name.Split('.'))
        {
            last = name[range];
            labels++;
            if (!IsLabel(last, underscores))
            {
                return "The domain has an empty label (a dot too many), one longer than 63 characters, or one with "
                    + "other characters than letters, digits and inner hyphens.";
            }
        }

        // What ends in a number is an IPv4 address to a browser, and no top-level domain is a number.
        return labels < 2 || !last.ContainsAnyExceptInRange('0', '9')
            ? "The domain is not complete: it needs at least two labels, and the last one must not be a number. "
                + "Addresses of machines and local names identify nobody."
            : null;
    }

    private static bool IsLabel(ReadOnlySpan<char> label, bool underscores)
    {
        if (label.Length is 0 or > MaxLabel || label[0] == '-' || label[^1] == '-')
        {
            return false;
        }

        foreach (var c in label)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '-' && !(underscores && c == '_'))
            {
                return false;
            }
        }

        return true;
    }
}
