using CsCheck;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;
using FederationNode.Protocol.Tests.Sellers.Holders;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers.Ceremonies;

public class ReshareTests
{
    [Fact]
    public void Reshare_AnyDealersToAnyHolders_KeepsKeyAndTags()
    {
        Gen.Select(Gen.Int[2, 4], Gen.Int[0, 2], Gen.Int[2, 4], Gen.Int[0, 3], Gen.Int).Sample(
            (threshold, more, newThreshold, newMore, seed) =>
            {
                using var old = DealtKey.Deal(seed, threshold, threshold + more);
                var dealers = Enumerable.Range(1, threshold + more).ToArray();
                new Random(seed).Shuffle(dealers);
                var holders = Enumerable.Range(2, newThreshold + newMore).Select(n => $"holder-{n}");
                var plan = CeremonyPlan.ForReshare(
                    "demo", old.Key, 1, [.. dealers.Take(threshold + (seed & 1 & more)).Order()], newThreshold, [.. holders]);
                using var hall = new Hall(plan, seed, old);
                var ceremony = hall.Hold();

                Assert.Equal(CeremonyStep.Done, ceremony.Step);
                Assert.Empty(ceremony.Faults);
                Assert.Equal(old.Key.PublicKey, ceremony.Key!.PublicKey);
                Assert.Equal((newThreshold, newThreshold + newMore), (ceremony.Key.Threshold, ceremony.Key.Holders.Length));
                Assert.Equal(old.Whole.Scalar, CeremonyTests.Interpolate([.. hall.Shares().Take(newThreshold)]));
                CeremonyTests.AssertOneKey(ceremony.Key, hall.Shares(), seed);
            },
            iter: 25);
    }

    [Fact]
    public void Reshare_OfACeremonysKeyTwice_KeepsTheKeyAndMakesOldSharesUseless()
    {
        using var first = Hall.ForNewKey(2, 3);
        var key = first.Hold().Key!;
        var shares = first.Shares();
        using var second = new Hall(
            CeremonyPlan.ForReshare("demo", key, 1, [1, 3], 3, DealtKey.Names(4)), 2, oldShares: shares);
        var again = second.Hold().Key!;

        Assert.Equal(key.PublicKey, again.PublicKey);
        Assert.NotEqual(key.PublicShare(1), again.PublicShare(1));
        Assert.False(KeyShare.TryCreate(again, 1, shares[0].Secret, out _, out _));
        CeremonyTests.AssertOneKey(again, second.Shares(), 3);
    }

    [Fact]
    public void Reshare_OfAKeyThatOneMemberHolds_KeepsTheTags()
    {
        var seed = new byte[VoprfSecretKey.SeedSize];
        using var whole = VoprfSecretKey.DeriveFromSeed(seed, DealtKey.Scheme.ToBytes());
        var key = SharedKey.OfOne(DealtKey.Scheme, "secretariat", whole.PublicKey);
        Assert.True(KeyShare.TryCreate(key, 1, whole, out var share, out var error), error);
        using var hall = new Hall(CeremonyPlan.ForReshare("demo", key, 1, [1], 3, DealtKey.Names(5)), 1, oldShares: [share]);
        var ceremony = hall.Hold();

        Assert.Equal(CeremonyStep.Done, ceremony.Step);
        Assert.Equal(whole.PublicKey, ceremony.Key!.PublicKey);
        CeremonyTests.AssertOneKey(ceremony.Key, hall.Shares(), 1);
    }

