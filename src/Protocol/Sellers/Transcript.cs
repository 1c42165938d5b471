using System.Buffers.Binary;

namespace FederationNode.Protocol.Sellers;

/// <summary>
/// Writes the inputs of RFC 9497's hashes into a buffer of the caller: fields prefixed with their length as
/// I2OSP(length, 2), and bare bytes. The caller makes the buffer large enough, and erases it if need be.
/// </summary>
internal ref struct Transcript(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;
    private int _length;

    /// <summary>What has been written.</summary>
    internal readonly ReadOnlySpan<byte> Written => _buffer[.._length];

    /// <summary>I2OSP(length, 2) || field.</summary>
    internal void Field(ReadOnlySpan<byte> field)
    {
        Number(field.Length);
        Bytes(field);
    }

    /// <summary>I2OSP(number, 2); the number is at most 65,535.</summary>
    internal void Number(int number)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[_length..], (ushort)number);
        _length += sizeof(ushort);
    }

    /// <summary>The bytes as they are.</summary>
    internal void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer[_length..]);
        _length += bytes.Length;
    }
}
