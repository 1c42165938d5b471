namespace FederationNode.Protocol.Text;

/// <summary>
/// What a code point maps to, in 32 bits. Bits 21-22 are the kind: 0 itself, 1 the code point in bits 0-20, 2 a text of
/// the pool with its offset in bits 0-15 and its length (UTF-16 units, may be 0) in bits 16-20. Bit 23 and
/// bits 24-31 belong to the table that the entry comes from.
/// </summary>
internal readonly struct Mapping(uint bits)
{
    private const uint OneCodePoint = 1;

    /// <summary>Whether the code point maps to itself.</summary>
    public bool IsIdentity => Kind == 0;

    /// <summary>Whether the code point maps to exactly one other.</summary>
    public bool IsSingle => Kind == OneCodePoint;

    /// <summary>Whether the code point maps to nothing: it disappears.</summary>
    public bool IsRemoval => Kind > OneCodePoint && TextLength == 0;

    /// <summary>The code point, of a single mapping.</summary>
    public int CodePoint => (int)(bits & 0x1FFFFF);

    /// <summary>
    /// Folding table: whether a unit of normalisation starts here, that is, whether nothing in this mapping combines
    /// with, or is reordered against, what stands before it.
    /// </summary>
    public bool StartsUnit => (bits & (1u << 23)) != 0;

    /// <summary>Canonical table: the canonical combining class, 0 for a starter.</summary>
    public uint CombiningClass => bits >> 24;

    /// <summary>The text, of a mapping that is neither identity nor single.</summary>
    public ReadOnlySpan<char> Text => TextTables.Pool.AsSpan((int)(bits & 0xFFFF), TextLength);

    private uint Kind => (bits >> 21) & 3;

    private int TextLength => (int)((bits >> 16) & 31);
}
