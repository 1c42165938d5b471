using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using FederationNode.Contracts;
using FederationNode.Grains.Lists;
using FederationNode.Protocol;

namespace FederationNode.Node.Api.Changes;

/// <summary>
/// How far a reader has read each log, what changed aside, and which roster it knows. On the wire: base64url (RFC 4648
/// section 5, no padding) of the lines <c>origin:entries</c>, sorted, logs of which nothing was read left out, and last
/// <c>~run:aside:roster</c>. One text for each state.
/// </summary>
internal sealed class ChangesCursor
{
    private const char PlaceMark = '~';

    private readonly ImmutableSortedDictionary<string, long> _read;

    private ChangesCursor(ImmutableSortedDictionary<string, long> read, ListPosition? position, int roster) =>
        (_read, Position, Roster) = (read, position, roster);

    /// <summary>Nothing was read yet.</summary>
    public static ChangesCursor Start { get; } =
        new(ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal), null, 0);

    /// <summary>Entries read, by origin.</summary>
    public IReadOnlyDictionary<string, long> Read => _read;

    /// <summary>How far the changes aside were read; null: not at all.</summary>
    public ListPosition? Position { get; }

    /// <summary>The version of the roster that the reader knows; 0: none.</summary>
    public int Roster { get; }

    public long Of(string origin) => _read.GetValueOrDefault(origin);

    public ChangesCursor With(string origin, long entries) => new(_read.SetItem(origin, entries), Position, Roster);

    public ChangesCursor With(IEnumerable<KeyValuePair<string, long>> read) =>
        new(_read.SetItems(read.Where(r => r.Value > 0)), Position, Roster);

    public ChangesCursor With(ListPosition position, int roster) => new(_read, position, roster);

    public override string ToString()
    {
        var lines = _read.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Key}:{r.Value}"));
        if (Position is { } at)
        {
            lines = lines.Append(
                string.Create(CultureInfo.InvariantCulture, $"{PlaceMark}{at.Run:x16}:{at.Aside}:{Roster}"));
        }

        return Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Join('\n', lines)));
    }

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
        ListPosition? position = null;
        var roster = 0;
        foreach (var line in Encoding.ASCII.GetString(bytes, 0, length).Split('\n'))
        {
            if (line.StartsWith(PlaceMark) ? !TryReadPlace(line, ref position, ref roster) : !TryReadLog(line, read))
            {
                return false;
            }
        }

        // Only the one text that this node would write: order, leading zeros and stray bits are checked by it.
        var parsed = new ChangesCursor(read.ToImmutable(), position, roster);
        cursor = parsed.ToString() == text ? parsed : null;
        return cursor is not null;
    }

    private static bool TryReadLog(string line, ImmutableSortedDictionary<string, long>.Builder read)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon >= 0
            && Origin.TryParse(line[..colon], out var origin, out _)
            && origin.Log == Origin.Indicators
            && long.TryParse(line[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var entries)
            && entries is >= 1 and <= ProtocolLimits.MaxLogSize
            && read.TryAdd(origin.Text, entries);
    }

    private static bool TryReadPlace(string line, ref ListPosition? position, ref int roster)
    {
        if (line[1..].Split(':') is not [{ Length: 16 } run, var aside, var version]
            || !ulong.TryParse(run, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            || !long.TryParse(aside, NumberStyles.None, CultureInfo.InvariantCulture, out var read)
            || !int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out roster))
        {
            return false;
        }

        position = new ListPosition(number, read);
        return true;
    }
}
