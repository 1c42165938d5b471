using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace FederationNode.Protocol;

/// <summary>
/// A 32-byte value made by SHA-256: a Merkle node, a commitment, an indicator id, a digest.
/// A value type, so it cannot be changed behind its owner's back and costs no allocation.
/// Ordered as unsigned bytes, first byte most significant.
/// </summary>
[InlineArray(Size)]
[SuppressMessage("Performance", "CA1815", Justification = "Equality is defined below over the whole span.")]
public struct Hash256 : IEquatable<Hash256>, IComparable<Hash256>
{
    /// <summary>Length in bytes: 32.</summary>
    public const int Size = 32;

    private byte _element0;

    /// <summary>Copies a hash out of <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> is not exactly 32 bytes long.</exception>
    public Hash256(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A hash has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }

        bytes.CopyTo(this);
    }

    /// <summary>The 32 bytes, without a copy.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Span => this;

    /// <summary>SHA-256 of <paramref name="data"/> (FIPS 180-4).</summary>
    public static Hash256 Of(ReadOnlySpan<byte> data)
    {
        Hash256 hash = default;
        SHA256.HashData(data, hash);
        return hash;
    }

    /// <summary>Copies the 32 bytes to the start of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than 32 bytes.</exception>
    public readonly void CopyTo(Span<byte> destination) => Span.CopyTo(destination);

    /// <summary>Copies the 32 bytes into a new array.</summary>
    public readonly byte[] ToArray() => Span.ToArray();

    /// <summary>Standard base64 (RFC 4648 section 4), 44 characters, as checkpoints write a root.</summary>
    public readonly string ToBase64() => Convert.ToBase64String(Span);

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override readonly string ToString() => Convert.ToHexStringLower(Span);

    /// <summary>Reads exactly 64 hexadecimal digits of either case.</summary>
    public static bool TryParseHex(ReadOnlySpan<char> text, out Hash256 hash)
    {
        hash = default;
        return text.Length == 2 * Size
            && Convert.FromHexString(text, hash, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == Size;
    }

    /// <summary>Reads exactly 64 lower-case hexadecimal digits: one hash has one text, so upper case is refused.</summary>
    public static bool TryParseLowerHex(ReadOnlySpan<char> text, out Hash256 hash)
    {
        hash = default;
        return !text.ContainsAnyInRange('A', 'F') && TryParseHex(text, out hash);
    }

    /// <summary>
    /// Reads the canonical standard base64 of 32 bytes: 44 characters, padded, no spaces, no stray bits.
    /// Two different texts never give the same hash.
    /// </summary>
    public static bool TryParseBase64(ReadOnlySpan<char> text, out Hash256 hash)
    {
        hash = default;
        if (text.Length != 44 || !Base64.IsValid(text, out var length) || length != Size
            || !Convert.TryFromBase64Chars(text, hash, out _))
        {
            return false;
        }

        Span<char> canonical = stackalloc char[44];
        return Convert.TryToBase64Chars(hash, canonical, out _) && text.SequenceEqual(canonical);
    }

    /// <inheritdoc/>
    public readonly bool Equals(Hash256 other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is Hash256 other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => BitConverter.ToInt32(Span);

    /// <inheritdoc/>
    public readonly int CompareTo(Hash256 other) => Span.SequenceCompareTo(other.Span);

    /// <summary>Whether the 32 bytes are the same.</summary>
    public static bool operator ==(Hash256 left, Hash256 right) => left.Equals(right);

    /// <summary>Whether the 32 bytes differ.</summary>
    public static bool operator !=(Hash256 left, Hash256 right) => !left.Equals(right);

    /// <summary>Whether <paramref name="left"/> sorts before <paramref name="right"/>.</summary>
    public static bool operator <(Hash256 left, Hash256 right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> sorts after <paramref name="right"/>.</summary>
    public static bool operator >(Hash256 left, Hash256 right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> does not sort after <paramref name="right"/>.</summary>
    public static bool operator <=(Hash256 left, Hash256 right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> does not sort before <paramref name="right"/>.</summary>
    public static bool operator >=(Hash256 left, Hash256 right) => left.CompareTo(right) >= 0;
}
