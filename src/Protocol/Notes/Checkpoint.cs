using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Protocol.Notes;

/// <summary>
/// The head of a log (C2SP tlog-checkpoint v1.0.0), immutable. Text, without extension lines:
/// <code>
/// origin LF  size in decimal LF  base64(root hash, 32 bytes) LF
/// </code>
/// </summary>
public sealed record Checkpoint
{
    /// <summary>Most bytes of the text: origin 255, size 16, root 44, three newlines.</summary>
    public const int MaxTextBytes = KeyName.MaxBytes + 16 + 44 + 3;

    /// <summary>
    /// Default limit of a checkpoint as a signed note in bytes: 64 KiB, room for 100 signatures of the known types.
    /// </summary>
    public const int MaxNoteBytes = 1 << 16;

    /// <summary>States a head.</summary>
    /// <param name="origin">Name of the log, a valid <see cref="KeyName"/>.</param>
    /// <param name="size">Number of entries, 0 to 2^53.</param>
    /// <param name="root">Root hash; for size 0 the hash of no bytes.</param>
    /// <exception cref="ArgumentException">A value is outside its range; the message says which.</exception>
    public Checkpoint(string origin, long size, Hash256 root)
    {
        ArgumentNullException.ThrowIfNull(origin);
        if (!IsValid(origin, size, root, out var error))
        {
            throw new ArgumentException(error);
        }

        Origin = origin;
        Size = size;
        Root = root;
    }

    /// <summary>Name of the log, which is also the name of its key.</summary>
    public string Origin { get; }

    /// <summary>Number of entries, 0 to 2^53.</summary>
    public long Size { get; }

    /// <summary>Root hash of the tree over the first <see cref="Size"/> entries (RFC 6962 section 2.1).</summary>
    public Hash256 Root { get; }

    /// <summary>
    /// Reads the exact text. Strict: no extension lines, no leading zeros or signs, canonical base64, and the root of
    /// an empty log must be the hash of no bytes. Each checkpoint has exactly one text.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? error)
    {
        checkpoint = null;
        var first = text.IndexOf('\n');
        var second = first < 0 ? -1 : text[(first + 1)..].IndexOf('\n');
        if (second < 0 || text[(first + second + 2)..].IndexOf('\n') != text.Length - first - second - 3)
        {
            error = "A checkpoint has exactly three lines: origin, size and root. Extension lines are not accepted.";
            return false;
        }

        var origin = text[..first];
        if (!KeyName.IsValid(origin, out error))
        {
            error = "The checkpoint's origin is not usable. " + error;
            return false;
        }

        if (!TryParseSize(text.Slice(first + 1, second), out var size))
        {
            error = $"The checkpoint's size is not a decimal number from 0 to {MerkleTree.MaxSize} "
                + "without leading zeros.";
            return false;
        }

        if (!Hash256.TryParseBase64(text[(first + second + 2)..^1], out var root))
        {
            error = "The checkpoint's root is not the canonical base64 of 32 bytes.";
            return false;
        }

        var originText = origin.ToString();
        if (!IsValid(originText, size, root, out error))
        {
            return false;
        }

        checkpoint = new Checkpoint(originText, size, root);
        return true;
    }

    /// <summary>
    /// Reads a signed checkpoint and verifies it with the log's key, whose name must be the origin. Signatures by
    /// other keys are ignored.
    /// </summary>
    /// <param name="note">The bytes of the note, at most <paramref name="maxBytes"/>.</param>
    /// <param name="logKey">The log's key, of type 0x01.</param>
    /// <param name="checkpoint">The verified checkpoint.</param>
    /// <param name="error">What is wrong.</param>
    /// <param name="maxBytes">Limit of the whole note in bytes.</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> note,
        VerificationKey logKey,
        [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? error,
        int maxBytes = MaxNoteBytes)
    {
        ArgumentNullException.ThrowIfNull(logKey);
        checkpoint = null;
        if (logKey.Type != NoteKeyType.Ed25519)
        {
            error = $"The key of log {logKey.Name} has type 0x{(byte)logKey.Type:x2}: logs sign with type 0x01.";
            return false;
        }

        if (!SignedNote.TryParse(note, out var signed, out error, maxBytes)
            || !signed.TryVerify([logKey], out _, out error)
            || !TryParse(signed.Text, out var candidate, out error))
        {
            return false;
        }

        if (!string.Equals(candidate.Origin, logKey.Name, StringComparison.Ordinal))
        {
            error = $"The checkpoint is for the log {candidate.Origin}, but the key is that of {logKey.Name}.";
            return false;
        }

        checkpoint = candidate;
        return true;
    }

    /// <summary>Signs the checkpoint and gives the bytes of the note.</summary>
    /// <exception cref="ArgumentException">The key's name is not the origin.</exception>
    public byte[] Sign(SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!string.Equals(key.VerificationKey.Name, Origin, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The key {key.VerificationKey.Name} cannot sign for the log {Origin}.", nameof(key));
        }

        return SignedNote.Sign(ToString(), key);
    }

    /// <summary>The exact text that is signed: three lines, each ending in a newline.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root.ToBase64()}\n");

    private static bool IsValid(string origin, long size, Hash256 root, [NotNullWhen(false)] out string? error)
    {
        if (!KeyName.IsValid(origin, out error))
        {
            return false;
        }

        if (!MerkleTree.IsSize(size))
        {
            error = $"The size {size} is not from 0 to {MerkleTree.MaxSize}.";
        }
        else if (size == 0 && root != MerkleHash.Empty)
        {
            error = "The root of an empty log must be the SHA-256 hash of no bytes.";
        }

        return error is null;
    }

    private static bool TryParseSize(ReadOnlySpan<char> digits, out long size)
    {
        size = 0;

        // The platform's parser lets trailing NUL characters pass, so the digits are checked first.
        return !digits.ContainsAnyExceptInRange('0', '9')
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out size)
            && size <= MerkleTree.MaxSize
            && (digits[0] != '0' || digits.Length == 1);
    }
}
