using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// Checks what receipts and heartbeats say of other logs against the rebuilt trees: for each log the sizes named
/// anywhere are collected first, and their roots computed in one go. Also tells logs that are missing from logs that
/// nobody has written to.
/// </summary>
internal sealed class StatementChecks(
    IReadOnlyDictionary<string, LogGroup> logs, RosterDocument? roster, IReadOnlyCollection<string> nodesAtHand)
{
    private readonly Dictionary<(string Target, string Member), List<(long Size, long Since)>> _receipts = [];
    private readonly List<Finding> _findings = [];
    private readonly HashSet<string> _empty = new(StringComparer.Ordinal);

    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Logs without a copy that count as empty.</summary>
    public IReadOnlySet<string> Empty => _empty;

    public ReceiptTimes Times { get; } = new();

    private sealed record Said(string Writer, string Source, Statement Statement);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var said = new SortedDictionary<string, List<Said>>(StringComparer.Ordinal);
        foreach (var log in logs.Values.Where(l => l.Primary is not null))
        {
            // What stands beyond the end of the writer's own log does not count, and so says nothing.
            var counted = log.Counted;
            var statements = log.Primary!.Contents.Statements.FindAll(s => s.Index < counted);
            CheckSizesRise(log.Primary!, statements);
            foreach (var statement in statements)
            {
                if (!said.TryGetValue(statement.Head.Origin, out var about))
                {
                    said[statement.Head.Origin] = about = [];
                }

                about.Add(new Said(log.Origin, log.Primary.Source, statement));
            }
        }

        foreach (var (target, about) in said)
        {
            await CheckAsync(target, about, cancellationToken);
        }

        NoteMissing(said);
        foreach (var ((target, member), statements) in _receipts)
        {
            Times.Set(target, member, statements);
        }
    }

    private async Task CheckAsync(string target, List<Said> about, CancellationToken cancellationToken)
    {
        if (roster is not null && !roster.TryFindLog(target, out _, out _))
        {
            foreach (var first in about.DistinctBy(s => s.Writer))
            {
                Add(Severity.Warning, FindingKind.StatementOfUnknownLog, first, $"The roster names no log {target}.");
            }

            return;
        }

        if (!logs.TryGetValue(target, out var log) || log.Tree is null)
        {
            if (log is not null)
            {
                _findings.Add(new Finding(Severity.Gap, FindingKind.StatementsUnchecked, target, null,
                    $"{about.Count} receipts and heartbeats name heads of this log; they could not be checked, "
                        + "because it could not be rebuilt."));
            }

            about.ForEach(Count);
            return;
        }

        var sizes = about.Select(s => s.Statement.Head.Size).ToHashSet();
        var roots = new List<Dictionary<long, Hash256>>();
        foreach (var history in log.Trees)
        {
            roots.Add(await history.RootsAtAsync(sizes, cancellationToken));
        }

        foreach (var said in about)
        {
            var size = said.Statement.Head.Size;
            Check(said, log, [.. roots.Where(r => r.ContainsKey(size)).Select(r => r[size])]);
        }
    }

    /// <param name="said">What is checked.</param>
    /// <param name="log">The log that it names.</param>
    /// <param name="roots">
    /// The root there in each history at hand: of a log that forked some saw this one and some that.
    /// </param>
    private void Check(Said said, LogGroup log, IReadOnlyList<Hash256> roots)
    {
        var head = said.Statement.Head;
        var isReceipt = said.Statement.Since is not null;
        if (head.Size > log.Tree!.Size)
        {
            Add(Severity.Warning, isReceipt ? FindingKind.ReceiptBeyondLog : FindingKind.HeartbeatBeyondLog, said,
                $"It names {head.Origin} at size {head.Size}; the largest copy at hand has {log.Tree.Size} entries.");
        }
        else if (roots.Count == 0)
        {
            Add(Severity.Gap, FindingKind.StatementsUnchecked, said,
                $"The root of {head.Origin} at size {head.Size} could not be read again.");
        }
        else if (!roots.Contains(head.Root))
        {
            var forked = head.Size > log.FrozenAt;
            Add(
                forked ? Severity.Warning : Severity.Fault,
                isReceipt ? FindingKind.ReceiptFalseRoot : FindingKind.HeartbeatFalseRoot,
                said,
                $"It names {head.Origin} at size {head.Size} with root {head.Root.ToBase64()}; the log's root "
                    + $"there is {roots[0].ToBase64()}. " + (forked
                        ? $"That log forked below, at {log.FrozenAt} entries: it may have been another history."
                        : "Either this member says what it did not see, or it was shown another log."));
            return;
        }

        Count(said);
    }

    /// <summary>Lets a statement that was not refuted count as a receipt.</summary>
    private void Count(Said said)
    {
        if (said.Statement.Since is not { } since || !Origin.TryParse(said.Writer, out var writer, out _))
        {
            return;
        }

        var key = (said.Statement.Head.Origin, writer.Member);
        if (!_receipts.TryGetValue(key, out var statements))
        {
            _receipts[key] = statements = [];
        }

        statements.Add((said.Statement.Head.Size, since));
    }

    private void CheckSizesRise(LogAudit log, List<Statement> statements)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var statement in statements.Where(s => s.Since is not null))
        {
            var (origin, size, _) = statement.Head;
            if (sizes.TryGetValue(origin, out var before) && size < before)
            {
                Add(Severity.Warning, FindingKind.ReceiptSizeRegressed, new Said(log.Origin, log.Source, statement),
                    $"It names {origin} at size {size}, after an earlier receipt for {before} entries: the "
                        + "receiver lost entries that it had acknowledged.");
            }

            sizes[origin] = Math.Max(size, before);
        }
    }

    /// <summary>A log of the roster that is not at hand matters when somebody has seen entries of it.</summary>
    private void NoteMissing(SortedDictionary<string, List<Said>> said)
    {
        foreach (var log in roster?.Members.SelectMany(m => m.Logs) ?? [])
        {
            var origin = log.Origin.Text;
            if (logs.ContainsKey(origin))
            {
                continue;
            }

            var seen = Math.Max(
                log.ClosedAt?.Size ?? 0,
                said.TryGetValue(origin, out var about) ? about.Max(s => s.Statement.Head.Size) : 0);
            if (seen == 0 && WouldBeKnown(log.Origin))
            {
                _empty.Add(origin);
            }

            _findings.Add(seen > 0
                ? new Finding(Severity.Gap, FindingKind.LogMissing, origin, null,
                    $"The roster names this log and others have seen {seen} entries, but it is not among the sources.")
                : _empty.Contains(origin)
                    ? new Finding(Severity.Info, FindingKind.LogEmpty, origin, null,
                        "The roster names this log, no source has it, nobody has an entry of it: it counts as empty.")
                    : new Finding(Severity.Warning, FindingKind.LogMissing, origin, null,
                        "The roster names this log, it is not among the sources, and these would not tell of entries."));
        }
    }

    /// <summary>
    /// Whether the sources would tell of an entry of this log: its writer's own node is among them; or another member's
    /// receipts are, and receipts are written for this kind of log.
    /// </summary>
    private bool WouldBeKnown(Origin missing) =>
        nodesAtHand.Contains(missing.Member)
        || (missing.Log is Origin.Indicators or Origin.RosterLog
            && logs.Values.Any(l => l.IsSound && Origin.TryParse(l.Origin, out var at, out _)
                && at.Log == Origin.Receipts && at.Member != missing.Member));

    private void Add(Severity severity, string kind, Said said, string explanation) =>
        _findings.Add(new Finding(severity, kind, said.Writer, said.Statement.Index, explanation, said.Source));
}
