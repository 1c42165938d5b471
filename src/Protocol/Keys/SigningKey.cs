using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using NSec.Cryptography;

namespace FederationNode.Protocol.Keys;

/// <summary>
/// A named Ed25519 private key that signs notes with type 0x01 (C2SP signed-note v1.0.0). The secret lies in
/// libsodium's guarded memory and is wiped on <see cref="Dispose"/>. Safe for concurrent signing.
/// </summary>
public sealed class SigningKey : IDisposable
{
    /// <summary>Length of the seed in bytes: 32 (RFC 8032 section 5.1.5).</summary>
    public const int SeedSize = 32;

    private const string TextPrefix = "PRIVATE+KEY+";
    private const int TypedSeedSize = 1 + SeedSize;
    private const int TypedSeedChars = TypedSeedSize / 3 * 4;

    private readonly Key _key;

    private SigningKey(string name, ReadOnlySpan<byte> seed)
    {
        var exportable = new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport };
        _key = Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey, exportable);
        VerificationKey = VerificationKey.Create(
            name, NoteKeyType.Ed25519, _key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>The public half.</summary>
    public VerificationKey VerificationKey { get; }

    /// <summary>Derives the key pair from a seed, which the caller draws from a cryptographic random source.</summary>
    /// <param name="name">Name of the key, see <see cref="KeyName"/>.</param>
    /// <param name="seed">32 secret bytes; they are copied, so the caller should wipe its own.</param>
    /// <exception cref="ArgumentException">The name is not allowed or the seed is not 32 bytes.</exception>
    public static SigningKey FromSeed(string name, ReadOnlySpan<byte> seed)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!KeyName.IsValid(name, out var error))
        {
            throw new ArgumentException(error, nameof(name));
        }

        if (seed.Length != SeedSize)
        {
            throw new ArgumentException($"A seed has {SeedSize} bytes, not {seed.Length}.", nameof(seed));
        }

        return new SigningKey(name, seed);
    }

    /// <summary>
    /// Reads the text form that Go's note package writes, <c>PRIVATE+KEY+name+hex8+base64(0x01 || seed)</c>, where
    /// hex8 is the id of the public key. The error text never holds any part of the secret.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out SigningKey? key,
        [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (!text.StartsWith(TextPrefix, StringComparison.Ordinal))
        {
            error = $"A private key starts with {TextPrefix}: this is something else.";
            return false;
        }

        if (!KeyText.TrySplit(
            text[TextPrefix.Length..], TypedSeedChars, out var name, out var keyId, out var encoded, out error))
        {
            return false;
        }

        Span<byte> typed = stackalloc byte[TypedSeedSize];
        try
        {
            if (!CanonicalBase64.TryDecode(encoded, typed) || typed[0] != (byte)NoteKeyType.Ed25519)
            {
                error = $"The private key is not canonical base64 of the type byte 0x01 and {SeedSize} bytes.";
                return false;
            }

            var candidate = new SigningKey(name.ToString(), typed[1..]);
            if (candidate.VerificationKey.KeyId != keyId)
            {
                candidate.Dispose();
                error = "The private key's id does not fit its name and seed: copy the whole line again.";
                return false;
            }

            key = candidate;
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(typed);
        }
    }

    /// <summary>The text form that <see cref="TryParse"/> reads. It is the secret itself: store it so.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public string ExportText()
    {
        var typed = new byte[TypedSeedSize];
        var seed = _key.Export(KeyBlobFormat.RawPrivateKey);
        try
        {
            typed[0] = (byte)NoteKeyType.Ed25519;
            seed.CopyTo(typed, 1);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{TextPrefix}{VerificationKey.Name}+{VerificationKey.KeyId:x8}+{Convert.ToBase64String(typed)}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(typed);
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>The 64-byte Ed25519 signature of the message (deterministic, RFC 8032 section 5.1.6).</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public byte[] Sign(ReadOnlySpan<byte> message) => SignatureAlgorithm.Ed25519.Sign(_key, message);

    /// <summary>Wipes the secret. The public half stays usable.</summary>
    public void Dispose() => _key.Dispose();

    /// <summary>The public half's text form, never the secret.</summary>
    public override string ToString() => VerificationKey.ToString();
}
