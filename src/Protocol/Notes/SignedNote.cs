using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using FederationNode.Protocol.Keys;

namespace FederationNode.Protocol.Notes;

/// <summary>One signature line of a note.</summary>
/// <param name="Name">Name of the key.</param>
/// <param name="KeyId">Id of the key.</param>
/// <param name="Signature">What follows the key id: 64 bytes for Ed25519, 72 for a cosignature.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature);

/// <summary>
/// A signed note (C2SP signed-note 1.0.0): a text that ends with a line feed, an empty line, and signature lines
/// <c>— name base64(key id || signature)</c>. Immutable.
/// </summary>
public sealed class SignedNote
{
    /// <summary>Most signatures of a note.</summary>
    public const int MaxSignatures = 100;

    /// <summary>Longest note that is read unless the place allows less or more, in bytes.</summary>
    public const int DefaultMaxBytes = 1024 * 1024;

    private const string Dash = "\u2014 ";
    private const int KeyIdSize = 4;
    private const int MaxSignatureSize = 8192;

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private SignedNote(string text, ImmutableArray<NoteSignature> signatures)
    {
        Text = text;
        Signatures = signatures;
    }

    /// <summary>What is signed; ends with a line feed.</summary>
    public string Text { get; }

    /// <summary>The signatures, in the order of the note.</summary>
    public ImmutableArray<NoteSignature> Signatures { get; }

