using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FederationNode.Matching.Images;

/// <summary>
/// A PDQ perceptual hash: 256 bits, one for each of the 16 x 16 lowest frequencies of an image.
/// Bit <c>16 i + j</c> tells whether the coefficient of row i, column j is above the median.
/// Written, in text and in bytes, with bit 255 first, as PDQ prints it (16-bit words w[15] to w[0]).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct PdqHash : IEquatable<PdqHash>
{
    /// <summary>Length in bytes: 32.</summary>
    public const int Size = 32;

    /// <summary>Length in bits: 256.</summary>
    public const int Bits = 256;

    /// <summary>Length of the text form in characters: 64.</summary>
    public const int TextLength = 2 * Size;

    private const int BitsPerPart = 64;

    private const int WordCount = 16;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly ulong _part0;
    private readonly ulong _part1;
    private readonly ulong _part2;
    private readonly ulong _part3;

    /// <summary>Makes a hash out of four times 64 bits.</summary>
    /// <param name="part0">Bits 0 (lowest) to 63.</param>
    /// <param name="part1">Bits 64 to 127.</param>
    /// <param name="part2">Bits 128 to 191.</param>
    /// <param name="part3">Bits 192 to 255 (highest).</param>
    public PdqHash(ulong part0, ulong part1, ulong part2, ulong part3)
    {
        _part0 = part0;
        _part1 = part1;
        _part2 = part2;
        _part3 = part3;
    }

    /// <summary>Reads a hash from 32 bytes, bit 255 first: the bytes that the text form spells.</summary>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> is not exactly 32 bytes long.</exception>
    public PdqHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A PDQ hash has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _part3 = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _part2 = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _part1 = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _part0 = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>
    /// Reads exactly 64 lower-case hexadecimal digits. Upper case is refused, so that one hash has one text form
    /// and every member derives the same indicator id from it.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<char> text, out PdqHash hash, [NotNullWhen(false)] out string? error)
    {
        hash = default;
        if (text.Length != TextLength)
        {
            error = $"A PDQ hash is {TextLength} hexadecimal digits, but this text has {text.Length} characters.";
            return false;
        }

        var invalid = text.IndexOfAnyExcept(Digits);
        if (invalid >= 0)
        {
            error = text[invalid] is >= 'A' and <= 'F'
                ? $"A PDQ hash is written in lower case, but character {invalid + 1} is upper case: lower-case it."
                : $"A PDQ hash holds only the digits 0-9 and a-f, but character {invalid + 1} is none of them.";
            return false;
        }

        Span<byte> bytes = stackalloc byte[Size];
        _ = Convert.FromHexString(text, bytes, out _, out _);
        hash = new PdqHash(bytes);
        error = null;
        return true;
    }

    /// <summary>The number of bits, 0 to 256, in which the two hashes differ (Hamming distance).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Distance(in PdqHash other) =>
        BitOperations.PopCount(_part0 ^ other._part0) + BitOperations.PopCount(_part1 ^ other._part1)
        + BitOperations.PopCount(_part2 ^ other._part2) + BitOperations.PopCount(_part3 ^ other._part3);

    /// <summary>
    /// Whether the distance is at most <paramref name="maxDistance"/>. For unrelated hashes half of the bits
    /// usually settle it, which makes a scan over many hashes faster than <see cref="Distance"/>.
    /// </summary>
    /// <param name="other">The hash to compare with.</param>
    /// <param name="maxDistance">The largest distance that counts, in bits.</param>
    /// <param name="distance">The exact distance when true; otherwise meaningless.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsWithin(in PdqHash other, int maxDistance, out int distance)
    {
        distance = BitOperations.PopCount(_part0 ^ other._part0) + BitOperations.PopCount(_part1 ^ other._part1);
        if (distance > maxDistance)
        {
            return false;
        }

        distance += BitOperations.PopCount(_part2 ^ other._part2) + BitOperations.PopCount(_part3 ^ other._part3);
        return distance <= maxDistance;
    }

    /// <summary>The 16-bit word w[<paramref name="index"/>], index 0 to 15: bits 16 index to 16 index + 15.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is not 0 to 15.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ushort Word(int index)
    {
        if ((uint)index >= WordCount)
        {
            ThrowNoWord(index);
        }

        // The four parts follow one another; a switch over them costs more than all else where hashes are sorted.
        ref var parts = ref Unsafe.AsRef(in _part0);
        return (ushort)(Unsafe.Add(ref parts, index >> 2) >> (16 * (index & 3)));
    }

    /// <summary>This hash with bit <paramref name="bit"/> (0 to 255) inverted.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bit"/> is not 0 to 255.</exception>
    public PdqHash WithBitFlipped(int bit)
    {
        var flip = 1ul << (bit % BitsPerPart);
        return (bit / BitsPerPart) switch
        {
            0 when bit >= 0 => new PdqHash(_part0 ^ flip, _part1, _part2, _part3),
            1 => new PdqHash(_part0, _part1 ^ flip, _part2, _part3),
            2 => new PdqHash(_part0, _part1, _part2 ^ flip, _part3),
            3 => new PdqHash(_part0, _part1, _part2, _part3 ^ flip),
            _ => throw new ArgumentOutOfRangeException(nameof(bit), bit, "A PDQ hash has bits 0 to 255."),
        };
    }

    /// <summary>Writes the 32 bytes, bit 255 first.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than 32 bytes.</exception>
    public void CopyTo(Span<byte> destination)
    {
        if (destination.Length < Size)
        {
            throw new ArgumentException($"A PDQ hash needs room for {Size} bytes.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination, _part3);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _part2);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _part1);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _part0);
    }

    /// <summary>64 lower-case hexadecimal digits, bit 255 first.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <inheritdoc/>
    public bool Equals(PdqHash other) =>
        _part0 == other._part0 && _part1 == other._part1 && _part2 == other._part2 && _part3 == other._part3;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PdqHash other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_part0, _part1, _part2, _part3);

    /// <summary>Whether all 256 bits are the same.</summary>
    public static bool operator ==(PdqHash left, PdqHash right) => left.Equals(right);

    /// <summary>Whether any of the 256 bits differs.</summary>
    public static bool operator !=(PdqHash left, PdqHash right) => !left.Equals(right);

    [DoesNotReturn]
    private static void ThrowNoWord(int index) =>
        throw new ArgumentOutOfRangeException(nameof(index), index, "A PDQ hash has words 0 to 15.");
}
