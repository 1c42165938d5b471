using FederationNode.Audit.Logs;
using FederationNode.Audit.Trees;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Audit.Coalition;

/// <summary>All copies of one log.</summary>
internal sealed class LogGroup(string origin)
{
    private readonly List<LogAudit> _copies = [];
    private readonly HashSet<(LogHead, LogHead)> _forks = [];

    public string Origin { get; } = origin;

    public IReadOnlyList<LogAudit> Copies => _copies;

    /// <summary>
    /// The copy whose entries are believed: rebuilt, without faults, the largest, in this order of weight.
    /// </summary>
    public LogAudit? Primary { get; private set; }

    /// <summary>The largest copy of which the signed root was rebuilt.</summary>
    public LogAudit? Reference { get; private set; }

    public VerifiedTree? Tree => Reference?.Tree;

    /// <summary>
    /// The trees of the copies that were rebuilt, one for each head; where the log did not fork, the largest says all.
    /// </summary>
    public IEnumerable<VerifiedTree> Trees => FrozenAt is null
        ? new[] { Tree }.OfType<VerifiedTree>()
        : _copies.Where(c => c.Rebuilt).DistinctBy(c => c.Signed.Last().Head).Select(c => c.Tree!);

    public bool IsSound => Primary is { Tree: not null, Collected.HasFault: false };

    /// <summary>Where the roster closed the log, or null.</summary>
    public LogHead? ClosedAt { get; set; }

    /// <summary>Entries that still count if the log forked, as far as the sources show; or null.</summary>
    public long? FrozenAt { get; private set; }

    /// <summary>Entries that can count at most, or null if nothing bounds them (docs/protocol.md section 10).</summary>
    public long? End => ClosedAt is { } closed ? Math.Min(closed.Size, FrozenAt ?? closed.Size) : FrozenAt;

    /// <summary>
    /// Entries of the copy believed that count: in the view, and as receipts. They are those under a head that is held
    /// whole, unless the log ends: then there may be no checkpoint of just these.
    /// </summary>
    public long Counted => Math.Min(
        Primary?.Held ?? 0,
        End ?? _copies.Where(c => c.Rebuilt || c == Primary).Max(c => c.Head?.Size) ?? 0);

    /// <summary>
    /// Whether the copy believed lacks a payload that counts: an entry beyond the end had it erased. Who never took
    /// that entry has the payload, so the views differ.
    /// </summary>
    public bool LacksPayload => Counted is var counted
        && Primary?.Contents.Erasures.Any(e => e.IsDone && e.Index < counted && e.By >= counted) == true;

    public void Add(LogAudit copy)
    {
        _copies.Add(copy);
        if (copy.Rebuilt && (Reference is null || copy.Held > Reference.Held))
        {
            Reference = copy;
        }

        if (copy.Head is not null && (Primary is null || Rank(copy).CompareTo(Rank(Primary)) > 0))
        {
            // The meaning of the copy set aside is not needed any more; of large logs it takes much memory.
            if (Primary is not null)
            {
                Primary.Contents = Primary.Contents.CountsOnly();
            }

            Primary = copy;
        }
        else
        {
            copy.Contents = copy.Contents.CountsOnly();
        }
    }

    /// <summary>Takes a fork; false if its two heads are known to contradict each other.</summary>
    public bool Take(Fork fork)
    {
        FrozenAt = Math.Min(FrozenAt ?? long.MaxValue, fork.FreezeAt);
        return _forks.Add(fork.Heads);
    }

    /// <summary>The entries for the view: those of the copy believed, as far as they count.</summary>
    public IEnumerable<LogEntry> ViewEntries() =>
        Counted is var counted && Primary is { } copy ? copy.Contents.ViewEntries.Where(e => e.Index < counted) : [];

    private static (bool Rebuilt, bool Faultless, long Size) Rank(LogAudit copy) =>
        (copy.Rebuilt, !copy.Collected.HasFault, copy.Held);
}
