using System.Collections.Immutable;
using FederationNode.Protocol.Merge;

namespace FederationNode.Matching.Policy;

/// <summary>The logs in quarantine. Immutable.</summary>
/// <param name="logs">One row a log at most.</param>
public sealed class QuarantineTable(IEnumerable<Quarantine> logs)
{
    private readonly ImmutableDictionary<string, Quarantine> _byLog =
        logs.ToImmutableDictionary(q => q.Log, StringComparer.Ordinal);

    /// <summary>No log is in quarantine.</summary>
    public static QuarantineTable Empty { get; } = new([]);

    /// <summary>All, by log.</summary>
    public IEnumerable<Quarantine> All => _byLog.Values.OrderBy(q => q.Log, StringComparer.Ordinal);

    /// <summary>The quarantine that an entry is in, or null.</summary>
    public Quarantine? Of(LogEntry entry) =>
        _byLog.Count > 0 && _byLog.TryGetValue(entry.Origin.Text, out var log) && entry.Index >= log.From ? log : null;

    /// <summary>Leaves out opinions in quarantine: a flood of them would corroborate, or dispute, everything at once.</summary>
    public IndicatorState WithoutOpinions(IndicatorState state) =>
        _byLog.Count == 0 || state.Opinions.IsEmpty || state.Opinions.All(o => Of(o) is null)
            ? state
            : state with { Opinions = [.. state.Opinions.Where(o => Of(o) is null)] };
}
