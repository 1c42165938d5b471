using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Notes;

namespace FederationNode.Protocol.Roster;

/// <summary>
/// The rules by which one roster follows another. docs/protocol.md, "Roster": the first is signed by enough of the
/// trust anchor's keys and names the same keys and threshold; each later one has the next version number and is signed
/// by enough keys of the version before AND enough of its own. One signature of a key counts once. Nothing is skipped.
/// </summary>
public static class RosterChain
{
    /// <summary>Longest roster note in bytes.</summary>
    public const int MaxNote = ProtocolLimits.MaxRosterPayload - 64;

    /// <summary>Opens the first roster.</summary>
    public static bool TryOpenFirst(
        ReadOnlySpan<byte> note,
        TrustAnchor anchor,
        [NotNullWhen(true)] out RosterDocument? roster,
        [NotNullWhen(false)] out string? error)
    {
        if (!TryRead(note, out var signed, out roster, out error))
        {
            return false;
        }

        error = roster.Coalition != anchor.Coalition ? $"The roster is of the coalition {roster.Coalition}, not {anchor.Coalition}."
            : roster.Version != 1 ? $"The first roster has version 1, not {roster.Version}."
            : roster.Threshold != anchor.Threshold || !SameKeys(roster.SecretariatKeys, anchor.SecretariatKeys)
                ? "The first roster names other secretariat keys than the trust anchor."
            : !roster.TryFindLog(anchor.RosterLogKey.Name, out var log, out _) || !log.Key.Equals(anchor.RosterLogKey)
                ? $"The first roster does not name {anchor.RosterLogKey.Name} with the key of the trust anchor."
            : MissingSignatures(signed, anchor.SecretariatKeys, anchor.Threshold, "the trust anchor")
              ?? AbsentHolder(null, roster);
        return Keep(ref roster, error);
    }

    /// <summary>Opens the roster that follows <paramref name="current"/>.</summary>
    public static bool TryOpenNext(
        ReadOnlySpan<byte> note,
        RosterDocument current,
        [NotNullWhen(true)] out RosterDocument? roster,
        [NotNullWhen(false)] out string? error)
    {
        if (!TryRead(note, out var signed, out roster, out error))
        {
            return false;
        }

        error = roster.Coalition != current.Coalition ? $"The roster is of the coalition {roster.Coalition}, not {current.Coalition}."
            : roster.Version - 1 != current.Version ? $"Version {roster.Version} does not follow version {current.Version}."
            : MissingSignatures(signed, current.SecretariatKeys, current.Threshold, $"version {current.Version}")
              ?? MissingSignatures(signed, roster.SecretariatKeys, roster.Threshold, $"version {roster.Version}")
              ?? RewrittenLog(current, roster)
              ?? Forgotten(current, roster)
              ?? Prolonged(current, roster)
              ?? AbsentHolder(current, roster);
        return Keep(ref roster, error);
    }

    /// <summary>Opens the whole chain, oldest first; stops at the first document that does not follow.</summary>
    public static bool TryWalk(
        IEnumerable<ReadOnlyMemory<byte>> notes,
        TrustAnchor anchor,
        out RosterDocument? newest,
        [NotNullWhen(false)] out string? error)
    {
        newest = null;
        foreach (var note in notes)
        {
            RosterDocument? next;
            if (!(newest is null
                ? TryOpenFirst(note.Span, anchor, out next, out error)
                : TryOpenNext(note.Span, newest, out next, out error)))
            {
                return false;
            }

            newest = next;
        }

        error = null;
        return true;
    }

    private static bool TryRead(
        ReadOnlySpan<byte> note,
        [NotNullWhen(true)] out SignedNote? signed,
        [NotNullWhen(true)] out RosterDocument? roster,
        [NotNullWhen(false)] out string? error)
    {
        roster = null;
        return SignedNote.TryParse(note, out signed, out error, MaxNote)
            && RosterDocument.TryParse(signed.Text, out roster, out error);
    }

