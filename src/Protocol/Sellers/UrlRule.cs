using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Page addresses: the serialisation of the WHATWG URL standard for the http and https URLs that are unambiguous,
/// without user name, default port, the name of a place on the page, and query parameters whose name starts with utm_.
/// The host is in lower-case, the path keeps its case. Differences from the standard, all towards refusing: the scheme
/// must be there with its two slashes, hosts must be complete domain names (<see cref="HostName"/>, '_' allowed), white
/// space, control characters, backslashes and broken %-escapes are errors, and so is a fragment that may choose the page
/// (<c>#/user/42</c>). Three merges go further: an escaped letter, digit, '-', '.', '_' or '~' is the character itself
/// and the digits of other escapes become upper-case, which RFC 3986 section 6.2.2 calls the same address, and empty
/// query parameters (also a bare '?') go with the utm_ ones.
/// </summary>
internal static class UrlRule
{
    private const string EncodedInPath = "\"<>^`{}";
    private const string EncodedInQuery = "\"<>'";

    internal static bool TryApply(
        ReadOnlySpan<char> raw, [NotNullWhen(true)] out string? canonical, [NotNullWhen(false)] out string? error)
    {
        canonical = null;
        var colon = raw.IndexOf("://", StringComparison.Ordinal);
        var scheme = Ascii.ToLower(raw[..Math.Clamp(colon, 0, 5)]);
        if (scheme is not ("http" or "https") || colon != scheme.Length)
        {
            error = "The URL must start with http:// or https://: without it, the page is a guess.";
            return false;
        }

        error = FindFault(raw);
        if (error is not null)
        {
            return false;
        }

        var rest = raw[(colon + 3)..];
        var hash = rest.IndexOf('#');
        if (hash >= 0 && !IsPlace(rest[(hash + 1)..]))
        {
            error = "What stands behind the '#' of the URL may choose the page: give the address of the page itself.";
            return false;
        }

        rest = hash < 0 ? rest : rest[..hash];
        var authorityEnd = rest.IndexOfAny('/', '?');
        authorityEnd = authorityEnd < 0 ? rest.Length : authorityEnd;
        if (!TryReadAuthority(rest[..authorityEnd], scheme, out var authority, out error))
        {
            return false;
        }

        var target = rest[authorityEnd..];
        var question = target.IndexOf('?');
        var path = question < 0 ? target : target[..question];
        var query = question < 0 ? default : target[(question + 1)..];
        canonical = $"{scheme}://{authority}{CanonicalPath(path)}{CanonicalQuery(query)}";
        return true;
    }

    // The name of an element, or a text to scroll to: neither chooses the page.
    private static bool IsPlace(ReadOnlySpan<char> fragment)
    {
        var directive = fragment.IndexOf(":~:", StringComparison.Ordinal);
        fragment = directive < 0 ? fragment : fragment[..directive];
        foreach (var c in fragment)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':'))
            {
                return false;
            }
        }

        return fragment.IsEmpty || char.IsAsciiLetter(fragment[0]);
    }

    private static string? FindFault(ReadOnlySpan<char> url)
    {
        for (var i = 0; i < url.Length; i++)
        {
            var c = url[i];
            if (c is < ' ' or '\x7f' or '\\' || WhiteSpace.Contains(c))
            {
                return "The URL contains white space, a control character or a backslash: copy it again, alone.";
            }

            if (c == '%' && !IsEscape(url[i..]))
            {
                return "The URL contains a '%' that is not followed by two hexadecimal digits.";
            }

            if (char.IsHighSurrogate(c) && i + 1 < url.Length && char.IsLowSurrogate(url[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(c) || c == '\ufffd')
            {
                return "The URL contains half a character, or the sign that stands for lost ones (U+FFFD): copy it again.";
            }
        }

        return null;
    }

    private static bool IsEscape(ReadOnlySpan<char> text) =>
        text.Length >= 3 && char.IsAsciiHexDigit(text[1]) && char.IsAsciiHexDigit(text[2]);

    private static bool TryReadAuthority(
        ReadOnlySpan<char> text,
        string scheme,
        [NotNullWhen(true)] out string? authority,
        [NotNullWhen(false)] out string? error)
    {
        authority = null;
        text = text[(text.LastIndexOf('@') + 1)..];
        var colon = text.LastIndexOf(':');
        var port = 0;
        if (colon >= 0 && !TryReadPort(text[(colon + 1)..], out port))
        {
            error = "The port of the URL is not a number from 1 to 65535 (addresses in brackets are not accepted).";
            return false;
        }

        if (!HostName.TryCanonicalize(colon < 0 ? text : text[..colon], underscores: true, out var host, out error))
        {
            return false;
        }

        var isDefault = port == 0 || port == (scheme == "https" ? 443 : 80);
        authority = isDefault ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
        return true;
    }

    // "host:" without a number means the default port, here 0.
    private static bool TryReadPort(ReadOnlySpan<char> text, out int port)
    {
        port = 0;
        return text.IsEmpty
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port)
                && port is >= 1 and <= ushort.MaxValue);
    }

    // Resolves dot segments, also written with %2e, as the standard's path state does.
    private static string CanonicalPath(ReadOnlySpan<char> path)
    {
        var segments = new List<string>();
        var trailing = false;
        path = path.IsEmpty ? path : path[1..];
        foreach (var range in path.Split('/'))
        {
            var segment = Encode(path[range], EncodedInPath);
            trailing = segment is "." or "..";
            if (!trailing)
            {
                segments.Add(segment);
            }
            else if (segment == ".." && segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
        }

        return "/" + string.Join('/', segments) + (trailing && segments.Count > 0 ? "/" : "");
    }

    private static string CanonicalQuery(ReadOnlySpan<char> query)
    {
        var kept = new List<string>();
        foreach (var range in query.Split('&'))
        {
            var parameter = Encode(query[range], EncodedInQuery);
            if (parameter.Length > 0 && !parameter.StartsWith("utm_", StringComparison.OrdinalIgnoreCase))
            {
                kept.Add(parameter);
            }
        }

        return kept.Count == 0 ? "" : "?" + string.Join('&', kept);
    }

    private static string Encode(ReadOnlySpan<char> text, string encoded)
    {
        var result = new StringBuilder(text.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '%')
            {
                AppendEscape(result, text.Slice(i + 1, 2));
                i += 2;
            }
            else if (char.IsAscii(c) && !encoded.Contains(c, StringComparison.Ordinal))
            {
                result.Append(c);
            }
            else
            {
                var length = char.IsSurrogate(c) ? 2 : 1;
                var written = Encoding.UTF8.GetBytes(text.Slice(i, length), utf8);
                AppendEscapes(result, utf8[..written]);
                i += length - 1;
            }
        }

        return result.ToString();
    }

    private static void AppendEscape(StringBuilder result, ReadOnlySpan<char> digits)
    {
        var c = (char)byte.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~')
        {
            result.Append(c);
        }
        else
        {
            result.Append('%').Append(Ascii.ToUpper(digits));
        }
    }

    private static void AppendEscapes(StringBuilder result, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            result.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }
    }
}
