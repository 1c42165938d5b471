namespace FederationNode.Audit.Sources;

/// <summary>That a record of a node speaks of entries which its log must then have.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Entries that it must have at least.</param>
/// <param name="Record">The record, in words: "the row of ...".</param>
public readonly record struct HeldClaim(string Origin, long Size, string Record);

/// <summary>
/// All copies of logs that a stopped node keeps, and what its own records say of them. Nothing is written to a stopped
/// node, so its copies must have whatever it acknowledged, and its own logs whatever anybody has of them. A folder
/// that was put away earlier, as a backup, shows like one that was set back.
/// </summary>
/// <param name="Member">The member whose node it is.</param>
/// <param name="Place">Its folder, for findings.</param>
/// <param name="Copies">Its copies; one of a log at most.</param>
/// <param name="Claims">What its records say of its logs.</param>
/// <param name="ReceiptsLog">The log that it writes receipts into, or null if it has none.</param>
/// <param name="Receipted">
/// Origin to size: how far it wrote receipts of other logs into it; empty if it has no row of that, null if it cannot
/// be read.
/// </param>
/// <param name="Rosters">
/// The signed roster documents that it keeps beside the roster log, oldest first: they lead to the other logs' keys
/// also where the roster log is damaged.
/// </param>
public sealed record NodeHoldings(
    string Member,
    string Place,
    IReadOnlyList<ILogSource> Copies,
    IReadOnlyList<HeldClaim> Claims,
    string? ReceiptsLog,
    IReadOnlyDictionary<string, long>? Receipted,
    IReadOnlyList<ReadOnlyMemory<byte>> Rosters)
{
    /// <summary>The proofs of forks that it keeps.</summary>
    public IReadOnlyList<StoredFork> Forks { get; init; } = [];
}

/// <summary>A proof of a fork as a node keeps it; nothing of it is verified.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Proof">The encoded proof.</param>
/// <param name="FreezeAt">
/// Entries of the log that count by what stands beside the proof; null where that is damaged, which was said already.
/// </param>
/// <param name="Record">What keeps it, in words: "the row of ...".</param>
public sealed record StoredFork(string Origin, ReadOnlyMemory<byte> Proof, long? FreezeAt, string Record);