    /// <summary>Reads a note. No signature is verified here.</summary>
    /// <param name="bytes">The whole note.</param>
    /// <param name="note">The note.</param>
    /// <param name="error">What is wrong with it.</param>
    /// <param name="maxBytes">Longest note to accept.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> bytes,
        [NotNullWhen(true)] out SignedNote? note,
        [NotNullWhen(false)] out string? error,
        int maxBytes = DefaultMaxBytes)
    {
        note = null;
        if (bytes.Length > maxBytes)
        {
            error = $"The note has {bytes.Length} bytes; at most {maxBytes} are accepted here.";
            return false;
        }

        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            error = "The note is not well-formed UTF-8.";
            return false;
        }

        var whole = s_strictUtf8.GetString(bytes);
        if (whole.AsSpan().ContainsAnyInRange('\0', '\u0009') || whole.AsSpan().ContainsAnyInRange('\u000B', '\u001F'))
        {
            error = "The note holds a control character other than line feed.";
            return false;
        }

        var split = whole.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || whole.Length == split + 2 || whole[^1] != '\n')
        {
            error = "The note has no empty line before its signatures, or its last line is not ended.";
            return false;
        }

        return TryReadSignatures(whole.AsSpan(split + 2, whole.Length - split - 3), out var signatures, out error)
            && Keep(new SignedNote(whole[..(split + 1)], signatures), out note);
    }

    /// <summary>
    /// Verifies the note against the keys that the caller knows. Signatures by unknown keys are ignored; a bad signature
    /// by a known key refuses the whole note; a note without any signature by a known key is refused.
    /// </summary>
    /// <param name="known">The keys, of any type.</param>
    /// <param name="good">The keys that signed, each once.</param>
    /// <param name="error">Why the note is refused.</param>
    public bool TryVerify(
        IEnumerable<VerificationKey> known,
        out IReadOnlyList<VerificationKey> good,
        [NotNullWhen(false)] out string? error)
    {
        var signers = new List<VerificationKey>();
        good = signers;
        var keys = known.ToList();
        var text = Encoding.UTF8.GetBytes(Text);
        foreach (var signature in Signatures)
        {
            foreach (var key in keys.Where(k => k.KeyId == signature.KeyId && k.Name == signature.Name))
            {
                if (!IsGood(key, text, signature.Signature.Span))
                {
                    error = $"The signature by {key.Name} is bad: the note was changed, or signed by somebody else.";
                    signers.Clear();
                    return false;
                }

                if (!signers.Contains(key))
                {
                    signers.Add(key);
                }
            }
        }

        error = signers.Count == 0 ? "No known key signed the note." : null;
        return error is null;
    }

    /// <summary>Signs a text.</summary>
    /// <param name="text">Ends with a line feed; no control characters but line feeds.</param>
    /// <param name="keys">The signers, in the order of the lines; at least one.</param>
    /// <returns>The whole note.</returns>
    /// <exception cref="ArgumentException">The text cannot be signed, or there is no key.</exception>
    public static byte[] Sign(string text, params IReadOnlyList<SigningKey> keys)
    {
        if (!text.EndsWith('\n') || text.Any(c => c < ' ' && c != '\n') || keys.Count is 0 or > MaxSignatures)
        {
            throw new ArgumentException("A note's text ends with a line feed and holds no other control characters; 1 to 100 keys sign it.", nameof(text));
        }

        var bytes = s_strictUtf8.GetBytes(text);
        var note = new StringBuilder(text).Append('\n');
        foreach (var key in keys)
        {
            AppendSignature(note, key.VerificationKey, key.Sign(bytes));
        }

        return Encoding.UTF8.GetBytes(note.ToString());
    }

    /// <summary>Adds a signer to this note: what signers on separate machines do in turn.</summary>
    /// <returns>The whole note.</returns>
    public byte[] AddSignature(SigningKey key)
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
        {
            AppendSignature(note, signature.Name, signature.KeyId, signature.Signature.Span);
        }

        AppendSignature(note, key.VerificationKey, key.Sign(Encoding.UTF8.GetBytes(Text)));
        return Encoding.UTF8.GetBytes(note.ToString());
    }

    private static void AppendSignature(StringBuilder note, VerificationKey key, ReadOnlySpan<byte> signature) =>
        AppendSignature(note, key.Name, key.KeyId, signature);

    private static void AppendSignature(StringBuilder note, string name, uint keyId, ReadOnlySpan<byte> signature)
    {
        var blob = new byte[KeyIdSize + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(blob, keyId);
        signature.CopyTo(blob.AsSpan(KeyIdSize));
        note.Append(Dash).Append(name).Append(' ').Append(Convert.ToBase64String(blob)).Append('\n');
    }

    private static bool TryReadSignatures(
        ReadOnlySpan<char> lines, out ImmutableArray<NoteSignature> signatures, [NotNullWhen(false)] out string? error)
    {
        signatures = [];
        var found = ImmutableArray.CreateBuilder<NoteSignature>();
        foreach (var range in lines.Split('\n'))
        {
            if (found.Count == MaxSignatures)
            {
                error = $"The note has more than {MaxSignatures} signatures.";
                return false;
            }

            if (ReadSignature(lines[range]) is not { } signature)
            {
                error = $"Signature line {found.Count + 1} is not \"\u2014 name base64\".";
                return false;
            }

            found.Add(signature);
        }

        signatures = found.ToImmutable();
        error = null;
        return true;
    }

    private static NoteSignature? ReadSignature(ReadOnlySpan<char> line)
    {
        if (!line.StartsWith(Dash))
        {
            return null;
        }

        line = line[Dash.Length..];
        var space = line.IndexOf(' ');
        if (space < 0 || !KeyName.IsValid(line[..space], out _))
        {
            return null;
        }

        var encoded = line[(space + 1)..];
        var length = CanonicalBase64.DecodedLength(encoded);
        if (length is <= KeyIdSize or > MaxSignatureSize)
        {
            return null;
        }

        var blob = new byte[length];
        return CanonicalBase64.TryDecode(encoded, blob)
            ? new NoteSignature(line[..space].ToString(), BinaryPrimitives.ReadUInt32BigEndian(blob), blob.AsMemory(KeyIdSize))
            : null;
    }

    private static bool IsGood(VerificationKey key, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) => key.Type switch
    {
        NoteKeyType.Ed25519 => key.Verify(text, signature),
        NoteKeyType.Cosignature => IsGoodCosignature(key, text, signature),
        _ => false,
    };

    /// <summary>C2SP tlog-cosignature 1.0.1: a big-endian time of 8 bytes, then Ed25519 over a header and the text.</summary>
    private static bool IsGoodCosignature(VerificationKey key, ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != sizeof(ulong) + VerificationKey.SignatureSize)
        {
            return false;
        }

        var time = BinaryPrimitives.ReadUInt64BigEndian(signature);
        var header = Encoding.ASCII.GetBytes(FormattableString.Invariant($"cosignature/v1\ntime {time}\n"));
        return time <= long.MaxValue && key.Verify([.. header, .. text], signature[sizeof(ulong)..]);
    }

    private static bool Keep(SignedNote candidate, out SignedNote note)
    {
        note = candidate;
        return true;
    }
}
