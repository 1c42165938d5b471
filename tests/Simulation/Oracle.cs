using FederationNode.Protocol;
using FederationNode.Protocol.Entries;

namespace FederationNode.Simulation;

/// <summary>
/// The naive model: of all entries that count, each member's last word on each indicator. No tree, no increments.
/// </summary>
public static class Oracle
{
    public static bool Agrees(IEnumerable<ReplicaLog> logs, NodeView view)
    {
        var expected = new SortedDictionary<(Hash256 Indicator, string Member), Hash256>(
            Comparer<(Hash256 Indicator, string Member)>.Create((a, b) =>
                a.Indicator.CompareTo(b.Indicator) is var order and not 0 ? order : string.CompareOrdinal(a.Member, b.Member)));
        foreach (var log in logs)
        {
            for (var i = 0; i < view.Applied(log.Origin); i++)
            {
                var entry = log.Entries[i].Written;
                if (Payload.TryDecode(EntryKind.Opinion, entry.Sent.Payload!.Value.Span, out var payload, out _))
                {
                    expected[(((OpinionPayload)payload).IndicatorId, Origin.Parse(log.Origin).Member)] = entry.Hash;
                }
            }
        }

        var actual = view.View.IndicatorIds
            .SelectMany(id => view.View.TryGet(id, out var state) ? state.Opinions.Select(o => (id, o.Member, o.LeafHash)) : [])
            .ToDictionary(o => (o.id, o.Member), o => o.LeafHash);
        return actual.Count == expected.Count && expected.All(e => actual.GetValueOrDefault(e.Key) == e.Value);
    }

    /// <summary>Whether the view says of a log that the same entries are live: now, and if it had ended in the middle.</summary>
    public static bool AgreesOnLive(ReplicaLog log, NodeView view)
    {
        var end = view.Applied(log.Origin);
        return new[] { end, end / 2 }.All(size =>
            view.View.Live(Origin.Parse(log.Origin), 0, size, size).SequenceEqual(Liveness.Of(log.Entries, size)));
    }
}
