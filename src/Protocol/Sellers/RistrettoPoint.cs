using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// An element of the prime-order group ristretto255 (RFC 9496), held as its one canonical encoding of 32 bytes.
/// A value from <see cref="TryDecode"/> is valid and not the identity. The identity can only be the default value or
/// the result of <see cref="Add"/> and <see cref="Subtract"/>; whatever takes a point from others refuses it.
/// </summary>
public readonly struct RistrettoPoint : IEquatable<RistrettoPoint>
{
    /// <summary>Length of the encoding in bytes: 32.</summary>
    public const int Size = 32;

    /// <summary>Length in bytes of the input of <see cref="FromUniformBytes"/>: 64.</summary>
    public const int UniformSize = 64;

    private readonly Bytes32 _bytes;

    private RistrettoPoint(in Bytes32 bytes) => _bytes = bytes;

    /// <summary>The canonical encoding, without a copy.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>Whether this is the identity (all bytes zero), which nobody may send.</summary>
    public bool IsIdentity => !Span.ContainsAnyExcept((byte)0);

    [UnscopedRef]
    private ref readonly byte First => ref MemoryMarshal.GetReference(Span);

    /// <summary>
    /// Reads an encoding from anywhere: exactly 32 bytes, canonical, on the group (RFC 9496 section 4.3.1) and, as
    /// RFC 9497 section 2.1 asks of every received element, not the identity.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, out RistrettoPoint point, [NotNullWhen(false)] out string? error)
    {
        point = default;
        if (bytes.Length != Size)
        {
            error = $"A group element has {Size} bytes, not {bytes.Length}.";
            return false;
        }

        if (SodiumNative.IsValidPoint(in bytes[0]) != 1)
        {
            error = "The bytes are not the canonical encoding of a ristretto255 element.";
            return false;
        }

        if (!bytes.ContainsAnyExcept((byte)0))
        {
            error = "The element is the identity, which no honest party sends.";
            return false;
        }

        Bytes32 copy = default;
        bytes.CopyTo(copy);
        point = new RistrettoPoint(in copy);
        error = null;
        return true;
    }

    /// <summary>
    /// Takes 32 bytes as a point without checking them. For encodings whose next use is <see cref="TryMultiply"/>, which
    /// refuses whatever <see cref="TryDecode"/> refuses: so the square root that decodes a point is not taken twice.
    /// Nothing else may be done with the value before that.
    /// </summary>
    internal static bool TryReadUnchecked(ReadOnlySpan<byte> bytes, out RistrettoPoint point)
    {
        point = default;
        if (bytes.Length != Size)
        {
            return false;
        }

        Bytes32 copy = default;
        bytes.CopyTo(copy);
        point = new RistrettoPoint(in copy);
        return true;
    }

    /// <summary>
    /// Maps 64 uniformly distributed bytes to the group (RFC 9496 section 4.3.4); nobody knows the discrete logarithm
    /// of the result.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="uniform"/> is not exactly 64 bytes long.</exception>
    public static RistrettoPoint FromUniformBytes(ReadOnlySpan<byte> uniform)
    {
        if (uniform.Length != UniformSize)
        {
            throw new ArgumentException($"The map takes {UniformSize} bytes, not {uniform.Length}.", nameof(uniform));
        }

        Bytes32 result = default;
        Require(SodiumNative.FromHash(ref result[0], in uniform[0]));
        return new RistrettoPoint(in result);
    }

    /// <summary><paramref name="left"/> + <paramref name="right"/>, which may be the identity.</summary>
    public static RistrettoPoint Add(in RistrettoPoint left, in RistrettoPoint right)
    {
        Bytes32 result = default;
        Require(SodiumNative.Add(ref result[0], in left.First, in right.First));
        return new RistrettoPoint(in result);
    }

    /// <summary><paramref name="left"/> - <paramref name="right"/>, which may be the identity.</summary>
    public static RistrettoPoint Subtract(in RistrettoPoint left, in RistrettoPoint right)
    {
        Bytes32 result = default;
        Require(SodiumNative.Subtract(ref result[0], in left.First, in right.First));
        return new RistrettoPoint(in result);
    }

    /// <summary>
    /// <paramref name="scalar"/> times <paramref name="point"/>, in time that does not depend on the scalar.
    /// False if the product is the identity, that is if either factor is zero (or the point was taken unchecked and is none).
    /// </summary>
    public static bool TryMultiply(in RistrettoScalar scalar, in RistrettoPoint point, out RistrettoPoint product)
    {
        Bytes32 result = default;
        var ok = SodiumNative.Multiply(ref result[0], in scalar.First, in point.First) == 0;
        product = ok ? new RistrettoPoint(in result) : default;
        return ok;
    }

    /// <summary><paramref name="scalar"/> times <paramref name="point"/>, in constant time.</summary>
    /// <exception cref="ArgumentException">The scalar is zero or the point the identity.</exception>
    public static RistrettoPoint Multiply(in RistrettoScalar scalar, in RistrettoPoint point) =>
        TryMultiply(in scalar, in point, out var product)
            ? product
            : throw new ArgumentException("The scalar is zero or the point is the identity.", nameof(scalar));

    /// <summary>
    /// <paramref name="scalar"/> times the generator of RFC 9496 section 4.4.2, in constant time. False for zero.
    /// </summary>
    public static bool TryMultiplyBase(in RistrettoScalar scalar, out RistrettoPoint product)
    {
        Bytes32 result = default;
        var ok = SodiumNative.MultiplyBase(ref result[0], in scalar.First) == 0;
        product = ok ? new RistrettoPoint(in result) : default;
        return ok;
    }

    /// <summary><paramref name="scalar"/> times the generator, in constant time.</summary>
    /// <exception cref="ArgumentException">The scalar is zero.</exception>
    public static RistrettoPoint MultiplyBase(in RistrettoScalar scalar) =>
        TryMultiplyBase(in scalar, out var product)
            ? product
            : throw new ArgumentException("The scalar is zero.", nameof(scalar));

    /// <summary>Copies the canonical encoding into a new array.</summary>
    public byte[] ToArray() => Span.ToArray();

    /// <inheritdoc/>
    public bool Equals(RistrettoPoint other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RistrettoPoint other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => BitConverter.ToInt32(Span);

    /// <summary>The encoding as 64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(Span);

    /// <summary>Whether both are the same element.</summary>
    public static bool operator ==(RistrettoPoint left, RistrettoPoint right) => left.Equals(right);

    /// <summary>Whether the elements differ.</summary>
    public static bool operator !=(RistrettoPoint left, RistrettoPoint right) => !left.Equals(right);

    // A point cannot hold an invalid encoding, so a refusal here is a defect of the library, not of its input.
    private static void Require(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException("libsodium refused a valid ristretto255 element.");
        }
    }
}
