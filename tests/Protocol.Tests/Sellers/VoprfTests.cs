using System.Security.Cryptography;
using CsCheck;
using FederationNode.Protocol.Sellers;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers;

public class VoprfTests
{
    private static readonly Gen<(byte[] Input, byte[] Random)[]> Batches =
        Gen.Select(Gen.Byte.Array[0, 80], RistrettoTests.Wide).Array[1, 6];

    private static readonly Gen<byte[]> Seeds = Gen.Byte.Array[VoprfSecretKey.SeedSize];

    [Fact]
    public void BlindExchange_AnyBatchAndBlinds_GivesTheLocalTags()
    {
        Gen.Select(Seeds, Batches, RistrettoTests.Wide).Sample(
            (seed, batch, random) =>
            {
                using var key = VoprfSecretKey.DeriveFromSeed(seed, "voprf/tel/1"u8);
                using var exchange = new Exchange(key, batch, random);
                var elements = exchange.Evaluation.Elements;

                Assert.True(
                    SellerTag.TryFinalize(
                        key.PublicKey,
                        exchange.States,
                        elements,
                        exchange.Evaluation.Proof,
                        out var tags,
                        out var error),
                    error);
                Assert.Equal(
                    batch.Select(pair => SellerTag.FromOutput(VoprfServer.EvaluateLocally(key, pair.Input))), tags);
            },
            iter: 60);
    }

    [Fact]
    public void TryFinalize_AnyFlippedBit_IsRefused()
    {
        Gen.Select(Batches, RistrettoTests.Wide, Gen.Int[0, 2], Gen.Int[0, 1 << 20]).Sample(
            (batch, random, part, bit) =>
            {
                using var key = Key(1);
                using var exchange = new Exchange(key, batch, random);
                var answer = new[]
                {
                    key.PublicKey.ToArray(),
                    VoprfBatch.Encode(exchange.Evaluation.Elements),
                    exchange.Evaluation.Proof.ToArray(),
                };
                Assert.True(Accepts(exchange.States, answer));

                answer[part][bit / 8 % answer[part].Length] ^= (byte)(1 << (bit % 8));

                Assert.False(Accepts(exchange.States, answer));
            },
            iter: 150);
    }

    [Fact]
    public void TryFinalize_ElementsInAnotherOrder_IsRefused()
    {
        using var key = Key(1);
        using var exchange = new Exchange(key, Batch(3), Random(9));
        var evaluated = exchange.Evaluation.Elements;
        RistrettoPoint[] swapped = [evaluated[1], evaluated[0], evaluated[2]];

        Assert.False(
            VoprfClient.TryFinalize(
                key.PublicKey, exchange.States, swapped, exchange.Evaluation.Proof, out var outputs, out var error));
        Assert.Null(outputs);
        Assert.Contains("proof does not hold", error, StringComparison.Ordinal);

        // Also when both sides are reordered alike: the position is part of each weight.
        RistrettoPoint[] blinded = [.. exchange.States.Select(state => state.BlindedElement)];
        Assert.True(exchange.Evaluation.Proof.Verify(key.PublicKey, blinded, evaluated));
        Assert.False(
            exchange.Evaluation.Proof.Verify(key.PublicKey, [blinded[1], blinded[0], blinded[2]], swapped));
    }

    [Fact]
    public void TryFinalize_ErrorsThatCancelInThePlainSum_IsRefused()
    {
        using var key = Key(1);
        using var exchange = new Exchange(key, Batch(2), Random(9));
        var evaluated = exchange.Evaluation.Elements;
        var delta = RistrettoPoint.FromUniformBytes(Random(3));
        RistrettoPoint[] shifted =
            [RistrettoPoint.Add(in evaluated[0], in delta), RistrettoPoint.Subtract(in evaluated[1], in delta)];

        Assert.False(
            VoprfClient.TryFinalize(
                key.PublicKey, exchange.States, shifted, exchange.Evaluation.Proof, out _, out _));
        RistrettoPoint[] blinded = [.. exchange.States.Select(state => state.BlindedElement)];
        var forged = DleqProof.Create(key, blinded, shifted, Random(4));
        Assert.False(forged.Verify(key.PublicKey, blinded, shifted));
    }

