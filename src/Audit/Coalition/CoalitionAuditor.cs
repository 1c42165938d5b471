using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Protocol;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// Audits all logs of a coalition together: the roster chain from the trust anchor, each copy of each log, copies
/// against one another, receipts and heartbeats against the logs that they name. Needs no node, and no clock but the
/// one that the caller lends it for the roster's expiry.
/// </summary>
public sealed class CoalitionAuditor
{
    private readonly TrustAnchor? _anchor;
    private readonly CoalitionKeys _keys;
    private readonly SortedDictionary<string, LogGroup> _logs = new(StringComparer.Ordinal);
    private readonly List<LogAudit> _unnamed = [];
    private readonly List<Finding> _findings = [];

    private CoalitionAuditor(TrustAnchor? anchor)
    {
        _anchor = anchor;
        _keys = new CoalitionKeys(anchor);
    }

    /// <summary>Audits what was discovered; what kept places from being read becomes part of the report.</summary>
    /// <param name="found">The sources, and their trust anchor.</param>
    /// <param name="anchor">A trust anchor from elsewhere, which goes before the one found; or null.</param>
    /// <param name="now">Unix seconds, to say whether the roster is past its expiry; null: it is not looked at.</param>
    /// <param name="cancellationToken">Ends the audit.</param>
    public static Task<AuditReport> AuditAsync(
        SourceSet found, TrustAnchor? anchor, long? now, CancellationToken cancellationToken) =>
        AuditAsync(found.Sources, [], anchor ?? found.Anchor, now, found.Findings, cancellationToken);

    /// <summary>Audits copies of logs.</summary>
    /// <param name="sources">The copies, in any order; several may be of the same log.</param>
    /// <param name="anchor">The trust anchor, or null: then no roster can be believed and the verdict is
    /// incomplete.</param>
    /// <param name="now">Unix seconds, to say whether the roster is past its expiry; null: it is not looked at.</param>
    /// <param name="cancellationToken">Ends the audit.</param>
    public static Task<AuditReport> AuditAsync(
        IReadOnlyList<ILogSource> sources, TrustAnchor? anchor, long? now, CancellationToken cancellationToken) =>
        AuditAsync(sources, [], anchor, now, [], cancellationToken);

    /// <summary>Audits copies of logs, and the folders of stopped nodes.</summary>
    /// <param name="sources">The copies, in any order; several may be of the same log.</param>
    /// <param name="holdings">The stopped nodes, whose copies are audited like those above.</param>
    /// <param name="anchor">The trust anchor, or null: then no roster can be believed and the verdict is
    /// incomplete.</param>
    /// <param name="now">Unix seconds, to say whether the roster is past its expiry; null: it is not looked at.</param>
    /// <param name="before">What the caller found already; it becomes part of the report.</param>
    /// <param name="cancellationToken">Ends the audit.</param>
    public static async Task<AuditReport> AuditAsync(
        IReadOnlyList<ILogSource> sources,
        IReadOnlyList<NodeHoldings> holdings,
        TrustAnchor? anchor,
        long? now,
        IReadOnlyList<Finding> before,
        CancellationToken cancellationToken)
    {
        var auditor = new CoalitionAuditor(anchor);
        auditor._findings.AddRange(before);
        var opened = new List<OpenedLog>();
        foreach (var source in sources.Concat(holdings.SelectMany(h => h.Copies)))
        {
            opened.Add(await OpenedLog.OpenAsync(source, cancellationToken));
        }

        await auditor.AuditRosterLogsAsync(opened, holdings, cancellationToken);
        foreach (var log in opened)
        {
            auditor.Add(await LogAuditor.AuditAsync(log, auditor._keys, Lifetimes.Of(auditor._keys.Roster), cancellationToken));
        }

        foreach (var node in holdings)
        {
            auditor._findings.AddRange(new HoldingChecks(node, auditor._logs).Run());
        }

        return await auditor.ReportAsync(holdings, now, cancellationToken);
    }

    /// <summary>
    /// Audits the roster logs, epoch by epoch, since all other keys come from them; takes them off the list.
    /// </summary>
    private async Task AuditRosterLogsAsync(
        List<OpenedLog> opened, IReadOnlyList<NodeHoldings> holdings, CancellationToken cancellationToken)
    {
        if (_anchor is null)
        {
            Gap(
                FindingKind.AnchorMissing,
                "There is no trust anchor (coalition.json): nothing says which roster to believe.");
            return;
        }

        var walk = new RosterWalk(_anchor, _keys);
        for (var origin = _anchor.RosterLogKey.Name; origin is not null; origin = walk.NextEpoch(origin))
        {
            foreach (var copy in opened.Where(l => l.Candidates.Contains(origin, StringComparer.Ordinal)).ToList())
            {
                opened.Remove(copy);
                Add(await LogAuditor.AuditAsync(copy, _keys, Lifetimes.Default, cancellationToken));
            }

            if (_logs.TryGetValue(origin, out var log) && log.Primary is { } primary)
            {
                walk.Walk(primary);
            }
        }

        foreach (var node in holdings)
        {
            walk.WalkBeside(node.Rosters);
        }

        CheckRoster();
    }

