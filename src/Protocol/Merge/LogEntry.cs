using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Entries;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// An entry of a log with a meaning: its leaf is well-formed and names the log it stands in, and its payload opens
/// the commitment and is well-formed. Every other entry is a no-op, the same on every node.
/// </summary>
/// <param name="Origin">The log.</param>
/// <param name="Index">Index in the log, from 0.</param>
/// <param name="LeafHash">RFC 6962 hash of the leaf.</param>
/// <param name="Issued">The writer's claim of the time, in unix seconds.</param>
/// <param name="Payload">The decoded payload.</param>
public sealed record LogEntry(Origin Origin, long Index, Hash256 LeafHash, long Issued, Payload Payload)
{
    private readonly long? _ends;

    /// <summary>
    /// When a listing ends, in unix seconds: at its expiry, or sooner where the roster says so (<see cref="Lifetimes"/>).
    /// 0 for other kinds.
    /// </summary>
    public long Ends
    {
        get => _ends ?? (Payload as ListingPayload)?.Expires ?? 0;
        init => _ends = value == ((Payload as ListingPayload)?.Expires ?? 0) ? null : value;
    }

    /// <summary>Whether the leaf of a listing says when it ends.</summary>
    public bool HasTerm { get; init; }

    /// <summary>Where the entry stands among all that its member wrote.</summary>
    public EntryPosition Position => new(Origin.Epoch, Index);

    /// <summary>The member that wrote it.</summary>
    public string Member => Origin.Member;

    /// <summary>
    /// Gives the entry its meaning. Depends on nothing but the bytes, the log and the index; a refusal makes the
    /// entry a no-op and <paramref name="reason"/> says why.
    /// </summary>
    /// <param name="origin">The log in which the bytes stand.</param>
    /// <param name="index">Where they stand.</param>
    /// <param name="leafHash">RFC 6962 hash of <paramref name="leaf"/>.</param>
    /// <param name="leaf">The leaf's bytes.</param>
    /// <param name="salt">The salt, or empty if the payload was erased.</param>
    /// <param name="payload">The payload's bytes, or empty if it was erased.</param>
    /// <param name="entry">The entry with its meaning.</param>
    /// <param name="reason">Why it has none.</param>
    public static bool TryInterpret(
        Origin origin,
        long index,
        Hash256 leafHash,
        ReadOnlySpan<byte> leaf,
        ReadOnlySpan<byte> salt,
        ReadOnlySpan<byte> payload,
        [NotNullWhen(true)] out LogEntry? entry,
        [NotNullWhen(false)] out string? reason)
    {
        entry = null;
        if (!Leaf.TryDecode(leaf, out var decoded, out reason))
        {
            return false;
        }

        if (decoded.Origin != origin.Text)
        {
            reason = $"The leaf was made for {decoded.Origin}, not for {origin.Text}.";
            return false;
        }

        if (salt.IsEmpty)
        {
            reason = "The payload is not held: erased, or not received.";
            return false;
        }

        if (!decoded.Opens(salt, payload))
        {
            reason = "The payload is not the one that the leaf commits to.";
            return false;
        }

        if (!Payload.TryDecode(decoded.Kind, payload, out var content, out reason)
            || !IsValid(origin, index, decoded, content, out reason))
        {
            return false;
        }

        entry = new LogEntry(origin, index, leafHash, decoded.Issued, content) { HasTerm = decoded.Term is not null };
        return true;
    }

    /// <summary>The rules between leaf and payload. docs/protocol.md, "Validity".</summary>
    private static bool IsValid(
        Origin origin, long index, Leaf leaf, Payload payload, [NotNullWhen(false)] out string? reason)
    {
        reason = (origin.Log, payload) switch
        {
            (Origin.Indicators, ListingPayload listing) when listing.Expires <= leaf.Issued =>
                "The listing expires before it was issued.",
            (Origin.Indicators, ListingPayload listing) when listing.Expires - leaf.Issued > ProtocolLimits.MaxLifetime =>
                "The listing lasts longer than five years.",
            (Origin.Indicators, ListingPayload listing) when leaf.Term is { } term && term != ListingTerm.Of(listing) =>
                "The leaf says of another kind, scheme or expiry than the payload.",
            (Origin.Indicators, LapsePayload lapse) when lapse.Time > leaf.Issued =>
                "A lapse entry names a time that had come when it was issued.",
            (Origin.Indicators, ErasePayload erase) when erase.Index >= index =>
                "An erase entry names an earlier entry.",
            (Origin.Indicators, ListingPayload or WithdrawalPayload or OpinionPayload or TallyPayload or ErasePayload or LapsePayload or HeartbeatPayload) => null,
            (Origin.Receipts, EvaluationsPayload evaluations) when evaluations.Day >= leaf.Issued / 86_400 =>
                "The day was not over when the entry was issued.",
            (Origin.Receipts, ReceiptPayload or ErasurePayload or EvaluationsPayload or CeremonyPayload or HeartbeatPayload) => null,
            (Origin.RosterLog, RosterPayload or HeartbeatPayload) => null,
            _ => $"A log of kind {origin.Log} carries no entries of kind {leaf.Kind}.",
        };
        return reason is null;
    }
}