    [Fact]
    public void TryFinalize_AnotherKeyOfTheHolder_IsRefused()
    {
        using var published = Key(1);
        using var special = Key(2);
        using var exchange = new Exchange(special, Batch(2), Random(9));
        var (elements, proof) = exchange.Evaluation;

        Assert.True(VoprfClient.TryFinalize(special.PublicKey, exchange.States, elements, proof, out _, out _));
        Assert.False(VoprfClient.TryFinalize(published.PublicKey, exchange.States, elements, proof, out _, out _));
    }

    [Fact]
    public void TryFinalize_CountsOrIdentitiesThatDoNotFit_IsRefused()
    {
        using var key = Key(1);
        using var exchange = new Exchange(key, Batch(2), Random(9));
        var (elements, proof) = exchange.Evaluation;

        Assert.False(
            VoprfClient.TryFinalize(key.PublicKey, exchange.States, [elements[0]], proof, out _, out var error));
        Assert.Contains("answered 1 elements to a request of 2", error, StringComparison.Ordinal);
        Assert.False(VoprfClient.TryFinalize(key.PublicKey, [], [], proof, out _, out error));
        Assert.Contains("1 to 4000", error, StringComparison.Ordinal);
        Assert.False(VoprfClient.TryFinalize(default, exchange.States, elements, proof, out _, out _));
        Assert.False(
            VoprfClient.TryFinalize(key.PublicKey, exchange.States, [elements[0], default], proof, out _, out _));
    }

    [Fact]
    public void Proof_OneRandomForTwoBatches_DoesNotRepeatTheNonce()
    {
        // With equal nonces, (s1 - s2) / (c2 - c1) would be the key.
        using var key = Key(1);
        using var first = new Exchange(key, Batch(1), Random(9));
        using var second = new Exchange(key, Batch(2), Random(9));
        var (c1, s1) = Decode(first.Evaluation.Proof);
        var (c2, s2) = Decode(second.Evaluation.Proof);
        var inverse = RistrettoScalar.Invert(RistrettoScalar.Subtract(in c2, in c1));
        var candidate = RistrettoScalar.Multiply(RistrettoScalar.Subtract(in s1, in s2), in inverse);

        Assert.NotEqual(key.PublicKey, RistrettoPoint.MultiplyBase(in candidate));
    }

