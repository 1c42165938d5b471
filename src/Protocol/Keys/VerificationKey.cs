using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace FederationNode.Protocol.Keys;

/// <summary>
/// A named Ed25519 public key as notes use it (C2SP signed-note v1.0.0), immutable.
/// Text form ("vkey"): <c>name+hex8(key id)+base64(type || public key)</c>.
/// </summary>
/// <remarks>
/// Verification follows libsodium's rules: S below the group order, canonical A and R, neither of small order, no
/// cofactor. Nodes that disagreed on a signature would disagree on a log, so no other verifier may be used.
/// </remarks>
public sealed class VerificationKey : IEquatable<VerificationKey>
{
    /// <summary>Length of a public key in bytes: 32.</summary>
    public const int PublicKeySize = 32;

    /// <summary>Length of a signature in bytes: 64.</summary>
    public const int SignatureSize = 64;

    private const int TypedKeySize = 1 + PublicKeySize;
    private const int TypedKeyChars = TypedKeySize / 3 * 4;

    private readonly byte[] _bytes;
    private readonly NSec.Cryptography.PublicKey _key;

    private VerificationKey(string name, NoteKeyType type, ReadOnlySpan<byte> publicKey)
    {
        Name = name;
        Type = type;
        KeyId = ComputeKeyId(name, type, publicKey);
        _bytes = publicKey.ToArray();
        _key = NSec.Cryptography.PublicKey.Import(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey);
    }

    /// <summary>Name of the key; for a log's key also the log's origin. See <see cref="KeyName"/>.</summary>
    public string Name { get; }

    /// <summary>
    /// First four bytes, big-endian, of SHA-256(name || 0x0A || type || public key). It only selects a key: two keys
    /// may share an id, so it is no identity.
    /// </summary>
    public uint KeyId { get; }

    /// <summary>How signatures of this key are made.</summary>
    public NoteKeyType Type { get; }

    /// <summary>The 32 bytes of the public key (RFC 8032 section 5.1.2).</summary>
    public ReadOnlySpan<byte> PublicKey => _bytes;

    /// <summary>Makes a key from its parts.</summary>
    /// <param name="name">Name of the key, see <see cref="KeyName"/>.</param>
    /// <param name="type">A defined signature type.</param>
    /// <param name="publicKey">32 bytes. Any 32 bytes are taken; see <see cref="CheckForEnrolment"/>.</param>
    /// <exception cref="ArgumentException">The name is not allowed, the type unknown, the key not 32 bytes.</exception>
    public static VerificationKey Create(string name, NoteKeyType type, ReadOnlySpan<byte> publicKey)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!KeyName.IsValid(name, out var error))
        {
            throw new ArgumentException(error, nameof(name));
        }

        if (!IsKnown(type))
        {
            throw new ArgumentException($"Signature type 0x{(byte)type:x2} is not known.", nameof(type));
        }

        if (publicKey.Length != PublicKeySize)
        {
            throw new ArgumentException(
                $"A public key has {PublicKeySize} bytes, not {publicKey.Length}.", nameof(publicKey));
        }

        return new VerificationKey(name, type, publicKey);
    }

    /// <summary>
    /// Reads the text form. Strict: lower-case hex, canonical base64, and a key id that fits, so that each key has
    /// exactly one text.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<char> vkey,
        [NotNullWhen(true)] out VerificationKey? key,
        [NotNullWhen(false)] out string? error)
    {
        key = null;
        Span<byte> typed = stackalloc byte[TypedKeySize];
        if (!KeyText.TrySplit(vkey, TypedKeyChars, out var name, out var keyId, out var encoded, out error))
        {
            return false;
        }

        if (!CanonicalBase64.TryDecode(encoded, typed))
        {
            error = $"The key is not canonical base64 of {TypedKeySize} bytes: copy the whole vkey line again.";
            return false;
        }

        if (!IsKnown((NoteKeyType)typed[0]))
        {
            error = $"Signature type 0x{typed[0]:x2} is not supported: use an Ed25519 (01) or cosignature (04) key.";
            return false;
        }

        var candidate = new VerificationKey(name.ToString(), (NoteKeyType)typed[0], typed[1..]);
        if (candidate.KeyId != keyId)
        {
            error = $"The key id {keyId:x8} does not fit the name and key, which give {candidate.KeyId:x8}: "
                + "copy the whole vkey line again.";
            return false;
        }

        key = candidate;
        error = null;
        return true;
    }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is no valid vkey; the message says why.</exception>
    public static VerificationKey Parse(ReadOnlySpan<char> vkey) =>
        TryParse(vkey, out var key, out var error) ? key : throw new FormatException(error);

    /// <summary>
    /// Whether <paramref name="signature"/> is a valid Ed25519 signature by this key over exactly these bytes. For a
    /// cosignature key the message is the timestamped one, not the note text. A wrong length gives false.
    /// </summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureSize && SignatureAlgorithm.Ed25519.Verify(_key, message, signature);

    /// <summary>
    /// Whether the key may be admitted: the 32 bytes are the canonical encoding of a point of prime order. Other keys
    /// let their owner make signatures on which implementations disagree. Proof of possession is a separate check.
    /// </summary>
    public bool CheckForEnrolment([NotNullWhen(false)] out string? error)
    {
        // Importing the key in the constructor has initialised libsodium.
        error = Sodium.IsValidPoint(_bytes) == 1
            ? null
            : "The public key is not the canonical encoding of a point of prime order: make a new key pair.";
        return error is null;
    }

    /// <summary>The text form, <c>name+hex8+base64(type || public key)</c>.</summary>
    public override string ToString()
    {
        Span<byte> typed = stackalloc byte[TypedKeySize];
        typed[0] = (byte)Type;
        _bytes.CopyTo(typed[1..]);
        return string.Create(CultureInfo.InvariantCulture, $"{Name}+{KeyId:x8}+{Convert.ToBase64String(typed)}");
    }

    /// <inheritdoc/>
    public bool Equals(VerificationKey? other) =>
        other is not null && Type == other.Type && PublicKey.SequenceEqual(other.PublicKey)
        && string.Equals(Name, other.Name, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VerificationKey);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)(KeyId & int.MaxValue);

    private static bool IsKnown(NoteKeyType type) => type is NoteKeyType.Ed25519 or NoteKeyType.Cosignature;

    private static uint ComputeKeyId(string name, NoteKeyType type, ReadOnlySpan<byte> publicKey)
    {
        Span<byte> input = stackalloc byte[KeyName.MaxBytes + 2 + PublicKeySize];
        var length = Encoding.UTF8.GetBytes(name, input);
        input[length++] = (byte)'\n';
        input[length++] = (byte)type;
        publicKey.CopyTo(input[length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input[..(length + PublicKeySize)], hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }
}
