using CsCheck;
using Xunit;

namespace FederationNode.Protocol.Tests;

/// <summary>Input as a hostile peer might send it, and the bound on what decoding it may allocate.</summary>
internal static class Hostile
{
    /// <summary>Arbitrary bytes, and valid ones with some bytes changed, cut off, doubled or inserted.</summary>
    public static Gen<byte[]> Bytes(params byte[][] valid) => Gen.Frequency(
        (1, Gen.Byte.Array[0, 400]),
        (3, Gen.Select(Gen.Int[0, valid.Length - 1], s_edit.Array[1, 4]).Select((which, edits) =>
            edits.Aggregate(valid[which], (current, edit) => edit(current)))));

    private static readonly Gen<Func<byte[], byte[]>> s_edit = Gen.Frequency(
        (3, Gen.Select(Gen.Double.Unit, Gen.Byte).Select<double, byte, Func<byte[], byte[]>>((at, b) => bytes =>
            bytes.Length == 0 ? bytes : [.. bytes[..At(bytes, at)], b, .. bytes[(At(bytes, at) + 1)..]])),
        (1, Gen.Select(Gen.Double.Unit, Gen.Byte).Select<double, byte, Func<byte[], byte[]>>((at, b) => bytes =>
            [.. bytes[..At(bytes, at)], b, .. bytes[At(bytes, at)..]])),
        (1, Gen.Double.Unit.Select<double, Func<byte[], byte[]>>(at => bytes => bytes[..At(bytes, at)])),
        (1, Gen.Double.Unit.Select<double, Func<byte[], byte[]>>(at => bytes => bytes[At(bytes, at)..])),
        (1, Gen.Double.Unit.Select<double, Func<byte[], byte[]>>(at => bytes =>
            [.. bytes, .. bytes[At(bytes, at)..]])));

    /// <summary>Runs a decoder and fails if it allocated more than 16 bytes for each of input, plus 64 KiB.</summary>
    public static void AssertBoundedAllocation(int inputLength, Action decode)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        decode();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 0, (16L * inputLength) + (64 << 10));
    }

    private static int At(byte[] bytes, double share) => (int)(share * bytes.Length);
}
