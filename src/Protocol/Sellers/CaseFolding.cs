using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Text;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// toNFKC_Casefold (Unicode 15.0 section 3.13) by the pinned tables of <see cref="Wlnorm"/>: the same on every machine.
/// Nothing more of <c>wlnorm/1</c>: traditional and simplified characters, digits of different scripts and lookalikes
/// stay apart, because two account names that differ in them may be two people.
/// </summary>
internal static class CaseFolding
{
    /// <summary>The folded code points; false where the text has half a character (a lone surrogate).</summary>
    internal static bool TryFold(ReadOnlySpan<char> text, [NotNullWhen(true)] out int[]? folded)
    {
        folded = null;
        var sequence = new CombiningSequence();
        for (var index = 0; index < text.Length;)
        {
            var codePoint = Utf16.CodePointAt(text, index, out var width);
            if (width == 1 && char.IsSurrogate(text[index]))
            {
                return false;
            }

            sequence.Append(codePoint);
            index += width;
        }

        sequence.ToNfkcCasefold();
        folded = new int[sequence.Count];
        for (var index = 0; index < folded.Length; index++)
        {
            folded[index] = sequence[index];
        }

        return true;
    }
}