    private void CheckRoster()
    {
        var origin = _anchor!.RosterLogKey.Name;
        if (_keys.Roster is null)
        {
            Gap(
                FindingKind.RosterMissing,
                $"No roster follows from the trust anchor: it would stand in the log {origin}.");
        }
        else if (!_keys.Roster.TryFindLog(origin, out var log, out _) || !log.Key.Equals(_anchor.RosterLogKey))
        {
            _findings.Add(new Finding(Severity.Fault, FindingKind.RosterLogKeyDiffers, origin, null,
                "The roster does not name this log with the key that the trust anchor has for it."));
        }
    }

    private void Add(LogAudit copy)
    {
        if (copy.Origin.Length == 0)
        {
            _unnamed.Add(copy);
            return;
        }

        if (!_logs.TryGetValue(copy.Origin, out var group))
        {
            _logs[copy.Origin] = group = new LogGroup(copy.Origin);
        }

        group.Add(copy);
    }

    private async Task<AuditReport> ReportAsync(
        IReadOnlyList<NodeHoldings> holdings, long? now, CancellationToken cancellationToken)
    {
        var roster = _keys.Roster;
        if (roster is not null && now > roster.Expires)
        {
            _findings.Add(new Finding(Severity.Warning, FindingKind.RosterExpired, "", null,
                $"Roster version {roster.Version} expired at {roster.Expires}: a newer one may be withheld."));
        }

        foreach (var log in _logs.Values)
        {
            log.ClosedAt =
                roster is not null && roster.TryFindLog(log.Origin, out var named, out _) ? named.ClosedAt : null;
            _findings.AddRange(await new CopyComparison(log).RunAsync(cancellationToken));
        }

        _findings.AddRange(new StoredForkChecks(_keys, _logs).Run(holdings));
        foreach (var log in _logs.Values)
        {
            _findings.AddRange(await EndChecks.RunAsync(log, cancellationToken));
        }

        var statements = new StatementChecks(_logs, roster, [.. holdings.Select(h => h.Member)]);
        await statements.RunAsync(cancellationToken);
        _findings.AddRange(statements.Findings);
        var erasures = new ErasureMatrix(_logs, roster, statements.Times);
        var erasureRows = erasures.Build();
        _findings.AddRange(erasures.Findings);
        _findings.AddRange(new EvaluationChecks(_logs, _keys.Rosters).Run());
        var copies = _logs.Values.SelectMany(l => l.Copies).Concat(_unnamed).ToList();
        _findings.AddRange(copies.SelectMany(c => c.Findings));
        return new AuditReport
        {
            Verdict = _findings.Count == 0 ? Verdict.Clean : VerdictOf(_findings.Max(f => f.Severity)),
            Roster = RosterSummaries.Of(roster),
            Logs = [.. copies.Select(RowOf)],
            Receipts = ReceiptMatrix.Build(_logs, roster, statements.Times),
            Erasures = erasureRows,
            View = ViewOf(roster, statements.Empty),
            Findings =
            [
                .. _findings.OrderByDescending(f => f.Severity)
                    .ThenBy(f => f.Origin, StringComparer.Ordinal).ThenBy(f => f.Index ?? -1),
            ],
            ReceiptTimes = statements.Times,
        };
    }

    private ViewSummary ViewOf(RosterDocument? roster, IReadOnlySet<string> empty)
    {
        var view = new View();
        view.Put(Lifetimes.Of(roster), []);
        var entries = 0L;
        var used = _logs.Values.Where(
            l => IsIndicators(l.Origin) && (roster is null || roster.TryFindLog(l.Origin, out _, out _)));
        foreach (var entry in used.SelectMany(l => l.ViewEntries()))
        {
            view.Apply(entry);
            entries++;
        }

        var complete = roster is not null && roster.Members.SelectMany(m => m.Logs)
            .Where(l => l.Origin.Log == Origin.Indicators)
            .All(l => empty.Contains(l.Origin.Text)
                || (_logs.TryGetValue(l.Origin.Text, out var log) && log is { IsSound: true, LacksPayload: false }));
        return new ViewSummary(view.Digest().ToString(), complete, entries, view.IndicatorCount);
    }

    private static bool IsIndicators(string origin) =>
        Origin.TryParse(origin, out var parsed, out _) && parsed.Log == Origin.Indicators;

    private static LogRow RowOf(LogAudit copy) => new(
        copy.Origin,
        copy.Source,
        copy.Head?.Size,
        copy.Head?.Root.ToBase64(),
        copy.Key?.ToString(),
        copy.Rebuilt,
        copy.Contents.Meaningful,
        copy.Contents.Erased,
        copy.Findings.Count(f => f.Severity == Severity.Fault));

    private static Verdict VerdictOf(Severity heaviest) => heaviest switch
    {
        Severity.Fault => Verdict.Faults,
        Severity.Gap => Verdict.Incomplete,
        _ => Verdict.Clean,
    };

    private void Gap(string kind, string explanation) =>
        _findings.Add(new Finding(Severity.Gap, kind, "", null, explanation));
}
