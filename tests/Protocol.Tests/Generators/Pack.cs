using System.Buffers.Binary;
using System.Text;

namespace FederationNode.Protocol.Tests.Generators;

/// <summary>
/// MessagePack written and read from its specification alone, independently of the library that the product uses.
/// Values: null, long (from 0), string, byte[], object?[]; <see cref="Raw"/> is copied as it stands.
/// </summary>
internal static class Pack
{
    /// <summary>Bytes that are copied into the output as they are.</summary>
    public sealed record Raw(params byte[] Bytes);

    /// <summary>The values one after another, each in its shortest form.</summary>
    public static byte[] Sequence(params object?[] values) => Write(values, widened: -1, by: 0);

    /// <summary>One value with the value numbered <paramref name="widened"/>, in order of writing, in a longer form.</summary>
    /// <param name="value">The value.</param>
    /// <param name="widened">Which value; the whole is number 0.</param>
    /// <param name="by">How many sizes larger than the shortest.</param>
    /// <returns>The bytes, or null if that value has no such form.</returns>
    public static byte[]? Widened(object? value, int widened, int by)
    {
        var writer = new Writer(widened, by);
        writer.Value(value);
        return writer.Widened ? [.. writer.Bytes] : null;
    }

    /// <summary>Reads one value; fails on forms that <see cref="Sequence"/> never writes.</summary>
    public static object? Read(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        var value = ReadValue(bytes, ref at);
        return at == bytes.Length ? value : throw new FormatException("Bytes follow the value.");
    }

    private static byte[] Write(object?[] values, int widened, int by)
    {
        var writer = new Writer(widened, by);
        foreach (var value in values)
        {
            writer.Value(value);
        }

        return [.. writer.Bytes];
    }

    private static object? ReadValue(ReadOnlySpan<byte> bytes, ref int at)
    {
        var code = bytes[at++];
        switch (code)
        {
            case <= 0x7f: return (long)code;
            case 0xc0: return null;
            case 0xcc: return (long)Number(bytes, ref at, 1);
            case 0xcd: return (long)Number(bytes, ref at, 2);
            case 0xce: return (long)Number(bytes, ref at, 4);
            case 0xcf: return (long)Number(bytes, ref at, 8);
            case >= 0xa0 and <= 0xbf: return Text(bytes, ref at, code & 0x1f);
            case 0xd9: return Text(bytes, ref at, (int)Number(bytes, ref at, 1));
            case 0xc4: return Binary(bytes, ref at, (int)Number(bytes, ref at, 1)).ToArray();
            case 0xc5: return Binary(bytes, ref at, (int)Number(bytes, ref at, 2)).ToArray();
            case >= 0x90 and <= 0x9f: return Items(bytes, ref at, code & 0x0f);
            case 0xdc: return Items(bytes, ref at, (int)Number(bytes, ref at, 2));
            default: throw new FormatException($"Unexpected code {code:x2}.");
        }
    }

    private static object?[] Items(ReadOnlySpan<byte> bytes, ref int at, int count)
    {
        var items = new object?[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = ReadValue(bytes, ref at);
        }

        return items;
    }

    private static string Text(ReadOnlySpan<byte> bytes, ref int at, int length) =>
        Encoding.UTF8.GetString(Binary(bytes, ref at, length));

    private static ReadOnlySpan<byte> Binary(ReadOnlySpan<byte> bytes, ref int at, int length)
    {
        at += length;
        return bytes.Slice(at - length, length);
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, ref int at, int size)
    {
        ulong number = 0;
        foreach (var b in Binary(bytes, ref at, size))
        {
            number = (number << 8) | b;
        }

        return number;
    }

    private sealed class Writer(int widened, int by)
    {
        private static readonly (byte Code, int Size)[] s_numbers = [(0xcc, 1), (0xcd, 2), (0xce, 4), (0xcf, 8)];
        private static readonly (byte Code, int Size)[] s_texts = [(0xd9, 1), (0xda, 2), (0xdb, 4)];
        private static readonly (byte Code, int Size)[] s_binaries = [(0xc4, 1), (0xc5, 2), (0xc6, 4)];
        private static readonly (byte Code, int Size)[] s_arrays = [(0xdc, 2), (0xdd, 4)];

        private int _written;

        public List<byte> Bytes { get; } = [];

        public bool Widened { get; private set; }

        public void Value(object? value)
        {
            switch (value)
            {
                case null: _written++; Bytes.Add(0xc0); break;
                case int number: Head((ulong)number, 0x7f, 0x00, s_numbers); break;
                case long number: Head((ulong)number, 0x7f, 0x00, s_numbers); break;
                case string text:
                    var utf8 = Encoding.UTF8.GetBytes(text);
                    Head((ulong)utf8.Length, 31, 0xa0, s_texts);
                    Bytes.AddRange(utf8);
                    break;
                case byte[] binary:
                    Head((ulong)binary.Length, -1, 0, s_binaries);
                    Bytes.AddRange(binary);
                    break;
                case Hash256 hash: Value(hash.ToArray()); break;
                case object?[] items:
                    Head((ulong)items.Length, 15, 0x90, s_arrays);
                    Array.ForEach(items, Value);
                    break;
                case Raw raw: _written++; Bytes.AddRange(raw.Bytes); break;
                default: throw new ArgumentException($"No form for {value.GetType()}.");
            }
        }

        /// <summary>A number, or a length: in the first byte if it fits, otherwise in the first format that holds it.</summary>
        private void Head(ulong number, long inFirstByte, byte firstByte, (byte Code, int Size)[] formats)
        {
            var small = inFirstByte >= 0 && number <= (ulong)inFirstByte;
            var format = small ? -1 : Array.FindIndex(formats, f => f.Size == 8 || number < 1UL << (8 * f.Size));
            if (_written++ == widened && format + by < formats.Length)
            {
                format += by;
                Widened = true;
            }

            if (format < 0)
            {
                Bytes.Add((byte)(firstByte | (byte)number));
                return;
            }

            Span<byte> wide = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(wide, number);
            Bytes.Add(formats[format].Code);
            Bytes.AddRange(wide[(8 - formats[format].Size)..]);
        }
    }
}
