using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using FederationNode.Protocol.Text;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Host names in the letters-digits-hyphens form (RFC 1123 section 2.1), lower-case, at least two labels. Labels in
/// other scripts become A-labels (RFC 5890): folded by the pinned tables of <see cref="Wlnorm"/>, which is what UTS #46
/// maps letters to, and encoded by RFC 3492. Only letters, their marks, ASCII digits and hyphens are taken. What
/// IDNA2003 and IDNA2008 read differently, and what UTS #46 does not map like a case folding, is refused: such a name
/// must come in its xn-- form, as everything else that this does not know. Whether what stands behind a given xn--
/// decodes is not checked.
/// </summary>
internal static class HostName
{
    private const int MaxLength = 253;
    private const int MaxLabel = 63;
    private const string Prefix = "xn--";

    // Sharp s, final sigma: IDNA2003 maps them to other letters, IDNA2008 keeps them. The others: mapped by a case
    // folding, and not by every version of UTS #46.
    private static readonly SearchValues<char> ReadInTwoWays =
        SearchValues.Create("\u00df\u1e9e\u03c2\u04c0\u2132\u2183");

    /// <summary>Reads a name of either case; with <paramref name="underscores"/>, '_' counts as a letter.</summary>
    internal static bool TryCanonicalize(
        ReadOnlySpan<char> raw,
        bool underscores,
        [NotNullWhen(true)] out string? canonical,
        [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        var name = Ascii.ToLower(raw);
        if (name.AsSpan().ContainsAnyExceptInRange('\0', '\x7f') && !TryEncode(name, out name, out error))
        {
            return false;
        }

        error = FindFault(name, underscores);
        canonical = error is null ? name : null;
        return error is null;
    }

    /// <summary>Whether a character separates labels (RFC 3490 section 3.1).</summary>
    internal static bool IsDot(char c) => c is '.' or '\u3002' or '\uff0e' or '\uff61';

    private static bool TryEncode(
        ReadOnlySpan<char> name, [NotNullWhen(true)] out string? encoded, [NotNullWhen(false)] out string? error)
    {
        const string Refusal = "The domain has characters that are not plain letters, digits and hyphens, or that have "
            + "been read in different ways: give it in its xn-- form (IDNA A-labels).";
        encoded = null;
        error = Refusal;
        if (name.Length > MaxLength)
        {
            error = $"The domain is longer than {MaxLength} characters.";
            return false;
        }

        var labels = new StringBuilder();
        while (true)
        {
            var end = 0;
            while (end < name.Length && !IsDot(name[end]))
            {
                end++;
            }

            if (!TryEncodeLabel(name[..end], labels))
            {
                return false;
            }

            if (end == name.Length)
            {
                encoded = labels.ToString();
                error = null;
                return true;
            }

            labels.Append('.');
            name = name[(end + 1)..];
        }
    }

    private static bool TryEncodeLabel(ReadOnlySpan<char> label, StringBuilder result)
    {
        if (label.ContainsAny(ReadInTwoWays) || HasIgnored(label) || !CaseFolding.TryFold(label, out var folded))
        {
            return false;
        }

        var isAscii = true;
        for (var i = 0; i < folded.Length; i++)
        {
            isAscii &= folded[i] < 0x80;
            if (!IsLabelCharacter(folded[i], isFirst: i == 0))
            {
                return false;
            }
        }

        if (isAscii)
        {
            foreach (var codePoint in folded)
            {
                result.Append((char)codePoint);
            }

            return true;
        }

        // Hyphens in the third and fourth place are kept for encodings.
        result.Append(Prefix).Append(Punycode.Encode(folded));
        return folded is not [_, _, '-', '-', ..];
    }

    // Other ASCII is looked at later, with the whole name. Some characters fold to one with a dot in it, which would
    // make two labels of one. A mark must have a letter to stand on.
    private static bool IsLabelCharacter(int codePoint, bool isFirst) =>
        (codePoint < 0x80 && codePoint != '.')
        || Scripts.IsLetter(codePoint)
        || (!isFirst && codePoint < 0x10000
            && (WordBreakClass)(TextTables.Classes[codePoint] & 31) == WordBreakClass.Extend);

    // Zero-width joiners among them, by which Indic and Persian names differ in IDNA2008 and not in IDNA2003.
    private static bool HasIgnored(ReadOnlySpan<char> label)
    {
        for (var index = 0; index < label.Length;)
        {
            if (new Mapping(TextTables.Folding[Utf16.CodePointAt(label, index, out var width)]).IsRemoval
                || label[index] is >= '\u10a0' and <= '\u10c5')
            {
                return true;
            }

            index += width;
        }

        return false;
    }

    private static string? FindFault(ReadOnlySpan<char> name, bool underscores)
    {
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
