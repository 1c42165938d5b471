using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FederationNode.Protocol;

/// <summary>
/// The name of one log: <c>&lt;coalition&gt;/&lt;member&gt;/&lt;log&gt;/&lt;epoch&gt;</c>, for example
/// <c>ewt/acme/indicators/1</c>. It is the first line of the log's checkpoints and the name of its key.
/// A new epoch is a new log. docs/protocol.md, "Origins".
/// </summary>
public sealed record Origin
{
    /// <summary>The log of indicators, opinions and tallies.</summary>
    public const string Indicators = "indicators";

    /// <summary>The log of receipts: what this member durably holds of the others' logs.</summary>
    public const string Receipts = "receipts";

    /// <summary>The secretariat's log of roster documents.</summary>
    public const string RosterLog = "roster";

    /// <summary>The member name of the secretariat in every coalition.</summary>
    public const string Secretariat = "secretariat";

    /// <summary>Longest origin in characters (all ASCII).</summary>
    public const int MaxLength = 200;

    private Origin(string coalition, string member, string log, int epoch)
    {
        Coalition = coalition;
        Member = member;
        Log = log;
        Epoch = epoch;
        Text = string.Create(CultureInfo.InvariantCulture, $"{coalition}/{member}/{log}/{epoch}");
    }

    /// <summary>The coalition's name.</summary>
    public string Coalition { get; }

    /// <summary>The name of the member that alone writes this log.</summary>
    public string Member { get; }

    /// <summary>What kind of log it is: <see cref="Indicators"/>, <see cref="Receipts"/> or another code.</summary>
    public string Log { get; }

    /// <summary>1 for the first log of this kind, one more after each replacement; at most 999,999.</summary>
    public int Epoch { get; }

    /// <summary>The whole origin as written.</summary>
    public string Text { get; }

    /// <summary>Makes an origin out of its parts.</summary>
    /// <exception cref="ArgumentException">A part is not written as the protocol asks.</exception>
    public static Origin Create(string coalition, string member, string log, int epoch) =>
        TryParse(string.Create(CultureInfo.InvariantCulture, $"{coalition}/{member}/{log}/{epoch}"), out var origin, out var error)
            ? origin
            : throw new ArgumentException(error);

    /// <summary>Reads an origin; there is exactly one way to write each.</summary>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out Origin? origin,
        [NotNullWhen(false)] out string? error)
    {
        origin = null;
        error = "An origin is <coalition>/<member>/<log>/<epoch>: three names of a-z, 0-9 and '-', and a number from 1.";
        if (text is null || text.Length > MaxLength)
        {
            return false;
        }

        var parts = text.Split('/');
        if (parts.Length != 4
            || !Names.IsName(parts[0]) || !Names.IsName(parts[1]) || !Names.IsCode(parts[2])
            || !IsEpoch(parts[3]))
        {
            return false;
        }

        origin = new Origin(parts[0], parts[1], parts[2], int.Parse(parts[3], CultureInfo.InvariantCulture));
        error = null;
        return true;
    }

    /// <summary>Reads an origin or throws.</summary>
    /// <exception cref="FormatException">The text is not an origin.</exception>
    public static Origin Parse(string text) =>
        TryParse(text, out var origin, out var error) ? origin : throw new FormatException(error);

    /// <summary>Whether the text is an epoch: a decimal number from 1 to 999999 without leading zeros.</summary>
    internal static bool IsEpoch(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= 6 && text[0] != '0' && !text.ContainsAnyExceptInRange('0', '9');

    /// <inheritdoc/>
    public override string ToString() => Text;
}
