using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Protocol;

namespace FederationNode.Node.Api.Changes;

/// <summary>
/// How far a reader has read each log. On the wire: base64url (RFC 4648 section 5, no padding) of the lines
/// <c>origin:entries</c>, sorted, logs of which nothing was read left out. One text for each state.
/// </summary>
internal sealed class ChangesCursor
{
    private readonly ImmutableSortedDictionary<string, long> _read;

    private ChangesCursor(ImmutableSortedDictionary<string, long> read) => _read = read;

    /// <summary>Nothing was read yet.</summary>
    public static ChangesCursor Start { get; } =
        new(ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal));

    /// <summary>Entries read, by origin.</summary>
    public IReadOnlyDictionary<string, long> Read => _read;

    public long Of(string origin) => _read.GetValueOrDefault(origin);

    public ChangesCursor With(string origin, long entries) => new(_read.SetItem(origin, entries));

    public override string ToString() => Base64Url.EncodeToString(Encoding.ASCII.GetBytes(
        string.Join('\n', _read.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Key}:{r.Value}")))));

    public static bool TryParse(string? text, [NotNullWhen(true)] out ChangesCursor? cursor)
    {
        cursor = string.IsNullOrEmpty(text) ? Start : null;
        if (cursor is not null)
        {
            return true;
        }

        var bytes = new byte[Limits.MaxCursor];
        if (text!.Length > Limits.MaxCursor
            || !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, bytes, out var length))
        {
            return false;
        }

        var read = Start._read.ToBuilder();
        foreach (var line in Encoding.ASCII.GetString(bytes, 0, length).Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0
                || !Origin.TryParse(line[..colon], out var origin, out _)
                || origin.Log != Origin.Indicators
                || !long.TryParse(line[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var entries)
                || entries is < 1 or > ProtocolLimits.MaxLogSize
                || !read.TryAdd(origin.Text, entries))
            {
                return false;
            }
        }

        // Only the one text that this node would write: order, leading zeros and stray bits are checked by it.
        var parsed = new ChangesCursor(read.ToImmutable());
        cursor = parsed.ToString() == text ? parsed : null;
        return cursor is not null;
    }
}
