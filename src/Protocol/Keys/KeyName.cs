using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace FederationNode.Protocol.Keys;

/// <summary>The rule for names of keys, which are also the origins of logs (C2SP signed-note v1.0.0).</summary>
public static class KeyName
{
    /// <summary>Longest name in bytes of UTF-8: 255. The specification sets no limit; we bound every line.</summary>
    public const int MaxBytes = 255;

    /// <summary>
    /// Whether <paramref name="name"/> is usable: 1 to 255 bytes of UTF-8, no Unicode space, no <c>+</c>, no control
    /// character, no unpaired surrogate.
    /// </summary>
    public static bool IsValid(ReadOnlySpan<char> name, [NotNullWhen(false)] out string? error)
    {
        error = null;
        if (name.IsEmpty)
        {
            error = "The key name is empty: it needs at least one character.";
            return false;
        }

        var bytes = 0;
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(name, out var rune, out var used) != OperationStatus.Done)
            {
                error = "The key name is not valid Unicode text: remove the unpaired surrogate.";
                return false;
            }

            if (rune.Value == '+' || Rune.IsWhiteSpace(rune) || Rune.IsControl(rune))
            {
                error = $"The key name holds U+{rune.Value:X4}: spaces, control characters and '+' are not allowed.";
                return false;
            }

            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxBytes)
            {
                error = $"The key name is longer than {MaxBytes} bytes of UTF-8: choose a shorter one.";
                return false;
            }

            name = name[used..];
        }

        return true;
    }
}
