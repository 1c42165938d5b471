using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;

namespace FederationNode.Grains.Lists;

/// <summary>
/// Urgent entries that count before those below them in their log have come. Only what a member says of an indicator
/// counts so; an order to erase waits for its turn. Not safe for concurrent use.
/// </summary>
internal sealed class UrgentEntries
{
    private readonly Dictionary<Hash256, List<LogEntry>> _byIndicator = [];
    private readonly Dictionary<string, SortedDictionary<long, Hash256>> _byLog = new(StringComparer.Ordinal);

    /// <summary>Takes an entry; the indicator that it speaks of, or null if it is none that counts so, or known.</summary>
    public Hash256? Add(LogEntry entry)
    {
        Hash256? indicator = entry.Payload switch
        {
            ListingPayload listing => listing.Indicator.Id,
            WithdrawalPayload withdrawal => withdrawal.IndicatorId,
            OpinionPayload opinion => opinion.IndicatorId,
            _ => null,
        };
        if (indicator is not { } id)
        {
            return null;
        }

        if (!_byLog.TryGetValue(entry.Origin.Text, out var log))
        {
            _byLog[entry.Origin.Text] = log = [];
        }

        if (!log.TryAdd(entry.Index, id))
        {
            return null;
        }

        if (!_byIndicator.TryGetValue(id, out var entries))
        {
            _byIndicator[id] = entries = [];
        }

        entries.Add(entry);
        return id;
    }

    /// <summary>Forgets a log's entries from an index on; the indicators that they spoke of.</summary>
    public IReadOnlyCollection<Hash256> DropFrom(string origin, long from) =>
        Drop(origin, index => index >= from);

    /// <summary>Forgets a log's entries below an index, which are applied by now; the indicators that they spoke of.</summary>
    public IReadOnlyCollection<Hash256> Drop(string origin, long below) => Drop(origin, index => index < below);

    /// <summary>Forgets these entries of a log; the indicators that they spoke of.</summary>
    public IReadOnlyCollection<Hash256> DropThese(string origin, HashSet<long> indexes) => Drop(origin, indexes.Contains);

    private HashSet<Hash256> Drop(string origin, Func<long, bool> goes)
    {
        if (!_byLog.TryGetValue(origin, out var log))
        {
            return [];
        }

        var touched = new HashSet<Hash256>();
        foreach (var (index, id) in log.Where(e => goes(e.Key)).ToList())
        {
            log.Remove(index);
            touched.Add(id);
            if (_byIndicator.TryGetValue(id, out var entries)
                && entries.RemoveAll(e => e.Index == index && e.Origin.Text == origin) > 0 && entries.Count == 0)
            {
                _byIndicator.Remove(id);
            }
        }

        if (log.Count == 0)
        {
            _byLog.Remove(origin);
        }

        return touched;
    }

    /// <summary>Whether an entry here lists the indicator.</summary>
    public bool HasListing(Hash256 id) =>
        _byIndicator.TryGetValue(id, out var entries) && entries.Exists(e => e.Payload is ListingPayload);

    /// <summary>What everybody says about an indicator with the urgent entries taken in.</summary>
    public IndicatorState Over(IndicatorState state) =>
        _byIndicator.TryGetValue(state.Id, out var entries)
            ? Merge(state.Id, [.. state.Listings, .. state.Opinions, .. entries])
            : state;

    /// <summary>Likewise, of an indicator of which nothing else is known; null if there is nothing urgent either.</summary>
    public IndicatorState? Over(Hash256 id) =>
        _byIndicator.TryGetValue(id, out var entries) ? Merge(id, entries) : null;

    /// <summary>
    /// The newest entry of each cell, as a <see cref="View"/> has it. Not left to one: it would take megabytes, and this
    /// is asked for each match.
    /// </summary>
    private static IndicatorState Merge(Hash256 id, IEnumerable<LogEntry> entries)
    {
        var newest = new Dictionary<(string Member, string? Lister), LogEntry>();
        foreach (var entry in entries)
        {
            var cell = (entry.Member, (entry.Payload as OpinionPayload)?.Lister);
            if (!newest.TryGetValue(cell, out var other) || entry.Position > other.Position)
            {
                newest[cell] = entry;
            }
        }

        var inOrder = newest
            .OrderBy(c => c.Key.Member, StringComparer.Ordinal)
            .ThenBy(c => c.Key.Lister, StringComparer.Ordinal)
            .ToList();
        return new IndicatorState(
            id,
            [.. inOrder.Where(c => c.Key.Lister is null).Select(c => c.Value)],
            [.. inOrder.Where(c => c.Key.Lister is not null).Select(c => c.Value)]);
    }
}
