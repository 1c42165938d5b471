using FederationNode.Protocol.Entries;

namespace FederationNode.Protocol.Merge;

/// <summary>
/// An entry with all that <see cref="View.Apply(PreparedEntry, ICollection{ListingPayload})"/> needs and that needs no view: it can be worked out
/// beside that, by other threads.
/// </summary>
public sealed class PreparedEntry
{
    private PreparedEntry(LogEntry entry, RowKind? kind, ReadOnlyMemory<byte> payload, Hash256 group) =>
        (Entry, Kind, Payload, Group) = (entry, kind, payload, group);

    /// <summary>The entry.</summary>
    public LogEntry Entry { get; }

    /// <summary>What it does in the view; null: nothing that has a row.</summary>
    internal RowKind? Kind { get; }

    /// <summary>The payload's canonical bytes; none of an entry that has no row.</summary>
    internal ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The indicator's id; of a tally the hash of its cell's key.</summary>
    internal Hash256 Group { get; }

    /// <summary>Works it out.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="payload">The payload's bytes, as they stand in the log; null: they are written anew.</param>
    public static PreparedEntry Of(LogEntry entry, ReadOnlyMemory<byte>? payload = null)
    {
        (RowKind Kind, Hash256 Group)? row = entry.Payload switch
        {
            ListingPayload listing => (RowKind.Listing, listing.Indicator.Id),
            WithdrawalPayload withdrawal => (RowKind.Withdrawal, withdrawal.IndicatorId),
            OpinionPayload opinion => (RowKind.Opinion, opinion.IndicatorId),
            TallyPayload tally => (RowKind.Tally, Hash256.Of(CellKey.Encode(tally, entry.Member))),
            _ => null,
        };
        return row is { } known
            ? new PreparedEntry(entry, known.Kind, payload ?? entry.Payload.Encode(), known.Group)
            : new PreparedEntry(entry, null, default, default);
    }
}
