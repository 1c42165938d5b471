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
    private readonly IReadOnlyDictionary<string, long> _receipted =
        holdings.Receipted ?? new Dictionary<string, long>();

    public IReadOnlyList<Finding> Run()
    {
        foreach (var claim in holdings.Claims)
        {
            Need(claim.Origin, claim.Size, claim.Record);
        }

        foreach (var (origin, size) in _receipted)
        {
            Need(origin, size, "the node's own list of receipts written");
        }

        foreach (var log in logs.Values.Where(l => l.Primary is { Tree: not null }))
        {
            TakeStatements(log.Primary!);
        }

        var own = logs.Values.Where(l => IsOwn(l.Origin)).SelectMany(l => l.Copies);
        foreach (var signed in own.SelectMany(c => c.Signed))
        {
            Need(signed.Head.Origin, signed.Head.Size, $"the signed head in {signed.Source}");
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

        if (!findings.Exists(f => f.Origin == holdings.ReceiptsLog) && CheckReceiptsLog() is { } lost)
        {
            findings.Add(lost);
        }

        if (holdings.Receipted is not null && CheckReceiptsRow() is { } behind)
        {
            findings.Add(behind);
        }

        return findings;
    }

    /// <summary>
    /// The row of receipts written follows each entry of the receipts log before the next one comes, so only the newest
    /// entry may be missing in it. A node that was set back and fetched its log again shows like this as well for a
    /// moment, so less than all counts as a warning.
    /// </summary>
    private Finding? CheckReceiptsRow()
    {
        if (holdings.ReceiptsLog is not { } name || !logs.TryGetValue(name, out var group)
            || group.Primary is not { Tree: not null } log
            || log.Contents.Statements.Where(s => s.Since is not null).ToList() is not { Count: > 0 } receipts)
        {
            return null;
        }

        var newest = receipts.Max(s => s.Index);
        var behind = receipts.FindAll(
            s => s.Index < newest && s.Head.Size > _receipted.GetValueOrDefault(s.Head.Origin));
        if (_receipted.Count > 0 && behind.Count == 0)
        {
            return null;
        }

        var first = behind.Count > 0 ? behind.Min(s => s.Index) : newest;
        return new Finding(
            _receipted.Count == 0 && behind.Count > 0 ? Severity.Fault : Severity.Warning,
            FindingKind.RowMissing,
            name,
            first,
            _receipted.Count == 0
                ? $"{holdings.Place} has no row of the receipts that it wrote, although this log holds some: the row "
                    + "was taken away, or the node ended before it wrote its first."
                : $"The row of the receipts that {holdings.Place} wrote does not know of entry {first}, which is not "
                    + "the newest: an old row was put back, or it was changed.",
            holdings.Place);
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
        if (log is { Tree: null } or { Collected.HasFault: true })
        {
            // A receipt that cannot be read is not one that is gone.
            return null;
        }

        foreach (var (origin, size) in _receipted.OrderBy(r => r.Key, StringComparer.Ordinal))
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
    /// Entries that the node keeps; 0 if it keeps none; null if its head is damaged, which was said
    /// already.
    /// </summary>
    private long? HeldSize(string origin)
    {
        var copy = logs.TryGetValue(origin, out var log)
            ? log.Copies.FirstOrDefault(c => holdings.Copies.Contains(c.Copy))
            : null;
        return copy is null ? 0 : copy.Head is null ? null : copy.Held;
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
