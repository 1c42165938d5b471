using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// One participant of a ceremony with its secrets: says what to put into its log next, and gives the share in the end. All of it
/// follows from the messages, the seed and (for a dealer that hands a key over) the share, so after a restart the same seed
/// goes on where the logs are. The seed is as secret as the share; it is erased when the ceremony is done or given up.
/// </summary>
public sealed class CeremonyParticipant : IDisposable
{
    /// <summary>Length of the seed in bytes: 32.</summary>
    public const int SeedSize = 32;

    private readonly Ceremony _ceremony;
    private readonly CeremonySecrets _secrets;
    private readonly VoprfSecretKey _key;
    private readonly KeyShare? _oldShare;

    /// <summary>Takes part in a ceremony.</summary>
    /// <param name="ceremony">The ceremony; the caller gives it the messages of all.</param>
    /// <param name="name">The participant.</param>
    /// <param name="seed32">32 random bytes, drawn for this ceremony and kept until it is over; copied.</param>
    /// <param name="oldShare">For a dealer that hands a key over, its share of that key; stays the caller's.</param>
    /// <exception cref="ArgumentException">The member has no part in the ceremony, the seed is not 32 bytes, or the share is
    /// not the one that the member has to deal.</exception>
    public CeremonyParticipant(Ceremony ceremony, string name, ReadOnlySpan<byte> seed32, KeyShare? oldShare)
    {
        ArgumentNullException.ThrowIfNull(ceremony);
        if (!ceremony.Participants.Contains(name, StringComparer.Ordinal))
        {
            throw new ArgumentException($"{name} has no part in this ceremony.", nameof(name));
        }

        if (seed32.Length != SeedSize)
        {
            throw new ArgumentException($"A seed has {SeedSize} bytes, not {seed32.Length}.", nameof(seed32));
        }

        var deals = ceremony.Base is not null && ceremony.Dealers.Contains(name, StringComparer.Ordinal);
        if (deals != oldShare is not null || (deals && (oldShare!.Holder != name || !oldShare.Key.Equals(ceremony.Base))))
        {
            throw new ArgumentException(
                deals ? $"{name} deals its share of {ceremony.Base}, and this is not it." : $"{name} deals no share of an earlier key.",
                nameof(oldShare));
        }

        _ceremony = ceremony;
        Name = name;
        _oldShare = oldShare;
        _secrets = new CeremonySecrets(seed32, ceremony.Plan.Id);
        _key = _secrets.Key();
    }

    /// <summary>The participant.</summary>
    public string Name { get; }

    private int Number => _ceremony.Plan.Holders.IndexOf(Name) + 1;

    /// <summary>
    /// What to append to the participant's log now, or null if it is others' turn. The same until the ceremony has taken it.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="error">Why this participant cannot go on: the log holds something that this seed did not say.</param>
    public bool TrySpeak(out CeremonyMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        error = ForeignWord();
        if (error is null)
        {
            message = NextWord(out error);
        }

        return error is null;
    }

    /// <summary>
    /// The holder's share, from the step of confirmations on: the sum of what the qualified dealers dealt, checked against the
    /// commitments. The caller disposes it.
    /// </summary>
    /// <param name="share">The share.</param>
    /// <param name="error">Why there is none.</param>
    public bool TryGetShare([NotNullWhen(true)] out KeyShare? share, [NotNullWhen(false)] out string? error)
    {
        share = null;
        if (_ceremony.Key is not { } key || Number == 0)
        {
            error = Number == 0 ? $"{Name} gets no share in this ceremony." : "The ceremony has not come to a key.";
            return false;
        }

        var sum = GC.AllocateArray<RistrettoScalar>(1, pinned: true);
        try
        {
            if (!TryAddShares(ref sum[0], out error) || !VoprfSecretKey.TryDecode(sum[0].Span, out var secret, out error))
            {
                return false;
            }

            if (KeyShare.TryCreate(key, Number, secret, out share, out error))
            {
                return true;
            }

            secret.Dispose();
            return false;
        }
        finally
        {
            sum[0].Erase();
        }
    }

    /// <summary>Erases the seed and what was made of it.</summary>
    public void Dispose()
    {
        _key.Dispose();
        _secrets.Dispose();
    }

    /// <summary>The participant and the ceremony.</summary>
    public override string ToString() => $"{Name} in {_ceremony}";

    /// <summary>What is to be said next, whatever stands in this participant's name so far.</summary>
    internal CeremonyMessage? NextWord(out string? error)
    {
        error = null;
        return _ceremony.Step switch
        {
            CeremonyStep.Keys when _ceremony.KeyOf(Name) is null => AnnounceKey(),
            CeremonyStep.Dealings when IsDealer && _ceremony.DealingOf(Name) is null => Deal(),
            CeremonyStep.Verdicts when Number > 0 && !_ceremony.HasJudged(Name) => Judge(),
            CeremonyStep.Confirmations when Number > 0 && !_ceremony.HasConfirmed(Name) => Confirm(out error),
            _ => null,
        };
    }

    private bool IsDealer => _ceremony.Dealers.Contains(Name, StringComparer.Ordinal);

