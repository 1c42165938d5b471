using System.Collections.Immutable;
using CsCheck;
using FederationNode.Protocol.Sellers;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;
using FederationNode.Protocol.Tests.Sellers.Holders;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers.Ceremonies;

public class CeremonyTests
{
    [Fact]
    public void NewKey_AnyThresholdAndHolders_GivesSharesThatTagLikeOneKey()
    {
        Gen.Select(Gen.Int[2, 5], Gen.Int[0, 4], Gen.Int).Sample(
            (threshold, more, seed) =>
            {
                using var hall = Hall.ForNewKey(threshold, threshold + more, seed);
                var ceremony = hall.Hold();

                Assert.Equal(CeremonyStep.Done, ceremony.Step);
                Assert.Empty(ceremony.Faults);
                Assert.Equal(hall.Plan.Holders.AsEnumerable(), ceremony.Qualified);
                Assert.Equal(hall.Plan.Holders, ceremony.Confirmed);
                AssertOneKey(ceremony.Key!, hall.Shares(), seed);
            },
            iter: 25);
    }

    [Fact]
    public void Take_AnyOrderOfMembers_GivesTheSameOutcome()
    {
        using var hall = Hall.ForNewKey(3, 5);
        hall.Mouth = (name, message) => name == "holder-2" && message is Dealing dealing ? Spoiled(dealing, 4) : message;
        var expected = hall.Hold();
        Gen.Int.Sample(
            seed =>
            {
                var shuffled = hall.Minutes.ToArray();
                new Random(seed).Shuffle(shuffled);
                var ceremony = hall.Open();
                Assert.All(shuffled, s => Assert.Equal(TakeOutcome.Taken, ceremony.Take(s.Author, s.Message)));

                Assert.Equal(expected.Step, ceremony.Step);
                Assert.Equal(expected.Key, ceremony.Key);
                Assert.Equal(expected.Qualified.AsEnumerable(), ceremony.Qualified);
                Assert.Equal(expected.Faults, ceremony.Faults);
                Assert.Equal(expected.Confirmed, ceremony.Confirmed);
            },
            iter: 20);
    }

