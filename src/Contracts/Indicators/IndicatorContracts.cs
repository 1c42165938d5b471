using FederationNode.Contracts.Logs;

namespace FederationNode.Contracts.Indicators;

/// <summary>A statement of a member about an indicator, with the evidence.</summary>
/// <param name="Origin">The log that holds it.</param>
/// <param name="Evidence">Entry, inclusion proof and checkpoint.</param>
[GenerateSerializer, Immutable, Alias("fednode.SignedStatement")]
public sealed record SignedStatement([property: Id(0)] string Origin, [property: Id(1)] EntryEvidence Evidence);

/// <summary>What only this member knows or thinks of an indicator. It never leaves the node.</summary>
/// <param name="Note">The analysts' own note, or empty.</param>
/// <param name="Hits">How often a check matched it, since the node was set up.</param>
/// <param name="LastHit">When it last did, in unix seconds; 0 if never.</param>
[GenerateSerializer, Immutable, Alias("fednode.LocalKnowledge")]
public sealed record LocalKnowledge(
    [property: Id(0)] string Note,
    [property: Id(1)] long Hits,
    [property: Id(2)] long LastHit);

/// <summary>
/// One indicator: gathers the signed statements about it with their proofs, and keeps what only this member knows.
/// It is there while somebody looks; the millions that nobody touches cost nothing. Key: the id in hexadecimal.
/// </summary>
[Alias("fednode.IIndicatorGrain")]
public interface IIndicatorGrain : IGrainWithStringKey
{
    /// <summary>Every member's newest statement, listings first, each a signed document of its own.</summary>
    [Alias("GetEvidence")]
    Task<IReadOnlyList<SignedStatement>> GetEvidenceAsync();

    /// <summary>What only this member knows.</summary>
    [Alias("GetLocal")]
    Task<LocalKnowledge> GetLocalAsync();

    /// <summary>Replaces the analysts' note; at most 2,000 characters.</summary>
    [Alias("SetNote")]
    Task SetNoteAsync(string note);

    /// <summary>Adds to the hit count.</summary>
    [Alias("RecordHits")]
    Task RecordHitsAsync(long hits, long at);
}

/// <summary>
/// Gathers what the node has come to hold and writes it into its receipts log, in batches. Key: the member's name.
/// </summary>
[Alias("fednode.IReceiptsGrain")]
public interface IReceiptsGrain : IGrainWithStringKey
{
    /// <summary>Takes note that a foreign log is durable and applied up to a head since a time.</summary>
    [Alias("Held")]
    Task HeldAsync([Immutable] IReadOnlyList<HeldStatement> held);

    /// <summary>Takes note of how far what logs order to erase was carried out; what was stated before is passed over.</summary>
    [Alias("Erased")]
    Task ErasedAsync([Immutable] IReadOnlyList<ErasedStatement> erased);

    /// <summary>Writes what was gathered.</summary>
    [Alias("Flush")]
    Task FlushAsync();
}

/// <summary>What a receipt says of one log.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Entries held.</param>
/// <param name="Root">Root over them.</param>
/// <param name="Since">Since when, in unix milliseconds.</param>
[GenerateSerializer, Immutable, Alias("fednode.HeldStatement")]
public readonly record struct HeldStatement(
    [property: Id(0)] string Origin,
    [property: Id(1)] long Size,
    [property: Id(2)] FederationNode.Protocol.Hash256 Root,
    [property: Id(3)] long Since);

/// <summary>What an acknowledgement says of one log.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Size">Every order to erase among its first so many entries was carried out.</param>
/// <param name="At">When, in unix milliseconds.</param>
[GenerateSerializer, Immutable, Alias("fednode.ErasedStatement")]
public readonly record struct ErasedStatement(
    [property: Id(0)] string Origin,
    [property: Id(1)] long Size,
    [property: Id(2)] long At);
