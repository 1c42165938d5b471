using System.Buffers.Binary;
using System.Numerics;

namespace FederationNode.Grains.Storage;

/// <summary>
/// Finds which one byte of a row was changed. The checksum is linear: a change of one byte shifts it by an amount that
/// depends only on the change and on how many bytes follow, so going back from the end finds the place.
/// </summary>
internal static class ByteMending
{
    private const int Header = MessagePackGrainStorageSerializer.HeaderBytes;

    // What a byte adds to the checksum when no other follows; and the other way round, by the highest byte.
    private static readonly uint[] s_shifts =
        [.. Enumerable.Range(0, 256).Select(i => BitOperations.Crc32C((uint)i, (byte)0))];
    private static readonly byte[] s_byHighest = Invert();

    /// <summary>
    /// The rows that differ from this one in one byte and have the right checksum, with where that byte is: hardly ever
    /// more than one. None if the checksum is right, or if the checksum itself was changed.
    /// </summary>
    public static IEnumerable<(byte[] Row, int At)> Candidates(byte[] row)
    {
        if (row.Length <= Header)
        {
            yield break;
        }

        var shift = BinaryPrimitives.ReadUInt32LittleEndian(row.AsSpan(1))
            ^ MessagePackGrainStorageSerializer.Checksum(row[0], row.AsSpan(Header));
        for (var at = row.Length - 1; at >= 0 && shift != 0; at--)
        {
            if (at is > 0 and < Header)
            {
                // The checksum does not cover itself: the format byte comes right before the body.
                continue;
            }

            var change = s_byHighest[shift >> 24];
            if (s_shifts[change] == shift)
            {
                byte[] mended = [.. row];
                mended[at] ^= change;
                yield return (mended, at);
            }

            shift = ((shift ^ s_shifts[change]) << 8) | change;
        }
    }

    private static byte[] Invert()
    {
        var inverse = new byte[256];
        for (var i = 0; i < inverse.Length; i++)
        {
            inverse[s_shifts[i] >> 24] = (byte)i;
        }

        return inverse;
    }
}
