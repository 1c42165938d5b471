using System.Buffers.Binary;
using System.Text;
using FederationNode.Protocol.Keys;

namespace FederationNode.Protocol.Notes;

public sealed partial class SignedNote
{
    private static readonly UTF8Encoding s_strictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Signs a text with type 0x01 and gives the bytes of the note, one line for each key in order.</summary>
    /// <param name="text">Lines that each end in a newline, without other control characters below U+0020.</param>
    /// <param name="keys">One to 100 keys.</param>
    /// <exception cref="ArgumentException">The text cannot stand in a note, or the number of keys is wrong.</exception>
    public static byte[] Sign(string text, params ReadOnlySpan<SigningKey> keys)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (keys.Length is 0 or > MaxSignatures)
        {
            throw new ArgumentException(
                $"A note has 1 to {MaxSignatures} signatures, not {keys.Length}.", nameof(keys));
        }

        var bytes = EncodeText(text);
        var lines = new StringBuilder("\n");
        foreach (var key in keys)
        {
            var blob = new byte[KeyIdSize + VerificationKey.SignatureSize];
            BinaryPrimitives.WriteUInt32BigEndian(blob, key.VerificationKey.KeyId);
            key.Sign(bytes).CopyTo(blob, KeyIdSize);
            lines.Append("\u2014 ").Append(key.VerificationKey.Name).Append(' ')
                .Append(Convert.ToBase64String(blob)).Append('\n');
        }

        byte[] note = [.. bytes, .. s_strictUtf8.GetBytes(lines.ToString())];
        return note.Length <= MaxNoteBytes
            ? note
            : throw new ArgumentException($"The note would have more than {MaxNoteBytes} bytes.", nameof(text));
    }

    private static byte[] EncodeText(string text)
    {
        byte[] bytes;
        try
        {
            bytes = s_strictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("The text holds an unpaired surrogate.", nameof(text), e);
        }

        return IsText(bytes, out var error) ? bytes : throw new ArgumentException(error, nameof(text));
    }
}