    [Fact]
    public void Dealing_WithABadShare_IsProvenByTheVictimAndLeftOut()
    {
        using var hall = Hall.ForNewKey(3, 5);
        hall.Mouth = (name, message) => name == "holder-2" && message is Dealing dealing ? Spoiled(dealing, 4) : message;
        var ceremony = hall.Hold();

        Assert.Equal(CeremonyStep.Done, ceremony.Step);
        Assert.Equal([("holder-2", CeremonyFaultKind.BadShare)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
        Assert.Equal(["holder-1", "holder-3", "holder-4", "holder-5"], ceremony.Qualified.AsEnumerable());
        AssertOneKey(ceremony.Key!, hall.Shares(), 1);
    }

    [Fact]
    public void Dealing_WithAWellSealedShareOfAnotherPolynomial_IsProvenByTheVictim()
    {
        using var hall = Hall.ForNewKey(2, 3);
        hall.Mouth = (name, message) => name == "holder-1" && message is Dealing dealing
            ? dealing with { Boxes = dealing.Boxes.SetItem(2, Seal(hall, dealing, "holder-1", 3, DealtKey.Scalar(8, 8))) }
            : message;
        var ceremony = hall.Hold();

        Assert.Equal([("holder-1", CeremonyFaultKind.BadShare)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
        Assert.Contains("box for holder-3", ceremony.Faults[0].Text, StringComparison.Ordinal);
        AssertOneKey(ceremony.Key!, hall.Shares(), 1);
    }

    [Theory]
    [InlineData("a commitment too many", CeremonyFaultKind.WrongCount)]
    [InlineData("a commitment too few", CeremonyFaultKind.WrongCount)]
    [InlineData("a share missing", CeremonyFaultKind.WrongCount)]
    [InlineData("another commitment to the secret", CeremonyFaultKind.DealingProof)]
    [InlineData("another commitment to a coefficient", CeremonyFaultKind.DealingProof)]
    [InlineData("another member's dealing", CeremonyFaultKind.DealingProof)]
    [InlineData("other keys", CeremonyFaultKind.OtherKeys)]
    public void Dealing_WrongForEverybodyToSee_LeavesTheDealerOut(string how, CeremonyFaultKind kind)
    {
        using var hall = Hall.ForNewKey(2, 4);
        Dealing? first = null;
        hall.Mouth = (name, message) =>
        {
            first ??= message as Dealing;
            return name == "holder-3" && message is Dealing dealing ? Change(how, dealing, first!) : message;
        };
        var ceremony = hall.Hold();

        Assert.Equal(CeremonyStep.Done, ceremony.Step);
        Assert.Equal([("holder-3", kind)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
        Assert.Equal(["holder-1", "holder-2", "holder-4"], ceremony.Qualified.AsEnumerable());
        AssertOneKey(ceremony.Key!, hall.Shares(), 1);
    }

    [Fact]
    public void Dealing_ChosenToCancelTheOthers_HasNoProof()
    {
        // The rogue wants the sum to be a key of its own, and does not know the difference's logarithm.
        using var hall = Hall.ForNewKey(2, 3);
        using var own = DealtKey.Secret(DealtKey.Scalar(5, 5));
        var others = new List<Dealing>();
        hall.Mouth = (name, message) =>
        {
            if (message is not Dealing dealing)
            {
                return message;
            }

            if (name != "holder-3")
            {
                others.Add(dealing);
                return message;
            }

            var sum = RistrettoPoint.Add(others[0].Commitments[0], others[1].Commitments[0]);
            return dealing with { Commitments = dealing.Commitments.SetItem(0, RistrettoPoint.Subtract(own.PublicKey, in sum)) };
        };
        var ceremony = hall.Hold();

        Assert.Equal([("holder-3", CeremonyFaultKind.DealingProof)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
        Assert.NotEqual(own.PublicKey, ceremony.Key!.PublicKey);
    }

    [Fact]
    public void Complaint_AboutAGoodShare_NamesWhoComplains()
    {
        using var hall = Hall.ForNewKey(2, 4);
        hall.Mouth = (name, message) => name == "holder-2" && message is Verdict verdict
            ? verdict with { Complaints = [Complain(hall, "holder-2", 1, "holder-1")] }
            : message;
        var ceremony = hall.Hold();

        Assert.Equal([("holder-2", CeremonyFaultKind.FalseComplaint)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
        Assert.Equal(["holder-1", "holder-3", "holder-4"], ceremony.Qualified.AsEnumerable());
        AssertOneKey(ceremony.Key!, hall.Shares(), 1);
    }

    [Theory]
    [InlineData("another secret")]
    [InlineData("another holder's proof")]
    [InlineData("no such dealer")]
    public void Complaint_WithoutProof_NamesWhoComplains(string how)
    {
        using var hall = Hall.ForNewKey(2, 4);
        hall.Mouth = (name, message) => name == "holder-2" && message is Verdict verdict
            ? verdict with { Complaints = [Change(how, hall)] }
            : message;
        var ceremony = hall.Hold();

        Assert.Equal([("holder-2", CeremonyFaultKind.ComplaintProof)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
        Assert.Equal(CeremonyStep.Done, ceremony.Step);
        Assert.DoesNotContain("holder-2", ceremony.Qualified);
        AssertOneKey(ceremony.Key!, hall.Shares(), 1);
    }

    [Fact]
    public void NewKey_WithFewerGoodDealersThanTheThreshold_Fails()
    {
        using var hall = Hall.ForNewKey(3, 4);
        hall.Mouth = (name, message) => message is Dealing dealing && name is "holder-1" or "holder-4"
            ? Spoiled((Dealing)message, 2)
            : message;
        var ceremony = hall.Hold();

        Assert.Equal(CeremonyStep.Failed, ceremony.Step);
        Assert.Null(ceremony.Key);
        Assert.Equal("2 good dealings are left, and 3 are needed.", ceremony.Failure);
        Assert.Equal(["holder-1", "holder-4"], ceremony.Faults.Select(f => f.Member));
        Assert.False(hall["holder-2"].TryGetShare(out _, out _));
    }

    [Fact]
    public void Key_WithAWrongProof_EndsTheCeremonyAndIsNamed()
    {
        foreach (var stolen in (bool[])[true, false])
        {
            using var hall = Hall.ForNewKey(2, 3);
            ParticipantKey? first = null;
            hall.Mouth = (name, message) =>
            {
                first ??= message as ParticipantKey;
                return message is ParticipantKey key && name == "holder-3"
                    ? stolen ? first : key with { Proof = first!.Proof }
                    : message;
            };
            var ceremony = hall.Hold();

            Assert.Equal(CeremonyStep.Failed, ceremony.Step);
            Assert.Equal([("holder-3", CeremonyFaultKind.KeyProof)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
        }
    }

    [Fact]
    public void Silence_OfAnybodyInAnyStep_IsShownAndChangesNothing()
    {
        foreach (var step in (CeremonyStep[])[CeremonyStep.Keys, CeremonyStep.Dealings, CeremonyStep.Verdicts, CeremonyStep.Confirmations])
        {
            using var hall = Hall.ForNewKey(2, 3);
            hall.Mouth = (name, message) => name == "holder-2" && hall.Public.Step == step ? null : message;
            var ceremony = hall.Hold();

            Assert.Equal(step, ceremony.Step);
            Assert.Equal(["holder-2"], ceremony.Awaited);
            Assert.Empty(ceremony.Faults);
            Assert.Equal(step == CeremonyStep.Confirmations, ceremony.Key is not null);
        }
    }

    [Fact]
    public void Verdict_AboutOtherDealings_EndsTheCeremony()
    {
        using var hall = Hall.ForNewKey(2, 3);
        hall.Mouth = (name, message) => name == "holder-2" && message is Verdict verdict
            ? verdict with { Dealings = hall.Plan.Id }
            : message;
        var ceremony = hall.Hold();

        Assert.Equal(CeremonyStep.Failed, ceremony.Step);
        Assert.Equal([("holder-2", CeremonyFaultKind.OtherDealings)], ceremony.Faults.Select(f => (f.Member, f.Kind)));
        Assert.Contains("forked", ceremony.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Confirmation_OfAnotherKeyOrWithoutAShare_DoesNotCount()
    {
        using var hall = Hall.ForNewKey(2, 3);
        Confirmation? first = null;
        hall.Mouth = (name, message) =>
        {
            first ??= message as Confirmation;
            return (name, message) switch
            {
                ("holder-2", Confirmation own) => own with { Key = hall.Plan.Id },
                ("holder-3", Confirmation own) => own with { Proof = first!.Proof },
                _ => message,
            };
        };
        var ceremony = hall.Hold();

        Assert.Equal(CeremonyStep.Confirmations, ceremony.Step);
        Assert.Equal(["holder-1"], ceremony.Confirmed);
        Assert.Equal(
            [("holder-2", CeremonyFaultKind.OtherKey), ("holder-3", CeremonyFaultKind.ShareProof)],
            ceremony.Faults.Select(f => (f.Member, f.Kind)));
    }

    [Fact]
    public void Take_MessagesOfAnotherCeremony_AreNotTaken()
    {
        using var earlier = Hall.ForNewKey(2, 3);
        earlier.Hold();
        using var hall = Hall.ForNewKey(2, 3, attempt: 2);
        foreach (var (author, message) in earlier.Minutes)
        {
            Assert.Equal(TakeOutcome.OtherCeremony, hall.Public.Take(author, message));
        }

        Assert.Equal(hall.Plan.Holders, hall.Public.Awaited);

        // With the name of the ceremony changed to this one's, the proofs still tell.
        var key = (ParticipantKey)earlier.Minutes[0].Message with { Ceremony = hall.Plan.Id };
        hall.Mouth = (name, message) => name == "holder-1" && message is ParticipantKey ? key : message;
        Assert.Equal(CeremonyFaultKind.KeyProof, hall.Hold().Faults.Single().Kind);
    }

    [Fact]
    public void Take_StrangersRepetitionsAndPlans_ChangeNothing()
    {
        using var hall = Hall.ForNewKey(2, 3);
        Assert.True(hall["holder-1"].TrySpeak(out var key, out _));
        Assert.Equal(TakeOutcome.NotAsked, hall.Public.Take("holder-4", key!));
        Assert.Equal(TakeOutcome.NotAsked, hall.Public.Take("holder-1", hall.Plan));
        Assert.Equal(TakeOutcome.Taken, hall.Public.Take("holder-1", key!));
        Assert.Equal(TakeOutcome.Repeated, hall.Public.Take("holder-1", key!));
        Assert.Equal(["holder-2", "holder-3"], hall.Public.Awaited);
    }

    [Fact]
    public void Participant_WithTheSameSeed_SaysTheSameAgain()
    {
        using var hall = Hall.ForNewKey(2, 3);
        hall.Mouth = (name, message) =>
        {
            using var again = new CeremonyParticipant(Replay(hall), name, Hall.Seed(1, name), null);
            Assert.True(again.TrySpeak(out var said, out var error), error);
            Assert.Equal(message.Encode(), said!.Encode());
            return message;
        };
        Assert.Equal(CeremonyStep.Done, hall.Hold().Step);
    }

    [Fact]
    public void Participant_WhoseLogSaysWhatItDidNot_RefusesToGoOn()
    {
        using var hall = Hall.ForNewKey(2, 3);
        hall.Hold();
        using (var other = new CeremonyParticipant(Replay(hall), "holder-2", Hall.Seed(2, "holder-2"), null))
        {
            Assert.False(other.TrySpeak(out _, out var error));
            Assert.Contains("announces a key that is not this one", error, StringComparison.Ordinal);
        }

        using var dealt = Hall.ForNewKey(2, 3);
        dealt.Mouth = (name, message) => message is Verdict ? null
            : name == "holder-2" && message is Dealing dealing ? Spoiled(dealing, 1) : message;
        dealt.Hold();
        Assert.Equal(CeremonyStep.Verdicts, dealt.Public.Step);
        Assert.True(dealt["holder-1"].TrySpeak(out _, out _));
        Assert.False(dealt["holder-2"].TrySpeak(out _, out var reason));
        Assert.Contains("a dealing that is not this one", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Participant_Misuse_Throws()
    {
        using var hall = Hall.ForNewKey(2, 3);
        using var dealt = DealtKey.Deal(1, 2, 3);
        Assert.Throws<ArgumentException>(() => new CeremonyParticipant(hall.Public, "nobody", new byte[32], null));
        Assert.Throws<ArgumentException>(() => new CeremonyParticipant(hall.Public, "holder-1", new byte[31], null));
        Assert.Throws<ArgumentException>(() => new CeremonyParticipant(hall.Public, "holder-1", new byte[32], dealt.Shares[0]));
    }

    [Fact]
    public void TryDecode_EveryMessage_IsReadAsItWasWrittenAndHostileOnesNeverThrow()
    {
        using var hall = Hall.ForNewKey(2, 3);
        hall.Mouth = (name, message) => name == "holder-2" && message is Dealing dealing ? Spoiled(dealing, 3) : message;
        hall.Hold();
        CeremonyMessage[] all = [hall.Plan, .. hall.Minutes.Select(m => m.Message)];
        Assert.Equal(5, all.Select(m => m.Step).Distinct().Count());
        Assert.Contains(all, m => m is Verdict { Complaints.Length: 1 });
        Assert.All(all, m =>
        {
            Assert.True(CeremonyMessage.TryDecode(m.Encode(), out var read, out var error), error);
            Assert.Equal(m, read);
            Assert.Equal(m.GetHashCode(), read.GetHashCode());
        });

        Hostile.Bytes([.. all.Select(m => m.Encode())]).Sample(bytes => Hostile.AssertBoundedAllocation(bytes.Length, () =>
        {
            var ok = CeremonyMessage.TryDecode(bytes, out var message, out var error);
            Assert.Equal(ok, error is null);
            Assert.True(!ok || message!.Encode().AsSpan().SequenceEqual(bytes));
        }));
        Assert.False(CeremonyMessage.TryDecode(new byte[CeremonyMessage.MaxEncoded + 1], out _, out _));
    }

    [Fact]
    public void TryDecode_LargestMessages_FitTheLimit()
    {
        var names = Enumerable.Range(10, 32).Select(i => new string('m', 61) + i).ToImmutableArray();
        var plan = CeremonyPlan.ForNewKey(new string('c', 63), DealtKey.Scheme, 999_999, 32, names);
        using var key = DealtKey.Secret(DealtKey.Scalar(1, 1));
        var point = key.PublicKey;
        var proof = SchnorrProof.Create(key, "x"u8);
        var dleq = DleqProof.Create(key, [point], [RistrettoPoint.Multiply(key.Scalar, in point)], new byte[64]);
        CeremonyMessage[] largest =
        [
            plan,
            new Dealing(
                plan.Id, plan.Id, [.. Enumerable.Repeat(point, 32)], proof,
                [.. Enumerable.Repeat(new ReadOnlyMemory<byte>(new byte[48]), 32)]),
            new Verdict(plan.Id, plan.Id, [.. Enumerable.Range(1, 32).Select(d => new Complaint(d, point, dleq))]),
        ];
        Assert.All(largest, m =>
        {
            Assert.True(CeremonyMessage.TryDecode(m.Encode(), out var read, out var error), error);
            Assert.Equal(m, read);
        });
    }

    [Fact]
    public void Plan_NotAllowed_IsRefused()
    {
        var names = DealtKey.Names(3);
        using var dealt = DealtKey.Deal(1, 2, 3);
        Assert.Throws<ArgumentException>(() => CeremonyPlan.ForNewKey("demo", DealtKey.Scheme, 1, 1, names));
        Assert.Throws<ArgumentException>(() => CeremonyPlan.ForNewKey("demo", DealtKey.Scheme, 1, 4, names));
        Assert.Throws<ArgumentException>(() => CeremonyPlan.ForNewKey("demo", DealtKey.Scheme, 0, 2, names));
        Assert.Throws<ArgumentException>(() => CeremonyPlan.ForNewKey("Demo", DealtKey.Scheme, 1, 2, names));
        Assert.Throws<ArgumentException>(() => CeremonyPlan.ForReshare("demo", dealt.Key, 1, [], 2, names));
        Assert.Throws<ArgumentException>(() => CeremonyPlan.ForReshare("demo", dealt.Key, 1, [2, 1], 2, names));
        Assert.Throws<ArgumentException>(() => CeremonyPlan.ForReshare("demo", dealt.Key, 1, [0, 1], 2, names));
    }

    [Fact]
    public void SchnorrProof_OtherContextPointOrBit_DoesNotHold()
    {
        using var key = DealtKey.Secret(DealtKey.Scalar(1, 1));
        using var other = DealtKey.Secret(DealtKey.Scalar(1, 2));
        var proof = SchnorrProof.Create(key, "context"u8);
        Assert.True(proof.Verify(key.PublicKey, "context"u8));
        Assert.False(proof.Verify(key.PublicKey, "contexT"u8));
        Assert.False(proof.Verify(other.PublicKey, "context"u8));
        Assert.False(proof.Verify(default, "context"u8));
        Gen.Int[0, 511].Sample(bit =>
        {
            var bytes = proof.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(SchnorrProof.TryDecode(bytes, out var changed, out _) && changed.Verify(key.PublicKey, "context"u8));
        });
        Gen.Byte.Array[0, 70].Sample(bytes =>
            Assert.Equal(SchnorrProof.TryDecode(bytes, out _, out var error), error is null));
    }

    /// <summary>Any threshold of the shares gives what every other does, and the public key is of the same secret.</summary>
    internal static void AssertOneKey(SharedKey key, KeyShare[] shares, int seed)
    {
        Assert.Equal(Enumerable.Range(1, shares.Length).Select(key.PublicShare), shares.Select(s => s.Secret.PublicKey));
        using var whole = DealtKey.Secret(Interpolate([.. shares.Take(key.Threshold)]));
        Assert.Equal(key.PublicKey, whole.PublicKey);
        var copy = shares.ToArray();
        new Random(seed).Shuffle(copy);
        using var evaluation = new ThresholdEvaluation(key, [VoprfClient.BlindWith("input"u8, DealtKey.Scalar(seed, 77))]);
        foreach (var share in copy.Take(key.Threshold))
        {
            var answer = VoprfServer.Evaluate(share.Secret, evaluation.Blinded, new byte[64]);
            var outcome = evaluation.Accept(
                share.Number, new HolderAnswer([answer.Elements[0].ToArray()], answer.Proof.ToArray()));
            Assert.Equal(AnswerOutcome.Good, outcome);
        }

        Assert.Equal([VoprfServer.EvaluateLocally(whole, "input"u8)], evaluation.Finish());
        Array.ForEach(shares, s => s.Dispose());
    }

    internal static RistrettoScalar Interpolate(KeyShare[] shares)
    {
        RistrettoScalar sum = default;
        foreach (var (share, weight) in shares.Zip(Lagrange.WeightsAtZero([.. shares.Select(s => s.Number)])))
        {
            sum = RistrettoScalar.Add(in sum, RistrettoScalar.Multiply(in weight, in share.Secret.Scalar));
        }

        return sum;
    }

    internal static Dealing Spoiled(Dealing dealing, int holder)
    {
        var box = dealing.Boxes[holder - 1].ToArray();
        box[7] ^= 1;
        return dealing with { Boxes = dealing.Boxes.SetItem(holder - 1, box) };
    }

    /// <summary>A copy of the ceremony that has heard what was said so far.</summary>
    private static Ceremony Replay(Hall hall)
    {
        var ceremony = hall.Open();
        hall.Minutes.ForEach(m => ceremony.Take(m.Author, m.Message));
        return ceremony;
    }

    private static Dealing Change(string how, Dealing dealing, Dealing first) => how switch
    {
        "a commitment too many" => dealing with { Commitments = dealing.Commitments.Add(dealing.Commitments[0]) },
        "a commitment too few" => dealing with { Commitments = dealing.Commitments.RemoveAt(1) },
        "a share missing" => dealing with { Boxes = dealing.Boxes.RemoveAt(3) },
        "another commitment to the secret" => dealing with { Commitments = dealing.Commitments.SetItem(0, first.Commitments[0]) },
        "another commitment to a coefficient" => dealing with { Commitments = dealing.Commitments.SetItem(1, first.Commitments[1]) },
        "another member's dealing" => first,
        _ => dealing with { Keys = dealing.Ceremony },
    };

    private static Complaint Change(string how, Hall hall)
    {
        var good = Complain(hall, "holder-2", 1, "holder-1");
        return how switch
        {
            "another secret" => good with { Secret = hall.Public.KeyOf("holder-1")!.Point },
            "another holder's proof" => Complain(hall, "holder-3", 1, "holder-1"),
            _ => good with { Dealer = 5 },
        };
    }

    private static Complaint Complain(Hall hall, string holder, int place, string dealer)
    {
        using var secrets = new CeremonySecrets(Hall.Seed(1, holder), hall.Plan.Id);
        using var key = secrets.Key();
        var point = hall.Public.KeyOf(dealer)!.Point;
        var common = RistrettoPoint.Multiply(in key.Scalar, in point);
        return new Complaint(place, common, DleqProof.Create(key, [point], [common], new byte[64]));
    }

    private static ReadOnlyMemory<byte> Seal(Hall hall, Dealing dealing, string dealer, int number, RistrettoScalar share)
    {
        using var secrets = new CeremonySecrets(Hall.Seed(1, dealer), hall.Plan.Id);
        using var key = secrets.Key();
        var holder = hall.Public.KeyOf(hall.Plan.Holders[number - 1])!.Point;
        var box = new ShareBox(hall.Plan.Id, Dealing.DigestOf(dealing.Commitments), key.PublicKey, holder, number);
        return box.Seal(RistrettoPoint.Multiply(in key.Scalar, in holder), in share);
    }
}
