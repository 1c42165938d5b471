using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Protocol;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Coalition;

/// <summary>Who received what when, out of the receipts that were not refuted.</summary>
internal static class ReceiptMatrix
{
    public static IReadOnlyList<ReceiptRow> Build(
        IReadOnlyDictionary<string, LogGroup> logs, RosterDocument? roster, ReceiptTimes times)
    {
        var named = roster is null
            ? logs.Keys.Select(o => Origin.TryParse(o, out var origin, out _) ? origin : null).OfType<Origin>().ToList()
            : [.. roster.Members.SelectMany(m => m.Logs).Select(l => l.Origin)];
        var receivers = named
            .Where(o => o.Log == Origin.Receipts)
            .Select(o => o.Member)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToList();
        return
        [
            .. named.Where(o => o.Log is Origin.Indicators or Origin.RosterLog)
                .OrderBy(o => o.Text, StringComparer.Ordinal)
                .SelectMany(o => receivers.Where(r => r != o.Member).Select(r => Row(o.Text, r, logs, times))),
        ];
    }

    private static ReceiptRow Row(
        string origin, string member, IReadOnlyDictionary<string, LogGroup> logs, ReceiptTimes times)
    {
        var issued = logs.TryGetValue(origin, out var log) ? log.Primary?.Contents.Issued ?? [] : [];
        var counted = Math.Min(issued.Count, log?.Counted ?? 0);
        var steps = times.Steps(origin, member);
        var newest = steps.Count == 0 ? 0 : steps[^1].Size;
        var acknowledged = Math.Min(newest, counted);
        var (median, worst, worstIndex) = Lags(issued, steps, acknowledged);
        return new ReceiptRow(
            origin,
            member,
            newest,
            steps.Count == 0 ? null : steps[^1].Since,
            acknowledged,
            counted - acknowledged,
            acknowledged < counted ? acknowledged : null,
            median,
            worst,
            worstIndex);
    }

    private static (double? Median, long? Worst, long? WorstIndex) Lags(
        List<long> issued, IReadOnlyList<(long Size, long Since)> steps, long count)
    {
        var lags = new List<long>();
        var (worst, worstIndex) = (long.MinValue, 0L);
        var step = 0;
        for (var i = 0; i < count; i++)
        {
            while (steps[step].Size <= i)
            {
                step++;
            }

            if (issued[i] == LogContents.NotIssued)
            {
                continue;
            }

            var lag = steps[step].Since - (issued[i] * 1000);
            lags.Add(lag);
            if (lag > worst)
            {
                (worst, worstIndex) = (lag, i);
            }
        }

        if (lags.Count == 0)
        {
            return (null, null, null);
        }

        lags.Sort();
        var middle = lags.Count / 2;
        var median = lags.Count % 2 == 1 ? lags[middle] : (lags[middle - 1] + lags[middle]) / 2.0;
        return (median, worst, worstIndex);
    }
}
