using System.Buffers.Binary;

namespace FederationNode.Protocol.Text;

/// <summary>
/// The pinned tables of <c>wlnorm/1</c> and of word breaking (Unicode 15.0, OpenCC), read once from the resource that
/// build/TableGenerator writes; TextTableBuilder there describes the layout.
/// </summary>
internal static class TextTables
{
    private static readonly ulong[] CompositionPairs;
    private static readonly int[] Composites;

    static TextTables()
    {
        var bytes = ReadResource();
        Hash = Hash256.Of(bytes);
        if (Hash.ToString() != TextTablesHash.Sha256)
        {
            throw new InvalidDataException(
                "TextTables.bin is not the file that TextTablesHash pins: run TableGenerator.");
        }

        var reader = new Reader(bytes.AsSpan(Wlnorm.Name.Length));
        Folding = reader.Trie(sizeof(uint));
        Canonical = reader.Trie(sizeof(uint));
        Casefold = reader.Trie(sizeof(uint));
        Classes = reader.Trie(sizeof(ushort));
        Pool = new char[reader.Int32()];
        foreach (ref var unit in Pool.AsSpan())
        {
            unit = (char)reader.UInt16();
        }

        CompositionPairs = new ulong[reader.Int32()];
        Composites = new int[CompositionPairs.Length];
        for (var index = 0; index < Composites.Length; index++)
        {
            CompositionPairs[index] = Pair(reader.Int32(), reader.Int32());
            Composites[index] = reader.Int32();
        }

        Lookalikes = reader.Trie(sizeof(uint));
    }

    /// <summary>SHA-256 of the tables' bytes.</summary>
    public static Hash256 Hash { get; }

    /// <summary>What a code point becomes when nothing combines with it, and the unit flag.</summary>
    public static CodePointTrie Folding { get; }

    /// <summary>Full canonical decomposition (Hangul syllables: identity) and canonical combining class.</summary>
    public static CodePointTrie Canonical { get; }

    /// <summary>NFKC_Casefold of a code point, canonically decomposed.</summary>
    public static CodePointTrie Casefold { get; }

    /// <summary>Bits 0-4 word break class, bit 5 pictograph, bit 6 letter, bits 8-11 script.</summary>
    public static CodePointTrie Classes { get; }

    /// <summary>Bit n: the code point may stand for the letter a + n.</summary>
    public static CodePointTrie Lookalikes { get; }

    /// <summary>The texts that mappings point into.</summary>
    public static char[] Pool { get; }

    /// <summary>The primary composite of two code points, or -1. Hangul is not in the table.</summary>
    public static int Composite(int first, int second)
    {
        var index = CompositionPairs.AsSpan().BinarySearch(Pair(first, second));
        return index < 0 ? -1 : Composites[index];
    }

    private static ulong Pair(int first, int second) => ((ulong)first << 32) | (uint)second;

    private static byte[] ReadResource()
    {
        using var stream = typeof(TextTables).Assembly.GetManifestResourceStream("TextTables.bin")
            ?? throw new InvalidDataException("The resource TextTables.bin is missing from the assembly.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public int Int32()
        {
            var value = BinaryPrimitives.ReadInt32LittleEndian(_rest);
            _rest = _rest[sizeof(int)..];
            return value;
        }

        public ushort UInt16()
        {
            var value = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
            _rest = _rest[sizeof(ushort)..];
            return value;
        }

        public CodePointTrie Trie(int width)
        {
            var blocks = new ushort[CodePointTrie.BlockCount];
            foreach (ref var block in blocks.AsSpan())
            {
                block = UInt16();
            }

            var values = new uint[Int32() << CodePointTrie.BlockShift];
            foreach (ref var value in values.AsSpan())
            {
                value = width == sizeof(ushort) ? UInt16() : UInt32();
            }

            return new CodePointTrie(blocks, values);
        }

        private uint UInt32()
        {
            var value = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
            _rest = _rest[sizeof(uint)..];
            return value;
        }
    }
}