    [Fact]
    public void Reshare_ADealerThatDealsSomethingElse_IsNamedAndLeftOut()
    {
        using var old = DealtKey.Deal(1, 2, 3);
        var plan = CeremonyPlan.ForReshare("demo", old.Key, 1, [1, 2, 3], 2, ["x", "y", "z"]);
        using var hall = new Hall(plan, 1, old);
        hall.Mouth = (name, message) => name == "holder-2" && message is Dealing ? OfAnotherSecret(hall) : message;
        var ceremony = hall.Hold();

        Assert.Equal([("holder-2", CeremonyFaultKind.OtherSecret)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
        Assert.Equal(["holder-1", "holder-3"], ceremony.Qualified.AsEnumerable());
        Assert.Equal(old.Key.PublicKey, ceremony.Key!.PublicKey);
        CeremonyTests.AssertOneKey(ceremony.Key, hall.Shares(), 1);
    }

    [Fact]
    public void Reshare_ADealerWithABadShareAndNoneToSpare_Fails()
    {
        using var old = DealtKey.Deal(1, 2, 3);
        var plan = CeremonyPlan.ForReshare("demo", old.Key, 1, [1, 3], 2, ["x", "y", "z"]);
        using var hall = new Hall(plan, 1, old);
        hall.Mouth = (name, message) =>
            name == "holder-3" && message is Dealing dealing ? CeremonyTests.Spoiled(dealing, 2) : message;
        var ceremony = hall.Hold();

        Assert.Equal(CeremonyStep.Failed, ceremony.Step);
        Assert.Equal("1 good dealings are left, and 2 are needed.", ceremony.Failure);
        Assert.Equal([("holder-3", CeremonyFaultKind.BadShare)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
    }

    [Fact]
    public void TryOpen_APlanThatDoesNotFitItsKey_IsRefused()
    {
        using var old = DealtKey.Deal(1, 2, 3);
        using var other = DealtKey.Deal(2, 2, 3);
        var plan = CeremonyPlan.ForReshare("demo", old.Key, 1, [1, 2], 2, ["x", "y"]);

        Assert.False(Ceremony.TryOpen(plan, null, out _, out _));
        Assert.False(Ceremony.TryOpen(plan, other.Key, out _, out _));
        Assert.False(Ceremony.TryOpen(
            CeremonyPlan.ForReshare("demo", old.Key, 1, [1, 4], 2, ["x", "y"]), old.Key, out _, out var error));
        Assert.Contains("no dealer 4", error, StringComparison.Ordinal);
        Assert.False(Ceremony.TryOpen(
            CeremonyPlan.ForReshare("demo", old.Key, 1, [3], 2, ["x", "y"]), old.Key, out _, out error));
        Assert.Contains("it takes 2", error, StringComparison.Ordinal);
        Assert.False(Ceremony.TryOpen(
            CeremonyPlan.ForNewKey("demo", DealtKey.Scheme, 1, 2, ["x", "y"]), old.Key, out _, out _));
        Assert.True(Ceremony.TryOpen(plan, old.Key, out var ceremony, out _));
        Assert.Throws<ArgumentException>(() => new CeremonyParticipant(ceremony, "holder-1", new byte[32], null));
        Assert.Throws<ArgumentException>(() => new CeremonyParticipant(ceremony, "holder-1", new byte[32], old.Shares[1]));
        Assert.Throws<ArgumentException>(() => new CeremonyParticipant(ceremony, "holder-1", new byte[32], other.Shares[0]));
        Assert.Throws<ArgumentException>(() => new CeremonyParticipant(ceremony, "x", new byte[32], old.Shares[0]));
    }

    /// <summary>A dealing that is right in all but its secret, which is not the share.</summary>
    private static Dealing OfAnotherSecret(Hall hall)
    {
        var id = hall.Plan.Id;
        using var secrets = new CeremonySecrets(Hall.Seed(1, "holder-2"), id);
        using var key = secrets.Key();
        using var constant = DealtKey.Secret(DealtKey.Scalar(70, 0));
        using var slope = DealtKey.Secret(DealtKey.Scalar(70, 1));
        var digest = Dealing.DigestOf([constant.PublicKey, slope.PublicKey]);
        var proof = SchnorrProof.Create(constant, CeremonyContext.Dealing(id, hall.Public.KeysDigest, digest, "holder-2"));
        var boxes = Enumerable.Range(1, 3).Select(number =>
        {
            var holder = hall.Public.KeyOf(hall.Plan.Holders[number - 1])!.Point;
            var x = RistrettoScalar.FromUInt64((ulong)number);
            var share = RistrettoScalar.Add(RistrettoScalar.Multiply(in x, in slope.Scalar), in constant.Scalar);
            return (ReadOnlyMemory<byte>)new ShareBox(id, digest, key.PublicKey, holder, number)
                .Seal(RistrettoPoint.Multiply(in key.Scalar, in holder), in share);
        });
        return new Dealing(id, hall.Public.KeysDigest, [constant.PublicKey, slope.PublicKey], proof, [.. boxes]);
    }
}
