using CsCheck;
using FederationNode.Protocol.Merkle;
using Xunit;

namespace FederationNode.Protocol.Tests.Merkle;

public sealed class EntryBundleTests
{
    [Fact]
    public void Encode_TwoEntries_AreTheDocumentedBytes() => Assert.Equal(
        "0003616263" + "000164", Convert.ToHexStringLower(Encode("abc"u8.ToArray(), "d"u8.ToArray())));

    [Fact]
    public void Encode_AnyEntries_RoundTripAndHashAlike() =>
        Gen.Byte.Array[1, 300].Array[1, 256].Sample(entries =>
        {
            var bundle = Encode(entries);
            Assert.True(EntryBundle.TryDecode(bundle, entries.Length, out var decoded, out var error), error);
            Assert.Equal(entries, decoded.Select(d => d.ToArray()));
            var hashes = new Hash256[entries.Length];
            Assert.True(EntryBundle.TryHash(bundle, hashes, out error), error);
            Assert.Equal(entries.Select(e => MerkleHash.Leaf(e)), hashes);
        }, iter: 30);

    [Fact]
    public void TryDecode_Entries_StayInTheCallersMemory()
    {
        var bundle = Encode("abc"u8.ToArray(), "de"u8.ToArray());
        Assert.True(EntryBundle.TryDecode(bundle, 2, out var entries, out _));

        bundle[2] = (byte)'X';
        Assert.Equal("Xbc"u8.ToArray(), entries[0].ToArray());
    }

    [Fact]
    public void TryHash_FullBundle_AllocatesNothing()
    {
        var bundle = Encode([.. Enumerable.Range(0, 256).Select(i => TestTree.Entry(i))]);
        var hashes = new Hash256[256];
        EntryBundle.TryHash(bundle, hashes, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        EntryBundle.TryHash(bundle, hashes, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(TestTree.Root(256), MerkleHash.Root(hashes));
    }

    [Fact]
    public void TryDecode_AnyChange_IsRefusedOrGivesOtherHashes()
    {
        byte[][] entries = ["abc"u8.ToArray(), "d"u8.ToArray(), "a longer entry"u8.ToArray()];
        var bundle = Encode(entries);
        var expected = entries.Select(e => MerkleHash.Leaf(e)).ToArray();
        Hostile.Bytes(bundle).Sample(bytes =>
        {
            var hashes = new Hash256[3];
            var accepted = EntryBundle.TryHash(bytes, hashes, out var error);
            Assert.Equal(accepted, EntryBundle.TryDecode(bytes, 3, out _, out _));
            return accepted
                ? bytes.AsSpan().SequenceEqual(bundle) == hashes.AsSpan().SequenceEqual(expected)
                : error!.Length > 0;
        });
    }

    [Fact]
    public void TryDecode_HostileBytes_NeverThrowsAndAllocatesLittle()
    {
        var bundle = Encode(new byte[65535], "abc"u8.ToArray(), [7]);
        Gen.Select(Hostile.Bytes(bundle, Encode("abc"u8.ToArray())), Gen.Int[1, 256]).Sample(
            (bytes, width) => Hostile.AssertBoundedAllocation(bytes.Length, () => Assert.True(
                EntryBundle.TryDecode(bytes, width, out _, out var error) || error.Length > 0)));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("00", 1)]
    [InlineData("0000", 1)]
    [InlineData("00", 0)]
    [InlineData("000161", -1)]
    [InlineData("000161", 257)]
    [InlineData("0001", 1)]
    [InlineData("000161", 2)]
    [InlineData("00016100", 1)]
    [InlineData("0001610001", 2)]
    [InlineData("ffff61", 1)]
    public void TryDecode_CutOrTooLong_SaysWhere(string hex, int width)
    {
        Assert.False(EntryBundle.TryDecode(Convert.FromHexString(hex), width, out var entries, out var error));
        Assert.Null(entries);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void Encode_EmptyOrTooMuch_Throws()
    {
        Assert.Throws<ArgumentException>(() => Encode(Array.Empty<byte>()));
        Assert.Throws<ArgumentException>(() => Encode(new byte[65536]));
        Assert.Throws<ArgumentException>(() => Encode([.. Enumerable.Repeat("a"u8.ToArray(), 257)]));
    }

    private static byte[] Encode(params byte[][] entries) =>
        EntryBundle.Encode([.. entries.Select(e => new ReadOnlyMemory<byte>(e))]);
}
