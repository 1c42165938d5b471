using System.Buffers.Binary;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Protocol.Tests.Merkle;

/// <summary>A tree of numbered entries, hashed by the definition of RFC 6962 and nothing cleverer.</summary>
internal static class TestTree
{
    public static byte[] Entry(long index)
    {
        var entry = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(entry, index);
        return entry;
    }

    public static Hash256 LeafHash(long index) => Hash256.Of([0x00, .. Entry(index)]);

    public static Hash256[] LeafHashes(long begin, long end) =>
        [.. Enumerable.Range(0, (int)(end - begin)).Select(i => LeafHash(begin + i))];

    /// <summary>MTH(D[begin:end]).</summary>
    public static Hash256 Root(long begin, long end)
    {
        if (end - begin <= 1)
        {
            return begin == end ? Hash256.Of([]) : LeafHash(begin);
        }

        long split = 1;
        while (split * 2 < end - begin)
        {
            split *= 2;
        }

        return Hash256.Of(
            [0x01, .. Root(begin, begin + split).Span, .. Root(begin + split, end).Span]);
    }

    public static Hash256 Root(long size) => Root(0, size);

    public static IReadOnlyList<Hash256> Read(IReadOnlyList<NodeId> nodes) =>
        [.. nodes.Select(n => Root(n.Begin, n.End))];

    public static Hash256 Flip(Hash256 hash, int bit)
    {
        var bytes = hash.ToArray();
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        return new Hash256(bytes);
    }
}