    [Fact]
    public void TryDecodeBatch_AnyBadElement_IsNamedByItsPosition()
    {
        using var exchange = new Exchange(Key(1), Batch(3), Random(9));
        var bytes = VoprfBatch.Encode(exchange.Evaluation.Elements);
        bytes.AsSpan(2 * RistrettoPoint.Size, RistrettoPoint.Size).Clear();

        Assert.False(VoprfBatch.TryDecode(bytes, out var elements, out var error));
        Assert.Null(elements);
        Assert.StartsWith("Element 2: The element is the identity", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "1 to 4000 elements, not 0")]
    [InlineData(4001 * 32, "1 to 4000 elements, not 4001")]
    [InlineData(1_000_000 * 32, "1 to 4000 elements, not 1000000")]
    [InlineData(33, "multiple of 32")]
    public void TryDecodeBatch_SizeNotAllowed_IsRefusedWithTheReason(int length, string reason)
    {
        Assert.False(VoprfBatch.TryDecode(new byte[length], out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryDecodeBatch_LargestBatch_IsAccepted()
    {
        using var key = Key(1);
        var batch = Enumerable.Repeat(key.PublicKey, VoprfBatch.MaxBatch).ToArray();

        Assert.True(VoprfBatch.TryDecode(VoprfBatch.Encode(batch), out var decoded, out var error), error);
        Assert.Equal(batch, decoded);
    }

    [Fact]
    public void Decoders_ArbitraryBytes_NeverThrow()
    {
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            Assert.Equal(VoprfBatch.TryDecode(bytes, out var batch, out var error), batch is not null && error is null);
            Assert.Equal(DleqProof.TryDecode(bytes, out var proof, out error), proof is not null && error is null);
            Assert.Equal(VoprfSecretKey.TryDecode(bytes, out var key, out error), key is not null && error is null);
            key?.Dispose();
        });
    }

    [Fact]
    public void TryDecodeProof_ScalarNotReduced_IsRefused()
    {
        var bytes = new byte[DleqProof.Size];
        bytes[^1] = 0x10;
        Assert.True(DleqProof.TryDecode(bytes, out _, out _));
        bytes[^1] = 0x11;
        Assert.False(DleqProof.TryDecode(bytes, out _, out var error));
        Assert.Contains("below the group order", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_Misuse_Throws()
    {
        using var key = Key(1);
        var element = key.PublicKey;

        Assert.Throws<ArgumentException>(() => VoprfServer.Evaluate(key, [], Random(1)));
        Assert.Throws<ArgumentException>(() => VoprfServer.Evaluate(key, [element, default], Random(1)));
        Assert.Throws<ArgumentException>(() => VoprfServer.Evaluate(key, [element], new byte[63]));
        Assert.Throws<ArgumentException>(() => VoprfServer.BlindEvaluate(key, new RistrettoPoint[4001]));
        Assert.Throws<ArgumentException>(() => VoprfClient.Blind("x"u8, new byte[64]));
        Assert.Throws<ArgumentException>(() => VoprfClient.Blind(new byte[65_536], Random(1)));
        Assert.Throws<ArgumentException>(() => VoprfSecretKey.DeriveFromSeed(new byte[31], default));
        Assert.Throws<ArgumentOutOfRangeException>(() => VoprfClient.Blind("x"u8, Random(1), (OprfMode)2));
    }

    [Fact]
    public void Blind_LongestInput_GivesTheLocalOutput()
    {
        using var key = Key(1);
        var input = new byte[VoprfClient.MaxInputLength];
        using var state = VoprfClient.Blind(input, Random(1));
        var evaluated = VoprfServer.BlindEvaluate(key, [state.BlindedElement]);

        Assert.Equal(VoprfServer.EvaluateLocally(key, input), VoprfClient.Finalize(state, evaluated[0]));
    }

    [Fact]
    public void Dispose_KeyAndBlind_ErasesAndEndsTheirUse()
    {
        var key = Key(1);
        var state = VoprfClient.Blind("input"u8, Random(1));
        var element = state.BlindedElement;
        Assert.False(state.IsErased);

        state.Dispose();
        key.Dispose();

        Assert.True(state.IsErased);
        Assert.Throws<ObjectDisposedException>(() => VoprfClient.Finalize(state, element));
        Assert.Throws<ObjectDisposedException>(() => VoprfServer.BlindEvaluate(key, [element]));
        Assert.Throws<ObjectDisposedException>(() => key.CopyTo(new byte[32]));
    }

    [Fact]
    public void SecretKey_StoredAndRead_IsTheSameAndNeverPrinted()
    {
        using var key = Key(1);
        var bytes = new byte[VoprfSecretKey.Size];
        key.CopyTo(bytes);

        Assert.True(VoprfSecretKey.TryDecode(bytes, out var read, out var error), error);
        Assert.Equal(key.PublicKey, read.PublicKey);
        Assert.DoesNotContain(Convert.ToHexStringLower(bytes), read.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.False(VoprfSecretKey.TryDecode(new byte[32], out _, out error));
        Assert.Contains("zero", error, StringComparison.Ordinal);
        read.Dispose();
    }

    [Fact]
    public void Tag_OneIdentifierUnderTwoTypesOrKeys_IsUnrelated()
    {
        using var first = Key(1);
        using var second = Key(2);
        var tel = Identifier(SellerIdentifierType.Telephone, "+86 138 0013 8000");
        var same = Identifier(SellerIdentifierType.Telephone, "(+86) 138-0013-8000");
        var alipay = Identifier(SellerIdentifierType.Alipay, "+86 138 0013 8000");
        Hash256[] tags =
        [
            SellerTag.EvaluateLocally(first, tel),
            SellerTag.EvaluateLocally(first, alipay),
            SellerTag.EvaluateLocally(second, tel),
        ];

        Assert.Equal(tags[0], SellerTag.EvaluateLocally(first, same));
        Assert.Equal(3, tags.Distinct().Count());
    }

    // The worked example of the protocol text: seed of 32 bytes 0x01, scheme voprf/tel/1; the values
    // come from a separate script over the same group functions.
    [Fact]
    public void Tag_WorkedExample_DoesNotChange()
    {
        using var key = VoprfSecretKey.DeriveFromSeed(Enumerable.Repeat((byte)1, 32).ToArray(), "voprf/tel/1"u8);
        var tel = Identifier(SellerIdentifierType.Telephone, "+86 138 0013 8000");
        using var state = SellerTag.Blind(tel, Random(1));
        var evaluation = VoprfServer.Evaluate(key, [state.BlindedElement], Random(2));

        Assert.True(
            SellerTag.TryFinalize(
                key.PublicKey, [state], evaluation.Elements, evaluation.Proof, out var tags, out var error),
            error);
        Assert.Equal("fcbbc512d8174d5e14a6ab052acfed87a192fd7ae6f68c2b6c995f718781aa10", key.PublicKey.ToString());
        Assert.Equal("6e1207918d1d59b62854cd8bb689c444577951f791f36dad47b7222a48c80a4c", tags[0].ToString());
    }

    private static bool Accepts(BlindState[] states, byte[][] answer) =>
        RistrettoPoint.TryDecode(answer[0], out var publicKey, out _)
        && VoprfBatch.TryDecode(answer[1], out var elements, out _)
        && DleqProof.TryDecode(answer[2], out var proof, out _)
        && SellerTag.TryFinalize(publicKey, states, elements, proof, out _, out _);

    private static (RistrettoScalar C, RistrettoScalar S) Decode(DleqProof proof)
    {
        var bytes = proof.ToArray();
        Assert.True(RistrettoScalar.TryDecode(bytes.AsSpan()[..32], out var c, out _));
        Assert.True(RistrettoScalar.TryDecode(bytes.AsSpan()[32..], out var s, out _));
        return (c, s);
    }

    private static SellerIdentifier Identifier(SellerIdentifierType type, string raw)
    {
        Assert.True(SellerIdentifier.TryCanonicalize(type, raw, null, out var identifier, out var error), error);
        return identifier;
    }

    private static VoprfSecretKey Key(byte number) =>
        VoprfSecretKey.DeriveFromSeed(Random(number).AsSpan()[..32], default);

    private static byte[] Random(byte number) => SHA512.HashData([number]);

    private static (byte[] Input, byte[] Random)[] Batch(int count) =>
        [.. Enumerable.Range(0, count).Select(i => (new[] { (byte)i }, Random((byte)(100 + i))))];

    /// <summary>One batch through blinding and evaluation.</summary>
    private sealed class Exchange(VoprfSecretKey key, (byte[] Input, byte[] Random)[] batch, byte[] random)
        : IDisposable
    {
        public BlindState[] States { get; } = [.. batch.Select(pair => VoprfClient.Blind(pair.Input, pair.Random))];

        public VoprfEvaluation Evaluation =>
            field ??= VoprfServer.Evaluate(key, [.. States.Select(state => state.BlindedElement)], random);

        public void Dispose()
        {
            foreach (var state in States)
            {
                state.Dispose();
            }
        }
    }
}