    /// <summary>A word in the participant's name that it did not say: the seed was lost, or its log key is in other hands.</summary>
    private string? ForeignWord()
    {
        const string advice = "another seed made it. Find out who writes into this log, and hold the ceremony again under another attempt.";
        if (_ceremony.KeyOf(Name) is { } key && key.Point != _key.PublicKey)
        {
            return $"The log of {Name} announces a key that is not this one: {advice}";
        }

        return _ceremony.Step is CeremonyStep.Dealings or CeremonyStep.Verdicts
            && _ceremony.DealingOf(Name) is { } dealing
            && !dealing.Equals(Deal())
            ? $"The log of {Name} holds a dealing that is not this one: {advice}"
            : null;
    }

    private ParticipantKey AnnounceKey()
    {
        var id = _ceremony.Plan.Id;
        return new ParticipantKey(id, _key.PublicKey, SchnorrProof.Create(_key, CeremonyContext.Key(id, Name)));
    }

    private Dealing Deal()
    {
        var plan = _ceremony.Plan;
        var keys = _ceremony.KeysDigest;
        var polynomial = MakePolynomial(keys);
        try
        {
            ImmutableArray<RistrettoPoint> commitments = [.. polynomial.Select(c => c.PublicKey)];
            var digest = Dealing.DigestOf(commitments);
            var proof = SchnorrProof.Create(polynomial[0], CeremonyContext.Dealing(plan.Id, keys, digest, Name));
            var boxes = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>(plan.Holders.Length);
            for (var number = 1; number <= plan.Holders.Length; number++)
            {
                var point = _ceremony.KeyOf(plan.Holders[number - 1])!.Point;
                var box = new ShareBox(plan.Id, digest, _key.PublicKey, point, number);
                var share = SecretPolynomial.ValueAt(polynomial, number);
                boxes.Add(box.Seal(RistrettoPoint.Multiply(in _key.Scalar, in point), in share));
                share.Erase();
            }

            return new Dealing(plan.Id, keys, commitments, proof, boxes.MoveToImmutable());
        }
        finally
        {
            // The old share is the caller's.
            foreach (var coefficient in polynomial.Where(c => c != _oldShare?.Secret))
            {
                coefficient.Dispose();
            }
        }
    }

    private VoprfSecretKey[] MakePolynomial(Hash256 keys)
    {
        var polynomial = new VoprfSecretKey[_ceremony.Plan.Threshold];
        for (var k = 0; k < polynomial.Length; k++)
        {
            polynomial[k] = k == 0 && _oldShare is not null ? _oldShare.Secret : _secrets.Coefficient(keys, k);
        }

        return polynomial;
    }

    private Verdict Judge()
    {
        var complaints = ImmutableArray.CreateBuilder<Complaint>();
        for (var i = 0; i < _ceremony.Dealers.Length; i++)
        {
            var dealer = _ceremony.Dealers[i];
            if (!_ceremony.IsInTheGame(dealer))
            {
                continue;
            }

            var common = CommonSecret(dealer);
            if (!_ceremony.TryOpenBox(dealer, Number, common, out var share))
            {
                complaints.Add(new Complaint(i + 1, common, Prove(dealer, i + 1, common)));
            }

            share.Erase();
        }

        return new Verdict(_ceremony.Plan.Id, _ceremony.DealingsDigest, complaints.ToImmutable());
    }

    private DleqProof Prove(string dealer, int place, RistrettoPoint common)
    {
        Span<byte> random = stackalloc byte[DleqProof.RandomSize];
        _secrets.ComplaintRandom(_ceremony.DealingsDigest, place, random);
        var proof = DleqProof.Create(_key, [_ceremony.KeyOf(dealer)!.Point], [common], random);
        CryptographicOperations.ZeroMemory(random);
        return proof;
    }

    private Confirmation? Confirm(out string? error)
    {
        if (!TryGetShare(out var share, out error))
        {
            return null;
        }

        using (share)
        {
            var context = CeremonyContext.Confirmation(_ceremony.Plan.Id, share.Key.Digest, Name);
            return new Confirmation(_ceremony.Plan.Id, share.Key.Digest, SchnorrProof.Create(share.Secret, context));
        }
    }

    private bool TryAddShares(ref RistrettoScalar sum, [NotNullWhen(false)] out string? error)
    {
        var weights = _ceremony.Weights();
        for (var i = 0; i < weights.Length; i++)
        {
            var dealer = _ceremony.Qualified[i];
            if (!_ceremony.TryOpenBox(dealer, Number, CommonSecret(dealer), out var share))
            {
                error = $"{dealer} dealt no good share, and the verdict of {Name} in the log does not say so: hold the ceremony again.";
                return false;
            }

            var weighted = RistrettoScalar.Multiply(in weights[i], in share);
            sum = RistrettoScalar.Add(in sum, in weighted);
            weighted.Erase();
            share.Erase();
        }

        error = null;
        return true;
    }

    private RistrettoPoint CommonSecret(string other)
    {
        var point = _ceremony.KeyOf(other)!.Point;
        return RistrettoPoint.Multiply(in _key.Scalar, in point);
    }
}
