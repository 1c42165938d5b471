using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Receipts;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol;

namespace FederationNode.Grains.Storage;

/// <summary>
/// The rows without which a node must not start: the heads of its own logs, and the chain of rosters. With a damaged
/// head it could sign nothing; with one that is gone it would begin its log anew and sign a second root.
/// </summary>
public static class EssentialRows
{
    private static readonly string[] s_sealed =
        [LogRowKind.Bundle, LogRowKind.Payloads, LogRowKind.Tile, LogRowKind.Request];

    /// <summary>Reads them, while no silo runs on the database.</summary>
    /// <param name="connection">The database, of this program's schema.</param>
    /// <param name="identity">Who the node is.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="StorageException">A row is damaged or gone; says which one, and what to do.</exception>
    public static async Task CheckAsync(
        StorageConnection connection, NodeIdentity identity, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(identity);
        await using var rows = await AuditRows.OpenAsync(connection, cancellation);
        try
        {
            var roster = await StoredRoster.LoadAsync(rows.Strict, identity.Anchor);
            foreach (var origin in identity.LogKeys.Select(k => k.VerificationKey.Name))
            {
                var log = await StoredLog.LoadAsync(rows.Strict, origin);
                var trace = log.Exists ? null : await TraceOfAsync(rows, origin, roster, identity, cancellation);
                if (trace is not null)
                {
                    throw new CorruptStateException(
                        LogRowKind.Head,
                        origin,
                        $"it is not there, although {trace}: the node would begin this log anew");
                }
            }
        }
        catch (CorruptStateException damage)
        {
            throw new StorageException(StorageFault.Corrupt, $"{damage.Message} {DamageBoard.RestoreAdvice}", damage);
        }
    }

    /// <summary>What shows that a log without a head has had entries, or null.</summary>
    private static async Task<string?> TraceOfAsync(
        AuditRows rows, string origin, StoredRoster? roster, NodeIdentity identity, CancellationToken cancellation)
    {
        foreach (var kind in s_sealed)
        {
            await foreach (var place in rows.ListAsync(kind, cancellation))
            {
                if (SealedPlace.OriginOf(place.Key) == origin)
                {
                    return $"there is a row '{kind}' of this log";
                }
            }
        }

        if (origin == identity.Anchor.RosterLogKey.Name && roster?.Row.LogRead > 0)
        {
            return "the row of the roster in force was read from it";
        }

        var log = Origin.Parse(origin);
        if (log.Log != Origin.Receipts)
        {
            return null;
        }

        var written = await rows.ReadAsync<ReceiptsRow>(ReceiptsGrain.RowKind, identity.Member);
        return written?.Value is { Receipted.Count: > 0 } row && row.IsOf(log)
            ? "there is a row of the receipts written into it"
            : null;
    }
}
