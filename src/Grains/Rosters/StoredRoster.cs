using FederationNode.Grains.Storage;
using FederationNode.Protocol.Roster;

namespace FederationNode.Grains.Rosters;

/// <summary>The row that keeps the roster in force.</summary>
/// <param name="Row">The row.</param>
/// <param name="ETag">Its version.</param>
/// <param name="Document">The roster, or null if the chain is empty.</param>
public sealed record StoredRoster(RosterRow Row, string ETag, RosterDocument? Document)
{
    /// <summary>
    /// Reads the row; null if there is none. The chain is walked again from the trust anchor: a damaged or exchanged
    /// row must not become the roster.
    /// </summary>
    /// <param name="rows">The store.</param>
    /// <param name="anchor">The trust anchor.</param>
    /// <exception cref="CorruptStateException">
    /// The row is damaged, or does not follow from the trust anchor.
    /// </exception>
    public static async Task<StoredRoster?> LoadAsync(IRowReader rows, TrustAnchor anchor)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(anchor);
        if (await rows.ReadAsync<RosterRow>(RosterGrain.RowKind, anchor.Coalition) is not { } stored)
        {
            return null;
        }

        return FaultOf(stored.Value, anchor, out var document) is { } fault
            ? throw new CorruptStateException(RosterGrain.RowKind, anchor.Coalition, fault)
            : new StoredRoster(stored.Value, stored.ETag, document);
    }

    /// <summary>What is wrong with a row that could be read, without a full stop, or null.</summary>
    /// <param name="row">The row.</param>
    /// <param name="anchor">The trust anchor.</param>
    /// <param name="document">The roster in force, or null if there is none.</param>
    public static string? FaultOf(RosterRow row, TrustAnchor anchor, out RosterDocument? document)
    {
        ArgumentNullException.ThrowIfNull(row);
        document = null;
        if (row.Chain?.All(n => n is not null) != true || row.Note is null)
        {
            return "a part of it is missing";
        }

        if (!row.Note.AsSpan().SequenceEqual(row.Chain.LastOrDefault()))
        {
            return "the roster in force is not the newest of its chain";
        }

        return RosterChain.TryWalk(row.Chain.Select(n => (ReadOnlyMemory<byte>)n), anchor, out document, out var error)
            ? null
            : "its chain does not follow from the trust anchor: " + error.TrimEnd('.');
    }
}
