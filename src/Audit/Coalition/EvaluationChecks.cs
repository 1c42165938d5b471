using System.Globalization;
using FederationNode.Audit.Report;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Roster;
using FederationNode.Protocol.Sellers.Quotas;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// Checks what holders of keys for seller tags say they evaluated, against the rosters and against what they said before. It
/// is each holder's word: that it evaluated more than it says cannot be seen.
/// </summary>
/// <param name="logs">The logs.</param>
/// <param name="rosters">All rosters, oldest first.</param>
internal sealed class EvaluationChecks(IReadOnlyDictionary<string, LogGroup> logs, IReadOnlyList<RosterDocument> rosters)
{
    // A document reaches a holder in its own time, and the times in documents are claims.
    private const long Slack = 86_400;
    private const long DaySeconds = 86_400;
    private const int MostOfALog = 100;

    private readonly List<Finding> _findings = [];

    /// <summary>What was found.</summary>
    public IReadOnlyList<Finding> Run()
    {
        var receipts = logs.Values.Where(l => l.Primary is not null)
            .Select(l => (Group: l, Origin: Origin.TryParse(l.Origin, out var origin, out _) ? origin : null))
            .Where(l => l.Origin is { Log: Origin.Receipts });
        foreach (var member in receipts.GroupBy(l => l.Origin!.Member, StringComparer.Ordinal))
        {
            // What is said once is said: a new epoch of the log does not change that.
            var said = new Dictionary<(long Day, string Member, string Type, int Epoch), EvaluationCount>();
            foreach (var (group, _) in member.OrderBy(l => l.Origin!.Epoch))
            {
                Check(group, member.Key, said);
            }
        }

        return _findings;
    }

    private void Check(
        LogGroup group, string holder, Dictionary<(long Day, string Member, string Type, int Epoch), EvaluationCount> said)
    {
        var found = new List<Finding>();
        var counted = group.Counted;
        foreach (var (index, payload) in group.Primary!.Contents.Evaluations.Where(e => e.Index < counted))
        {
            foreach (var count in payload.Counts)
            {
                if (!said.TryAdd((payload.Day, count.Member, count.Type, count.Epoch), count))
                {
                    found.Add(Repeated(group, index, payload.Day, count, said));
                }

                if (WhyUnknown(holder, count) is { } why)
                {
                    found.Add(new Finding(Severity.Warning, FindingKind.EvaluationsUnknown, group.Origin, index, why));
                }
                else if (OverQuota(payload.Day, count) is { } over)
                {
                    found.Add(new Finding(Severity.Warning, FindingKind.EvaluationsOverQuota, group.Origin, index, over));
                }
            }
        }

        _findings.AddRange(found.Take(MostOfALog));
        if (found.Count > MostOfALog)
        {
            _findings.Add(new Finding(
                Severity.Warning,
                FindingKind.MoreFindings,
                group.Origin,
                null,
                string.Create(CultureInfo.InvariantCulture, $"{found.Count - MostOfALog} more findings of evaluations are not listed.")));
        }
    }

    private static Finding Repeated(
        LogGroup group,
        long index,
        long day,
        EvaluationCount count,
        Dictionary<(long Day, string Member, string Type, int Epoch), EvaluationCount> said)
    {
        var before = said[(day, count.Member, count.Type, count.Epoch)];
        var shrinks = count.Evaluated < before.Evaluated || count.Refused < before.Refused;
        return new Finding(Severity.Warning, FindingKind.EvaluationsRepeated, group.Origin, index, string.Create(
            CultureInfo.InvariantCulture,
            $"{What(day, count)} was counted before, as {before.Evaluated} evaluated and {before.Refused} refused, and now as "
                + $"{count.Evaluated} and {count.Refused}: a holder counts a day once{(shrinks ? ", and this says less than before" : "")}."));
    }

    private string? WhyUnknown(string holder, EvaluationCount count) =>
        rosters.Count == 0 ? null
        : !rosters.Any(r => r.Member(count.Member) is not null) ? $"No roster names a member {count.Member}."
        : !rosters.Any(r => r.SellerKeyOf(count.Type, count.Epoch) is { } key && key.Holders.Contains(holder))
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"No roster gives {holder} a share of the key for {count.Type}, epoch {count.Epoch}, and it counts what it evaluated with it.")
        : null;

    private string? OverQuota(long day, EvaluationCount count)
    {
        long? most = null;
        for (var i = 0; i < rosters.Count; i++)
        {
            var begins = rosters[i].Issued;
            var ends = i + 1 < rosters.Count ? rosters[i + 1].Issued : long.MaxValue;
            if (begins <= ((day + 1) * DaySeconds) + Slack && ends >= (day * DaySeconds) - Slack)
            {
                var quota = rosters[i].QuotaOf(count.Member, count.Type, count.Epoch) ?? TagQuota.Default;
                most = Math.Max(most ?? 0, quota.Day);
            }
        }

        return count.Evaluated > most
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{What(day, count)} was evaluated {count.Evaluated} times, and no roster of that time allows more than {most} a day.")
            : null;
    }

    private static string What(long day, EvaluationCount count) => string.Create(
        CultureInfo.InvariantCulture,
        $"What {count.Member} asked for on {DateTime.UnixEpoch.AddDays(day):yyyy-MM-dd} under the key for {count.Type}, epoch {count.Epoch},");
}
