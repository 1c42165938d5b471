using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>Korean writes particles without a space behind a noun: with one of these, and no more, it is still the noun.</summary>
internal static class KoreanParticles
{
    private static readonly string[] All =
    [
        "은", "는", "이", "가", "을", "를", "의", "에", "에서", "에게", "도", "로", "으로", "와", "과", "랑", "이랑",
        "만", "부터", "까지", "처럼", "보다", "입니다", "이에요", "예요",
    ];

    /// <summary>Whether a particle, and then a word boundary, stands at an index.</summary>
    public static bool StandsAt(ScanText text, int index)
    {
        Span<char> rest = stackalloc char[4];
        var length = 0;
        while (text.KindFrom(index, out var at) == UnitKind.Hangul)
        {
            if (length == rest.Length)
            {
                return false;
            }

            rest[length++] = text.FoldedAt(at);
            index = at + 1;
        }

        foreach (var particle in All)
        {
            if (rest[..length].SequenceEqual(particle))
            {
                return true;
            }
        }

        return false;
    }
}
