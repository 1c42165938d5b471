using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// Compares the signed heads of all copies of a log: each must be a head of one and the same tree. Where they are not,
/// the log forked, and ends where its histories part.
/// </summary>
internal sealed class CopyComparison(LogGroup log)
{
    private readonly List<Finding> _findings = [];

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var heads = log.Copies.Select(c => c.Signed).OfType<SignedHead>()
            .OrderByDescending(h => h.Tree is not null)
            .DistinctBy(h => h.Head)
            .ToList();
        var reference = log.Reference?.Signed;
        var roots = log.Tree is null
            ? []
            : await log.Tree.RootsAtAsync(heads.Select(h => h.Head.Size), cancellationToken);
        for (var i = 0; i < heads.Count; i++)
        {
            var head = heads[i];
            if (reference is not null && roots.TryGetValue(head.Head.Size, out var root))
            {
                if (root != head.Head.Root)
                {
                    await AddForkAsync(reference, head, cancellationToken);
                }
            }
            else if (heads.Take(i).FirstOrDefault(h => h.Head.Size == head.Head.Size) is { } other)
            {
                await AddForkAsync(other, head, cancellationToken);
            }
            else if (heads.Count > 1)
            {
                _findings.Add(new Finding(Severity.Gap, FindingKind.CopiesNotCompared, log.Origin, null,
                    $"The head of size {head.Head.Size} was not compared with the others: no undamaged copy is as "
                        + "large.",
                    head.Source));
            }
        }

        return _findings;
    }

    private async Task AddForkAsync(SignedHead one, SignedHead other, CancellationToken cancellationToken)
    {
        long? common = null;
        if (one.Tree is { } left && other.Tree is { } right
            && await left.CommonAsync(right, cancellationToken) is { } shared
            && shared < Math.Min(left.Size, right.Size))
        {
            common = shared;
        }

        var fork = Fork.Of((one.Head, one.Note), (other.Head, other.Note), common);
        if (log.Take(fork))
        {
            _findings.Add(fork.ToFinding(log.Origin, $"in {one.Source} and in {other.Source}", other.Source));
        }
    }
}
