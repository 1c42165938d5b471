using CsCheck;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

public sealed class RangeTests
{
    private static readonly Gen<(long From, long End, long Size)> s_range = Gen.Long[1, 80].SelectMany(size =>
        Gen.Select(Gen.Long[0, size], Gen.Long[0, size]).Select((a, b) => (Math.Min(a, b), Math.Max(a, b), size)));

    [Fact]
    public void Proof_AnyRangeOfAnyTree_Verifies() =>
        s_range.Sample(r => Proof(r.From, r.End, r.Size).Verify(r.From, Leaves(r.From, r.End), r.Size, TestRoot(r.Size)));

    [Fact]
    public void Proof_AnyFlippedBit_IsRefused() =>
        Gen.Select(s_range, Gen.Int[0, 255], Gen.Int[0, 1000]).Sample((r, bit, which) =>
        {
            var proof = Proof(r.From, r.End, r.Size);
            Hash256[] all = [.. proof.Before, .. Leaves(r.From, r.End), .. proof.After, TestRoot(r.Size)];
            var at = which % all.Length;
            all[at] = Merkle.TestTree.Flip(all[at], bit);
            var (before, leaves) = (proof.Before.Count, (int)(r.End - r.From));
            var flipped = new RangeProof(all[..before], all[(before + leaves)..^1]);
            return !flipped.Verify(r.From, all.AsSpan(before, leaves), r.Size, all[^1]);
        });

    // With the root of that size: a root alone does not tell sizes of one shape apart, a checkpoint signs both.
    [Fact]
    public void Proof_AnotherPlaceOrSize_IsRefused() =>
        Gen.Select(s_range, Gen.Long[-2, 82], Gen.Long[-2, 82]).Sample((r, from, size) =>
            (from == r.From && size == r.Size) || (r.From == r.End && size == r.Size)
            || !Proof(r.From, r.End, r.Size)
                .Verify(from, Leaves(r.From, r.End), size, TestRoot(Math.Max(size, 0))));

    [Theory]
    [InlineData(0, RangeJoin.Gap)]
    [InlineData(9, RangeJoin.Gap)]
    [InlineData(10, RangeJoin.Continues)]
    [InlineData(15, RangeJoin.Continues)]
    [InlineData(19, RangeJoin.Continues)]
    [InlineData(20, RangeJoin.Held)]
    [InlineData(33, RangeJoin.Held)]
    public void Join_OfTheSameLog_SaysWhatIsNew(long held, RangeJoin expected)
    {
        var log = new Branch("a", 0, 33);
        var range = log.Range(10, 10);
        Assert.Equal(expected, range.Join(held, log.Nodes(range.NodesToJoin(held))));
    }

    [Fact]
    public void Join_OfAnotherBranch_ContradictsAsSoonAsItReachesTheDifference() =>
        Gen.Select(Gen.Long[0, 30], Gen.Long[1, 33], Gen.Long[0, 32], Gen.Int[1, 33]).Sample((common, held, from, count) =>
        {
            var (own, other) = (new Branch("a", common, 33), new Branch("b", common, 33));
            var range = other.Range(from, count);
            var join = range.Join(held, own.Nodes(range.NodesToJoin(held)));
            var compared = Math.Min(held, range.End);
            // What starts above is told apart as soon as a subtree that is held on both sides differs.
            var seen = CompactRange.Nodes(0, from).Where(n => n.End <= held).Select(n => n.End).LastOrDefault();
            return held < from ? join == (seen > common ? RangeJoin.Contradicts : RangeJoin.Gap)
                : compared > common ? join is RangeJoin.Contradicts
                : join == (held < range.End ? RangeJoin.Continues : RangeJoin.Held);
        });

    [Fact]
    public void TryHash_AnyNodeOfTheRangeOrBehind_IsTheTrees() =>
        s_range.Where(r => r.From < r.End).Sample(r =>
        {
            var log = new Branch("a", 0, r.Size);
            var range = log.Range(r.From, (int)(r.End - r.From));
            foreach (var node in CompactRange.Nodes(r.From, r.Size))
            {
                Assert.True(range.TryHash(node, out var hash));
                Assert.Equal(log.Nodes([node])[0], hash);
            }
        });

    private static RangeProof Proof(long from, long end, long size) =>
        RangeProof.Of(from, Merkle.TestTree.Read(RangeProof.Nodes(from, end, size)));

    private static Hash256[] Leaves(long from, long end) => Merkle.TestTree.LeafHashes(from, end);

    private static Hash256 TestRoot(long size) => Merkle.TestTree.Root(size);
}
