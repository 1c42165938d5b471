using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// An integer modulo the order L = 2^252 + 27742317777372353535851937790883648493 of the ristretto255 group
/// (RFC 9496 section 4.4). Always reduced. The default value is zero.
/// A scalar may be a secret: it is passed by reference, compared in constant time, never printed, and its owner
/// calls <see cref="Erase"/> when done. Copies of the value are the copier's to erase.
/// </summary>
public struct RistrettoScalar : IEquatable<RistrettoScalar>
{
    /// <summary>Length of the encoding in bytes, little-endian: 32.</summary>
    public const int Size = 32;

    /// <summary>Length in bytes of the input of <see cref="Reduce"/>: 64.</summary>
    public const int WideSize = 64;

    private Bytes32 _bytes;

    private static ReadOnlySpan<byte> Order =>
    [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    /// <summary>Whether this is zero, which is no key, no blind and has no inverse.</summary>
    public readonly bool IsZero => Equals(default);

    /// <summary>The 32 bytes, little-endian, without a copy: as secret as the scalar itself.</summary>
    [UnscopedRef]
    internal readonly ReadOnlySpan<byte> Span => _bytes;

    /// <summary>The first byte, for the native calls, which read 32 from there.</summary>
    [UnscopedRef]
    internal readonly ref readonly byte First => ref MemoryMarshal.GetReference(Span);

    /// <summary>
    /// Reads the canonical encoding: exactly 32 bytes, little-endian, below L. Zero is a scalar; who needs a key or
    /// a blind also asks <see cref="IsZero"/>.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, out RistrettoScalar scalar, [NotNullWhen(false)] out string? error)
    {
        scalar = default;
        if (bytes.Length != Size)
        {
            error = $"A scalar has {Size} bytes, not {bytes.Length}.";
            return false;
        }

        if (!IsBelowOrder(bytes))
        {
            error = "The scalar is not below the group order: it must be reduced before it is encoded.";
            return false;
        }

        bytes.CopyTo(scalar._bytes);
        error = null;
        return true;
    }

    /// <summary>
    /// Reduces 64 uniformly random bytes (little-endian) modulo L, which gives a scalar without measurable bias.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="wide"/> is not exactly 64 bytes long.</exception>
    public static RistrettoScalar Reduce(ReadOnlySpan<byte> wide)
    {
        if (wide.Length != WideSize)
        {
            throw new ArgumentException($"Reduction takes {WideSize} bytes, not {wide.Length}.", nameof(wide));
        }

        RistrettoScalar scalar = default;
        SodiumNative.ScalarReduce(ref scalar._bytes[0], in wide[0]);
        return scalar;
    }

    /// <summary>The scalar with the value <paramref name="value"/>: a share's number, a coefficient.</summary>
    public static RistrettoScalar FromUInt64(ulong value)
    {
        RistrettoScalar scalar = default;
        BinaryPrimitives.WriteUInt64LittleEndian(scalar._bytes, value);
        return scalar;
    }

    /// <summary><paramref name="left"/> + <paramref name="right"/> modulo L.</summary>
    public static RistrettoScalar Add(in RistrettoScalar left, in RistrettoScalar right)
    {
        RistrettoScalar sum = default;
        SodiumNative.ScalarAdd(ref sum._bytes[0], in left.First, in right.First);
        return sum;
    }

    /// <summary><paramref name="left"/> - <paramref name="right"/> modulo L.</summary>
    public static RistrettoScalar Subtract(in RistrettoScalar left, in RistrettoScalar right)
    {
        RistrettoScalar difference = default;
        SodiumNative.ScalarSubtract(ref difference._bytes[0], in left.First, in right.First);
        return difference;
    }

    /// <summary><paramref name="left"/> times <paramref name="right"/> modulo L.</summary>
    public static RistrettoScalar Multiply(in RistrettoScalar left, in RistrettoScalar right)
    {
        RistrettoScalar product = default;
        SodiumNative.ScalarMultiply(ref product._bytes[0], in left.First, in right.First);
        return product;
    }

    /// <summary>The scalar that times <paramref name="scalar"/> gives one modulo L.</summary>
    /// <exception cref="ArgumentException"><paramref name="scalar"/> is zero.</exception>
    public static RistrettoScalar Invert(in RistrettoScalar scalar)
    {
        RistrettoScalar inverse = default;
        return SodiumNative.ScalarInvert(ref inverse._bytes[0], in scalar.First) == 0
            ? inverse
            : throw new ArgumentException("Zero has no inverse.", nameof(scalar));
    }

    /// <summary>Copies the canonical encoding into a new array. Of a secret: the caller erases it.</summary>
    public readonly byte[] ToArray() => Span.ToArray();

    /// <summary>Overwrites this value with zero.</summary>
    public void Erase() => CryptographicOperations.ZeroMemory(_bytes);

    /// <summary>Whether both are the same number, in constant time.</summary>
    public readonly bool Equals(RistrettoScalar other) => CryptographicOperations.FixedTimeEquals(Span, other.Span);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is RistrettoScalar other && Equals(other);

    /// <summary>The same for every scalar: a hash code of a secret would be a leak.</summary>
    public override readonly int GetHashCode() => 0;

    /// <summary>Never the value, which may be a secret.</summary>
    public override readonly string ToString() => "(scalar)";

    /// <summary>Whether both are the same number, in constant time.</summary>
    public static bool operator ==(RistrettoScalar left, RistrettoScalar right) => left.Equals(right);

    /// <summary>Whether the numbers differ, in constant time.</summary>
    public static bool operator !=(RistrettoScalar left, RistrettoScalar right) => !left.Equals(right);

    // Subtracts with borrow over all 32 bytes, so that the time does not depend on a secret.
    private static bool IsBelowOrder(ReadOnlySpan<byte> bytes)
    {
        var borrow = 0;
        for (var i = 0; i < Size; i++)
        {
            borrow = ((bytes[i] - Order[i] - borrow) >> 8) & 1;
        }

        return borrow == 1;
    }
}
