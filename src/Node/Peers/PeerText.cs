namespace FederationNode.Node.Peers;

/// <summary>Words of a peer, made fit for a log line or a terminal.</summary>
internal static class PeerText
{
    /// <summary>Most characters that are kept.</summary>
    public const int MaxLength = 300;

    /// <summary>
    /// Cuts, then takes out control, formatting and surrogate characters: nothing can forge a line, move a cursor or
    /// turn the direction of writing.
    /// </summary>
    public static string Clean(string text)
    {
        var kept = text.Length > MaxLength ? text[..MaxLength] : text;
        return string.Concat(kept.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)
            && char.GetUnicodeCategory(c) is not (System.Globalization.UnicodeCategory.Format
                or System.Globalization.UnicodeCategory.LineSeparator
                or System.Globalization.UnicodeCategory.ParagraphSeparator)));
    }
}
