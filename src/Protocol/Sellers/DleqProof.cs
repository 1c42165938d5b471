using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// The batched proof of RFC 9497 section 2.2 that one secret <c>k</c> links the generator to a public key
/// (<c>B = k G</c>) and every blinded element to its evaluation (<c>D[i] = k C[i]</c>), without telling <c>k</c>.
/// It does not depend on what the elements are for, so the holder of one share of a key proves its share the same way.
/// Encoding, 64 bytes: challenge c (32) || response s (32), both canonical scalars.
/// </summary>
public sealed class DleqProof : IEquatable<DleqProof>
{
    /// <summary>Length of the encoding in bytes: 64.</summary>
    public const int Size = 2 * RistrettoScalar.Size;

    /// <summary>Length in bytes of the randomness that <see cref="Create"/> takes: 64.</summary>
    public const int RandomSize = 64;

    private const int ElementField = sizeof(ushort) + RistrettoPoint.Size;

    private readonly RistrettoScalar _challenge;
    private readonly RistrettoScalar _response;

    private DleqProof(in RistrettoScalar challenge, in RistrettoScalar response)
    {
        _challenge = challenge;
        _response = response;
    }

    /// <summary>Reads exactly 64 bytes: two scalars below the group order.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out DleqProof? proof, [NotNullWhen(false)] out string? error)
    {
        proof = null;
        if (bytes.Length != Size)
        {
            error = $"A proof has {Size} bytes, not {bytes.Length}.";
            return false;
        }

        if (!RistrettoScalar.TryDecode(bytes[..RistrettoScalar.Size], out var challenge, out error)
            || !RistrettoScalar.TryDecode(bytes[RistrettoScalar.Size..], out var response, out error))
        {
            return false;
        }

        proof = new DleqProof(in challenge, in response);
        return true;
    }

    /// <summary>
    /// Proves that <paramref name="key"/> made <paramref name="evaluated"/> out of <paramref name="blinded"/>.
    /// The proof's nonce is <c>reduce(SHA-512("wl-voprf/nonce" || 0x00 || key || random || M || Z))</c>, M and Z being
    /// the batch's composites: uniform when <paramref name="random64"/> is, and different for different batches even
    /// if a broken generator repeats itself, which with a plain random nonce would give the key away. A verifier
    /// cannot tell the difference.
    /// </summary>
    /// <param name="key">The secret key.</param>
    /// <param name="blinded">C, 1 to <see cref="VoprfBatch.MaxBatch"/> elements.</param>
    /// <param name="evaluated">D, as many, each the key times its element of C.</param>
    /// <param name="random64">64 fresh random bytes; the caller erases them.</param>
    /// <exception cref="ArgumentException">A length or count is not allowed, or the counts differ.</exception>
    public static DleqProof Create(
        VoprfSecretKey key,
        ReadOnlySpan<RistrettoPoint> blinded,
        ReadOnlySpan<RistrettoPoint> evaluated,
        ReadOnlySpan<byte> random64)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (random64.Length != RandomSize)
        {
            throw new ArgumentException($"{RandomSize} random bytes, not {random64.Length}.", nameof(random64));
        }

