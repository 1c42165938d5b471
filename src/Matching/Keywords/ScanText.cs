using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FederationNode.Protocol.Text;

namespace FederationNode.Matching.Keywords;

/// <summary>A text with the words of its units: as it came, or in view V1.</summary>
internal readonly ref struct ScanText(ReadOnlySpan<char> units, bool isNormalized)
{
    private readonly ReadOnlySpan<uint> _words = isNormalized ? TextUnits.Normalized : TextUnits.Raw;

    /// <summary>The text.</summary>
    public ReadOnlySpan<char> Units { get; } = units;

    /// <summary>Whether it is in view V1.</summary>
    public bool IsNormalized { get; } = isNormalized;

    /// <summary>Length in UTF-16 units.</summary>
    public int Length => Units.Length;

    /// <summary>
    /// The word at an index, never of kind <see cref="UnitKind.Surrogate"/>, and how many units it speaks of. Half a
    /// pair reads as a separator.
    /// </summary>
    public uint WordAt(int index, out int width)
    {
        width = 1;
        var word = _words[Units[index]];
        if (TextUnits.Kind(word) != UnitKind.Surrogate)
        {
            return word;
        }

        if (char.IsHighSurrogate(Units[index]) && index + 1 < Units.Length && char.IsLowSurrogate(Units[index + 1]))
        {
            width = 2;
            return TextUnits.OfSupplementary(char.ConvertToUtf32(Units[index], Units[index + 1]), IsNormalized);
        }

        return (uint)UnitKind.Separator;
    }

    /// <summary>The word of the unit at an index, whatever it is.</summary>
    public uint RawWordAt(int index) => Unsafe.Add(ref MemoryMarshal.GetReference(_words), Units[index]);

    /// <summary>The word of the unit at an index; a space at the end.</summary>
    public uint WordOrEnd(int index) => (uint)index < (uint)Units.Length ? RawWordAt(index) : (uint)UnitKind.Space;

    /// <summary>The kind at an index.</summary>
    public UnitKind KindAt(int index, out int width) => TextUnits.Kind(WordAt(index, out width));

    /// <summary>The kind of what stands before an index, ignored units left out; a separator at the beginning.</summary>
    public UnitKind KindBefore(int index, out int at)
    {
        at = index;
        while (at > 0)
        {
            at--;
            if (at > 0 && char.IsLowSurrogate(Units[at]) && char.IsHighSurrogate(Units[at - 1]))
            {
                at--;
            }

            var kind = KindAt(at, out _);
            if (kind != UnitKind.Ignored)
            {
                return kind;
            }
        }

        return UnitKind.Separator;
    }

    /// <summary>The kind of what stands at or behind an index, ignored units left out; a separator at the end.</summary>
    public UnitKind KindFrom(int index, out int at)
    {
        at = index;
        while (at < Units.Length)
        {
            var kind = KindAt(at, out var width);
            if (kind != UnitKind.Ignored)
            {
                return kind;
            }

            at += width;
        }

        return UnitKind.Separator;
    }

    /// <summary>
    /// Whether a symbol may be a letter of a word: one follows, or one goes before and it does not end a sentence.
    /// </summary>
    public bool IsInWord(int index) =>
        (index + 1 < Units.Length && KindAt(index + 1, out _) == UnitKind.Letter)
        || (index > 0 && Units[index] is not ('!' or '\uFF01') && KindAt(index - 1, out _) == UnitKind.Letter);

    /// <summary>The index behind separators, spaces and ignored units.</summary>
    public int SkipGap(int index)
    {
        while (index < Units.Length && KindAt(index, out var width) is UnitKind.Separator or UnitKind.Space or UnitKind.Ignored)
        {
            index += width;
        }

        return index;
    }

    /// <summary>View V1 of the unit at an index, which is no half of a pair.</summary>
    public char FoldedAt(int index) => TextUnits.Folded[Units[index]];
}
