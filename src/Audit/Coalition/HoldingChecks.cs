using System.Globalization;
using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Protocol;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// Checks that a stopped node still keeps what it had. An old head put back, or a deleted one, is a sound and signed
/// log by itself: only what others, or other records of the node, say of it shows that entries are gone.
/// </summary>
internal sealed class HoldingChecks(NodeHoldings holdings, IReadOnlyDictionary<string, LogGroup> logs)
{
    private readonly SortedDictionary<string, (long Size, string Record)> _needed = new(StringComparer.Ordinal);

    public IReadOnlyList<Finding> Run()
    {
        foreach (var claim in holdings.Claims)
        {
            Need(claim.Origin, claim.Size, claim.Record);
        }

        foreach (var (origin, size) in holdings.Receipted)
        {
            Need(origin, size, "the node's own list of receipts written");
        }

        foreach (var log in logs.Values.Where(l => l.Primary is { Tree: not null }))
        {
            TakeStatements(log.Primary!);
        }

        foreach (var copy in logs.Values.SelectMany(l => l.Copies).Where(c => IsOwn(c.Origin) && c.Head is not null))
        {
            Need(copy.Origin, copy.Head!.Value.Size, $"the signed head in {copy.Source}");
        }

        var findings = new List<Finding>();
        foreach (var (origin, needed) in _needed)
        {
            if (HeldSize(origin) is { } held && held < needed.Size)
            {
                findings.Add(RolledBack(origin, held, string.Create(
                    CultureInfo.InvariantCulture,
                    $"it had {needed.Size} by {needed.Record}, unless that is false")));
            }
        }

        return findings.Exists(f => f.Origin == holdings.ReceiptsLog) || CheckReceiptsLog() is not { } lost
            ? findings
            : [.. findings, lost];
    }

    /// <summary>The node's own receipts, and everybody's statements of its own logs.</summary>
    private void TakeStatements(LogAudit log)
    {
        var isOwnReceipts = log.Origin == holdings.ReceiptsLog;
        foreach (var statement in log.Contents.Statements)
        {
            if (IsOwn(statement.Head.Origin) || (isOwnReceipts && statement.Since is not null))
            {
                Need(statement.Head.Origin, statement.Head.Size, string.Create(
                    CultureInfo.InvariantCulture, $"entry {statement.Index} of {log.Origin}"));
            }
        }
    }

    /// <summary>A receipt is written into the log first, then counted as written: never the other way round.</summary>
    private Finding? CheckReceiptsLog()
    {
        if (holdings.ReceiptsLog is not { } name || HeldSize(name) is not { } held)
        {
            return null;
        }

        var log = logs.TryGetValue(name, out var group) ? group.Primary : null;
        if (log is { Tree: null })
        {
            return null;
        }

        foreach (var (origin, size) in holdings.Receipted.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            if (log?.Contents.Statements.Any(s => s.Head.Origin == origin && s.Head.Size >= size) != true)
            {
                return RolledBack(name, held, string.Create(
                    CultureInfo.InvariantCulture,
                    $"the receipt for {size} entries of {origin}, which the node has written, is not in it"));
            }
        }

        return null;
    }

    private void Need(string origin, long size, string record)
    {
        if (!_needed.TryGetValue(origin, out var before) || size > before.Size)
        {
            _needed[origin] = (size, record);
        }
    }

    /// <summary>
    /// Entries under the head that the node keeps; 0 if it keeps none; null if its head is damaged, which was said
    /// already.
    /// </summary>
    private long? HeldSize(string origin)
    {
        var copy = logs.TryGetValue(origin, out var log)
            ? log.Copies.FirstOrDefault(c => holdings.Copies.Contains(c.Copy))
            : null;
        return copy is null ? 0 : copy.Head?.Size;
    }

    private Finding RolledBack(string origin, long size, string why) => new(
        Severity.Fault,
        FindingKind.LogRolledBack,
        origin,
        size,
        string.Create(CultureInfo.InvariantCulture, $"{holdings.Place} keeps {size} entries of this log, but {why}: ")
            + "entries were taken away, or an old head was put back.",
        holdings.Place);

    private bool IsOwn(string origin) =>
        Origin.TryParse(origin, out var parsed, out _) && parsed.Member == holdings.Member;
}
