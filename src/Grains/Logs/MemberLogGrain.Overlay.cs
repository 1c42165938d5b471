using FederationNode.Contracts;
using FederationNode.Contracts.Logs;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Logs;

/// <content>
/// Urgent entries that came before those below them. They are verified, and kept in memory only: whoever shows them
/// shows them again, and they come once more with what is below them.
/// </content>
public sealed partial class MemberLogGrain
{
    private readonly List<(CheckedRange Given, VerifiedRange Range)> _overlay = [];

    private ExtendResult Overlie(CheckedRange given, VerifiedRange range)
    {
        if (IsOwn || given.Range.Entries.Count > Limits.MaxUrgentEntries || _overlay.Count >= Limits.MaxOverlayRuns
            || range.End > (Limit ?? long.MaxValue))
        {
            return Outcome(ExtendOutcome.Gap, null);
        }

        if (!_overlay.Exists(o => o.Range.From <= range.From && o.Range.End >= range.End))
        {
            _overlay.Add((given, range));
            _heads.Overlay(_origin, given);
        }

        return Outcome(ExtendOutcome.Overlaid, null);
    }

    private void TrimOverlay() =>
        _overlay.RemoveAll(o => o.Range.End <= _log.Size || o.Range.End > (Limit ?? long.MaxValue));

    /// <summary>A run that begins there, if it has no more entries than were asked for: it comes whole, with its proof.</summary>
    private LogRange? ReadOverlay(long from, int maxEntries) => _overlay.Find(
        o => o.Range.From == from && o.Given.Range.Entries.Count <= maxEntries).Given?.Range;

    private EntryEvidence? EvidenceAbove(long index)
    {
        if (_overlay.Find(o => o.Range.From <= index && index < o.Range.End) is not { Given: { } given, Range: { } range })
        {
            return null;
        }

        return EvidenceIn(range, index, given.Range.Entries[(int)(index - range.From)]);
    }

    /// <summary>The entry with its place in the checkpoint's tree, if the range tells it.</summary>
    private static EntryEvidence? EvidenceIn(VerifiedRange range, long index, StoredEntry entry)
    {
        var hashes = new List<Protocol.Hash256>();
        foreach (var node in ProofBuilder.NodesForInclusion(index, range.Head.Size))
        {
            if (!range.TryHash(node, out var hash))
            {
                return null;
            }

            hashes.Add(hash);
        }

        return new EntryEvidence(index, entry, ProofBuilder.BuildInclusion(index, range.Head.Size, hashes), range.Note);
    }
}
