using FederationNode.Protocol.Entries;
using MessagePack;

namespace FederationNode.Protocol.Merge;

/// <summary>What a cell of the view holds; the code is the first item of its key.</summary>
internal static class CellTable
{
    public const string Listing = "listing";
    public const string Opinion = "opinion";
    public const string Tally = "tally";
}

/// <summary>
/// One register of the view. Exactly one member writes it, so two entries for it are never in conflict: the newest
/// by (epoch, index) that was not erased wins. All entries are kept, not only the winner, because an erasure of the
/// winner lets the one before it count again, on every node alike, whatever the order in which it learned of them.
/// </summary>
internal sealed class Cell(byte[] key, Hash256? indicator)
{
    // Sorted by position; nearly always one entry long.
    private readonly List<LogEntry> _entries = [];

    /// <summary>Canonical key: sorts the rows of a bucket and chooses the bucket.</summary>
    public byte[] Key { get; } = key;

    /// <summary>The indicator that the cell belongs to, or null for a tally.</summary>
    public Hash256? Indicator { get; } = indicator;

    public LogEntry? Winner => _entries.Count == 0 ? null : _entries[^1];

    /// <summary>Adds an entry; false when it is there already.</summary>
    public bool Add(LogEntry entry)
    {
        var at = _entries.Count;
        while (at > 0 && _entries[at - 1].Position > entry.Position)
        {
            at--;
        }

        if (at > 0 && _entries[at - 1].Position == entry.Position)
        {
            return false;
        }

        _entries.Insert(at, entry);
        return true;
    }

    public bool Remove(EntryPosition position) => _entries.RemoveAll(e => e.Position == position) > 0;

    /// <summary>The row of the digest: the key's items, then epoch, index and leaf hash of the winner.</summary>
    public void WriteRow(ref MessagePackWriter writer)
    {
        var winner = Winner!;
        writer.WriteRaw(Key);
        writer.Write(winner.Position.Epoch);
        writer.Write(winner.Position.Index);
        writer.WriteHash(winner.LeafHash);
    }

    /// <summary>The key of the cell that an entry writes, or null if it writes none.</summary>
    public static byte[]? KeyOf(LogEntry entry) => entry.Payload switch
    {
        ListingPayload listing => EncodeKey(CellTable.Listing, listing.Indicator.Id, entry.Member, null),
        WithdrawalPayload withdrawal => EncodeKey(CellTable.Listing, withdrawal.IndicatorId, entry.Member, null),
        OpinionPayload opinion => EncodeKey(CellTable.Opinion, opinion.IndicatorId, entry.Member, opinion.Lister),
        TallyPayload tally => EncodeTallyKey(entry.Member, tally),
        _ => null,
    };

    public static Hash256? IndicatorOf(LogEntry entry) => entry.Payload switch
    {
        ListingPayload listing => listing.Indicator.Id,
        WithdrawalPayload withdrawal => withdrawal.IndicatorId,
        OpinionPayload opinion => opinion.IndicatorId,
        _ => null,
    };

    private static byte[] EncodeKey(string table, Hash256 indicator, string member, string? lister) =>
        CanonicalReader.Write(0, (ref MessagePackWriter writer, int _) =>
        {
            writer.Write(table);
            writer.WriteHash(indicator);
            writer.Write(member);
            if (lister is not null)
            {
                writer.Write(lister);
            }
        });

    private static byte[] EncodeTallyKey(string member, TallyPayload tally) =>
        CanonicalReader.Write(tally, (ref MessagePackWriter writer, TallyPayload t) =>
        {
            writer.Write(CellTable.Tally);
            writer.Write(member);
            writer.Write(t.Category);
            writer.Write(t.Day);
        });
}
