using System.Text;
using FederationNode.Audit.Report;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// Checks what depends on where a log ends: erasures, and of a closed log the end that the roster set. What lies beyond
/// it does not count (docs/protocol.md section 10, "Closed logs"), and is reported.
/// </summary>
internal static class EndChecks
{
    /// <summary>Checks a log; findings that concern one copy go to it.</summary>
    public static async Task<IReadOnlyList<Finding>> RunAsync(LogGroup log, CancellationToken cancellationToken)
    {
        foreach (var copy in log.Copies)
        {
            copy.CheckErasures(log.End ?? long.MaxValue);
        }

        if (log.ClosedAt is not { } end)
        {
            return [];
        }

        var findings = new List<Finding>();
        if (log.Tree is not null)
        {
            await CompareAsync(log, end, findings, cancellationToken);
        }

        // A copy that cannot be rebuilt shows all the same what its key signed. Of several the largest says all.
        if (log.Copies.SelectMany(c => c.Signed).MaxBy(h => h.Head.Size) is { } largest && largest.Head.Size > end.Size)
        {
            findings.Add(new Finding(
                Severity.Warning,
                FindingKind.CheckpointBeyondEnd,
                log.Origin,
                end.Size,
                $"The roster closed this log at {end.Size} entries, and its key signed a checkpoint of "
                    + $"{largest.Head.Size}.",
                largest.Source,
                Encoding.UTF8.GetString(largest.Note)));
        }

        return findings;
    }

    private static async Task CompareAsync(
        LogGroup log, LogHead end, List<Finding> findings, CancellationToken cancellationToken)
    {
        var tree = log.Tree!;
        var roots = new List<Hash256>();
        foreach (var history in log.Trees)
        {
            roots.AddRange((await history.RootsAtAsync([end.Size], cancellationToken)).Values);
        }

        if (tree.Size < log.End)
        {
            findings.Add(new Finding(Severity.Gap, FindingKind.LogMissing, log.Origin, tree.Size,
                $"The roster closed this log at {end.Size} entries; the largest copy at hand has {tree.Size}."));
        }
        else if (roots.Count > 0 && !roots.Contains(end.Root))
        {
            findings.Add(new Finding(Severity.Fault, FindingKind.ClosedLogDiffers, log.Origin, null,
                $"The roster closed this log at size {end.Size} with root {end.Root.ToBase64()}; "
                    + $"the log's root there is {roots[0].ToBase64()}."));
        }

        if (tree.Size > end.Size)
        {
            findings.Add(new Finding(
                Severity.Warning,
                FindingKind.EntriesBeyondEnd,
                log.Origin,
                end.Size,
                $"The roster closed this log at {end.Size} entries, and it has {tree.Size}: those from {end.Size} on "
                    + "do not count. They were logged before the writer knew of the end, or against it.",
                log.Reference!.Source));
        }
    }
}
