using System.Runtime.InteropServices;

namespace FederationNode.TableGenerator;

/// <summary>
/// A table with one value for every code point, in blocks of 128: equal blocks are stored once.
/// Layout, little-endian: 8,704 block numbers (u16), the number of blocks (i32), the blocks' values.
/// </summary>
internal static class TrieWriter
{
    private const int BlockSize = 128;

    /// <summary>Writes <paramref name="values"/> (0x110000 of them), each in <paramref name="width"/> bytes.</summary>
    public static void Write(BinaryWriter output, uint[] values, int width)
    {
        var numbers = new Dictionary<string, ushort>(StringComparer.Ordinal);
        var blocks = new List<uint[]>();
        foreach (var block in values.Chunk(BlockSize))
        {
            var key = Convert.ToHexString(MemoryMarshal.AsBytes<uint>(block));
            if (!numbers.TryGetValue(key, out var number))
            {
                number = checked((ushort)blocks.Count);
                numbers.Add(key, number);
                blocks.Add(block);
            }

            output.Write(number);
        }

        output.Write(blocks.Count);
        foreach (var value in blocks.SelectMany(block => block))
        {
            WriteValue(output, value, width);
        }
    }

    private static void WriteValue(BinaryWriter output, uint value, int width)
    {
        if (width == sizeof(ushort))
        {
            output.Write(checked((ushort)value));
        }
        else
        {
            output.Write(value);
        }
    }
}
