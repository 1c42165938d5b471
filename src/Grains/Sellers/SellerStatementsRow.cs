using FederationNode.Protocol;
using MessagePack;

namespace FederationNode.Grains.Sellers;

/// <summary>What one receipts log says about keys for seller tags, as far as it was read. One row a log.</summary>
[MessagePackObject]
public sealed class SellerStatementsRow
{
    /// <summary>Entries that were read.</summary>
    [Key(0)]
    public long Read { get; set; }

    /// <summary>What its member says it evaluated, in the order of the log; the newest <see cref="SellerStatements.MaxCounts"/>.</summary>
    [Key(1)]
    public List<StatedCount> Counts { get; set; } = [];

    /// <summary>What its member said in ceremonies, in the order of the log; the first <see cref="ProtocolLimits.MaxCeremonyEntries"/>.</summary>
    [Key(2)]
    public List<CeremonyEntry> Ceremonies { get; set; } = [];

    /// <summary>What is wrong with a row, or null.</summary>
    public string? Fault() =>
        Read < 0 || Counts?.All(c => c is { Member: not null, Type: not null, Index: >= 0 }) != true
            || Ceremonies?.All(c => c is { Message: not null, Index: >= 0 }) != true
            ? "a part of it is missing or out of range"
            : null;
}

/// <summary>What a holder says it evaluated for one member under one key on one day.</summary>
[MessagePackObject]
public sealed record StatedCount(
    [property: Key(0)] long Index,
    [property: Key(1)] long Day,
    [property: Key(2)] string Member,
    [property: Key(3)] string Type,
    [property: Key(4)] int Epoch,
    [property: Key(5)] long Evaluated,
    [property: Key(6)] long Refused);

/// <summary>One entry of kind ceremony.</summary>
[MessagePackObject]
public sealed record CeremonyEntry(
    [property: Key(0)] long Index, [property: Key(1)] long Issued, [property: Key(2)] byte[] Message);
