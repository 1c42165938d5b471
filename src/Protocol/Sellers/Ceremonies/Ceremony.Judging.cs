using System.Collections.Immutable;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>The rules by which each step is judged.</summary>
public sealed partial class Ceremony
{
    private void Advance()
    {
        if (Step == CeremonyStep.Keys && Awaited.Count == 0)
        {
            JudgeKeys();
        }

        if (Step == CeremonyStep.Dealings && Awaited.Count == 0)
        {
            JudgeDealings();
        }

        if (Step == CeremonyStep.Verdicts && Awaited.Count == 0)
        {
            JudgeVerdicts();
        }

        if (Step == CeremonyStep.Confirmations)
        {
            JudgeConfirmations();
        }
    }

    private void JudgeKeys()
    {
        foreach (var name in Participants)
        {
            if (!_keys[name].Proof.Verify(_keys[name].Point, CeremonyContext.Key(Plan.Id, name)))
            {
                Blame(name, CeremonyFaultKind.KeyProof, "The proof of knowledge of the key does not hold.");
            }
        }

        KeysDigest = DigestOf("fednode/ceremony/keys/1\0"u8, Participants.Select(p => _keys[p]));
        GoTo(CeremonyStep.Dealings, _faults.Count == 0 ? null : "A key cannot be used.");
    }

    private void JudgeDealings()
    {
        foreach (var name in Dealers)
        {
            if (FaultOf(name, _dealings[name]) is { } fault)
            {
                Blame(name, fault.Kind, fault.Text);
                _dropped.Add(name);
            }
        }

        DealingsDigest = DigestOf("fednode/ceremony/dealings/1\0"u8, Dealers.Select(d => _dealings[d]));
        GoTo(CeremonyStep.Verdicts, TooFewDealers());
    }

    /// <summary>What everybody sees to be wrong with a dealing.</summary>
    private (CeremonyFaultKind Kind, string Text)? FaultOf(string dealer, Dealing dealing)
    {
        if (dealing.Keys != KeysDigest)
        {
            return (CeremonyFaultKind.OtherKeys, "The dealing is for other keys than those in the logs.");
        }

        if (dealing.Commitments.Length != Plan.Threshold || dealing.Boxes.Length != Plan.Holders.Length)
        {
            return (CeremonyFaultKind.WrongCount,
                $"The dealing has {dealing.Commitments.Length} commitments and {dealing.Boxes.Length} boxes instead of "
                + $"{Plan.Threshold} and {Plan.Holders.Length}.");
        }

        var context = CeremonyContext.Dealing(Plan.Id, KeysDigest, Dealing.DigestOf(dealing.Commitments), dealer);
        if (!dealing.Proof.Verify(dealing.Commitments[0], context))
        {
            return (CeremonyFaultKind.DealingProof, "The proof of knowledge of the lowest coefficient does not hold.");
        }

        return Base is not null && dealing.Commitments[0] != Base.PublicShare(Base.NumberOf(dealer))
            ? (CeremonyFaultKind.OtherSecret, "The lowest coefficient is not the dealer's share of the key that is handed over.")
            : null;
    }

    private void JudgeVerdicts()
    {
        var others = Plan.Holders.Where(h => _verdicts[h].Dealings != DealingsDigest).ToList();
        if (others.Count > 0)
        {
            others.ForEach(h => Blame(
                h, CeremonyFaultKind.OtherDealings, "The verdict is about other dealings than those in the logs."));
            GoTo(CeremonyStep.Failed, "The holders do not agree on what was dealt: look for forked logs.");
            return;
        }

        // All complaints are judged before anybody drops out, so that their order does not matter.
        var guilty = new List<string>();
        for (var number = 1; number <= Plan.Holders.Length; number++)
        {
            foreach (var complaint in _verdicts[Plan.Holders[number - 1]].Complaints)
            {
                guilty.Add(Judge(number, complaint));
            }
        }

        _dropped.UnionWith(guilty);
        Qualified = [.. Dealers.Where(d => !_dropped.Contains(d))];
        GoTo(CeremonyStep.Confirmations, TooFewDealers() ?? MakeKey());
    }

