using System.Text;
using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Audit.Trees;
using FederationNode.Protocol.Entries;

namespace FederationNode.Audit.Coalition;

/// <summary>All copies of one log.</summary>
internal sealed class LogGroup(string origin)
{
    private readonly List<LogAudit> _copies = [];

    public string Origin { get; } = origin;

    public IReadOnlyList<LogAudit> Copies => _copies;

    /// <summary>
    /// The copy whose entries are believed: rebuilt, without faults, the largest, in this order of weight.
    /// </summary>
    public LogAudit? Primary { get; private set; }

    /// <summary>The largest copy of which the signed root was rebuilt.</summary>
    public LogAudit? Reference { get; private set; }

    public VerifiedTree? Tree => Reference?.Tree;

    public bool IsSound => Primary is { Tree: not null, Collected.HasFault: false };

    /// <summary>Where the roster closed the log, or null.</summary>
    public LogHead? ClosedAt { get; set; }

    /// <summary>Entries that can count at most, or null if nothing bounds them (docs/protocol.md section 10).</summary>
    public long? End => ClosedAt?.Size;

    /// <summary>Entries of the copy believed that count: in the view, and as receipts.</summary>
    public long Counted => Math.Min(End ?? long.MaxValue, Primary?.Head?.Size ?? 0);

    /// <summary>
    /// Whether the copy believed lacks a payload that counts: an entry beyond the end had it erased. Who never took
    /// that entry has the payload, so the views differ.
    /// </summary>
    public bool LacksPayload =>
        Primary?.Contents.Erasures.Any(e => e is { IsDone: true } && e.Index < Counted && e.By >= Counted) == true;

    public void Add(LogAudit copy)
    {
        _copies.Add(copy);
        if (copy.Rebuilt && (Reference is null || copy.Head!.Value.Size > Reference.Head!.Value.Size))
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

    /// <summary>Compares the signed heads of all copies: each must be a head of one and the same tree.</summary>
    public async Task<IReadOnlyList<Finding>> CompareAsync(CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        var heads = _copies.Where(c => c.Head is not null).ToList();
        var bySize = new Dictionary<long, LogAudit>();
        var roots = Tree is null
            ? []
            : await Tree.RootsAtAsync(heads.Select(c => c.Head!.Value.Size), cancellationToken);
        foreach (var copy in heads)
        {
            var head = copy.Head!.Value;
            if (!bySize.TryAdd(head.Size, copy) && bySize[head.Size].Head!.Value.Root != head.Root)
            {
                findings.Add(Fork(bySize[head.Size], copy));
            }
            else if (roots.TryGetValue(head.Size, out var root))
            {
                if (root != head.Root && Reference!.Head!.Value.Size != head.Size)
                {
                    findings.Add(Fork(Reference, copy));
                }
            }
            else if (heads.Count > 1)
            {
                findings.Add(new Finding(Severity.Gap, FindingKind.CopiesNotCompared, Origin, null,
                    $"The head of size {head.Size} was not compared with the others: no undamaged copy is as large.",
                    copy.Source));
            }
        }

        return findings;
    }

    private Finding Fork(LogAudit left, LogAudit right)
    {
        var (a, b) = (left.Head!.Value, right.Head!.Value);
        return new Finding(
            Severity.Fault, FindingKind.Fork, Origin, Math.Min(a.Size, b.Size) - 1,
            $"The log signed two histories: size {a.Size} root {a.Root.ToBase64()} ({left.Source}) and size "
                + $"{b.Size} root {b.Root.ToBase64()} ({right.Source}). An entry up to the index given differs.",
            right.Source,
            Encoding.UTF8.GetString(left.Note!) + "\n" + Encoding.UTF8.GetString(right.Note!));
    }

    private static (bool Rebuilt, bool Faultless, long Size) Rank(LogAudit copy) =>
        (copy.Rebuilt, !copy.Collected.HasFault, copy.Head!.Value.Size);
}
