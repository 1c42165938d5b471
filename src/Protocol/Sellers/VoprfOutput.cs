using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The 64-byte output of the function for one input (RFC 9497 section 3.3.1, Finalize). A tag is its first half.
/// </summary>
public readonly struct VoprfOutput : IEquatable<VoprfOutput>
{
    /// <summary>Length in bytes: 64.</summary>
    public const int Size = SHA512.HashSizeInBytes;

    private readonly Bytes64 _bytes;

    private VoprfOutput(in Bytes64 bytes) => _bytes = bytes;

    /// <summary>The 64 bytes, without a copy.</summary>
    [UnscopedRef]
    public ReadOnlySpan<byte> Span => _bytes;

    /// <inheritdoc/>
    public bool Equals(VoprfOutput other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is VoprfOutput other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => BitConverter.ToInt32(Span);

    /// <summary>Whether the 64 bytes are the same.</summary>
    public static bool operator ==(VoprfOutput left, VoprfOutput right) => left.Equals(right);

    /// <summary>Whether the 64 bytes differ.</summary>
    public static bool operator !=(VoprfOutput left, VoprfOutput right) => !left.Equals(right);

    /// <summary>
    /// <c>SHA-512(I2OSP(len(input), 2) || input || I2OSP(32, 2) || element || "Finalize")</c>.
    /// </summary>
    internal static VoprfOutput Of(ReadOnlySpan<byte> input, in RistrettoPoint unblinded)
    {
        // Holds the raw identifier: pinned if on the heap, erased in any case.
        var size = (2 * sizeof(ushort)) + input.Length + RistrettoPoint.Size + "Finalize"u8.Length;
        Span<byte> buffer = size <= 512 ? stackalloc byte[512] : GC.AllocateArray<byte>(size, pinned: true);
        var transcript = new Transcript(buffer);
        transcript.Field(input);
        transcript.Field(unblinded.Span);
        transcript.Bytes("Finalize"u8);

        Bytes64 output = default;
        SHA512.HashData(transcript.Written, output);
        CryptographicOperations.ZeroMemory(buffer);
        return new VoprfOutput(in output);
    }

    [InlineArray(Size)]
    [SuppressMessage("Performance", "CA1815", Justification = "Storage only: the type around it defines equality.")]
    private struct Bytes64
    {
        private byte _element0;
    }
}
