using System.Security.Cryptography;
using CsCheck;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers.Holders;

public class ThresholdEvaluationTests
{
    private static readonly byte[] s_identity = new byte[RistrettoPoint.Size];

    [Fact]
    public void Finish_AnyThresholdHoldersAndOrder_GivesTheOutputsOfTheWholeKey()
    {
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 8], Gen.Int, Gen.Int[1, 5]).Sample(
            (threshold, more, seed, count) =>
            {
                using var dealt = DealtKey.Deal(seed, threshold, threshold + more);
                using var evaluation = Start(dealt.Key, count, seed);
                foreach (var share in Shuffled(dealt.Shares, seed))
                {
                    var before = evaluation.Needed;
                    var outcome = evaluation.Accept(share.Number, Answer(share.Secret, evaluation));
                    Assert.Equal(before == 0 ? AnswerOutcome.NotNeeded : AnswerOutcome.Good, outcome);
                }

                Assert.Equal(threshold, evaluation.Good.Count);
                Assert.Equal(Inputs(count).Select(i => VoprfServer.EvaluateLocally(dealt.Whole, i)), evaluation.Finish());
            },
            iter: 40);
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(2, 3)]
    [InlineData(4, 7)]
    public void Finish_EverySubset_GivesTheOutputsOfTheWholeKey(int threshold, int holders)
    {
        using var dealt = DealtKey.Deal(7, threshold, holders);
        var expected = VoprfServer.EvaluateLocally(dealt.Whole, Inputs(1)[0]);
        foreach (var subset in Subsets(holders, threshold))
        {
            using var evaluation = Start(dealt.Key, 1, subset.Sum());
            foreach (var number in subset)
            {
                evaluation.Accept(number, Answer(dealt.Shares[number - 1].Secret, evaluation));
            }

            Assert.Equal([expected], evaluation.Finish());
        }
    }

    [Fact]
    public void Finish_FewerThanTheThreshold_ThrowsAndSaysHowManyAreMissing()
    {
        using var dealt = DealtKey.Deal(1, 3, 5);
        using var evaluation = Start(dealt.Key, 2, 1);
        evaluation.Accept(4, Answer(dealt.Shares[3].Secret, evaluation));

        Assert.Equal([1, 2, 3, 5], evaluation.Unheard);
        Assert.Equal(2, evaluation.Needed);
        Assert.Contains("2 more", Assert.Throws<InvalidOperationException>(evaluation.Finish).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("another key", HolderFaultKind.WrongProof)]
    [InlineData("the whole key", HolderFaultKind.WrongProof)]
    [InlineData("another holder's share", HolderFaultKind.WrongProof)]
    [InlineData("identity", HolderFaultKind.BadElement)]
    [InlineData("not canonical", HolderFaultKind.BadElement)]
    [InlineData("short element", HolderFaultKind.BadElement)]
    [InlineData("one element swapped", HolderFaultKind.WrongProof)]
    [InlineData("one element too few", HolderFaultKind.WrongCount)]
    [InlineData("one element too many", HolderFaultKind.WrongCount)]
    [InlineData("nothing", HolderFaultKind.WrongCount)]
    [InlineData("proof of another batch", HolderFaultKind.WrongProof)]
    [InlineData("proof cut off", HolderFaultKind.MalformedProof)]
    [InlineData("proof not reduced", HolderFaultKind.MalformedProof)]
    [InlineData("proof of zeros", HolderFaultKind.WrongProof)]
    public void Accept_HostileHolders_AreNamedAndTheOthersCompleteTheBatch(string how, HolderFaultKind kind)
    {
        using var dealt = DealtKey.Deal(2, 3, 5);
        using var evaluation = Start(dealt.Key, 3, 2);
        foreach (var number in (int[])[5, 2])
        {
            var answer = Spoil(how, dealt, number, evaluation);
            Assert.Equal(AnswerOutcome.Bad, evaluation.Accept(number, answer));
            Assert.False(HolderAnswerCheck.TryTake(dealt.Key, number, evaluation.Blinded, answer, out _, out var again));
            Assert.Equal(kind, again.Kind);
        }

        Assert.True(evaluation.CanComplete);
        foreach (var number in (int[])[1, 3, 4])
        {
            Assert.Equal(AnswerOutcome.Good, evaluation.Accept(number, Answer(dealt.Shares[number - 1].Secret, evaluation)));
        }

        Assert.Equal([(5, "holder-5", kind), (2, "holder-2", kind)], evaluation.Faults.Select(f => (f.Number, f.Holder, f.Kind)));
        Assert.Equal(Inputs(3).Select(i => VoprfServer.EvaluateLocally(dealt.Whole, i)), evaluation.Finish());
    }

    [Fact]
    public void Accept_TooManyBadHolders_SaysThatTheBatchCannotComplete()
    {
        using var dealt = DealtKey.Deal(2, 2, 3);
        using var evaluation = Start(dealt.Key, 1, 2);
        foreach (var number in (int[])[1, 2])
        {
            Assert.True(evaluation.CanComplete);
            evaluation.Accept(number, Spoil("identity", dealt, number, evaluation));
        }

        Assert.False(evaluation.CanComplete);
        Assert.False(evaluation.IsComplete);
    }

    [Fact]
    public void Accept_ASecondAnswer_ChangesNothing()
    {
        using var dealt = DealtKey.Deal(2, 2, 3);
        using var evaluation = Start(dealt.Key, 1, 2);
        Assert.Equal(AnswerOutcome.Bad, evaluation.Accept(1, Spoil("identity", dealt, 1, evaluation)));
        Assert.Equal(AnswerOutcome.Repeated, evaluation.Accept(1, Answer(dealt.Shares[0].Secret, evaluation)));
        Assert.Equal(AnswerOutcome.Good, evaluation.Accept(2, Answer(dealt.Shares[1].Secret, evaluation)));
        Assert.Equal(AnswerOutcome.Repeated, evaluation.Accept(2, Spoil("identity", dealt, 2, evaluation)));

        Assert.Single(evaluation.Faults);
        Assert.Equal([2], evaluation.Good);
        Assert.Throws<ArgumentOutOfRangeException>(() => evaluation.Accept(0, Answer(dealt.Whole, evaluation)));
        Assert.Throws<ArgumentOutOfRangeException>(() => evaluation.Accept(4, Answer(dealt.Whole, evaluation)));
    }

    [Fact]
    public void Accept_AnyFlippedBit_IsRefused()
    {
        using var dealt = DealtKey.Deal(3, 1, 1);
        using var states = Start(dealt.Key, 3, 3);
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 511]).Sample(
            (part, bit) =>
            {
                var answer = Answer(dealt.Shares[0].Secret, states);
                var bytes = part == 3 ? answer.Proof.ToArray() : answer.Elements[part];
                bytes[bit / 8 % bytes.Length] ^= (byte)(1 << (bit % 8));
                var spoiled = part == 3 ? answer with { Proof = bytes } : answer;

                Assert.False(HolderAnswerCheck.TryTake(dealt.Key, 1, states.Blinded, spoiled, out var elements, out var fault));
                Assert.Null(elements);
                Assert.NotEqual(HolderFaultKind.WrongCount, fault.Kind);
            },
            iter: 150);
    }

    [Fact]
    public void Accept_ArbitraryBytes_AreNeverGoodAndNeverThrow()
    {
        using var dealt = DealtKey.Deal(3, 1, 1);
        using var states = Start(dealt.Key, 2, 3);
        Gen.Select(Gen.Byte.Array[0, 40].Array[0, 3], Gen.Byte.Array[0, 70]).Sample((elements, proof) =>
            Assert.False(HolderAnswerCheck.TryTake(
                dealt.Key, 1, states.Blinded, new HolderAnswer(elements, proof), out _, out _)));
    }

    [Fact]
    public void Finish_AndDispose_EraseBlindsAndInputs()
    {
        using var dealt = DealtKey.Deal(4, 1, 1);
        var states = States(2, 4);
        using var evaluation = new ThresholdEvaluation(dealt.Key, states);
        evaluation.Accept(1, Answer(dealt.Shares[0].Secret, evaluation));
        Assert.DoesNotContain(states, s => s.IsErased);

        _ = evaluation.Finish();

        Assert.All(states, s => Assert.True(s.IsErased));
        Assert.Throws<InvalidOperationException>(evaluation.Finish);

        var abandoned = States(1, 5);
        new ThresholdEvaluation(dealt.Key, abandoned).Dispose();
        Assert.True(abandoned[0].IsErased);
    }

    [Fact]
    public void Blind_EveryIdentifierAndRun_HasAFreshBlind()
    {
        var random = SHA512.HashData([1]).Concat(SHA512.HashData([2])).ToArray();
        Assert.True(SellerIdentifier.TryCanonicalize(
            SellerIdentifierType.Telephone, "+86 138 0013 8000", null, out var identifier, out var error), error);
        using var dealt = DealtKey.Deal(4, 2, 2);
        using var evaluation = ThresholdTags.Blind(dealt.Key, [identifier, identifier], random);
        Assert.NotEqual(evaluation.Blinded[0], evaluation.Blinded[1]);
        foreach (var share in dealt.Shares)
        {
            evaluation.Accept(share.Number, Answer(share.Secret, evaluation));
        }

        var expected = SellerTag.EvaluateLocally(dealt.Whole, identifier);
        Assert.Equal([expected, expected], ThresholdTags.Finish(evaluation));
        Assert.Throws<ArgumentException>(() => ThresholdTags.Blind(dealt.Key, [identifier], random));
        Assert.Throws<ArgumentException>(() => ThresholdTags.Blind(dealt.Key, [identifier], new byte[64]));
        Assert.Throws<ArgumentException>(() => ThresholdTags.Blind(
            SharedKey.OfOne(new SellerScheme(SellerIdentifierType.Qq, 1), "a", dealt.Key.PublicKey), [identifier], random.AsSpan(0, 64)));
    }

    [Fact]
    public void Combine_AnyPlaces_IsTheSumWithTheWeights()
    {
        Gen.Select(Gen.Int[1, 32].HashSet[1, 32], Gen.Int).Sample(
            (places, seed) =>
            {
                int[] numbers = [.. places.Order()];
                var points = numbers.Select(n => RistrettoPoint.MultiplyBase(DealtKey.Scalar(seed, n))).ToArray();
                var factor = DealtKey.Scalar(seed, 0);
                RistrettoPoint expected = default;
                foreach (var (point, weight) in points.Zip(Lagrange.WeightsAtZero(numbers)))
                {
                    expected = RistrettoPoint.Add(
                        in expected, RistrettoPoint.Multiply(RistrettoScalar.Multiply(in weight, in factor), in point));
                }

                Assert.Equal(expected, LagrangeSum.At(numbers).Combine(points, in factor));
            },
            iter: 100);
    }

    [Theory]
    [InlineData(0, new[] { 4 })]
    [InlineData(5, new[] { 1, 2, 3 })]
    [InlineData(7, new[] { 2, 3, 4 })]
    [InlineData(-1, new[] { 3, 7, 11, 13, 17, 19, 23, 29, 31, 32 })]
    public void At_Places_ChoosesTheFewestOperations(int additions, int[] places) =>
        Assert.Equal(additions, LagrangeSum.At(places).Additions);

    // RFC 9496 appendix A.3: what no decoder may take; TryMultiply is the decoder of unchecked points.
    [Theory]
    [InlineData("00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371")]
    [InlineData("3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public void TryMultiply_UncheckedEncodingThatIsNone_IsRefused(string hex)
    {
        var scalar = DealtKey.Scalar(1, 1);
        Assert.True(RistrettoPoint.TryReadUnchecked(Convert.FromHexString(hex), out var point));
        Assert.False(RistrettoPoint.TryMultiply(in scalar, in point, out _));
        using var dealt = DealtKey.Deal(1, 1, 1);
        Assert.False(VoprfServer.TryEvaluate(
            dealt.Whole, [dealt.Key.PublicKey.ToArray(), Convert.FromHexString(hex)], new byte[64], out _, out var error));
        Assert.StartsWith("Element 1: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryEvaluate_Elements_AnswersAsEvaluateDoes()
    {
        using var dealt = DealtKey.Deal(5, 2, 3);
        using var evaluation = Start(dealt.Key, 4, 5);
        var expected = VoprfServer.Evaluate(dealt.Shares[2].Secret, evaluation.Blinded, new byte[64]);

        Assert.True(
            VoprfServer.TryEvaluate(dealt.Shares[2].Secret, Encoded(evaluation), new byte[64], out var actual, out var error), error);
        Assert.Equal(expected.Elements, actual.Elements);
        Assert.Equal(expected.Proof, actual.Proof);
        Assert.False(VoprfServer.TryEvaluate(dealt.Whole, [], new byte[64], out _, out _));
        Assert.False(VoprfServer.TryEvaluate(dealt.Whole, new byte[VoprfBatch.MaxBatch + 1][], new byte[64], out _, out _));
    }

    private static HolderAnswer Spoil(string how, DealtKey dealt, int number, ThresholdEvaluation evaluation)
    {
        var good = Answer(dealt.Shares[number - 1].Secret, evaluation);
        using var other = DealtKey.Secret(DealtKey.Scalar(99, 99));
        return how switch
        {
            "another key" => Answer(other, evaluation),
            "the whole key" => Answer(dealt.Whole, evaluation),
            "another holder's share" => Answer(dealt.Shares[number - 2].Secret, evaluation),
            "identity" => good with { Elements = [good.Elements[0], s_identity, .. good.Elements.Skip(2)] },
            "not canonical" => good with { Elements = [good.Elements[0], NotCanonical(), .. good.Elements.Skip(2)] },
            "short element" => good with { Elements = [good.Elements[0], good.Elements[1][..31], .. good.Elements.Skip(2)] },
            "one element swapped" => good with { Elements = [good.Elements[1], good.Elements[0], .. good.Elements.Skip(2)] },
            "one element too few" => good with { Elements = [.. good.Elements.Skip(1)] },
            "one element too many" => good with { Elements = [.. good.Elements, good.Elements[0]] },
            "nothing" => good with { Elements = [] },
            "proof of another batch" => good with { Proof = ProofOfAnotherBatch(dealt.Shares[number - 1].Secret) },
            "proof cut off" => good with { Proof = good.Proof[..63] },
            "proof not reduced" => good with { Proof = Enumerable.Repeat((byte)0xff, 64).ToArray() },
            _ => good with { Proof = new byte[64] },
        };
    }

    private static byte[] NotCanonical()
    {
        var bytes = new byte[RistrettoPoint.Size];
        bytes[0] = 1;
        return bytes;
    }

    private static byte[] ProofOfAnotherBatch(VoprfSecretKey key)
    {
        var point = RistrettoPoint.MultiplyBase(DealtKey.Scalar(1, 1));
        return VoprfServer.Evaluate(key, [point], SHA512.HashData([9])).Proof.ToArray();
    }

    private static HolderAnswer Answer(VoprfSecretKey key, ThresholdEvaluation evaluation)
    {
        Assert.True(
            VoprfServer.TryEvaluate(key, Encoded(evaluation), SHA512.HashData([3]), out var answer, out var error), error);
        return new HolderAnswer([.. answer.Elements.Select(e => e.ToArray())], answer.Proof.ToArray());
    }

    private static byte[][] Encoded(ThresholdEvaluation evaluation) =>
        [.. evaluation.Blinded.ToArray().Select(e => e.ToArray())];

    private static ThresholdEvaluation Start(SharedKey key, int count, int seed) => new(key, States(count, seed));

    private static BlindState[] States(int count, int seed) =>
        [.. Inputs(count).Select((input, i) => VoprfClient.BlindWith(input, DealtKey.Scalar(seed, 1000 + i)))];

    private static byte[][] Inputs(int count) => [.. Enumerable.Range(0, count).Select(i => SHA512.HashData([(byte)i])[..(i * 7)])];

    private static KeyShare[] Shuffled(KeyShare[] shares, int seed)
    {
        var copy = shares.ToArray();
        new Random(seed).Shuffle(copy);
        return copy;
    }

    private static IEnumerable<int[]> Subsets(int holders, int size) => Enumerable.Range(0, 1 << holders)
        .Select(mask => Enumerable.Range(1, holders).Where(n => (mask >> (n - 1) & 1) == 1).ToArray())
        .Where(subset => subset.Length == size);
}
