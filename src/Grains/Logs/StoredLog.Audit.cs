using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Grains.Logs;

/// <content>
/// What an auditor needs: a log is read as far as it can be, whatever is wrong with it, so that the trees show what was
/// changed.
/// </content>
public sealed partial class StoredLog
{
    private readonly Dictionary<string, SuspectRow> _suspects = new(StringComparer.Ordinal);

    /// <summary>
    /// Rows that were read although something is wrong with them. Only an auditor's reader lets them pass.
    /// </summary>
    public IReadOnlyCollection<SuspectRow> Suspects => _suspects.Values;

    /// <summary>Whether entries are held beyond the signed size, under a larger checkpoint that proves them.</summary>
    public bool HasCover => Head.Cover.Length > 0 && Size > Head.SignedSize;

    /// <summary>The complete subtrees of that checkpoint's tree behind what is held.</summary>
    public IReadOnlyList<Hash256> CoverAfter => HeadEdge.Split(Head.CoverAfter);

    /// <summary>The first entry that stands in the head row; the last entry of the log if none does.</summary>
    public long FirstUnsealed => Math.Max(0, Size - Math.Max(1, Head.Tail.Length));

    /// <summary>
    /// Reads the head of a log even if it contradicts itself, so that an auditor can tell what of the log is sound. A
    /// log with a <see cref="Contradiction"/> is for reading only.
    /// </summary>
    /// <exception cref="CorruptStateException">The head row cannot be read, or is not even a head.</exception>
    public static async Task<StoredLog> LoadForAuditAsync(IRowReader rows, string origin)
    {
        var stored = await rows.ReadAsync<HeadRow>(LogRowKind.Head, origin);
        if (stored is null)
        {
            var empty = new HeadRow { Root = MerkleHash.Empty.ToArray() };
            return new StoredLog(rows, origin, empty, HeadEdge.Empty(), null);
        }

        try
        {
            RefuseMissingParts(stored.Value);
            var log = new StoredLog(rows, origin, stored.Value, HeadEdge.Restore(stored.Value), stored.ETag);
            log.NoteSuspect(LogRowKind.Head, origin, log.FirstUnsealed, log.Size, stored.Damage);
            return log;
        }
        catch (InvalidDataException e)
        {
            throw Damaged(LogRowKind.Head, origin, e.Message);
        }
    }

    /// <summary>
    /// Reads a head as it was before one byte of its row was changed, and says which entry that byte belongs to; null
    /// if that does not explain what is wrong with the row. For reading only.
    /// </summary>
    public static async Task<(StoredLog Log, long Entry, string Finding)?> LoadMendedAsync(
        AuditRows rows, string origin)
    {
        ArgumentNullException.ThrowIfNull(rows);
        StoredLog? log = null;
        var mended = await rows.ReadMendedAsync<HeadRow>(LogRowKind.Head, origin, head =>
        {
            try
            {
                RefuseMissingParts(head);
                log = new StoredLog(rows, origin, head, HeadEdge.Restore(head), "");
                return log.Contradiction is null;
            }
            catch (InvalidDataException)
            {
                return false;
            }
        });
        return mended is null ? null : (log!, log!.EntryAt(mended), mended.Finding);
    }

    /// <summary>
    /// The bytes of a sealed bundle as they are stored, for an auditor, who names the entry at which they break.
    /// </summary>
    /// <exception cref="CorruptStateException">The row is missing or damaged.</exception>
    public async Task<byte[]> ReadSealedBytesAsync(long number)
    {
        var (key, row) = await NeedAsync<BundleRow>(LogRowKind.Bundle, 0, number);
        return row.Leaves ?? throw Damaged(LogRowKind.Bundle, key, "It has no leaves.");
    }

    /// <summary>
    /// Whether the head leads to a row: what it does not lead to was left by a crash, or by a head that is gone.
    /// </summary>
    /// <param name="place">The place of a sealed row of this log.</param>
    /// <exception cref="CorruptStateException">A row on the way there is missing or damaged.</exception>
    public async Task<bool> RefersToAsync(SealedPlace place) =>
        place.Number < Size >> (WidthBits * (place.Level + 1))
        && await RootOfTileAsync(place.Level, place.Number) == place.Root;

    /// <summary>
    /// Which entry a byte of the row belongs to: an unsealed one, or the first below a hash of the edge; otherwise the
    /// first unsealed one.
    /// </summary>
    private long EntryAt(MendedRow<HeadRow> row)
    {
        var end = 0;
        for (var i = 0; i < Head.Tail.Length; i++)
        {
            var entry = Head.Tail[i];
            foreach (var part in new[] { entry.Leaf, entry.Salt, entry.Payload }.OfType<byte[]>())
            {
                end += row.Bytes.AsSpan(end).IndexOf(part) + part.Length;
            }

            if (row.At < end)
            {
                return FirstUnsealed + i;
            }
        }

        for (var level = 1; level <= Head.Edge.Length; level++)
        {
            var joined = Head.Edge[level - 1];
            var from = end + row.Bytes.AsSpan(end).IndexOf(joined);
            end = from + joined.Length;
            if (row.At >= from && row.At < end)
            {
                var first = Size >> (WidthBits * (level + 1)) << WidthBits;
                return (first + ((row.At - from) / Hash256.Size)) << (WidthBits * level);
            }
        }

        return FirstUnsealed;
    }

    /// <summary>
    /// Where the hash that leads to a row was changed, or is gone, the row itself may be as it was: then there is one
    /// of this number, and the auditor finds which of the two is wrong. A row that cannot be decoded may be as it was
    /// but for one byte.
    /// </summary>
    private async Task<(string Key, StoredRow<T> Row)> FindForAuditAsync<T>(
        AuditRows audit, string kind, int level, long number)
    {
        var beginning = new SealedPlace(Origin, level, number, default).BeginningFor(kind);
        CorruptStateException fault;
        try
        {
            return await FindAsync<T>(kind, level, number);
        }
        catch (CorruptStateException e)
            when (e.IsMissing || e.Kind != kind || e.Key?.StartsWith(beginning, StringComparison.Ordinal) != true)
        {
            fault = e;
        }
        catch (CorruptStateException e)
        {
            if (await audit.ReadMendedAsync<T>(kind, e.Key!, _ => true) is { } mended)
            {
                return (e.Key!, new StoredRow<T>(mended.Value, "", $"{e.Reason}; {mended.Finding}"));
            }

            throw;
        }

        return await audit.FindOnlyAsync(kind, beginning) is { } key && await audit.ReadAsync<T>(kind, key) is { } row
            ? (key, row)
            : throw fault;
    }

    private void NoteSuspect(string kind, string key, long first, long end, string? damage)
    {
        if (damage is not null)
        {
            var fault = new CorruptStateException(kind, key, damage).Message;
            _suspects[$"{kind} {key}"] = new SuspectRow(kind, first, end, fault);
        }
    }
}

/// <summary>A row that was read although something is wrong with it.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="First">The first entry that it concerns.</param>
/// <param name="End">The entry behind the last one.</param>
/// <param name="Fault">What is wrong, in words.</param>
public sealed record SuspectRow(string Kind, long First, long End, string Fault);
