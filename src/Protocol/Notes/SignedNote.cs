using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using FederationNode.Protocol.Keys;

namespace FederationNode.Protocol.Notes;

/// <summary>
/// A text with signatures (C2SP signed-note v1.0.0), immutable. Bytes, each line ending in 0x0A:
/// <code>
/// text (one or more lines)
/// (empty line: the last one of the note)
/// U+2014 SP key name SP base64(key id u32 big-endian || signature)      one or more lines
/// </code>
/// </summary>
public sealed partial class SignedNote
{
    /// <summary>Default limit of a whole note in bytes: 1 MiB.</summary>
    public const int MaxNoteBytes = 1 << 20;

    /// <summary>Default limit of signature lines: 100.</summary>
    public const int MaxSignatures = 100;

    private const int KeyIdSize = sizeof(uint);
    private const int TimeSize = sizeof(ulong);

    private readonly byte[] _text;

    private SignedNote(byte[] text, NoteSignature[] signatures)
    {
        _text = text;
        Text = Encoding.UTF8.GetString(text);
        Signatures = Array.AsReadOnly(signatures);
    }

    /// <summary>The signed text with its final newline. Trust it only after <see cref="TryVerify"/>.</summary>
    public string Text { get; }

    /// <summary>The bytes (UTF-8) that type 0x01 signatures cover: the text with its final newline.</summary>
    public ReadOnlySpan<byte> TextBytes => _text;

    /// <summary>The signature lines in the order of the note, not verified.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>
    /// Verifies every signature by a known key. Lines whose name and key id fit no known key are ignored; one bad
    /// signature by a known key refuses the whole note, and so does a note that no known key has signed.
    /// </summary>
    /// <param name="known">The keys to trust. Two different keys with one name and key id refuse the note.</param>
    /// <param name="signatures">One for each known key that signed, its first, in the order of the note.</param>
    /// <param name="error">What is wrong.</param>
    public bool TryVerify(
        IReadOnlyList<VerificationKey> known,
        [NotNullWhen(true)] out IReadOnlyList<VerifiedSignature>? signatures,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(known);
        signatures = null;
        var good = new List<VerifiedSignature>();
        foreach (var signature in Signatures)
        {
            if (!TrySelect(known, signature, out var key, out error))
            {
                return false;
            }

            if (key is null)
            {
                continue;
            }

            if (!TryVerifyOne(key, signature.Blob.Span, out var time))
            {
                error = $"The note carries a bad signature by the known key {key.Name}+{key.KeyId:x8}: do not use it.";
                return false;
            }

            if (!good.Exists(g => g.Key.Equals(key)))
            {
                good.Add(new VerifiedSignature(key, time));
            }
        }

        if (good.Count == 0)
        {
            error = "No known key has signed the note: ask its sender which key it uses and compare with the roster.";
            return false;
        }

        signatures = good;
        error = null;
        return true;
    }

    private static bool TrySelect(
        IReadOnlyList<VerificationKey> known,
        NoteSignature signature,
        out VerificationKey? key,
        [NotNullWhen(false)] out string? error)
    {
        key = null;
        error = null;
        for (var i = 0; i < known.Count; i++)
        {
            var candidate = known[i];
            if (candidate.KeyId != signature.KeyId
                || !string.Equals(candidate.Name, signature.Name, StringComparison.Ordinal))
            {
                continue;
            }

            if (key is not null && !key.Equals(candidate))
            {
                error = $"Two known keys are called {key.Name}+{key.KeyId:x8}: one of them must be replaced.";
                return false;
            }

            key = candidate;
        }

        return true;
    }

    private bool TryVerifyOne(VerificationKey key, ReadOnlySpan<byte> blob, out long? time)
    {
        time = null;
        if (key.Type == NoteKeyType.Ed25519)
        {
            return key.Verify(_text, blob);
        }

        if (blob.Length != TimeSize + VerificationKey.SignatureSize)
        {
            return false;
        }

        var seconds = BinaryPrimitives.ReadUInt64BigEndian(blob);
        if (seconds > long.MaxValue)
        {
            return false;
        }

        time = (long)seconds;
        return key.Verify(CosignatureMessage((long)seconds, _text), blob[TimeSize..]);
    }

    /// <summary>
    /// What a cosignature signs (tlog-cosignature v1.0.1): lines "cosignature/v1" and "time T", then the text.
    /// </summary>
    internal static byte[] CosignatureMessage(long seconds, ReadOnlySpan<byte> text) =>
        [.. Encoding.ASCII.GetBytes(FormattableString.Invariant($"cosignature/v1\ntime {seconds}\n")), .. text];
}