    /// <summary>Either the dealer or the holder has lied: blames and returns who.</summary>
    private string Judge(int number, Complaint complaint)
    {
        var holder = Plan.Holders[number - 1];
        if (complaint.Dealer > Dealers.Length)
        {
            Blame(holder, CeremonyFaultKind.ComplaintProof, $"There is no dealer {complaint.Dealer} to complain about.");
            return holder;
        }

        var dealer = Dealers[complaint.Dealer - 1];
        if (!complaint.Proof.Verify(_keys[holder].Point, [_keys[dealer].Point], [complaint.Secret]))
        {
            Blame(
                holder,
                CeremonyFaultKind.ComplaintProof,
                $"The complaint about {dealer} shows another secret than the one that both have in common.");
            return holder;
        }

        if (_dropped.Contains(dealer))
        {
            return dealer;
        }

        if (TryOpenBox(dealer, number, complaint.Secret, out _))
        {
            Blame(holder, CeremonyFaultKind.FalseComplaint, $"The share that {dealer} dealt is good: the complaint is false.");
            return holder;
        }

        Blame(dealer, CeremonyFaultKind.BadShare, $"The box for {holder} holds no share that fits the commitments.");
        return dealer;
    }

    private void JudgeConfirmations()
    {
        for (var number = 1; number <= Plan.Holders.Length; number++)
        {
            var name = Plan.Holders[number - 1];
            if (!_confirmations.TryGetValue(name, out var confirmation) || !_judgedConfirmations.Add(name))
            {
                continue;
            }

            if (confirmation.Key != Key!.Digest)
            {
                Blame(name, CeremonyFaultKind.OtherKey, "The confirmation names another key than the one that the logs give.");
            }
            else if (!confirmation.Proof.Verify(
                Key.PublicShare(number), CeremonyContext.Confirmation(Plan.Id, Key.Digest, name)))
            {
                Blame(name, CeremonyFaultKind.ShareProof, "The proof of knowledge of the share does not hold.");
            }
            else
            {
                _confirmed.Add(name);
            }
        }

        if (_confirmed.Count == Plan.Holders.Length)
        {
            Step = CeremonyStep.Done;
        }
    }

    /// <summary>Adds up the qualified commitments by their weights; an error if that gives no key.</summary>
    private string? MakeKey()
    {
        var weights = Weights();
        var commitments = ImmutableArray.CreateBuilder<RistrettoPoint>(Plan.Threshold);
        for (var k = 0; k < Plan.Threshold; k++)
        {
            RistrettoPoint sum = default;
            for (var i = 0; i < Qualified.Length; i++)
            {
                var weighted = RistrettoPoint.Multiply(in weights[i], _dealings[Qualified[i]].Commitments[k]);
                sum = RistrettoPoint.Add(in sum, in weighted);
            }

            commitments.Add(sum);
        }

        _ = SharedKey.TryCreate(Plan.Scheme, Plan.Holders, commitments.MoveToImmutable(), out var key, out var error);
        Key = key;
        return error;
    }

    private string? TooFewDealers()
    {
        // Of a new key, one dealing among so many as the threshold is of an honest member, and with it the key is nobody's.
        var needed = Base?.Threshold ?? Plan.Threshold;
        var left = Dealers.Count(d => !_dropped.Contains(d));
        return left >= needed ? null : $"{left} good dealings are left, and {needed} are needed.";
    }

    private void Blame(string member, CeremonyFaultKind kind, string text) => _faults.Add(new CeremonyFault(member, kind, text));

    private void GoTo(CeremonyStep step, string? failure)
    {
        Step = failure is null ? step : CeremonyStep.Failed;
        Failure = failure;
    }
}
