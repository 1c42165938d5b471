using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// A holder's secret key: a scalar from 1 to L-1, with its public key. The scalar lies in memory that the collector
/// does not move, so that <see cref="Dispose"/> erases the only copy. Safe to use from several threads, but not
/// while it is disposed.
/// </summary>
public sealed class VoprfSecretKey : IDisposable
{
    /// <summary>Length of the encoding in bytes: 32.</summary>
    public const int Size = RistrettoScalar.Size;

    /// <summary>Length in bytes of the seed of <see cref="DeriveFromSeed"/>: 32.</summary>
    public const int SeedSize = 32;

    /// <summary>Longest public information that <see cref="DeriveFromSeed"/> takes, in bytes: 65,535.</summary>
    public const int MaxInfoLength = ushort.MaxValue;

    private readonly RistrettoScalar[] _scalar = GC.AllocateArray<RistrettoScalar>(1, pinned: true);
    private bool _disposed;

    private VoprfSecretKey(in RistrettoScalar scalar)
    {
        _scalar[0] = scalar;
        PublicKey = RistrettoPoint.MultiplyBase(in scalar);
    }

    /// <summary>The key times the generator: what the roster publishes and every proof is checked against.</summary>
    public RistrettoPoint PublicKey { get; }

    /// <summary>The secret, by reference so that no copy is left behind.</summary>
    internal ref readonly RistrettoScalar Scalar
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return ref _scalar[0];
        }
    }

    /// <summary>
    /// Reads a stored key: 32 bytes, little-endian, below the group order and not zero. The caller erases
    /// <paramref name="bytes"/>. The error never contains them.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out VoprfSecretKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!RistrettoScalar.TryDecode(bytes, out var scalar, out error))
        {
            return false;
        }

        if (scalar.IsZero)
        {
            error = "The secret key is zero: the stored key is damaged, restore it from its backup.";
            return false;
        }

        key = new VoprfSecretKey(in scalar);
        scalar.Erase();
        return true;
    }

    /// <summary>
    /// DeriveKeyPair of RFC 9497 section 3.2.1: the same seed, information and mode always give the same key.
    /// </summary>
    /// <param name="seed32">32 uniformly random bytes, as secret as the key; the caller erases them.</param>
    /// <param name="info">Public context, 0 to 65,535 bytes; for tags the indicator scheme, "voprf/tel/1".</param>
    /// <param name="mode">The mode, which is part of the derivation.</param>
    /// <exception cref="ArgumentException">The seed or the information has a length that is not allowed.</exception>
    /// <exception cref="CryptographicException">256 attempts gave zero; no such seed is known.</exception>
    public static VoprfSecretKey DeriveFromSeed(
        ReadOnlySpan<byte> seed32, ReadOnlySpan<byte> info, OprfMode mode = OprfMode.Verifiable)
    {
        if (seed32.Length != SeedSize)
        {
            throw new ArgumentException($"A seed has {SeedSize} bytes, not {seed32.Length}.", nameof(seed32));
        }

        if (info.Length > MaxInfoLength)
        {
            throw new ArgumentException($"At most {MaxInfoLength} bytes, not {info.Length}.", nameof(info));
        }

        // seed || I2OSP(len(info), 2) || info || I2OSP(counter, 1)
        var input = GC.AllocateArray<byte>(SeedSize + sizeof(ushort) + info.Length + 1, pinned: true);
        var transcript = new Transcript(input);
        transcript.Bytes(seed32);
        transcript.Field(info);
        try
        {
            return DeriveFrom(input, OprfSuite.Of(mode));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(input);
        }
    }

    /// <summary>Copies the 32 bytes of the secret, for encrypted storage. The caller erases them.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is not exactly 32 bytes long.</exception>
    public void CopyTo(Span<byte> destination)
    {
        if (destination.Length != Size)
        {
            throw new ArgumentException($"A key has {Size} bytes, not {destination.Length}.", nameof(destination));
        }

        Scalar.Span.CopyTo(destination);
    }

    /// <summary>Erases the secret.</summary>
    public void Dispose()
    {
        _disposed = true;
        _scalar[0].Erase();
    }

    /// <summary>The public key only.</summary>
    public override string ToString() => $"key of {PublicKey}";

    private static VoprfSecretKey DeriveFrom(byte[] input, OprfSuite suite)
    {
        for (var counter = 0; counter <= byte.MaxValue; counter++)
        {
            input[^1] = (byte)counter;
            var scalar = suite.HashToKey(input);
            if (!scalar.IsZero)
            {
                var key = new VoprfSecretKey(in scalar);
                scalar.Erase();
                return key;
            }
        }

        throw new CryptographicException("The seed gives no key.");
    }
}
