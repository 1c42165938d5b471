namespace FederationNode.Protocol.Text;

/// <summary>
/// The text normaliser <c>wlnorm/1</c>: what makes two spellings of a keyword the same bytes, on every machine. The
/// tables are pinned (Unicode 15.0, OpenCC TSCharacters) and compiled in; neither ICU nor a culture has a say.
/// <para>The canonical value of a text, in this order:</para>
/// <list type="number">
/// <item>A surrogate without its partner becomes U+FFFD.</item>
/// <item>View V0: toNFKC_Casefold(NFD(text)), Unicode 15.0 section 3.13: compatibility forms (full width, ligatures)
/// and case are folded, default-ignorable code points (zero-width ones, variation selectors, soft hyphen) removed, the
/// result is in NFC.</item>
/// <item>View V1: each traditional Chinese character becomes the first simplified one that OpenCC lists (followed to
/// the end where that is listed itself), each decimal digit (Nd) becomes the ASCII digit.</item>
/// <item>Each run of white space (White_Space) becomes one U+0020; none stays at either end.</item>
/// </list>
/// Normalising twice gives the same as normalising once.
/// </summary>
public static class Wlnorm
{
    /// <summary>The name of these rules in records and handshakes; other rules get another name.</summary>
    public const string Name = "wlnorm/1";

    /// <summary>SHA-256 of the tables: equal hashes mean equal results.</summary>
    public static Hash256 TableHash => TextTables.Hash;

    /// <summary>The canonical value of a text, which may be ill-formed; the value may be empty.</summary>
    public static string Normalize(ReadOnlySpan<char> text) => Load(text).Text.ToString();

    /// <summary>Like <see cref="Normalize"/>, and remembers where in the text every unit came from.</summary>
    public static NormalizedText NormalizeWithOffsets(ReadOnlySpan<char> text) => Load(text).ToNormalizedText();

    /// <summary>NFC without folding: the step that conformance tests can see.</summary>
    internal static string ToNfc(ReadOnlySpan<char> text)
    {
        var sequence = new CombiningSequence();
        for (var index = 0; index < text.Length;)
        {
            sequence.Append(Utf16.CodePointAt(text, index, out var width));
            index += width;
        }

        sequence.ToNfc();
        var result = new System.Text.StringBuilder();
        for (var index = 0; index < sequence.Count; index++)
        {
            result.Append(char.ConvertFromUtf32(sequence[index]));
        }

        return result.ToString();
    }

    private static NormalizationBuffer Load(ReadOnlySpan<char> text)
    {
        var buffer = new NormalizationBuffer();
        buffer.Load(text);
        return buffer;
    }
}
