using FederationNode.Protocol;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <content>The outline: what counts of a log above what is held of it. Nothing of it is held, or given to others.</content>
public sealed partial class ReplicaLog
{
    /// <summary>The parts that are kept, one behind the other.</summary>
    public IReadOnlyList<KeptPart> Outline { get; private set; } = [];

    public long OutlineEnd => Outline.Count == 0 ? 0 : Outline[^1].Part.End;

    public OutlineMoved OutlineMoved() => new(origin, OutlineEnd, Outline.Select(p => p.Part.AsOf).DefaultIfEmpty().Max());

    /// <summary>Takes what the disk says of it.</summary>
    public void RestoreOutline(IReadOnlyList<KeptPart> parts) => Outline = parts;

    /// <summary>Keeps the next part, if it is of the same branch as what is held and kept.</summary>
    public StoreOutcome TakeOutline(SimOutline part, VerifiedRange range, string peer)
    {
        if (Fork is not null)
        {
            return StoreOutcome.Closed;
        }

        var end = Outline.Count == 0 ? Held : OutlineEnd;
        if (range.From > end || (Outline.Count > 0 && range.From < end))
        {
            // A gap, or known: nothing is kept of it.
            return StoreOutcome.Stored;
        }

        if (range.Join(Held, Nodes(range.NodesToJoin(Held))) is RangeJoin.Contradicts
            || (Outline.Count > 0 && range.Join(end, Outline[^1].Verified.TreeAt(end).Hashes.ToArray()) is RangeJoin.Contradicts))
        {
            return StoreOutcome.Contradicts;
        }

        Outline = [.. Outline, new KeptPart(part, range, peer)];
        return StoreOutcome.Stored;
    }

    public void DropOutline() => Outline = [];

    /// <summary>What is known whole of the log below an index: what is held, and above that what the outline has.</summary>
    public IEnumerable<(long Index, SimEntry Entry)> Whole(long size)
    {
        // Below the end of an outline everything is under a checkpoint already.
        var held = Math.Min(Held, Math.Max(HeadSize, OutlineEnd));
        for (var i = 0; i < Math.Min(held, size); i++)
        {
            yield return (i, Entries[i]);
        }

        foreach (var part in Outline.Select(p => p.Part))
        {
            for (var i = Math.Max(part.From, held); i < Math.Min(part.End, size); i++)
            {
                if (part.Entries[(int)(i - part.From)].Whole is { } entry)
                {
                    yield return (i, entry);
                }
            }
        }
    }

    /// <summary>A part of the outline for a peer, or null if there is none.</summary>
    /// <param name="ask">What is asked for.</param>
    /// <param name="asOf">Where the log is thought to end.</param>
    /// <param name="live">The live entries, then.</param>
    public SimOutline? ReadOutline(OutlineRequest ask, long asOf, IReadOnlySet<long> live)
    {
        if (Certificate(asOf) is not var (note, head) || asOf == 0)
        {
            return null;
        }

        if (ask.From >= asOf)
        {
            return new SimOutline(origin, note, asOf, asOf, [], new RangeProof([], []));
        }

        var entries = new List<(Hash256, SimEntry?)>();
        for (long i = ask.From, bytes = 0; i < asOf && entries.Count < ask.MaxEntries && bytes < ask.MaxBytes; i++)
        {
            var entry = Entries[(int)i];
            entries.Add((entry.Hash, live.Contains(i) ? entry : null));
            bytes += live.Contains(i) ? entry.Bytes : Hash256.Size;
        }

        var nodes = RangeProof.Nodes(ask.From, ask.From + entries.Count, head.Size);
        return new SimOutline(origin, note, ask.From, asOf, entries, RangeProof.Of(ask.From, Nodes(nodes)));
    }

    /// <summary>Entries that count and can be read.</summary>
    public long Readable()
    {
        var end = 0L;
        while (end < HeadSize && CanRead(end))
        {
            end = Math.Min(HeadSize, end + DiskLog.Width);
        }

        return end;
    }
}