    private static string? MissingSignatures(
        SignedNote note, ImmutableArray<VerificationKey> keys, int threshold, string whose)
    {
        if (!note.TryVerify(keys, out var good, out var error))
        {
            return error;
        }

        return good.Count >= threshold
            ? null
            : $"{good.Count} of the {threshold} signatures that {whose} asks for are there.";
    }

    /// <summary>
    /// A log once named keeps its key and, once closed, its end: a roster may close a log and open the next epoch,
    /// never replace what others have already verified.
    /// </summary>
    private static string? RewrittenLog(RosterDocument current, RosterDocument next)
    {
        foreach (var log in current.Members.SelectMany(m => m.Logs))
        {
            if (!next.TryFindLog(log.Origin.Text, out var kept, out _))
            {
                return $"The log {log.Origin} was dropped: close it instead.";
            }

            if (!kept.Key.Equals(log.Key))
            {
                return $"The key of the log {log.Origin} was exchanged: close the log and open the next epoch.";
            }

            if (log.ClosedAt is { } end && kept.ClosedAt != end)
            {
                return $"The log {log.Origin} is closed at {end.Size} and stays so.";
            }
        }

        return null;
    }

    /// <summary>
    /// A member is expelled, never forgotten; a seller key names its tags for ever, so no other key takes its place. Who holds
    /// it may change.
    /// </summary>
    private static string? Forgotten(RosterDocument current, RosterDocument next)
    {
        if (current.Members.FirstOrDefault(m => next.Member(m.Name) is null) is { } member)
        {
            return $"The member {member.Name} was dropped: expel it instead.";
        }

        var lost = current.SellerKeys.FirstOrDefault(k => !next.SellerKeys.Any(k.MakesTagsOf));
        return lost is null
            ? null
            : $"The seller key of {lost.Type}, epoch {lost.Epoch}, was dropped or exchanged: open the next epoch.";
    }

    /// <summary>Shares go to active members: of others nobody would get an answer.</summary>
    private static string? AbsentHolder(RosterDocument? current, RosterDocument next)
    {
        foreach (var key in next.SellerKeys.Where(k => !k.IsWhole && current?.SellerKeys.Any(k.IsHeldAs) is not true))
        {
            if (key.Holders.FirstOrDefault(h => next.Member(h) is not { Status: MemberStatus.Active }) is { } absent)
            {
                return $"The seller key of {key.Type}, epoch {key.Epoch}, is given to {absent}, which is no active member.";
            }
        }

        return null;
    }

    /// <summary>
    /// What has lapsed by one roster must have lapsed by every later one: its payload is gone. So time does not go back, and
    /// nothing that ends is given more of it.
    /// </summary>
    private static string? Prolonged(RosterDocument current, RosterDocument next)
    {
        if (next.Issued < current.Issued)
        {
            return $"It was issued at {next.Issued}, before version {current.Version}, at {current.Issued}: is the clock right?";
        }

        var (before, after) = (Lifetimes.Of(current), Lifetimes.Of(next));
        if (current.Lifetimes.Keys.Concat(next.Lifetimes.Keys).FirstOrDefault(k => after.LimitOf(k) > before.LimitOf(k)) is { } kind)
        {
            return $"It lets indicators of kind {kind} last {after.LimitOf(kind)} seconds, version {current.Version} only "
                + $"{before.LimitOf(kind)}: what has lapsed does not come back, so a lifetime is never prolonged.";
        }

        return current.SellerKeys.FirstOrDefault(
            k => k.Until is { } until && !(next.SellerKeyOf(k.Type, k.Epoch)?.Until <= until)) is { } ending
                ? $"The seller key of {ending.Type}, epoch {ending.Epoch}, ends at {ending.Until} by version {current.Version}: "
                    + "what has lapsed does not come back, so a key's end is never put off."
                : null;
    }

    private static bool SameKeys(ImmutableArray<VerificationKey> left, ImmutableArray<VerificationKey> right) =>
        left.Length == right.Length && left.All(right.Contains);

    private static bool Keep([NotNullWhen(true)] ref RosterDocument? roster, [NotNullWhen(false)] string? error)
    {
        if (error is not null)
        {
            roster = null;
        }

        return roster is not null;
    }
}
