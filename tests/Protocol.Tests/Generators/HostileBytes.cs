using CsCheck;

namespace FederationNode.Protocol.Tests.Generators;

/// <summary>Bytes as a hostile peer may send them, and a bound on what reading them may cost.</summary>
internal static class HostileBytes
{
    // The longest claims that a MessagePack header can make, and codes that mean nothing here.
    private static readonly byte[][] s_headers =
    [
        [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdd, 0x7f, 0xff, 0xff, 0xff], [0xdc, 0xff, 0xff], [0xdf, 0xff, 0xff, 0xff, 0xff],
        [0xdb, 0xff, 0xff, 0xff, 0xff], [0xdb, 0x7f, 0xff, 0xff, 0xff], [0xda, 0xff, 0xff], [0xd9, 0xff],
        [0xc6, 0xff, 0xff, 0xff, 0xff], [0xc6, 0x7f, 0xff, 0xff, 0xff], [0xc5, 0xff, 0xff], [0xc9, 0xff, 0xff, 0xff, 0xff, 0x01],
        [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], [0xc1], [0xff], [0xc0], [0xcb],
    ];

    /// <summary>Arbitrary bytes, and arrays of plausible length that go wrong inside.</summary>
    public static Gen<byte[]> Arbitrary { get; } = Gen.OneOf(
        Gen.Byte.Array[0, 300],
        Gen.Select(Gen.Byte[0x90, 0x9f], Gen.OneOf(s_headers), Gen.Byte.Array[0, 100]).Select((a, h, rest) => (byte[])[a, 1, .. h, .. rest]),
        Gen.Int[0, 60_000].Select(depth => Enumerable.Repeat((byte)0x91, depth).ToArray()));

    /// <summary>The bytes with one to four changes: flipped bits, cuts, insertions, headers that claim too much.</summary>
    public static Gen<byte[]> Mutations(byte[] bytes) =>
        Gen.Select(Gen.Int[0, 4], Gen.Int, Gen.Byte, Gen.OneOf(s_headers)).Array[1, 4].Select(changes =>
        {
            var result = bytes.ToList();
            foreach (var (kind, where, b, header) in changes)
            {
                var at = result.Count == 0 ? 0 : (int)((uint)where % (uint)result.Count);
                switch (kind)
                {
                    case 0 when result.Count > 0: result[at] ^= (byte)(b | 1); break;
                    case 1: result.Insert(at, b); break;
                    case 2: result.RemoveRange(at, Math.Min(result.Count - at, 1 + (b % 8))); break;
                    case 3: result.RemoveRange(at, result.Count - at); break;
                    default: result.InsertRange(at, header); break;
                }
            }

            return result.ToArray();
        });

    /// <summary>What <paramref name="action"/> allocated on this thread, in bytes.</summary>
    public static long Allocated(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
