using System.Security.Cryptography;
using System.Text;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// What the mode fixes of the suite ristretto255-SHA512 (RFC 9497 sections 3.1 and 4.1): the domain-separation tags
/// and the two hash functions that use them.
/// </summary>
internal sealed class OprfSuite
{
    private const int HashSize = SHA512.HashSizeInBytes;

    // RFC 9380 section 5.3.1: the block size of SHA-512, and the one-byte length that ends DST_prime.
    private const int BlockSize = 128;
    private const int StackLimit = 1024;

    private static readonly OprfSuite BaseSuite = new(OprfMode.Base);
    private static readonly OprfSuite VerifiableSuite = new(OprfMode.Verifiable);

    private readonly byte[] _hashToGroup;
    private readonly byte[] _hashToScalar;
    private readonly byte[] _deriveKeyPair;

    private OprfSuite(OprfMode mode)
    {
        // contextString = "OPRFV1-" || I2OSP(mode, 1) || "-" || identifier
        var context = $"OPRFV1-{(char)mode}-ristretto255-SHA512";
        _hashToGroup = Encoding.ASCII.GetBytes("HashToGroup-" + context);
        _hashToScalar = Encoding.ASCII.GetBytes("HashToScalar-" + context);
        _deriveKeyPair = Encoding.ASCII.GetBytes("DeriveKeyPair" + context);
        SeedTag = Encoding.ASCII.GetBytes("Seed-" + context);
    }

    /// <summary>"Seed-" || contextString, which goes into the seed of a batch proof (section 2.2.1).</summary>
    internal byte[] SeedTag { get; }

    /// <summary>The suite of one mode.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The mode is neither 0 nor 1.</exception>
    internal static OprfSuite Of(OprfMode mode) => mode switch
    {
        OprfMode.Base => BaseSuite,
        OprfMode.Verifiable => VerifiableSuite,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Only modes 0 and 1 of RFC 9497 are used."),
    };

    /// <summary>HashToGroup of section 4.1.</summary>
    internal RistrettoPoint HashToGroup(ReadOnlySpan<byte> message)
    {
        Span<byte> uniform = stackalloc byte[HashSize];
        ExpandMessage(message, _hashToGroup, uniform);
        var point = RistrettoPoint.FromUniformBytes(uniform);
        CryptographicOperations.ZeroMemory(uniform);
        return point;
    }

    /// <summary>HashToScalar of section 4.1 with its default tag.</summary>
    internal RistrettoScalar HashToScalar(ReadOnlySpan<byte> message) => HashToScalar(message, _hashToScalar);

    /// <summary>HashToScalar with the tag of DeriveKeyPair (section 3.2.1).</summary>
    internal RistrettoScalar HashToKey(ReadOnlySpan<byte> message) => HashToScalar(message, _deriveKeyPair);

    private static RistrettoScalar HashToScalar(ReadOnlySpan<byte> message, ReadOnlySpan<byte> tag)
    {
        Span<byte> uniform = stackalloc byte[HashSize];
        ExpandMessage(message, tag, uniform);
        var scalar = RistrettoScalar.Reduce(uniform);
        CryptographicOperations.ZeroMemory(uniform);
        return scalar;
    }

    /// <summary>
    /// expand_message_xmd of RFC 9380 section 5.3.1 with SHA-512 for an output of 64 bytes, which is one block:
    /// <c>b0 = H(zeros[128] || message || I2OSP(64, 2) || 0x00 || tag || len(tag))</c>,
    /// <c>output = H(b0 || 0x01 || tag || len(tag))</c>.
    /// </summary>
    private static void ExpandMessage(ReadOnlySpan<byte> message, ReadOnlySpan<byte> tag, Span<byte> output)
    {
        var size = BlockSize + message.Length + 3 + tag.Length + 1;
        Span<byte> buffer = size <= StackLimit ? stackalloc byte[StackLimit] : new byte[size];
        Span<byte> b0 = stackalloc byte[HashSize];

        buffer[..BlockSize].Clear();
        message.CopyTo(buffer[BlockSize..]);
        var tail = buffer[(BlockSize + message.Length)..size];
        tail[0] = 0;
        tail[1] = HashSize;
        tail[2] = 0;
        tag.CopyTo(tail[3..]);
        tail[^1] = (byte)tag.Length;
        SHA512.HashData(buffer[..size], b0);

        b0.CopyTo(buffer);
        buffer[HashSize] = 1;
        tag.CopyTo(buffer[(HashSize + 1)..]);
        buffer[HashSize + 1 + tag.Length] = (byte)tag.Length;
        SHA512.HashData(buffer[..(HashSize + 2 + tag.Length)], output);

        // The message may be a raw identifier or a key's seed.
        CryptographicOperations.ZeroMemory(buffer[..size]);
        CryptographicOperations.ZeroMemory(b0);
    }
}
