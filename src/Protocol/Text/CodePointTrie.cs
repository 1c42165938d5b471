namespace FederationNode.Protocol.Text;

/// <summary>
/// One value for every code point 0..10FFFF, in blocks of 128 code points; equal blocks are stored once.
/// </summary>
internal sealed class CodePointTrie(ushort[] blocks, uint[] values)
{
    /// <summary>Code points a block covers, as a power of two.</summary>
    public const int BlockShift = 7;

    /// <summary>Number of block numbers: 0x110000 / 128.</summary>
    public const int BlockCount = 0x110000 >> BlockShift;

    private const int BlockMask = (1 << BlockShift) - 1;

    /// <summary>The value of <paramref name="codePoint"/> (0..10FFFF).</summary>
    public uint this[int codePoint] =>
        values[(blocks[codePoint >> BlockShift] << BlockShift) | (codePoint & BlockMask)];
}
