using System.Text;

namespace FederationNode.TableGenerator;

/// <summary>
/// Encodes what a code point maps to in 23 bits: kind (bits 21-22; 0 itself, 1 one code point, 2 a text) and payload
/// (bits 0-20; the code point, or the offset in this pool in bits 0-15 and the length in UTF-16 units in bits 16-20).
/// </summary>
internal sealed class MappingPool
{
    private const uint OneCodePoint = 1u << 21;
    private const uint Text = 2u << 21;
    private readonly Dictionary<string, uint> _offsets = new(StringComparer.Ordinal);
    private readonly StringBuilder _units = new();

    /// <summary>All texts behind one another.</summary>
    public string Units => _units.ToString();

    /// <summary>The entry for a code point and its mapping.</summary>
    public uint Encode(int codePoint, int[] mapping)
    {
        if (mapping is [var single])
        {
            return single == codePoint ? 0 : OneCodePoint | (uint)single;
        }

        var text = string.Concat(mapping.Select(char.ConvertFromUtf32));
        if (!_offsets.TryGetValue(text, out var offset))
        {
            offset = (uint)_units.Length;
            _offsets.Add(text, offset);
            _units.Append(text);
        }

        return offset < 1u << 16 && text.Length < 32
            ? Text | offset | ((uint)text.Length << 16)
            : throw new InvalidDataException($"The mapping of U+{codePoint:X4} does not fit the table.");
    }
}
