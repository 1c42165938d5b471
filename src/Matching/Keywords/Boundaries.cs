using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>Ends of a keyword at which a word boundary is needed.</summary>
[Flags]
internal enum Boundaries : byte
{
    None = 0,
    Start = 1,
    End = 2,

    /// <summary>With <see cref="End"/>: a Korean particle may stand before the boundary.</summary>
    Particle = 4,
}

/// <summary>Which boundaries a match mode asks of a text.</summary>
internal static class BoundariesOf
{
    /// <summary>What <paramref name="match"/> needs of <paramref name="text"/>, in view V1 and not empty.</summary>
    public static Boundaries Text(KeywordMatch match, string text) => match switch
    {
        KeywordMatch.Word => Boundaries.Start | Boundaries.End,
        KeywordMatch.Substring => Boundaries.None,
        KeywordMatch.Prefix => Boundaries.Start,
        _ => ByScript(text),
    };

    private static Boundaries ByScript(string text)
    {
        var first = TextUnits.Kind(TextUnits.Normalized[text[0]]);
        var last = TextUnits.Kind(TextUnits.Normalized[LastUnit(text)]);
        return (first is UnitKind.Letter or UnitKind.Hangul ? Boundaries.Start : Boundaries.None)
            | (last is UnitKind.Letter ? Boundaries.End
                : last is UnitKind.Hangul ? Boundaries.End | Boundaries.Particle
                : Boundaries.None);
    }

    /// <summary>The last unit that is no mark.</summary>
    private static char LastUnit(string text)
    {
        var index = text.Length - 1;
        while (index > 0 && TextUnits.Kind(TextUnits.Normalized[text[index]]) == UnitKind.Ignored)
        {
            index--;
        }

        return text[index];
    }
}
