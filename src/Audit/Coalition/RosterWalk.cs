using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// Walks the roster documents in the order of the roster log (docs/protocol.md, section 9, "Chain"). A document that
/// does not follow is a no-op to every node; to an auditor it is a fault of the secretariat.
/// </summary>
internal sealed class RosterWalk(TrustAnchor anchor, CoalitionKeys keys)
{
    private byte[]? _inForce;

    /// <summary>Walks one roster log; a later epoch goes on where the one before ended.</summary>
    public void Walk(LogAudit log)
    {
        foreach (var (index, note) in log.Contents.Rosters)
        {
            if (IsBeyondEnd(log.Origin, index))
            {
                continue;
            }

            if (_inForce is not null && note.Span.SequenceEqual(_inForce))
            {
                log.Collected.Add(
                    Severity.Info, FindingKind.RosterRepeated, index, "The roster in force was logged again.");
                continue;
            }

            if (keys.Roster is null
                ? RosterChain.TryOpenFirst(note.Span, anchor, out var next, out var error)
                : RosterChain.TryOpenNext(note.Span, keys.Roster, out next, out error))
            {
                keys.Rosters.Add(next);
                _inForce = note.ToArray();
            }
            else
            {
                log.Collected.Add(Severity.Fault, FindingKind.RosterStepRefused, index,
                    keys.Roster is null
                        ? $"No roster follows from the trust anchor. {error}"
                        : $"The document is no next roster. {error}");
            }
        }
    }

    /// <summary>
    /// The document that closes this log stands beyond the end that it sets, and counts; what comes behind it does not.
    /// </summary>
    private bool IsBeyondEnd(string origin, long index) =>
        keys.Roster is { } roster && roster.TryFindLog(origin, out var log, out _) && index >= log.ClosedAt?.Size;

    /// <summary>
    /// Goes on with documents that a node keeps beside the roster log. They are signed like those in it, so one that
    /// follows is good; what does not follow is none of the log's business.
    /// </summary>
    public void WalkBeside(IEnumerable<ReadOnlyMemory<byte>> notes)
    {
        foreach (var note in notes)
        {
            if (keys.Roster is null
                ? RosterChain.TryOpenFirst(note.Span, anchor, out var next, out _)
                : RosterChain.TryOpenNext(note.Span, keys.Roster, out next, out _))
            {
                keys.Rosters.Add(next);
                _inForce = note.ToArray();
            }
        }
    }

    /// <summary>
    /// The origin of the roster log after <paramref name="origin"/>, or null if the roster names none.
    /// </summary>
    public string? NextEpoch(string origin) =>
        keys.Roster?.Members.SelectMany(m => m.Logs)
            .Select(l => l.Origin)
            .Where(o => o.Member == Origin.Secretariat && o.Log == Origin.RosterLog)
            .Where(o => o.Epoch > Origin.Parse(origin).Epoch)
            .MinBy(o => o.Epoch)?.Text;
}
