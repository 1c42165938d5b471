using System.Diagnostics.CodeAnalysis;
using CsCheck;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Replication;
using Xunit;

namespace FederationNode.Protocol.Tests.Replication;

public sealed class ForkTests
{
    private static readonly Gen<(Branch Own, Branch Other, long Common)> s_fork =
        Gen.Select(Gen.Long[0, 700], Gen.Long[1, 700], Gen.Long[1, 700]).Select((common, own, other) =>
            (new Branch("a", common, common + own), new Branch("b", common, common + other), common));

    [Fact]
    public void Search_AnyTwoBranches_FindsTheFirstDifferenceAndProvesIt() =>
        s_fork.Sample(f =>
        {
            var (proof, questions) = Search(f.Own, f.Other);
            Assert.InRange(questions, 1, 42);
            Assert.True(proof!.TryVerify(Branch.Origin, Branch.Open, out var freezeAt, out var error), error);
            Assert.Equal(f.Common, freezeAt);
        }, iter: 60);

    [Fact]
    public void Search_OfOneLog_EndsWithoutAProof() =>
        Gen.Select(Gen.Long[1, 600], Gen.Long[1, 600]).Sample((own, other) =>
        {
            var (proof, questions) = Search(new Branch("a", 0, own), new Branch("a", 0, other));
            Assert.Null(proof);
            Assert.InRange(questions, 1, 42);
        }, iter: 60);

    [Fact]
    public void Proof_OfEitherSide_HasTheSameBytesWhenTheHeadsAreTheSame() =>
        s_fork.Sample(f => Search(f.Own, f.Other).Proof!.Encode().SequenceEqual(Search(f.Other, f.Own).Proof!.Encode()), iter: 30);

    [Fact]
    public void Proof_EncodedAndDecoded_IsTheSame() =>
        s_fork.Sample(f =>
        {
            var bytes = Search(f.Own, f.Other).Proof!.Encode();
            Assert.True(ForkProof.TryDecode(bytes, out var read, out var error), error);
            Assert.Equal(bytes, read.Encode());
        }, iter: 30);

    [Fact]
    public void Proof_AnyChangedByte_ProvesNothing() =>
        Gen.Select(s_fork, Gen.Double.Unit, Gen.Byte[1, 255]).Sample((f, place, change) =>
        {
            var bytes = Search(f.Own, f.Other).Proof!.Encode();
            bytes[(int)(place * bytes.Length)] ^= change;
            return !ForkProof.TryDecode(bytes, out var proof, out _)
                || !proof.TryVerify(Branch.Origin, Branch.Open, out _, out _);
        }, iter: 200);

    [Fact]
    public void Contradiction_OfAnyTwoBranches_FreezesBelowTheSmaller() =>
        s_fork.Sample(f =>
        {
            var proof = Contradiction(f.Own, f.Other.NoteAt(f.Common + 1), f.Common + 1);
            Assert.True(proof.TryVerify(Branch.Origin, Branch.Open, out var freezeAt, out var error), error);
            Assert.Equal(f.Common + 1, freezeAt);
        }, iter: 60);

    [Fact]
    public void Contradiction_OfHeadsOfOneLog_IsRefused() =>
        Gen.Select(Gen.Long[1, 300], Gen.Long[1, 300]).Sample((a, b) =>
        {
            var log = new Branch("a", 0, Math.Max(a, b));
            return !Contradiction(log, log.NoteAt(Math.Min(a, b)), Math.Min(a, b))
                .TryVerify(Branch.Origin, Branch.Open, out _, out _);
        }, iter: 60);

    [Fact]
    public void Contradiction_OfAnotherLog_IsRefused()
    {
        var (own, other) = (new Branch("a", 3, 9), new Branch("b", 3, 9));
        var proof = ForkProof.Contradiction(own.Note, other.Note, [], []);
        Assert.True(proof.TryVerify(Branch.Origin, Branch.Open, out _, out _));
        Assert.False(proof.TryVerify("test/honest/indicators/1", RefuseAll, out _, out var why));
        Assert.Equal("not signed by this log's key", why);
    }

    [Fact]
    public void Decode_ArbitraryBytes_NeitherThrowsNorAllocatesMuch()
    {
        var valid = Search(new Branch("a", 5, 20), new Branch("b", 5, 30)).Proof!.Encode();
        Tests.Hostile.Bytes(valid, Contradiction(new Branch("a", 5, 20), new Branch("b", 5, 7).Note, 7).Encode())
            .Sample(bytes => Tests.Hostile.AssertBoundedAllocation(bytes.Length, () => ForkProof.TryDecode(bytes, out _, out _)));
    }

    [Fact]
    public void Replaces_TheEarlierFreezeThenTheExactProof_GoesFirst()
    {
        var (own, other) = (new Branch("a", 5, 20), new Branch("b", 5, 20));
        var exact = Search(own, other).Proof!;
        var weak = ForkProof.Contradiction(own.Note, other.Note, [], []);
        Assert.True(exact.Replaces(5, weak, 20));
        Assert.False(weak.Replaces(20, exact, 5));
        Assert.True(exact.Replaces(5, weak, 5));
        Assert.False(exact.Replaces(5, exact, 5));
    }

    private static bool RefuseAll(
        string origin,
        ReadOnlySpan<byte> note,
        [NotNullWhen(true)] out Protocol.Notes.Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? error)
    {
        checkpoint = null;
        error = "not signed by this log's key";
        return false;
    }

    private static ForkProof Contradiction(Branch own, byte[] smaller, long size) => size == own.Size
        ? ForkProof.Contradiction(smaller, own.Note, [], [])
        : ForkProof.Contradiction(
            smaller, own.Note, own.Nodes(CompactRange.Nodes(0, size)), own.Nodes(CompactRange.Nodes(size, own.Size)));

    private static (ForkProof? Proof, int Questions) Search(Branch own, Branch other)
    {
        var search = new ForkSearch(Math.Min(own.Size, other.Size));
        for (var questions = 1; ; questions++)
        {
            var answer = other.Range(search.From, search.Count);
            if (search.Take(answer, own.Nodes(ForkSearch.NodesFor(answer, own.Size))) is { } common)
            {
                var nodes = own.Nodes(ForkSearch.NodesForProof(common, own.Size));
                return (ForkSearch.Prove(answer, common, own.Note, own.Size, nodes), questions);
            }

            if (search.IsOver)
            {
                return (null, questions);
            }
        }
    }
}
