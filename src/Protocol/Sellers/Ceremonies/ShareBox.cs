using System.Buffers.Binary;
using System.Security.Cryptography;
using NSec.Cryptography;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// The encryption of a share from a dealer to a holder, 48 bytes: Diffie-Hellman over ristretto255 between their keys of the
/// ceremony, HKDF-SHA-512 (RFC 5869), ChaCha20-Poly1305 (RFC 8439) with a nonce of zeros.
/// <c>key = HKDF(ikm = common secret, salt = ceremony, info = "fednode/ceremony/share/1" || 0x00 || SHA-256(commitments) ||
/// dealer's point || holder's point || I2OSP(number of the holder, 2))</c>. Each key encrypts one share: another polynomial
/// has other commitments, and with them another key.
/// </summary>
internal sealed class ShareBox(Hash256 ceremony, Hash256 commitments, RistrettoPoint dealer, RistrettoPoint holder, int number)
{
    /// <summary>Length of a box in bytes: 48.</summary>
    public const int Size = RistrettoScalar.Size + 16;

    private static readonly byte[] s_nonce = new byte[AeadAlgorithm.ChaCha20Poly1305.NonceSize];

    /// <summary>Encrypts a share.</summary>
    public byte[] Seal(RistrettoPoint common, in RistrettoScalar share)
    {
        using var key = KeyOf(common);
        return AeadAlgorithm.ChaCha20Poly1305.Encrypt(key, s_nonce, default, share.Span);
    }

    /// <summary>Decrypts a share. False if the box was not sealed with this secret, or holds no scalar.</summary>
    public bool TryOpen(RistrettoPoint common, ReadOnlySpan<byte> box, out RistrettoScalar share)
    {
        using var key = KeyOf(common);
        Span<byte> bytes = stackalloc byte[RistrettoScalar.Size];
        share = default;
        var opened = AeadAlgorithm.ChaCha20Poly1305.Decrypt(key, s_nonce, default, box, bytes)
            && RistrettoScalar.TryDecode(bytes, out share, out _);
        CryptographicOperations.ZeroMemory(bytes);
        return opened;
    }

    private Key KeyOf(RistrettoPoint common)
    {
        var label = "fednode/ceremony/share/1\0"u8;
        Span<byte> info = stackalloc byte[label.Length + Hash256.Size + (2 * RistrettoPoint.Size) + sizeof(ushort)];
        label.CopyTo(info);
        commitments.CopyTo(info[label.Length..]);
        var rest = info[(label.Length + Hash256.Size)..];
        dealer.Span.CopyTo(rest);
        holder.Span.CopyTo(rest[RistrettoPoint.Size..]);
        BinaryPrimitives.WriteUInt16BigEndian(rest[(2 * RistrettoPoint.Size)..], (ushort)number);
        Span<byte> salt = stackalloc byte[Hash256.Size];
        ceremony.CopyTo(salt);

        Span<byte> bytes = stackalloc byte[AeadAlgorithm.ChaCha20Poly1305.KeySize];
        HKDF.DeriveKey(HashAlgorithmName.SHA512, common.Span, bytes, salt, info);
        try
        {
            return Key.Import(AeadAlgorithm.ChaCha20Poly1305, bytes, KeyBlobFormat.RawSymmetricKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }
}
