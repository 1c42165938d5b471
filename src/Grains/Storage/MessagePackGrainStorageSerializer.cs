using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Runtime.InteropServices;
using MessagePack;
using MessagePack.Resolvers;
using Orleans.Storage;

namespace FederationNode.Grains.Storage;

/// <summary>
/// Writes a grain's state as a small binary row. Only types marked <see cref="MessagePackObjectAttribute"/> are
/// accepted, so that what is stored is what somebody declared, and renaming a member changes nothing.
/// </summary>
/// <remarks>
/// <code>
/// offset 0   1 byte    format, 1
/// offset 1   4 bytes   CRC-32C (Castagnoli) of the format byte and the body, little-endian
/// offset 5   n bytes   body: the state in MessagePack
/// </code>
/// The checksum tells damage, such as a flipped bit, from content; it is no protection against a forger, who is
/// found by the Merkle trees.
/// </remarks>
public sealed class MessagePackGrainStorageSerializer : IGrainStorageSerializer
{
    /// <summary>The bytes before the body.</summary>
    public const int HeaderBytes = 5;

    private const byte Format = 1;

    // No contractless, typeless or dynamic-object formatters: a row cannot name a type of its own.
    private static readonly MessagePackSerializerOptions Options = MessagePackSerializerOptions.Standard
        .WithSecurity(MessagePackSecurity.UntrustedData)
        .WithResolver(CompositeResolver.Create(
            BuiltinResolver.Instance,
            AttributeFormatterResolver.Instance,
            DynamicEnumResolver.Instance,
            DynamicGenericResolver.Instance,
            DynamicUnionResolver.Instance,
            DynamicObjectResolver.Instance));

    /// <summary>Encodes a state.</summary>
    /// <typeparam name="T">A type marked <see cref="MessagePackObjectAttribute"/>.</typeparam>
    /// <param name="input">The state; not null.</param>
    /// <exception cref="NotSupportedException">
    /// <typeparamref name="T"/> is not marked, or holds something that is not.
    /// </exception>
    public BinaryData Serialize<T>(T? input)
    {
        RefuseUndeclared<T>();
        ArgumentNullException.ThrowIfNull(input);
        var writer = new ArrayBufferWriter<byte>(256);
        writer.GetSpan(HeaderBytes)[0] = Format;
        writer.Advance(HeaderBytes);
        try
        {
            MessagePackSerializer.Serialize(writer, input, Options);
        }
        catch (MessagePackSerializationException e)
        {
            throw new NotSupportedException(
                $"The state type {typeof(T).Name} holds something that cannot be stored; mark all its types with "
                    + "[MessagePackObject] and [Key(n)].",
                e);
        }

        // The writer made the array, so it may be written to once more before anybody else sees it.
        var row = MemoryMarshal.AsMemory(writer.WrittenMemory).Span;
        BinaryPrimitives.WriteUInt32LittleEndian(row[1..], Checksum(row[0], row[HeaderBytes..]));
        return new BinaryData(writer.WrittenMemory);
    }

    /// <summary>Decodes a state.</summary>
    /// <typeparam name="T">The type that was encoded.</typeparam>
    /// <param name="input">The row.</param>
    /// <exception cref="CorruptStateException">The row is damaged, or not of this format.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is not marked.</exception>
    public T Deserialize<T>(BinaryData input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var row = input.ToMemory();
        return HeaderFault(row.Span) is { } fault
            ? throw new CorruptStateException(typeof(T).Name, fault)
            : Decode<T>(row[HeaderBytes..], "its checksum is right, but its content is not of this type");
    }

    /// <summary>
    /// Decodes a state for an auditor: a row whose checksum is wrong is read all the same if it can be, since what is
    /// in it may show what was changed.
    /// </summary>
    /// <typeparam name="T">The type that was encoded.</typeparam>
    /// <param name="row">The row.</param>
    /// <param name="damage">What is wrong with the row, without a full stop; null when it is sound.</param>
    /// <exception cref="CorruptStateException">The row cannot be read at all.</exception>
    public static T DeserializeForAudit<T>(ReadOnlyMemory<byte> row, out string? damage)
    {
        damage = HeaderFault(row.Span);
        if (row.Length <= HeaderBytes)
        {
            throw new CorruptStateException(typeof(T).Name, damage!);
        }

        return Decode<T>(
            row[HeaderBytes..],
            damage is null
                ? "its checksum is right, but its content is not of this type"
                : damage + ", and its content cannot be read",
            toItsEnd: damage is null);
    }

    private static T Decode<T>(ReadOnlyMemory<byte> body, string otherwise, bool toItsEnd = true)
    {
        RefuseUndeclared<T>();
        try
        {
            var value = MessagePackSerializer.Deserialize<T>(body, Options, out var read);
            if (value is not null && (read == body.Length || !toItsEnd))
            {
                return value;
            }

            throw new CorruptStateException(
                typeof(T).Name,
                string.Create(CultureInfo.InvariantCulture, $"it ends after {read} of {body.Length} bytes"));
        }
        catch (MessagePackSerializationException e)
        {
            throw new CorruptStateException(typeof(T).Name, otherwise, e);
        }
    }

    /// <summary>What the bytes before the body show, without a full stop, or null.</summary>
    private static string? HeaderFault(ReadOnlySpan<byte> row)
    {
        if (row.Length <= HeaderBytes)
        {
            return string.Create(CultureInfo.InvariantCulture, $"it has only {row.Length} bytes");
        }

        var stored = BinaryPrimitives.ReadUInt32LittleEndian(row[1..]);
        var actual = Checksum(row[0], row[HeaderBytes..]);
        if (stored != actual)
        {
            return $"its checksum is {stored:x8}, its content's {actual:x8}";
        }

        // After the checksum, so that a flipped bit in this byte is told from a row of a later format.
        return row[0] == Format ? null : string.Create(
            CultureInfo.InvariantCulture, $"its format is {row[0]}, and this program knows only {Format}");
    }

    /// <summary>The checksum of a row.</summary>
    internal static uint Checksum(byte format, ReadOnlySpan<byte> body)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, format);
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(body))
        {
            var bytes = BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
            crc = BitOperations.Crc32C(crc, bytes);
        }

        foreach (var rest in body[(body.Length & ~7)..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }

    private static void RefuseUndeclared<T>()
    {
        if (!Declared<T>.Value)
        {
            throw new NotSupportedException(
                $"The state type {typeof(T).FullName} is not marked [MessagePackObject], so it cannot be stored.");
        }
    }

    private static class Declared<T>
    {
        public static readonly bool Value = typeof(T).GetCustomAttribute<MessagePackObjectAttribute>() is not null;
    }
}
