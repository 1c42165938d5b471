using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Protocol.Sellers.Ceremonies;

/// <summary>
/// The public side of a key ceremony: a function of the messages in the signed logs, which everybody computes alike. Messages
/// of one member are taken in the order of its log, those of different members in any order. It knows no secret.
/// <para>
/// Invariants: the first message of a member in a step is its word; a step is judged once, when everybody asked in it has
/// spoken; whoever is named in a fault either dropped out as a dealer, ended the ceremony, or did not confirm.
/// </para>
/// </summary>
public sealed partial class Ceremony
{
    private readonly Dictionary<string, ParticipantKey> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dealing> _dealings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Verdict> _verdicts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Confirmation> _confirmations = new(StringComparer.Ordinal);
    private readonly List<CeremonyFault> _faults = [];
    private readonly HashSet<string> _dropped = new(StringComparer.Ordinal);
    private readonly HashSet<string> _judgedConfirmations = new(StringComparer.Ordinal);
    private readonly HashSet<string> _confirmed = new(StringComparer.Ordinal);

    private Ceremony(CeremonyPlan plan, SharedKey? baseKey)
    {
        Plan = plan;
        Base = baseKey;
        Dealers = baseKey is null ? plan.Holders : [.. plan.Dealers.Select(n => baseKey.Holders[n - 1])];
        Participants = [.. Dealers.Union(plan.Holders, StringComparer.Ordinal)];
    }

    /// <summary>What the ceremony is for.</summary>
    public CeremonyPlan Plan { get; }

    /// <summary>The key that is handed over, or null where a new one is made.</summary>
    public SharedKey? Base { get; }

    /// <summary>The members that deal, in their order.</summary>
    public ImmutableArray<string> Dealers { get; }

    /// <summary>The dealers, then the holders that do not deal, in their order.</summary>
    public ImmutableArray<string> Participants { get; }

    /// <summary>How far it has come.</summary>
    public CeremonyStep Step { get; private set; }

    /// <summary>Who broke the rules so far, in the order of the steps and of the members in them.</summary>
    public IReadOnlyList<CeremonyFault> Faults => _faults;

    /// <summary>Why there is no key, if the ceremony failed.</summary>
    public string? Failure { get; private set; }

    /// <summary>The key, from the step of confirmations on.</summary>
    public SharedKey? Key { get; private set; }

    /// <summary>The dealers whose polynomials make up the key, in their order; from the step of confirmations on.</summary>
    public ImmutableArray<string> Qualified { get; private set; } = [];

    /// <summary>The holders that have proven that they have their shares, in their order.</summary>
    public IReadOnlyList<string> Confirmed => [.. Plan.Holders.Where(_confirmed.Contains)];

    /// <summary>Who has yet to speak before the present step ends, in their order.</summary>
    public IReadOnlyList<string> Awaited => Step switch
    {
        CeremonyStep.Keys => [.. Participants.Where(p => !_keys.ContainsKey(p))],
        CeremonyStep.Dealings => [.. Dealers.Where(d => !_dealings.ContainsKey(d))],
        CeremonyStep.Verdicts => [.. Plan.Holders.Where(h => !_verdicts.ContainsKey(h))],
        CeremonyStep.Confirmations => [.. Plan.Holders.Where(h => !_confirmations.ContainsKey(h))],
        _ => [],
    };

    /// <summary>The digest of the participants' keys, from the step of dealings on.</summary>
    internal Hash256 KeysDigest { get; private set; }

    /// <summary>The digest of the dealings, from the step of verdicts on.</summary>
    internal Hash256 DealingsDigest { get; private set; }

    /// <summary>Opens a ceremony that nobody has spoken in.</summary>
    /// <param name="plan">The plan, out of the secretariat's log.</param>
    /// <param name="baseKey">The key that the plan hands over, or null for a new one.</param>
    /// <param name="ceremony">The ceremony.</param>
    /// <param name="error">Why the plan does not fit the key.</param>
    public static bool TryOpen(
        CeremonyPlan plan,
        SharedKey? baseKey,
        [NotNullWhen(true)] out Ceremony? ceremony,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(plan);
        error = plan.Base is null
            ? baseKey is null ? null : "The plan makes a new key and hands none over."
            : baseKey is null || baseKey.Digest != plan.Base ? "The plan hands over another key than this one."
            : baseKey.Scheme != plan.Scheme ? $"The key {baseKey.Scheme} cannot be handed over as {plan.Scheme}."
            : plan.Dealers[^1] > baseKey.Holders.Length ? $"The key has {baseKey.Holders.Length} holders; no dealer {plan.Dealers[^1]}."
            : plan.Dealers.Length < baseKey.Threshold
                ? $"{plan.Dealers.Length} dealers cannot hand the key over: it takes {baseKey.Threshold}."
            : null;
        ceremony = error is null ? new Ceremony(plan, baseKey) : null;
        return error is null;
    }

