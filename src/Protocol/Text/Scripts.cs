namespace FederationNode.Protocol.Text;

/// <summary>Script of a code point, from the pinned tables: letters, marks and letter-like numbers have one.</summary>
public static class Scripts
{
    private const uint Letter = 1u << 6;
    private const int ScriptShift = 8;

    /// <summary>The script of <paramref name="codePoint"/> (0..10FFFF).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codePoint"/> is not a code point.</exception>
    public static Script Of(int codePoint) => (Script)(Class(codePoint) >> ScriptShift);

    /// <summary>
    /// Whether <paramref name="codePoint"/> (0..10FFFF) belongs to a script that is written without spaces between
    /// words, so that word boundaries of UAX #29 say nothing: a keyword is then looked for anywhere.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codePoint"/> is not a code point.</exception>
    public static bool IsWrittenWithoutSpaces(int codePoint) => Of(codePoint) is not (Script.Other or Script.Hangul);

    /// <summary>Whether <paramref name="codePoint"/> (0..10FFFF) is a letter (general category L*).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codePoint"/> is not a code point.</exception>
    public static bool IsLetter(int codePoint) => (Class(codePoint) & Letter) != 0;

    private static uint Class(int codePoint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(codePoint);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(codePoint, 0x10FFFF);
        return TextTables.Classes[codePoint];
    }
}
