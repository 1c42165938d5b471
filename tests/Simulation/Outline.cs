using FederationNode.Protocol;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <summary>A part of an outline on its way: of every entry the hash, the live ones whole.</summary>
/// <param name="Origin">The log.</param>
/// <param name="Note">A signed checkpoint that covers it.</param>
/// <param name="From">Index of the first entry.</param>
/// <param name="AsOf">Who is live is told as if the log ended here.</param>
/// <param name="Entries">The entries.</param>
/// <param name="Proof">Where they stand.</param>
public sealed record SimOutline(
    string Origin,
    byte[] Note,
    long From,
    long AsOf,
    IReadOnlyList<(Hash256 Hash, SimEntry? Whole)> Entries,
    RangeProof Proof)
{
    public long End => From + Entries.Count;

    /// <summary>Bytes of the entries alone.</summary>
    public int Content => Entries.Sum(e => e.Whole?.Bytes ?? Hash256.Size);

    public int Bytes => 300 + Content + (32 * (Proof.Before.Count + Proof.After.Count));
}

/// <summary>A part of an outline that was verified and stored, and who gave it.</summary>
public sealed record KeptPart(SimOutline Part, VerifiedRange Verified, string Peer);

/// <summary>Which entries count, the naive way: of each cell the last one.</summary>
public static class Liveness
{
    /// <summary>The live ones of some entries of one log, which come in their order.</summary>
    public static SortedSet<long> Of(IEnumerable<(long Index, SimEntry Entry)> entries)
    {
        var last = new Dictionary<Hash256, long>();
        foreach (var (index, entry) in entries)
        {
            if (entry.Cell is { } cell)
            {
                last[cell] = index;
            }
        }

        return [.. last.Values];
    }

    /// <summary>The live ones of a log, if it ended at a size.</summary>
    public static SortedSet<long> Of(IReadOnlyList<SimEntry> entries, long size) =>
        Of(entries.Take((int)size).Select((e, i) => ((long)i, e)));

    public static Hash256 Digest(IEnumerable<long> live)
    {
        using var digest = new LiveDigest();
        foreach (var index in live)
        {
            digest.Add(index);
        }

        return digest.Finish();
    }
}
