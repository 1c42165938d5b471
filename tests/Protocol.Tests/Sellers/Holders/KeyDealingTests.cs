using System.Security.Cryptography;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Holders;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers.Holders;

/// <summary>A key that one party deals, and tags by those who got the shares.</summary>
public sealed class KeyDealingTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 5)]
    [InlineData(32, 32)]
    public void TryDeal_WholeKey_EveryQuorumGivesItsTags(int threshold, int holders)
    {
        using var whole = DealtKey.Secret(DealtKey.Scalar(7, 0));
        using var dealing = Deal(threshold, holders, whole);

        Assert.Equal(whole.PublicKey, dealing.Key.PublicKey);
        Assert.Equal((threshold, holders), (dealing.Key.Threshold, dealing.Shares.Count));
        Assert.Equal(dealing.Key.Holders, dealing.Shares.Select(s => s.Holder));
        var expected = Tag(whole, "+8613800138000");
        var last = Enumerable.Range(holders - threshold, threshold);
        foreach (var quorum in new[] { Enumerable.Range(0, threshold), last })
        {
            Assert.Equal(expected, TagOf(dealing, [.. quorum], "+8613800138000"));
        }

        // The dealer's key is still its own.
        Assert.Equal(expected, Tag(whole, "+8613800138000"));
    }

    [Fact]
    public void TryDeal_NewKeys_AreDifferentAndNobodysShare()
    {
        using var one = Deal(2, 3, null);
        using var other = Deal(2, 3, null, seed: 2);

        Assert.NotEqual(one.Key.PublicKey, other.Key.PublicKey);
        Assert.Equal(
            5, one.Shares.Select(s => s.Secret.PublicKey).Append(one.Key.PublicKey).Append(other.Key.PublicKey).Distinct().Count());
    }

    [Theory]
    [InlineData(0, 3, "threshold")]
    [InlineData(4, 3, "threshold")]
    [InlineData(1, 33, "1 to 32 holders")]
    public void TryDeal_NoSuchQuorum_IsRefused(int threshold, int holders, string word)
    {
        Assert.False(KeyDealing.TryDeal(
            DealtKey.Scheme, DealtKey.Names(holders), threshold, null, default, out var dealing, out var error));
        Assert.Null(dealing);
        Assert.Contains(word, error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryDeal_RandomBytesThatAreNone_Throws()
    {
        Assert.Throws<ArgumentException>(() => KeyDealing.TryDeal(
            DealtKey.Scheme, ["a"], 1, null, new byte[63], out _, out _));
        Assert.Throws<ArgumentException>(() => KeyDealing.TryDeal(
            DealtKey.Scheme, ["a"], 1, null, new byte[64], out _, out _));
    }

    [Fact]
    public void Combine_TooFewTooManyOrUnequal_Throws()
    {
        using var dealing = Deal(2, 3, null);
        var one = new[] { dealing.Key.PublicKey };

        Assert.Throws<ArgumentException>(() => Combine((1, one)));
        Assert.Throws<ArgumentException>(() => Combine((1, one), (2, one), (3, one)));
        Assert.Throws<ArgumentException>(() => Combine((1, one), (2, [.. one, .. one])));

        void Combine(params (int Number, RistrettoPoint[] Elements)[] good) =>
            HolderAnswerCheck.Combine(dealing.Key, good.ToDictionary(g => g.Number, g => g.Elements));
    }

    [Fact]
    public void FinalizeChecked_AnotherNumberOfElements_Throws()
    {
        using var state = SellerTag.Blind(Identifier("+8613800138000"), RandomNumberGenerator.GetBytes(64));
        BlindState[] states = [state];

        Assert.Throws<ArgumentException>(() => SellerTag.FinalizeChecked(states, default));
    }

    private static KeyDealing Deal(int threshold, int holders, VoprfSecretKey? whole, int seed = 1)
    {
        byte[] random = [.. Enumerable.Range(0, threshold).SelectMany(k => SHA512.HashData([(byte)seed, (byte)k]))];
        Assert.True(
            KeyDealing.TryDeal(DealtKey.Scheme, DealtKey.Names(holders), threshold, whole, random, out var dealing, out var error),
            error);
        return dealing;
    }

    private static Hash256 TagOf(KeyDealing dealing, int[] quorum, string number)
    {
        using var state = SellerTag.Blind(Identifier(number), RandomNumberGenerator.GetBytes(64));
        RistrettoPoint[] blinded = [state.BlindedElement];
        var good = new Dictionary<int, RistrettoPoint[]>();
        foreach (var share in quorum.Select(i => dealing.Shares[i]))
        {
            var answer = VoprfServer.Evaluate(share.Secret, blinded, RandomNumberGenerator.GetBytes(64));
            Assert.True(HolderAnswerCheck.TryTake(
                dealing.Key,
                share.Number,
                blinded,
                new HolderAnswer([.. answer.Elements.Select(e => e.ToArray())], answer.Proof.ToArray()),
                out var elements,
                out _));
            good.Add(share.Number, elements);
        }

        BlindState[] states = [state];
        return SellerTag.FinalizeChecked(states, HolderAnswerCheck.Combine(dealing.Key, good))[0];
    }

    private static Hash256 Tag(VoprfSecretKey key, string number) => SellerTag.EvaluateLocally(key, Identifier(number));

    private static SellerIdentifier Identifier(string number)
    {
        Assert.True(
            SellerIdentifier.TryCanonicalize(SellerIdentifierType.Telephone, number, null, out var identifier, out var error), error);
        return identifier;
    }
}
