using System.Buffers.Binary;
using System.Globalization;
using FederationNode.Protocol;

namespace FederationNode.Audit.Logs;

/// <summary>A salt and a payload as they stand beside a leaf.</summary>
internal sealed record SaltedPayload(ReadOnlyMemory<byte> Salt, ReadOnlyMemory<byte> Payload);

/// <summary>
/// A payload tile: canonical MessagePack <c>[[salt, payload] or nil, ...]</c> (docs/protocol.md section 4). Read by
/// hand: it is a handful of formats, and the auditor wants to know at which item a damaged tile breaks.
/// </summary>
/// <param name="Items">The items that could be read, in order; null where the payload is not held.</param>
/// <param name="Header">Bytes before the first item.</param>
/// <param name="Length">Bytes up to the end of the wanted items.</param>
/// <param name="Error">What is wrong, or null.</param>
internal sealed record PayloadTile(IReadOnlyList<SaltedPayload?> Items, int Header, int Length, string? Error)
{
    private const byte Nil = 0xc0;
    private const byte Pair = 0x92;
    private const byte FixArray = 0x90;
    private const byte Array16 = 0xdc;
    private const byte Bin8 = 0xc4;
    private const byte Bin16 = 0xc5;
    private const byte Bin32 = 0xc6;
    private const int MaxFixArray = 15;

    /// <summary>The header of an array of 1 to 256 items.</summary>
    public static byte[] HeaderOf(int count) =>
        count <= MaxFixArray ? [(byte)(FixArray | count)] : [Array16, (byte)(count >> 8), (byte)count];

    /// <summary>Reads the first <paramref name="width"/> items of a tile of <paramref name="found"/>.</summary>
    public static PayloadTile Parse(ReadOnlyMemory<byte> bytes, int found, int width)
    {
        var header = HeaderOf(found);
        var items = new List<SaltedPayload?>(width);
        if (!bytes.Span.StartsWith(header))
        {
            return Malformed(items, 0, $"It is not a MessagePack array of {found} items.");
        }

        var at = header.Length;
        while (items.Count < width)
        {
            if (!TryReadItem(bytes, ref at, out var item))
            {
                return Malformed(
                    items, header.Length, $"Item {items.Count} is neither nil nor canonical [salt, payload].");
            }

            items.Add(item);
        }

        return found == width && at != bytes.Length
            ? Malformed(items, header.Length, $"{bytes.Length - at} bytes follow the last of {width} items.")
            : new PayloadTile(items, header.Length, at, null);
    }

    private static bool TryReadItem(ReadOnlyMemory<byte> bytes, ref int at, out SaltedPayload? item)
    {
        item = null;
        if (at >= bytes.Length)
        {
            return false;
        }

        var type = bytes.Span[at++];
        if (type == Nil)
        {
            return true;
        }

        if (type != Pair
            || !TryReadBinary(bytes, ref at, out var salt) || salt.Length != ProtocolLimits.SaltSize
            || !TryReadBinary(bytes, ref at, out var payload))
        {
            return false;
        }

        item = new SaltedPayload(salt, payload);
        return true;
    }

    private static bool TryReadBinary(ReadOnlyMemory<byte> bytes, ref int at, out ReadOnlyMemory<byte> binary)
    {
        binary = default;
        var span = bytes.Span[at..];
        var prefix = span.IsEmpty ? 0 : span[0] switch { Bin8 => 1, Bin16 => 2, Bin32 => 4, _ => 0 };
        if (prefix == 0 || span.Length < 1 + prefix)
        {
            return false;
        }

        var length = prefix switch
        {
            1 => span[1],
            2 => BinaryPrimitives.ReadUInt16BigEndian(span[1..]),
            _ => BinaryPrimitives.ReadUInt32BigEndian(span[1..]),
        };
        var shortest = length <= byte.MaxValue ? 1 : length <= ushort.MaxValue ? 2 : 4;
        if (prefix != shortest || length > span.Length - 1 - prefix)
        {
            return false;
        }

        binary = bytes.Slice(at + 1 + prefix, (int)length);
        at += 1 + prefix + (int)length;
        return true;
    }

    private static PayloadTile Malformed(List<SaltedPayload?> items, int header, FormattableString error) =>
        new(items, header, 0, error.ToString(CultureInfo.InvariantCulture));
}
