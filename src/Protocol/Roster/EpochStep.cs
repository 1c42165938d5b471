using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Notes;

namespace FederationNode.Protocol.Roster;

/// <summary>
/// The step of a roster that closes a log and opens its next epoch: what a request asks for, held against the roster in
/// force. docs/protocol.md, "New epoch".
/// </summary>
public sealed class EpochStep
{
    private readonly RosterDocument _roster;
    private readonly EpochRequest _request;

    private EpochStep(RosterDocument roster, EpochRequest request, RosterMember member, RosterLog old, bool vouched)
    {
        _roster = roster;
        _request = request;
        Member = member;
        Old = old;
        IsVouched = vouched;
    }

    /// <summary>The member, as it is in the roster in force.</summary>
    public RosterMember Member { get; }

    /// <summary>The log that is to be closed.</summary>
    public RosterLog Old { get; }

    /// <summary>Whether a key signed the request that the roster gives to the member for a log that is still open.</summary>
    public bool IsVouched { get; }

    /// <summary>Whether the member's TLS key is exchanged, too.</summary>
    public bool ChangesTlsPin => Member.TlsPin != _request.TlsPin;

    /// <summary>Whether people must have compared the fingerprint: nothing else shows that the member asks.</summary>
    public bool NeedsFingerprint => !IsVouched || ChangesTlsPin;

    /// <summary>Holds a request against the roster in force.</summary>
    /// <param name="roster">The roster in force.</param>
    /// <param name="request">The request.</param>
    /// <param name="note">The note that it was read from.</param>
    /// <param name="isFrozen">
    /// Whether a log forked: two contradicting histories came from its key, so its signature vouches for nothing.
    /// </param>
    /// <param name="step">The step.</param>
    /// <param name="error">Why the request cannot be granted.</param>
    public static bool TryPlan(
        RosterDocument roster,
        EpochRequest request,
        SignedNote note,
        Func<string, bool> isFrozen,
        [NotNullWhen(true)] out EpochStep? step,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(roster);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(note);
        ArgumentNullException.ThrowIfNull(isFrozen);
        step = null;
        var origin = request.Origin;
        var member = roster.Member(origin.Member);
        var newest = member?.NewestLog(origin.Log);
        error = FirstFault(roster, request, member, newest);
        if (error is not null)
        {
            return false;
        }

        ImmutableArray<VerificationKey> trusted =
            [.. member!.Logs.Where(l => l.ClosedAt is null && !isFrozen(l.Origin.Text)).Select(l => l.Key)];
        if (!note.TryVerify([request.Key, .. trusted], out var good, out error))
        {
            return false;
        }

        step = new EpochStep(roster, request, member, newest!, good.Any(trusted.Contains));
        return true;
    }

    /// <summary>The next roster: the log is closed at a head, and the new epoch is open.</summary>
    /// <param name="size">Entries of the old log that count.</param>
    /// <param name="root">The root over them.</param>
    /// <param name="issued">When the roster is made, in unix seconds.</param>
    /// <param name="expires">When it should have been replaced, in unix seconds.</param>
    public RosterDocument Close(long size, Hash256 root, long issued, long expires)
    {
        var member = Member with
        {
            TlsPin = _request.TlsPin,
            Logs =
            [
                .. Member.Logs.Select(l => l == Old ? l with { ClosedAt = new LogHead(l.Origin.Text, size, root) } : l),
                new RosterLog(_request.Origin, _request.Key),
            ],
        };
        return _roster with
        {
            Version = _roster.Version + 1,
            Issued = issued,
            Expires = expires,
            Members = [.. _roster.Members.Select(m => m.Name == member.Name ? member : m)],
        };
    }

    private static string? FirstFault(
        RosterDocument roster, EpochRequest request, RosterMember? member, RosterLog? newest)
    {
        var origin = request.Origin;
        return origin.Coalition != roster.Coalition ? $"The request is for a log of {origin.Coalition}, but this is {roster.Coalition}."
            : member is null ? $"{origin.Member} is not in the roster: a company that is new asks with its enrolment request."
            : member.Status != MemberStatus.Active
                ? $"{origin.Member} is {member.Status.ToString().ToLowerInvariant()}: it gets no new log."
            : newest is null ? $"The roster names no {origin.Log} log of {origin.Member} that could be closed."
            : roster.TryFindLog(origin.Text, out _, out _) ? $"The log {origin} is in the roster already."
            : origin.Epoch - 1 != newest.Origin.Epoch
                ? $"The epoch after {newest.Origin} is {newest.Origin.Epoch + 1}, and the request is for {origin}."
            : newest.ClosedAt is { } end ? $"The log {newest.Origin} is closed already, at size {end.Size}."
            : member.Name == Origin.Secretariat && member.TlsPin != request.TlsPin
                ? "The TLS key of the secretariat stands in the trust anchor and stays: make the request in the folder of its node."
            : IsUsed(roster, request.Key) ? $"The public key of {origin} is in the roster already: every log has a key of its own."
            : null;
    }

    private static bool IsUsed(RosterDocument roster, VerificationKey key) =>
        roster.Members.SelectMany(m => m.Logs).Select(l => l.Key).Concat(roster.SecretariatKeys)
            .Any(k => k.PublicKey.SequenceEqual(key.PublicKey));
}
