using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Protocol.Notes;

/// <summary>
/// The head of a log as its origin signs it (C2SP tlog-checkpoint): three lines, the origin, the size in decimal, the
/// root in base64. Extension lines are refused.
/// </summary>
/// <param name="Origin">The log; also the name of its key.</param>
/// <param name="Size">Number of entries.</param>
/// <param name="Root">RFC 6962 root over them.</param>
public sealed record Checkpoint(string Origin, long Size, Hash256 Root)
{
    /// <summary>Longest note around a checkpoint that is read, in bytes.</summary>
    public const int MaxNote = 64 * 1024;

    /// <summary>The text to sign.</summary>
    public string ToText() =>
        string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root.ToBase64()}\n");

    /// <summary>Signs the checkpoint. The same head and key always give the same bytes.</summary>
    /// <exception cref="ArgumentException">The key is not the log's: its name is not the origin.</exception>
    public byte[] Sign(SigningKey key) => key.VerificationKey.Name == Origin
        ? SignedNote.Sign(ToText(), key)
        : throw new ArgumentException($"The key {key.VerificationKey.Name} cannot sign for {Origin}.", nameof(key));

    /// <summary>Reads a signed checkpoint without verifying any signature.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> note,
        [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? error)
    {
        checkpoint = null;
        return SignedNote.TryParse(note, out var signed, out error, MaxNote)
            && TryParseText(signed.Text, out checkpoint, out error);
    }

    /// <summary>Reads a checkpoint and verifies that the log itself signed it.</summary>
    /// <param name="note">The signed note.</param>
    /// <param name="logKey">The log's key; its name is the origin.</param>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="error">Why it is refused.</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> note,
        VerificationKey logKey,
        [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? error)
    {
        checkpoint = null;
        if (logKey.Type != NoteKeyType.Ed25519)
        {
            error = $"The key of {logKey.Name} makes cosignatures: a log signs with a plain Ed25519 key.";
            return false;
        }

        if (!SignedNote.TryParse(note, out var signed, out error, MaxNote)
            || !signed.TryVerify([logKey], out _, out error)
            || !TryParseText(signed.Text, out var parsed, out error))
        {
            return false;
        }

        if (parsed.Origin != logKey.Name)
        {
            error = $"The checkpoint is of {parsed.Origin}, but signed by the key of {logKey.Name}.";
            return false;
        }

        checkpoint = parsed;
        return true;
    }

    private static bool TryParseText(
        string text,
        [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? error)
    {
        checkpoint = null;
        var lines = text.Split('\n');
        if (lines.Length != 4 || lines[3].Length != 0 || lines[0].Length == 0)
        {
            error = "A checkpoint has exactly three lines: origin, size, root.";
            return false;
        }

        if (!KeyName.IsValid(lines[0], out var fault))
        {
            error = "A checkpoint's origin is the name of its key. " + fault;
            return false;
        }

        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            || size > ProtocolLimits.MaxLogSize
            || (lines[1].Length > 1 && lines[1][0] == '0'))
        {
            error = "A checkpoint's size is a decimal number without leading zeros, at most 2^40.";
            return false;
        }

        if (!Hash256.TryParseBase64(lines[2], out var root))
        {
            error = "A checkpoint's root is the base64 of 32 bytes.";
            return false;
        }

        if (size == 0 && root != MerkleHash.Empty)
        {
            error = "The root of a log without entries is the SHA-256 hash of no bytes.";
            return false;
        }

        checkpoint = new Checkpoint(lines[0], size, root);
        error = null;
        return true;
    }
}
