using CsCheck;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Tests.Generators;
using Xunit;

namespace FederationNode.Protocol.Tests.Entries;

public sealed class LeafTests
{
    [Fact]
    public void TryDecode_EncodedLeaf_IsTheSameLeaf() =>
        EntryGen.Entries.Sample(e =>
        {
            var bytes = e.Leaf.Encode();
            Assert.True(Leaf.TryDecode(bytes, out var again, out var error), error);
            Assert.Equal(e.Leaf, again);
            Assert.Equal(Pack.Sequence(Pack.Read(bytes)), bytes);
            Assert.True(again.Opens(e.Salt, e.Payload.Encode()));
        });

    [Fact]
    public void TryDecode_OneValueInALongerForm_IsRefused() =>
        Gen.Select(EntryGen.Entries, Gen.Int[0, 6], Gen.Int[1, 4]).Sample((e, value, by) =>
            Pack.Widened(Pack.Read(e.Leaf.Encode()), value, by) is not { } longer || !Leaf.TryDecode(longer, out _, out _));

    [Fact]
    public void Encode_AnyFlippedBit_GivesAnotherHashOrNoLeaf() =>
        EntryGen.Entries.Sample(
            e =>
            {
                var bytes = e.Leaf.Encode();
                var hash = MerkleHash.Leaf(bytes);
                for (var bit = 0; bit < 8 * bytes.Length; bit++)
                {
                    bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                    Assert.NotEqual(hash, MerkleHash.Leaf(bytes));
                    Assert.True(!Leaf.TryDecode(bytes, out var other, out _) || other != e.Leaf);
                    bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                }
            },
            iter: 30);

    [Fact]
    public void Opens_AnyFlippedBitOfSaltOrPayload_IsFalse() =>
        EntryGen.Entries.Sample(
            e =>
            {
                var (salt, payload) = ((byte[])e.Salt.Clone(), e.Payload.Encode());
                foreach (var bytes in new[] { salt, payload })
                {
                    for (var bit = 0; bit < 8 * bytes.Length; bit++)
                    {
                        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                        Assert.False(e.Leaf.Opens(salt, payload));
                        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                    }
                }
            },
            iter: 30);

    [Fact]
    public void TryInterpret_AnyFlippedBitOfTheLeaf_IsRefusedOrADifferentLeaf() =>
        Gen.Select(EntryGen.Entries, Gen.Int[0, int.MaxValue]).Sample((e, bit) =>
        {
            var (leaf, payload) = (e.Leaf.Encode(), e.Payload.Encode());
            bit %= 8 * leaf.Length;
            leaf[bit / 8] ^= (byte)(1 << (bit % 8));
            return !LogEntry.TryInterpret(
                    Origin.Parse(e.Leaf.Origin), long.MaxValue, MerkleHash.Leaf(leaf), leaf, e.Salt, payload, out var entry, out _)
                || (Leaf.TryDecode(leaf, out var other, out _) && other != e.Leaf
                    && entry.LeafHash != MerkleHash.Leaf(e.Leaf.Encode()));
        });

    [Theory]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(0)]
    public void Opens_SaltOfAnotherLength_IsFalseAndCommitThrows(int length)
    {
        // Moving the border between salt and payload would keep the bytes that are hashed.
        var leaf = new Leaf("demo/alpha/indicators/1", "erase", 1, null, Leaf.Commit(new byte[16], new byte[4]));

        Assert.True(leaf.Opens(new byte[16], new byte[4]));
        Assert.False(leaf.Opens(new byte[length], new byte[20 - length]));
        Assert.Throws<ArgumentException>(() => Leaf.Commit(new byte[length], []));
    }

    /// <summary>Item of the leaf, a value for it, whether the leaf is then well-formed.</summary>
    public static TheoryData<int, object?, bool> Items() => new()
    {
        { 0, 0, false },
        { 0, 2, false },
        { 0, "1", false },
        { 1, "demo/" + new string('a', 63) + "/" + new string('b', 32) + "/999999", true },
        { 1, new string('a', 201), false },
        { 1, null, false },
        { 2, new string('k', 32), true },
        { 2, new string('k', 33), false },
        { 2, "", false },
        { 2, "Listing", false },
        { 3, 0, true },
        { 3, 253_402_300_799, true },
        { 3, 253_402_300_800, false },
        { 3, null, false },
        { 3, new Pack.Raw(0xff), false },
        { 4, null, true },
        { 4, 0, true },
        { 4, 1L << 40, true },
        { 4, (1L << 40) + 1, false },
        { 4, "", false },
        { 5, new byte[31], false },
        { 5, new byte[33], false },
        { 5, null, false },
    };

    [Theory]
    [MemberData(nameof(Items))]
    public void TryDecode_ItemAtOrBeyondItsLimit_IsTakenOrRefused(int item, object? value, bool ok)
    {
        object?[] items = [1, "demo/alpha/indicators/1", "listing", 1_790_000_000, null, new byte[32]];
        items[item] = value;

        Assert.Equal(ok, Leaf.TryDecode(Pack.Sequence((object)items), out _, out var error));
        Assert.Equal(ok, error is null);
    }

    [Fact]
    public void TryDecode_LongerThanALeaf_IsRefusedForItsLength()
    {
        Assert.False(Leaf.TryDecode(new byte[1025], out _, out var beyond));
        Assert.False(Leaf.TryDecode(new byte[1024], out _, out var at));
        Assert.Contains("at most 1024", beyond, StringComparison.Ordinal);
        Assert.DoesNotContain("at most 1024", at, StringComparison.Ordinal);
    }
}