    /// <summary>Takes a message out of a member's log. What is not taken changes nothing.</summary>
    /// <param name="author">The member whose log it stands in.</param>
    /// <param name="message">The message.</param>
    public TakeOutcome Take(string author, CeremonyMessage message)
    {
        ArgumentNullException.ThrowIfNull(author);
        var outcome = message switch
        {
            ParticipantKey key => Take(key, key.Ceremony, author, Participants, _keys),
            Dealing dealing => Take(dealing, dealing.Ceremony, author, Dealers, _dealings),
            Verdict verdict => Take(verdict, verdict.Ceremony, author, Plan.Holders, _verdicts),
            Confirmation confirmation => Take(confirmation, confirmation.Ceremony, author, Plan.Holders, _confirmations),
            _ => TakeOutcome.NotAsked,
        };
        if (outcome == TakeOutcome.Taken)
        {
            Advance();
        }

        return outcome;
    }

    /// <summary>Scheme and step.</summary>
    public override string ToString() => $"{Plan.Scheme}, attempt {Plan.Attempt}: {Step}";

    internal ParticipantKey? KeyOf(string participant) => _keys.GetValueOrDefault(participant);

    internal Dealing? DealingOf(string dealer) => _dealings.GetValueOrDefault(dealer);

    internal bool HasJudged(string holder) => _verdicts.ContainsKey(holder);

    internal bool HasConfirmed(string holder) => _confirmations.ContainsKey(holder);

    /// <summary>Whether a dealing is one that holders must judge: nothing about it is wrong that everybody sees.</summary>
    internal bool IsInTheGame(string dealer) => !_dropped.Contains(dealer);

    /// <summary>The box of a dealer for a holder.</summary>
    internal ShareBox BoxOf(string dealer, int holder) => new(
        Plan.Id,
        Dealing.DigestOf(_dealings[dealer].Commitments),
        _keys[dealer].Point,
        _keys[Plan.Holders[holder - 1]].Point,
        holder);

    /// <summary>
    /// Opens a dealer's box for a holder with the secret that both have in common. False if there is no share in it that fits
    /// the commitments.
    /// </summary>
    internal bool TryOpenBox(string dealer, int holder, RistrettoPoint common, out RistrettoScalar share)
    {
        var dealing = _dealings[dealer];
        if (!BoxOf(dealer, holder).TryOpen(common, dealing.Boxes[holder - 1].Span, out share))
        {
            return false;
        }

        // The share 0 has the identity as its public side, which TryMultiplyBase leaves behind.
        _ = RistrettoPoint.TryMultiplyBase(in share, out var point);
        return point == CommittedPolynomial.ValueAt(dealing.Commitments.AsSpan(), holder);
    }

    /// <summary>The weights of the qualified dealings in the key: 1 for a new one, else those that give the base key.</summary>
    internal RistrettoScalar[] Weights() => Base is null
        ? [.. Enumerable.Repeat(RistrettoScalar.FromUInt64(1), Qualified.Length)]
        : Lagrange.WeightsAtZero([.. Qualified.Select(Base.NumberOf)]);

    private TakeOutcome Take<T>(
        T message, Hash256 ceremony, string author, ImmutableArray<string> asked, Dictionary<string, T> said)
        where T : CeremonyMessage =>
        ceremony != Plan.Id ? TakeOutcome.OtherCeremony
        : !asked.Contains(author, StringComparer.Ordinal) ? TakeOutcome.NotAsked
        : !said.TryAdd(author, message) ? TakeOutcome.Repeated
        : TakeOutcome.Taken;

    private static Hash256 DigestOf(ReadOnlySpan<byte> label, IEnumerable<CeremonyMessage> messages)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(label);
        Span<byte> digest = stackalloc byte[Hash256.Size];
        foreach (var message in messages)
        {
            message.Digest().CopyTo(digest);
            hash.AppendData(digest);
        }

        return new Hash256(hash.GetHashAndReset());
    }
}
