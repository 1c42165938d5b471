using System.Runtime.CompilerServices;

namespace FederationNode.Matching.Images;

/// <summary>
/// How a hash is cut for searching: 16 words of 16 bits, each with a partner. Two hashes that differ in at most 31 bits
/// differ in at most 3 bits in one of the 8 pairs (31 / 8 rounded down), and so in at most one bit in one of its words.
/// Word and partner are rows of frequencies far from each other, since neighbours are alike in many pictures.
/// </summary>
internal static class PdqWords
{
    /// <summary>Words in a hash: 16.</summary>
    public const int Count = 16;

    /// <summary>Bits in a word: 16.</summary>
    public const int Bits = 16;

    /// <summary>The largest distance at which every match has such a pair: 31.</summary>
    public const int MaxDistance = PairBudget * Count / 2 + Count / 2 - 1;

    /// <summary>The largest distance in a pair that counts: 3.</summary>
    public const int PairBudget = 3;

    /// <summary>The largest distance in a word that counts: 1.</summary>
    public const int WordBudget = 1;

    /// <summary>The other word of the pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Partner(int word) => word ^ (Count / 2);

    /// <summary>
    /// The lowest word in which the two are near and whose pair is near too, or -1. A match is met in every such word
    /// and counted only for this one.
    /// </summary>
    public static int FirstNear(in PdqHash a, in PdqHash b)
    {
        for (var word = 0; word < Count; word++)
        {
            var distance = Distance(a, b, word);
            if (distance <= WordBudget && distance + Distance(a, b, Partner(word)) <= PairBudget)
            {
                return word;
            }
        }

        return -1;
    }

    private static int Distance(in PdqHash a, in PdqHash b, int word) =>
        ushort.PopCount((ushort)(a.Word(word) ^ b.Word(word)));
}
