using FederationNode.Audit.Logs;
using FederationNode.Audit.Report;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Roster;

namespace FederationNode.Audit.Coalition;

/// <summary>
/// Who has carried out which orders to erase, and when, by what the members' receipts logs say. It is their word: that a
/// payload is gone cannot be proven, only that it is still there.
/// </summary>
internal sealed class ErasureMatrix(
    IReadOnlyDictionary<string, LogGroup> logs, RosterDocument? roster, ReceiptTimes times)
{
    private readonly List<Finding> _findings = [];

    public IReadOnlyList<Finding> Findings => _findings;

    public IReadOnlyList<ErasureRow> Build()
    {
        var said = ReadAcknowledgements();
        var rows = new List<ErasureRow>();
        foreach (var log in logs.Values.Where(l => l.Primary is not null && IsOf(l.Origin, Origin.Indicators)))
        {
            var counted = log.Counted;
            var contents = log.Primary!.Contents;
            List<long> orders = [.. contents.Erasures.Select(e => e.By).Where(by => by < counted).Distinct().Order()];
            foreach (var member in orders.Count == 0 ? [] : said.Keys.Order(StringComparer.Ordinal).ToList())
            {
                rows.Add(Row(log.Origin, contents, orders, member, said[member]));
            }
        }

        return rows;
    }

    private ErasureRow Row(string origin, LogContents contents, List<long> orders, string member, Member said)
    {
        List<CarriedOut> steps = [.. said.Done.Where(d => d.Origin == origin).OrderBy(d => d.At).ThenByDescending(d => d.Size)];
        var (acknowledged, late, open) = (0, 0, (long?)null);
        long? at = null, firstLate = null;
        foreach (var order in orders)
        {
            var done = steps.FindIndex(s => s.Size > order) is var found and >= 0 ? steps[found].At : (long?)null;
            if (done is null)
            {
                open ??= order;
            }
            else
            {
                acknowledged++;
                at = Math.Max(at ?? 0, done.Value);
            }

            // Not acknowledged so far is late only if the member was heard of since.
            if (HeldSince(origin, contents, order, member) is { } held
                && (done ?? said.NewestMs) > held + (ProtocolLimits.ErasureTime * 1000))
            {
                late++;
                firstLate ??= order;
            }
        }

        if (firstLate is { } first && roster?.Member(member) is null or { Status: MemberStatus.Active })
        {
            _findings.Add(new Finding(Severity.Warning, FindingKind.ErasureLate, origin, first,
                $"{member} held {late} orders to erase, this the first, and did not say within {ProtocolLimits.ErasureTime} "
                    + "seconds that it had carried them out"
                    + (open is null ? "; it has said so since." : $"; of entry {open} and others it has not said so yet.")));
        }

        return new ErasureRow(origin, member, orders.Count, acknowledged, at, open, late);
    }

    /// <summary>Since when a member held an order, in unix milliseconds: by its receipts; the writer since it wrote it.</summary>
    private long? HeldSince(string origin, LogContents contents, long order, string member)
    {
        if (Origin.Parse(origin).Member == member)
        {
            return contents.Issued[(int)order] is var issued and not LogContents.NotIssued ? issued * 1000 : null;
        }

        foreach (var (size, since) in times.Steps(origin, member))
        {
            if (size > order)
            {
                return since;
            }
        }

        return null;
    }

    /// <summary>By member, what all its receipts logs say, and when it was last heard of in one, as far as they count.</summary>
    private SortedDictionary<string, Member> ReadAcknowledgements()
    {
        var said = new SortedDictionary<string, Member>(StringComparer.Ordinal);
        foreach (var log in logs.Values.Where(l => l.Primary is not null && IsOf(l.Origin, Origin.Receipts)))
        {
            var (counted, contents) = (log.Counted, log.Primary!.Contents);
            var name = Origin.Parse(log.Origin).Member;
            if (!said.TryGetValue(name, out var member))
            {
                said[name] = member = new Member();
            }

            member.Done.AddRange(contents.CarriedOut.Where(c => c.Index < counted).Select(c => c.Done));
            foreach (var issued in contents.Issued.Take((int)Math.Min(counted, int.MaxValue)))
            {
                member.NewestMs = Math.Max(member.NewestMs, issued * 1000);
            }
        }

        return said;
    }

    private static bool IsOf(string text, string log) =>
        Origin.TryParse(text, out var origin, out _) && origin.Log == log;

    private sealed class Member
    {
        public List<CarriedOut> Done { get; } = [];

        public long NewestMs { get; set; }
    }
}
