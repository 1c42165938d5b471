using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using MessagePack;

namespace FederationNode.Protocol.Entries;

/// <summary>Reads one MessagePack value with the shape that <paramref name="reader"/> is at.</summary>
internal delegate T ReadShape<T>(ref MessagePackReader reader);

/// <summary>Writes <paramref name="value"/> in its one canonical form.</summary>
internal delegate void WriteShape<T>(ref MessagePackWriter writer, T value);

/// <summary>
/// Reads canonical MessagePack: a value is well-formed only when writing it again gives the very same bytes. So
/// implementations in different languages never disagree about a value that one of their libraries happens to
/// tolerate (long forms of small numbers, trailing bytes, ill-formed UTF-8).
/// </summary>
internal static class CanonicalReader
{
    /// <summary>A thread keeps no larger buffer: entries are small, and millions of them are read at a start.</summary>
    private const int MaxKept = 4096;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_written;

    [ThreadStatic]
    private static byte[]? t_read;

    public static bool TryRead<T>(
        ReadOnlySpan<byte> bytes,
        ReadShape<T> read,
        WriteShape<T> write,
        [NotNullWhen(true)] out T? value,
        [NotNullWhen(false)] out string? error)
        where T : class
    {
        value = null;

        // Taken for as long as it is read from: values may stand in values.
        var buffer = bytes.Length <= MaxKept ? t_read ?? new byte[MaxKept] : new byte[bytes.Length];
        t_read = null;
        bytes.CopyTo(buffer);
        try
        {
            var reader = new MessagePackReader(buffer.AsMemory(0, bytes.Length));
            var candidate = read(ref reader);
            if (!reader.End)
            {
                error = "Bytes follow the end of the value.";
                return false;
            }

            if (!IsWrittenAs(candidate, write, bytes))
            {
                error = "The value is not in canonical MessagePack form (shortest encodings, well-formed UTF-8).";
                return false;
            }

            value = candidate;
            error = null;
            return true;
        }
        catch (Exception e) when (IsRefusal(e))
        {
            error = e is ShapeException ? e.Message : "The bytes are not the MessagePack value expected here.";
            return false;
        }
        finally
        {
            if (buffer.Length == MaxKept)
            {
                // A payload may be erased later.
                Array.Clear(buffer, 0, bytes.Length);
                t_read = buffer;
            }
        }
    }

    /// <summary>Reads a value that <see cref="TryRead"/> has accepted before.</summary>
    public static T ReadAgain<T>(ReadOnlyMemory<byte> bytes, ReadShape<T> read)
    {
        var reader = new MessagePackReader(bytes);
        return read(ref reader);
    }

    /// <summary>
    /// Whether the bytes are to blame. The reader throws ArgumentOutOfRangeException for a string that claims to be longer
    /// than the rest of the bytes, OverflowException for one longer than an array can be.
    /// </summary>
    private static bool IsRefusal(Exception e) =>
        e is MessagePackSerializationException or EndOfStreamException or OverflowException
            or ArgumentOutOfRangeException or ShapeException;

    /// <summary>Whether writing a value gives these bytes.</summary>
    private static bool IsWrittenAs<T>(T value, WriteShape<T> write, ReadOnlySpan<byte> bytes)
    {
        var buffer = t_written ??= new ArrayBufferWriter<byte>(MaxKept);
        var writer = new MessagePackWriter(buffer);
        write(ref writer, value);
        writer.Flush();
        var same = buffer.WrittenSpan.SequenceEqual(bytes);
        if (buffer.Capacity > MaxKept)
        {
            t_written = null;
        }
        else
        {
            // Cleared, too: a payload may be erased later.
            buffer.Clear();
        }

        return same;
    }

