using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// A proof that its maker knows the secret <c>k</c> of a public point <c>A = k G</c>, for one context only: Schnorr's
/// signature over ristretto255 and SHA-512, with the context as the message.
/// <c>c = reduce(SHA-512("fednode/schnorr/1" || 0x00 || context || A || R))</c>, <c>s = r - c k</c>; valid if
/// <c>R = s G + c A</c> gives <c>c</c> again. Encoding, 64 bytes: c (32) || s (32), both canonical scalars.
/// </summary>
public sealed class SchnorrProof : IEquatable<SchnorrProof>
{
    /// <summary>Length of the encoding in bytes: 64.</summary>
    public const int Size = 2 * RistrettoScalar.Size;

    private readonly RistrettoScalar _challenge;
    private readonly RistrettoScalar _response;

    private SchnorrProof(in RistrettoScalar challenge, in RistrettoScalar response)
    {
        _challenge = challenge;
        _response = response;
    }

    /// <summary>Reads exactly 64 bytes: two scalars below the group order.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SchnorrProof? proof, [NotNullWhen(false)] out string? error)
    {
        proof = null;
        if (bytes.Length != Size)
        {
            error = $"A proof of knowledge has {Size} bytes, not {bytes.Length}.";
            return false;
        }

        if (!RistrettoScalar.TryDecode(bytes[..RistrettoScalar.Size], out var challenge, out error)
            || !RistrettoScalar.TryDecode(bytes[RistrettoScalar.Size..], out var response, out error))
        {
            return false;
        }

        proof = new SchnorrProof(in challenge, in response);
        return true;
    }

    /// <summary>
    /// Proves knowledge of <paramref name="secret"/>. The nonce is a hash of the secret and the context, so that the same
    /// statement always gives the same bytes and two statements never share a nonce, which would give the secret away.
    /// </summary>
    /// <param name="secret">The secret.</param>
    /// <param name="context">What the proof is for; a proof for one context is none for another.</param>
    public static SchnorrProof Create(VoprfSecretKey secret, ReadOnlySpan<byte> context)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var nonce = Nonce(in secret.Scalar, context);
        var challenge = Challenge(secret.PublicKey, RistrettoPoint.MultiplyBase(in nonce), context);
        var product = RistrettoScalar.Multiply(in challenge, in secret.Scalar);
        var response = RistrettoScalar.Subtract(in nonce, in product);
        product.Erase();
        nonce.Erase();
        return new SchnorrProof(in challenge, in response);
    }

    /// <summary>
    /// Whether the proof holds for <paramref name="publicPoint"/> and <paramref name="context"/>. False, never an exception,
    /// for the identity.
    /// </summary>
    public bool Verify(RistrettoPoint publicPoint, ReadOnlySpan<byte> context)
    {
        // An honest proof meets a zero factor once in 2^252 times.
        if (publicPoint.IsIdentity
            || !RistrettoPoint.TryMultiplyBase(in _response, out var sg)
            || !RistrettoPoint.TryMultiply(in _challenge, in publicPoint, out var ca))
        {
            return false;
        }

        return _challenge.Equals(Challenge(publicPoint, RistrettoPoint.Add(in sg, in ca), context));
    }

    /// <summary>The 64 bytes c || s.</summary>
    public byte[] ToArray() => [.. _challenge.Span, .. _response.Span];

    /// <inheritdoc/>
    public bool Equals(SchnorrProof? other) =>
        other is not null && _challenge.Equals(other._challenge) && _response.Equals(other._response);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SchnorrProof);

    /// <inheritdoc/>
    public override int GetHashCode() => BitConverter.ToInt32(_challenge.Span);

    // SHA-512("fednode/schnorr/nonce/1" || 0x00 || secret || context): as secret as the secret.
    private static RistrettoScalar Nonce(in RistrettoScalar secret, ReadOnlySpan<byte> context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData("fednode/schnorr/nonce/1\0"u8);
        hash.AppendData(secret.Span);
        hash.AppendData(context);
        Span<byte> wide = stackalloc byte[RistrettoScalar.WideSize];
        hash.GetHashAndReset(wide);
        var nonce = RistrettoScalar.Reduce(wide);
        CryptographicOperations.ZeroMemory(wide);
        return nonce;
    }

    private static RistrettoScalar Challenge(RistrettoPoint publicPoint, RistrettoPoint nonce, ReadOnlySpan<byte> context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData("fednode/schnorr/1\0"u8);
        hash.AppendData(context);
        hash.AppendData(publicPoint.Span);
        hash.AppendData(nonce.Span);
        Span<byte> wide = stackalloc byte[RistrettoScalar.WideSize];
        hash.GetHashAndReset(wide);
        return RistrettoScalar.Reduce(wide);
    }
}
