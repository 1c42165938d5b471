namespace FederationNode.Audit.Report;

/// <summary>That a member had an entry, and since when.</summary>
/// <param name="Member">The receiver.</param>
/// <param name="Since">By its own claim, unix milliseconds.</param>
public readonly record struct EntryReceipt(string Member, long Since);

/// <summary>
/// Who had which entry since when: the receipt of entry i by a member is the earliest time among its statements with
/// a size above i (docs/protocol.md section 11). Statements that the audit refuted do not count.
/// </summary>
public sealed class ReceiptTimes
{
    private readonly Dictionary<string, SortedDictionary<string, List<(long Size, long Since)>>> _logs =
        new(StringComparer.Ordinal);

    /// <summary>The receipts of one entry, by member name; empty if nobody acknowledged it.</summary>
    /// <param name="origin">The log.</param>
    /// <param name="index">The entry, from 0.</param>
    public IReadOnlyList<EntryReceipt> For(string origin, long index)
    {
        if (!_logs.TryGetValue(origin, out var members))
        {
            return [];
        }

        var found = new List<EntryReceipt>();
        foreach (var (member, steps) in members)
        {
            var at = FirstAbove(steps, index);
            if (at < steps.Count)
            {
                found.Add(new EntryReceipt(member, steps[at].Since));
            }
        }

        return found;
    }

    /// <summary>
    /// What a member stated of a log, as steps: sizes rise, and each time is the earliest among the statements of this
    /// size or a larger one.
    /// </summary>
    internal IReadOnlyList<(long Size, long Since)> Steps(string origin, string member) =>
        _logs.TryGetValue(origin, out var members) && members.TryGetValue(member, out var steps) ? steps : [];

    /// <summary>Takes all statements of a member about a log.</summary>
    internal void Set(string origin, string member, IEnumerable<(long Size, long Since)> statements)
    {
        var steps = new List<(long Size, long Since)>();
        foreach (var (size, since) in statements.OrderByDescending(s => s.Size).ThenBy(s => s.Since))
        {
            if (steps.Count == 0)
            {
                steps.Add((size, since));
            }
            else if (steps[^1].Size != size)
            {
                steps.Add((size, Math.Min(since, steps[^1].Since)));
            }
        }

        steps.Reverse();
        if (!_logs.TryGetValue(origin, out var members))
        {
            _logs[origin] = members = new(StringComparer.Ordinal);
        }

        members[member] = steps;
    }

    private static int FirstAbove(List<(long Size, long Since)> steps, long index)
    {
        var (low, high) = (0, steps.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = steps[middle].Size > index ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
