using System.Diagnostics.CodeAnalysis;

namespace FederationNode.Protocol.Entries;

/// <summary>
/// The content of an entry, kept beside its leaf with a random salt and erasable without touching the log.
/// docs/protocol.md, "Payloads".
/// </summary>
public abstract record Payload
{
    /// <summary>The kind that the leaf names.</summary>
    public abstract string Kind { get; }

    /// <summary>The canonical bytes.</summary>
    public abstract byte[] Encode();

    /// <summary>
    /// Reads the payload of an entry of <paramref name="kind"/>. An unknown kind is refused like a malformed payload:
    /// the entry is kept and does nothing.
    /// </summary>
    public static bool TryDecode(
        string kind,
        ReadOnlySpan<byte> bytes,
        [NotNullWhen(true)] out Payload? payload,
        [NotNullWhen(false)] out string? error)
    {
        payload = null;
        if (bytes.Length > EntryKind.MaxPayload(kind))
        {
            error = $"A payload of kind {kind} has at most {EntryKind.MaxPayload(kind)} bytes, not {bytes.Length}.";
            return false;
        }

        switch (kind)
        {
            case EntryKind.Listing: return Take(CanonicalReader.TryRead<ListingPayload>(bytes, ListingPayload.Read, ListingPayload.Write, out var listing, out error), listing, out payload);
            case EntryKind.Withdrawal: return Take(CanonicalReader.TryRead<WithdrawalPayload>(bytes, WithdrawalPayload.Read, WithdrawalPayload.Write, out var withdrawal, out error), withdrawal, out payload);
            case EntryKind.Opinion: return Take(CanonicalReader.TryRead<OpinionPayload>(bytes, OpinionPayload.Read, OpinionPayload.Write, out var opinion, out error), opinion, out payload);
            case EntryKind.Tally: return Take(CanonicalReader.TryRead<TallyPayload>(bytes, TallyPayload.Read, TallyPayload.Write, out var tally, out error), tally, out payload);
            case EntryKind.Erase: return Take(CanonicalReader.TryRead<ErasePayload>(bytes, ErasePayload.Read, ErasePayload.Write, out var erase, out error), erase, out payload);
            case EntryKind.Lapse: return Take(CanonicalReader.TryRead<LapsePayload>(bytes, LapsePayload.Read, LapsePayload.Write, out var lapse, out error), lapse, out payload);
            case EntryKind.Heartbeat: return Take(CanonicalReader.TryRead<HeartbeatPayload>(bytes, HeartbeatPayload.Read, HeartbeatPayload.Write, out var heartbeat, out error), heartbeat, out payload);
            case EntryKind.Receipt: return Take(CanonicalReader.TryRead<ReceiptPayload>(bytes, ReceiptPayload.Read, ReceiptPayload.Write, out var receipt, out error), receipt, out payload);
            case EntryKind.Erasure: return Take(CanonicalReader.TryRead<ErasurePayload>(bytes, ErasurePayload.Read, ErasurePayload.Write, out var erasure, out error), erasure, out payload);
            case EntryKind.Evaluations: return Take(CanonicalReader.TryRead<EvaluationsPayload>(bytes, EvaluationsPayload.Read, EvaluationsPayload.Write, out var evaluations, out error), evaluations, out payload);
            case EntryKind.Ceremony: return Take(CeremonyPayload.TryRead(bytes, out var ceremony, out error), ceremony, out payload);
            case EntryKind.Roster: return Take(CanonicalReader.TryRead<RosterPayload>(bytes, RosterPayload.Read, RosterPayload.Write, out var roster, out error), roster, out payload);
            default:
                error = $"The kind {kind} is not known to this node.";
                return false;
        }
    }

    private static bool Take(bool ok, Payload? decoded, out Payload? payload)
    {
        payload = decoded;
        return ok;
    }
}