    public static byte[] Write<T>(T value, WriteShape<T> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        var writer = new MessagePackWriter(buffer);
        write(ref writer, value);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static void ExpectArray(this ref MessagePackReader reader, int length, string what)
    {
        if (reader.NextMessagePackType != MessagePackType.Array || reader.ReadArrayHeader() != length)
        {
            throw new ShapeException($"{what} is an array of {length} items.");
        }
    }

    public static void ExpectVersion(this ref MessagePackReader reader, string what)
    {
        if (reader.NextMessagePackType != MessagePackType.Integer || reader.ReadInt64() != 1)
        {
            throw new ShapeException($"{what} has a version that this node does not know (it knows 1).");
        }
    }

    public static long ReadNumber(this ref MessagePackReader reader, long max, string what)
    {
        if (reader.NextMessagePackType == MessagePackType.Integer)
        {
            var number = reader.ReadInt64();
            if (number >= 0 && number <= max)
            {
                return number;
            }
        }

        throw new ShapeException($"{what} is a whole number from 0 to {max}.");
    }

    public static string ReadText(this ref MessagePackReader reader, int maxBytes, string what) =>
        System.Text.EncodingExtensions.GetString(System.Text.Encoding.UTF8, reader.ReadTextBytes(maxBytes, what));

    /// <summary>As <see cref="ReadText"/>, for what is one of a few words, so that it is mostly not made anew.</summary>
    public static string ReadWord(this ref MessagePackReader reader, int maxBytes, string what) =>
        reader.ReadTextBytes(maxBytes, what) is var text && text.IsSingleSegment
            ? ShortTexts.Get(text.FirstSpan)
            : System.Text.EncodingExtensions.GetString(System.Text.Encoding.UTF8, text);

    public static string ReadCode(this ref MessagePackReader reader, string what)
    {
        var text = reader.ReadWord(Names.MaxCode, what);
        return Names.IsCode(text) ? text : throw new ShapeException($"{what} is 1 to {Names.MaxCode} of a-z, 0-9 and '-'.");
    }

    /// <summary>The name of a log.</summary>
    public static string ReadOrigin(this ref MessagePackReader reader)
    {
        var origin = reader.ReadText(Origin.MaxLength, "An origin");
        return Origin.TryParse(origin, out _, out var error) ? origin : throw new ShapeException(error);
    }

    private static ReadOnlySequence<byte> ReadTextBytes(this ref MessagePackReader reader, int maxBytes, string what) =>
        reader.NextMessagePackType == MessagePackType.String && reader.ReadStringSequence() is { } text && text.Length <= maxBytes
            ? text
            : throw new ShapeException($"{what} is a string of at most {maxBytes} bytes.");

    public static byte[] ReadBinary(this ref MessagePackReader reader, int maxBytes, string what)
    {
        if (reader.NextMessagePackType == MessagePackType.Binary && reader.ReadBytes() is { } bytes && bytes.Length <= maxBytes)
        {
            return bytes.ToArray();
        }

        throw new ShapeException($"{what} is a binary of at most {maxBytes} bytes.");
    }

    public static Hash256 ReadHash(this ref MessagePackReader reader, string what)
    {
        if (reader.NextMessagePackType == MessagePackType.Binary && reader.ReadBytes() is { Length: Hash256.Size } bytes)
        {
            Span<byte> copy = stackalloc byte[Hash256.Size];
            bytes.CopyTo(copy);
            return new Hash256(copy);
        }

        throw new ShapeException($"{what} is a binary of {Hash256.Size} bytes.");
    }

    public static int ReadCount(this ref MessagePackReader reader, int max, string what)
    {
        if (reader.NextMessagePackType == MessagePackType.Array && reader.ReadArrayHeader() is var count && count <= max)
        {
            return count;
        }

        throw new ShapeException($"{what} is an array of at most {max} items.");
    }

    /// <summary>Writes a hash as a binary of 32 bytes.</summary>
    public static void WriteHash(this ref MessagePackWriter writer, Hash256 hash)
    {
        const int header = 2;
        var span = writer.GetSpan(header + Hash256.Size);
        span[0] = MessagePackCode.Bin8;
        span[1] = Hash256.Size;
        hash.CopyTo(span[header..]);
        writer.Advance(header + Hash256.Size);
    }

    /// <summary>A value of another shape than the one expected; its message names the field.</summary>
    internal sealed class ShapeException(string message) : Exception(message);
}