        var composites = CompositesOfKey(key, blinded, evaluated);
        var nonce = DeriveNonce(in key.Scalar, random64, in composites);
        try
        {
            return Prove(key, in composites, in nonce);
        }
        finally
        {
            nonce.Erase();
        }
    }

    /// <summary>
    /// The same with the nonce <c>r</c> of GenerateProof given, as test vectors do. Two proofs with one nonce give
    /// the key away: anything but a conformance test calls the other overload.
    /// </summary>
    /// <param name="key">The secret key.</param>
    /// <param name="blinded">C, 1 to <see cref="VoprfBatch.MaxBatch"/> elements.</param>
    /// <param name="evaluated">D, as many.</param>
    /// <param name="nonce">r, not zero, never used before.</param>
    /// <exception cref="ArgumentException">A count is not allowed, the counts differ, or the nonce is zero.</exception>
    public static DleqProof CreateWithNonce(
        VoprfSecretKey key,
        ReadOnlySpan<RistrettoPoint> blinded,
        ReadOnlySpan<RistrettoPoint> evaluated,
        in RistrettoScalar nonce)
    {
        ArgumentNullException.ThrowIfNull(key);
        var composites = CompositesOfKey(key, blinded, evaluated);
        return Prove(key, in composites, in nonce);
    }

    /// <summary>
    /// Whether the proof holds for <paramref name="publicKey"/> and the two lists (VerifyProof). False, never an
    /// exception, for lists of different or disallowed length and for an identity anywhere.
    /// </summary>
    public bool Verify(
        RistrettoPoint publicKey, ReadOnlySpan<RistrettoPoint> blinded, ReadOnlySpan<RistrettoPoint> evaluated)
    {
        if (blinded.Length != evaluated.Length
            || !VoprfBatch.IsAllowedCount(blinded.Length, out _)
            || publicKey.IsIdentity
            || ContainsIdentity(blinded)
            || ContainsIdentity(evaluated)
            || !TryCompose(in publicKey, blinded, evaluated, withEvaluated: true, out var composites))
        {
            return false;
        }

        // t2 = s G + c B and t3 = s M + c Z: an honest proof meets a zero factor once in 2^252 times.
        if (!RistrettoPoint.TryMultiplyBase(in _response, out var sg)
            || !RistrettoPoint.TryMultiply(in _challenge, in publicKey, out var cb)
            || !RistrettoPoint.TryMultiply(in _response, in composites.M, out var sm)
            || !RistrettoPoint.TryMultiply(in _challenge, in composites.Z, out var cz))
        {
            return false;
        }

        var t2 = RistrettoPoint.Add(in sg, in cb);
        var t3 = RistrettoPoint.Add(in sm, in cz);
        return _challenge.Equals(Challenge(in publicKey, in composites, in t2, in t3));
    }

    /// <summary>The 64 bytes c || s.</summary>
    public byte[] ToArray() => [.. _challenge.Span, .. _response.Span];

    /// <inheritdoc/>
    public bool Equals(DleqProof? other) =>
        other is not null && _challenge.Equals(other._challenge) && _response.Equals(other._response);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DleqProof);

    /// <inheritdoc/>
    public override int GetHashCode() => BitConverter.ToInt32(_challenge.Span);

    private static DleqProof Prove(VoprfSecretKey key, in Composites composites, in RistrettoScalar nonce)
    {
        var t2 = RistrettoPoint.MultiplyBase(in nonce);
        var t3 = RistrettoPoint.Multiply(in nonce, in composites.M);
        var publicKey = key.PublicKey;
        var challenge = Challenge(in publicKey, in composites, in t2, in t3);

        // s = r - c k
        var product = RistrettoScalar.Multiply(in challenge, in key.Scalar);
        var response = RistrettoScalar.Subtract(in nonce, in product);
        product.Erase();
        return new DleqProof(in challenge, in response);
    }

    // ComputeCompositesFast: who knows the key gets Z by one multiplication.
    private static Composites CompositesOfKey(
        VoprfSecretKey key, ReadOnlySpan<RistrettoPoint> blinded, ReadOnlySpan<RistrettoPoint> evaluated)
    {
        VoprfBatch.RequireAllowedCount(blinded.Length);
        var publicKey = key.PublicKey;
        if (blinded.Length != evaluated.Length)
        {
            throw new ArgumentException($"{blinded.Length} blinded but {evaluated.Length} evaluated elements.");
        }

        if (ContainsIdentity(blinded)
            || !TryCompose(in publicKey, blinded, evaluated, withEvaluated: false, out var composites))
        {
            throw new ArgumentException("An element is the identity.", nameof(blinded));
        }

        return new Composites(composites.M, RistrettoPoint.Multiply(in key.Scalar, in composites.M));
    }

    /// <summary>
    /// ComputeComposites of section 2.2.1: M = sum d[i] C[i] and Z = sum d[i] D[i], the weights d[i] being hashes of
    /// the public key and the whole position i, so that no error in one element can cancel another's.
    /// </summary>
    private static bool TryCompose(
        in RistrettoPoint publicKey,
        ReadOnlySpan<RistrettoPoint> blinded,
        ReadOnlySpan<RistrettoPoint> evaluated,
        bool withEvaluated,
        out Composites composites)
    {
        composites = default;
        Span<byte> seed = stackalloc byte[SHA512.HashSizeInBytes];
        Seed(in publicKey, seed);

        RistrettoPoint m = default;
        RistrettoPoint z = default;
        for (var i = 0; i < blinded.Length; i++)
        {
            var weight = Weight(seed, i, in blinded[i], in evaluated[i]);
            if (!TryAccumulate(in weight, in blinded[i], ref m)
                || (withEvaluated && !TryAccumulate(in weight, in evaluated[i], ref z)))
            {
                return false;
            }
        }

        composites = new Composites(m, z);
        return true;
    }

    private static bool TryAccumulate(in RistrettoScalar weight, in RistrettoPoint element, ref RistrettoPoint sum)
    {
        if (!RistrettoPoint.TryMultiply(in weight, in element, out var weighted))
        {
            return false;
        }

        // The first term needs no addition: the sum starts as the identity.
        sum = sum.IsIdentity ? weighted : RistrettoPoint.Add(in sum, in weighted);
        return true;
    }

    // seed = SHA-512(len(Bm) || Bm || len(seedDST) || seedDST)
    private static void Seed(in RistrettoPoint publicKey, Span<byte> seed)
    {
        var tag = OprfSuite.Of(OprfMode.Verifiable).SeedTag;
        Span<byte> buffer = stackalloc byte[ElementField + sizeof(ushort) + tag.Length];
        var transcript = new Transcript(buffer);
        transcript.Field(publicKey.Span);
        transcript.Field(tag);
        SHA512.HashData(transcript.Written, seed);
    }

    // d[i] = HashToScalar(len(seed) || seed || I2OSP(i, 2) || len(Ci) || Ci || len(Di) || Di || "Composite")
    private static RistrettoScalar Weight(
        ReadOnlySpan<byte> seed, int index, in RistrettoPoint blinded, in RistrettoPoint evaluated)
    {
        Span<byte> buffer = stackalloc byte[256];
        var transcript = new Transcript(buffer);
        transcript.Field(seed);
        transcript.Number(index);
        transcript.Field(blinded.Span);
        transcript.Field(evaluated.Span);
        transcript.Bytes("Composite"u8);
        return OprfSuite.Of(OprfMode.Verifiable).HashToScalar(transcript.Written);
    }

    // c = HashToScalar(len(Bm) || Bm || len(M) || M || len(Z) || Z || len(t2) || t2 || len(t3) || t3 || "Challenge")
    private static RistrettoScalar Challenge(
        in RistrettoPoint publicKey, in Composites composites, in RistrettoPoint t2, in RistrettoPoint t3)
    {
        Span<byte> buffer = stackalloc byte[256];
        var transcript = new Transcript(buffer);
        transcript.Field(publicKey.Span);
        transcript.Field(composites.M.Span);
        transcript.Field(composites.Z.Span);
        transcript.Field(t2.Span);
        transcript.Field(t3.Span);
        transcript.Bytes("Challenge"u8);
        return OprfSuite.Of(OprfMode.Verifiable).HashToScalar(transcript.Written);
    }

    private static RistrettoScalar DeriveNonce(
        in RistrettoScalar key, ReadOnlySpan<byte> random64, in Composites composites)
    {
        Span<byte> buffer = stackalloc byte[256];
        Span<byte> wide = stackalloc byte[RistrettoScalar.WideSize];
        var transcript = new Transcript(buffer);
        transcript.Bytes("wl-voprf/nonce\0"u8);
        transcript.Bytes(key.Span);
        transcript.Bytes(random64);
        transcript.Bytes(composites.M.Span);
        transcript.Bytes(composites.Z.Span);
        SHA512.HashData(transcript.Written, wide);
        var nonce = RistrettoScalar.Reduce(wide);
        CryptographicOperations.ZeroMemory(buffer);
        CryptographicOperations.ZeroMemory(wide);
        return nonce;
    }

    private static bool ContainsIdentity(ReadOnlySpan<RistrettoPoint> elements)
    {
        foreach (ref readonly var element in elements)
        {
            if (element.IsIdentity)
            {
                return true;
            }
        }

        return false;
    }

    private readonly struct Composites(RistrettoPoint m, RistrettoPoint z)
    {
        internal readonly RistrettoPoint M = m;
        internal readonly RistrettoPoint Z = z;
    }
}
