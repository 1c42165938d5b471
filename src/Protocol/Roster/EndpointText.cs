using System.Globalization;
using System.Net;

namespace FederationNode.Protocol.Roster;

/// <summary>
/// Endpoints as text: <c>https://host:port</c> with nothing before or behind it. docs/protocol.md, section 9. Written out
/// here, for a URL parser also takes spaces, backslashes and paths that it then tidies away, and nodes must agree.
/// </summary>
internal static class EndpointText
{
    private const string Scheme = "https://";
    private const int MaxEndpoint = 255;
    private const int MaxHost = 253;
    private const int MaxLabel = 63;

    /// <summary>Whether the text is an endpoint.</summary>
    public static bool IsEndpoint(string text)
    {
        var colon = text.LastIndexOf(':');
        return text.Length <= MaxEndpoint
            && text.StartsWith(Scheme, StringComparison.Ordinal)
            && colon > Scheme.Length
            && IsHost(text[Scheme.Length..colon])
            && IsPort(text.AsSpan(colon + 1));
    }

    private static bool IsHost(string host) => host switch
    {
        ['[', .. var address, ']'] => IsIPv6(address),
        _ => host.Length <= MaxHost && IsNameOrIPv4(host.Split('.')),
    };

    /// <summary>A last label of digits only makes it an IPv4 address: four numbers from 0 to 255.</summary>
    private static bool IsNameOrIPv4(string[] labels) => labels[^1].AsSpan().ContainsAnyExceptInRange('0', '9')
        ? labels.All(IsLabel)
        : labels.Length == 4 && labels.All(IsOctet);

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static bool IsOctet(string text) =>
        text.Length is > 0 and <= 3 && (text.Length == 1 || text[0] != '0')
        && !text.AsSpan().ContainsAnyExceptInRange('0', '9')
        && int.Parse(text, CultureInfo.InvariantCulture) <= 255;

    /// <summary>In the one form of RFC 5952, section 4, without a zone and without dotted digits.</summary>
    private static bool IsIPv6(string text) =>
        text.Contains(':', StringComparison.Ordinal)
        && !text.AsSpan().ContainsAny('.', '%')
        && IPAddress.TryParse(text, out var address)
        && address.ToString() == text;

    private static bool IsPort(ReadOnlySpan<char> port) =>
        port.Length is > 0 and <= 5 && port[0] != '0' && !port.ContainsAnyExceptInRange('0', '9')
        && int.Parse(port, CultureInfo.InvariantCulture) <= 65_535;
}
