using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using FederationNode.Protocol.Keys;

namespace FederationNode.Protocol.Notes;

public sealed partial class SignedNote
{
    private const byte NewLine = (byte)'\n';

    private static ReadOnlySpan<byte> LineStart => "\u2014 "u8;

    /// <summary>Reads a note without verifying it. Copies the bytes; allocates a few times their number.</summary>
    /// <param name="bytes">The whole note.</param>
    /// <param name="note">The note.</param>
    /// <param name="error">What is wrong.</param>
    /// <param name="maxBytes">Limit of the whole note in bytes.</param>
    /// <param name="maxSignatures">Limit of signature lines, known or not.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> bytes,
        [NotNullWhen(true)] out SignedNote? note,
        [NotNullWhen(false)] out string? error,
        int maxBytes = MaxNoteBytes,
        int maxSignatures = MaxSignatures)
    {
        note = null;
        if (bytes.Length > maxBytes)
        {
            error = $"The note has {bytes.Length} bytes: at most {maxBytes} are accepted.";
            return false;
        }

        // The text may itself hold empty lines; signature lines never do.
        var split = bytes.LastIndexOf("\n\n"u8);
        if (split < 0)
        {
            error = "The note has no empty line between text and signatures: it is cut off or not a signed note.";
            return false;
        }

        var text = bytes[..(split + 1)];
        var lines = bytes[(split + 2)..];
        if (!IsText(text, out error) || !CheckLines(lines, maxSignatures, out var count, out error))
        {
            return false;
        }

        var signatures = new NoteSignature[count];
        for (var i = 0; i < count; i++)
        {
            var end = lines.IndexOf(NewLine);
            if (!TryParseLine(lines[..end], out signatures[i]!, out error))
            {
                return false;
            }

            lines = lines[(end + 1)..];
        }

        note = new SignedNote(text.ToArray(), signatures);
        return true;
    }

    /// <summary>Valid UTF-8 that ends in a newline and holds no other control character below 0x20.</summary>
    private static bool IsText(ReadOnlySpan<byte> text, [NotNullWhen(false)] out string? error)
    {
        error = null;
        if (text.IsEmpty || text[^1] != NewLine)
        {
            error = "The note's text does not end in a newline: add one.";
        }
        else if (!Utf8.IsValid(text))
        {
            error = "The note's text is not valid UTF-8.";
        }
        else
        {
            foreach (var b in text)
            {
                if (b < 0x20 && b != NewLine)
                {
                    error = $"The note's text holds the control character 0x{b:x2}: only newlines are allowed.";
                    break;
                }
            }
        }

        return error is null;
    }

    private static bool CheckLines(
        ReadOnlySpan<byte> lines, int maxSignatures, out int count, [NotNullWhen(false)] out string? error)
    {
        count = lines.Count(NewLine);
        error = null;
        if (lines.IsEmpty || lines[^1] != NewLine)
        {
            error = "The note does not end in a complete signature line: it is cut off.";
        }
        else if (count > maxSignatures)
        {
            error = $"The note has {count} signatures: at most {maxSignatures} are accepted.";
        }

        return error is null;
    }

    private static bool TryParseLine(
        ReadOnlySpan<byte> line,
        [NotNullWhen(true)] out NoteSignature? signature,
        [NotNullWhen(false)] out string? error)
    {
        signature = null;
        error = "A signature line is not of the form: U+2014, space, key name, space, base64.";
        if (!line.StartsWith(LineStart) || !Utf8.IsValid(line))
        {
            return false;
        }

        line = line[LineStart.Length..];
        var space = line.IndexOf((byte)' ');
        if (space < 0)
        {
            return false;
        }

        var name = line[..space];
        if (name.Length > KeyName.MaxBytes)
        {
            error = $"A signature line's key name is longer than {KeyName.MaxBytes} bytes of UTF-8.";
            return false;
        }

        var nameText = Encoding.UTF8.GetString(name);
        if (!KeyName.IsValid(nameText, out error))
        {
            return false;
        }

        var encoded = Encoding.UTF8.GetString(line[(space + 1)..]);
        var length = CanonicalBase64.DecodedLength(encoded);
        var decoded = length > KeyIdSize ? new byte[length] : [];
        if (decoded.Length == 0 || !CanonicalBase64.TryDecode(encoded, decoded))
        {
            error = "A signature is not canonical base64 of a 4-byte key id and at least one more byte.";
            return false;
        }

        signature = new NoteSignature(
            nameText, BinaryPrimitives.ReadUInt32BigEndian(decoded), decoded.AsMemory(KeyIdSize));
        return true;
    }
}
