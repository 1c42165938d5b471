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
        var heads = log.Copies.SelectMany(c => c.Signed)
            .OrderByDescending(h => h.Tree?.Size ?? -1)
            .DistinctBy(h => h.Head)
            .ToList();
        var reference = log.Reference?.Signed.Last();
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
            else if (head.Tree is not null)
            {
                await CompareHeldAsync(reference!, head, cancellationToken);
            }
            else if (heads.Count > 1 && log.Copies.Count > 1)
            {
                AddNotCompared(head);
            }
        }

        return _findings;
    }

    /// <summary>
    /// Of a head beyond all that is at hand the copy holds a part, which must be the same as the others'.
    /// </summary>
    private async Task CompareHeldAsync(SignedHead reference, SignedHead head, CancellationToken cancellationToken)
    {
        if (head.Tree == reference.Tree)
        {
            return;
        }

        if (await head.Tree!.CommonAsync(reference.Tree!, cancellationToken) is not { } common)
        {
            AddNotCompared(head);
        }
        else if (common < Math.Min(head.Tree.Size, reference.Tree!.Size))
        {
            await AddForkAsync(reference, head, cancellationToken);
        }
    }

    private void AddNotCompared(SignedHead head) => _findings.Add(new Finding(
        Severity.Gap,
        FindingKind.CopiesNotCompared,
        log.Origin,
        null,
        $"The head of size {head.Head.Size} was not compared with the others: no undamaged copy is as large.",
        head.Source));

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
