using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Sellers.Holders;

/// <summary>
/// One holder's share of a key. It evaluates and proves like a whole key (<see cref="VoprfServer"/>), against the holder's
/// public share instead of the public key. <see cref="Dispose"/> erases it.
/// </summary>
public sealed class KeyShare : IDisposable
{
    /// <summary>Longest encoding in bytes.</summary>
    public const int MaxEncoded = SecretStart + VoprfSecretKey.Size + SharedKey.MaxEncoded;

    private const int SecretStart = sizeof(ushort);

    private KeyShare(SharedKey key, int number, VoprfSecretKey secret)
    {
        Key = key;
        Number = number;
        Secret = secret;
    }

    /// <summary>The key that this is a share of.</summary>
    public SharedKey Key { get; }

    /// <summary>The holder's number, from 1.</summary>
    public int Number { get; }

    /// <summary>The name of the member that holds it.</summary>
    public string Holder => Key.Holders[Number - 1];

    /// <summary>The share as a key; its public key is the holder's public share.</summary>
    public VoprfSecretKey Secret { get; }

    /// <summary>
    /// Checks a secret against the commitments and takes it over; it stays the caller's if it does not fit.
    /// </summary>
    /// <param name="key">The public side.</param>
    /// <param name="number">Whose share it should be, from 1.</param>
    /// <param name="secret">The share.</param>
    /// <param name="share">The share with its place.</param>
    /// <param name="error">Why it is no share of this key.</param>
    public static bool TryCreate(
        SharedKey key,
        int number,
        VoprfSecretKey secret,
        [NotNullWhen(true)] out KeyShare? share,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(secret);
        share = null;
        if (number < 1 || number > key.Holders.Length)
        {
            error = $"The key {key.Scheme} has holders 1 to {key.Holders.Length}, not {number}.";
            return false;
        }

        if (secret.PublicKey != key.PublicShare(number))
        {
            error = $"The secret is not share {number} of the key {key.Scheme}: it does not fit the published commitments.";
            return false;
        }

        share = new KeyShare(key, number, secret);
        error = null;
        return true;
    }

    /// <summary>
    /// The bytes to be sealed for storage: number (2, big-endian) || share (32) || encoding of the shared key. In memory that
    /// the collector does not move; the caller erases them.
    /// </summary>
    public byte[] Encode()
    {
        var key = Key.Encode();
        var bytes = GC.AllocateArray<byte>(SecretStart + VoprfSecretKey.Size + key.Length, pinned: true);
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)Number);
        Secret.CopyTo(bytes.AsSpan(SecretStart, VoprfSecretKey.Size));
        key.CopyTo(bytes, SecretStart + VoprfSecretKey.Size);
        return bytes;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; the share must fit the commitments beside it.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out KeyShare? share, [NotNullWhen(false)] out string? error)
    {
        share = null;
        if (bytes.Length is <= SecretStart + VoprfSecretKey.Size or > MaxEncoded)
        {
            error = $"A share has {SecretStart + VoprfSecretKey.Size + 1} to {MaxEncoded} bytes, not {bytes.Length}.";
            return false;
        }

        if (!SharedKey.TryDecode(bytes[(SecretStart + VoprfSecretKey.Size)..], out var key, out error)
            || !VoprfSecretKey.TryDecode(bytes.Slice(SecretStart, VoprfSecretKey.Size), out var secret, out error))
        {
            return false;
        }

        if (TryCreate(key, BinaryPrimitives.ReadUInt16BigEndian(bytes), secret, out share, out error))
        {
            return true;
        }

        secret.Dispose();
        return false;
    }

    /// <summary>Erases the share.</summary>
    public void Dispose() => Secret.Dispose();

    /// <summary>Whose share of what; never the secret.</summary>
    public override string ToString() => $"share {Number} ({Holder}) of {Key}";
}
