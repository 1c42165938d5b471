namespace FederationNode.Protocol.Text;

/// <summary>
/// What nodes tell each other of their text tables: docs/protocol.md section 13, "Comparing tables". A text of items
/// <c>scheme=hash</c> with <c>, </c> between them; the hash is SHA-256 of the tables, 64 digits of 0-9 and a-f.
/// </summary>
public static class TablesStatement
{
    /// <summary>The header of questions for heads, and of answers, that carries it.</summary>
    public const string Header = "Fednode-Text-Tables";

    /// <summary>Longest statement that is read, in characters.</summary>
    public const int MaxLength = 512;

    /// <summary>What this program says.</summary>
    public static string Own { get; } = $"{Wlnorm.Name}={Wlnorm.TableHash}";

    /// <summary>Reads what a peer says of the tables of <see cref="Wlnorm.Name"/>. The text is hostile.</summary>
    /// <param name="text">The header's value; null or empty if it sent none.</param>
    /// <param name="hash">The hash that it names; all zeros unless it names one.</param>
    public static TablesVerdict Read(string? text, out Hash256 hash)
    {
        hash = default;
        if (string.IsNullOrEmpty(text))
        {
            return TablesVerdict.NotTold;
        }

        if (text.Length > MaxLength)
        {
            return TablesVerdict.Malformed;
        }

        Hash256? named = null;
        foreach (var item in text.Split(','))
        {
            var (scheme, value) = item.Trim(' ').Split('=') is [var left, var right] ? (left, right) : ("", "");
            if (scheme.Length == 0 || !Hash256.TryParseLowerHex(value, out var read))
            {
                return TablesVerdict.Malformed;
            }

            if (scheme != Wlnorm.Name)
            {
                continue;
            }

            if (named is not null)
            {
                return TablesVerdict.Malformed;
            }

            named = read;
        }

        hash = named ?? default;
        return named is null ? TablesVerdict.NotTold
            : named == Wlnorm.TableHash ? TablesVerdict.Same
            : TablesVerdict.Other;
    }
}
