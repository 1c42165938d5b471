using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The wire form of a batch of group elements: their 32-byte encodings one after the other, in order, without a count.
/// </summary>
public static class VoprfBatch
{
    /// <summary>
    /// Most elements in one batch: 4,000, which is 128,000 bytes each way and well under a second of the holder's
    /// time. RFC 9497 section 2.2.1 itself numbers the elements with 16 bits.
    /// </summary>
    public const int MaxBatch = 4_000;

    /// <summary>
    /// Reads 1 to <see cref="MaxBatch"/> elements. The number is checked before anything is allocated, and every
    /// element as <see cref="RistrettoPoint.TryDecode"/> does; the error names the first bad one by its position.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes,
        [NotNullWhen(true)] out RistrettoPoint[]? elements,
        [NotNullWhen(false)] out string? error)
    {
        elements = null;
        if (bytes.Length % RistrettoPoint.Size != 0)
        {
            error = $"A batch is a multiple of {RistrettoPoint.Size} bytes long, not {bytes.Length}.";
            return false;
        }

        if (!IsAllowedCount(bytes.Length / RistrettoPoint.Size, out error))
        {
            return false;
        }

        var decoded = new RistrettoPoint[bytes.Length / RistrettoPoint.Size];
        for (var i = 0; i < decoded.Length; i++)
        {
            var encoding = bytes.Slice(i * RistrettoPoint.Size, RistrettoPoint.Size);
            if (!RistrettoPoint.TryDecode(encoding, out decoded[i], out var reason))
            {
                error = $"Element {i}: {reason}";
                return false;
            }
        }

        elements = decoded;
        error = null;
        return true;
    }

    /// <summary>The encodings of <paramref name="elements"/> one after the other.</summary>
    /// <exception cref="ArgumentException">Not 1 to <see cref="MaxBatch"/> elements.</exception>
    public static byte[] Encode(ReadOnlySpan<RistrettoPoint> elements)
    {
        RequireAllowedCount(elements.Length);
        var bytes = new byte[elements.Length * RistrettoPoint.Size];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i].Span.CopyTo(bytes.AsSpan(i * RistrettoPoint.Size));
        }

        return bytes;
    }

    internal static bool IsAllowedCount(int count, [NotNullWhen(false)] out string? error)
    {
        error = count is >= 1 and <= MaxBatch
            ? null
            : $"A batch has 1 to {MaxBatch} elements, not {count}: split it.";
        return error is null;
    }

    internal static void RequireAllowedCount(int count)
    {
        if (!IsAllowedCount(count, out var error))
        {
            throw new ArgumentException(error);
        }
    }
}
