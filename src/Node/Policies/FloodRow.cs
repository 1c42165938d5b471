using System.Collections.Immutable;
using FederationNode.Matching.Policy;
using FederationNode.Protocol;
using MessagePack;

namespace FederationNode.Node.Policies;

/// <summary>What is stored of how the logs grew: under the member's name, in the kind <see cref="RowKind"/>.</summary>
[MessagePackObject]
public sealed class FloodRow
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "flood";

    /// <summary>When the logs were last looked at, in unix seconds; 0: never.</summary>
    [Key(0)]
    public long Seen { get; set; }

    /// <summary>The logs.</summary>
    [Key(1)]
    public FloodLogRow[] Logs { get; set; } = [];

    /// <summary>What is wrong with the row, without a full stop, or null.</summary>
    public string? Fault() =>
        Logs is null || Logs.Any(l => l?.Origin is null || l.Marks is null || !Origin.TryParse(l.Origin, out _, out _))
        || Logs.DistinctBy(l => l.Origin).Count() < Logs.Length
            ? "it does not name logs and their sizes"
            : null;

    internal static FloodRow Of(FloodMemory memory) => new()
    {
        Seen = memory.Seen,
        Logs = [.. memory.Marks.Keys.Union(memory.Quarantines.Select(q => q.Log)).Order(StringComparer.Ordinal).Select(log =>
        {
            var held = memory.Quarantines.FirstOrDefault(q => q.Log == log);
            return new FloodLogRow
            {
                Origin = log,
                Marks = [.. memory.Marks.GetValueOrDefault(log, []).SelectMany(m => (long[])[m.At, m.Size])],
                Held = held is null ? null : [held.From, held.Entries, held.Seconds, held.Last],
            };
        })],
    };

    internal FloodMemory ToMemory() => new(
        Seen,
        Logs.Where(l => l.Marks.Length > 1).ToImmutableDictionary(
            l => l.Origin,
            l => ImmutableArray.CreateRange(l.Marks.Chunk(2).Where(m => m.Length == 2).Select(m => new SizeMark(m[0], m[1]))),
            StringComparer.Ordinal),
        [.. Logs.Where(l => l.Held is { Length: 4 }).Select(l =>
            new Quarantine(l.Origin, Origin.Parse(l.Origin).Member, l.Held![0], l.Held[1], l.Held[2], l.Held[3]))]);
}

/// <summary>How a log grew.</summary>
[MessagePackObject]
public sealed class FloodLogRow
{
    /// <summary>The log.</summary>
    [Key(0)]
    public string Origin { get; set; } = "";

    /// <summary>Times in unix seconds, each followed by the log's size then, the oldest first.</summary>
    [Key(1)]
    public long[] Marks { get; set; } = [];

    /// <summary>Of a quarantine: its first entry, the excess in entries and in seconds, when it was last seen; else null.</summary>
    [Key(2)]
    public long[]? Held { get; set; }
}
