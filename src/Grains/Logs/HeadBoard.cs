using System.Collections.Concurrent;
using FederationNode.Contracts.Logs;

namespace FederationNode.Grains.Logs;

/// <summary>
/// The newest status of every log held, where everything on this silo can read it without a call. Only log grains
/// write it. Reading is safe from any thread.
/// </summary>
public sealed class HeadBoard
{
    private readonly ConcurrentDictionary<string, LogStatus> _heads = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _confirmed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _shown = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, OutlineStatus> _outlines = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IReadOnlyList<NewEntry>> _deferred = new(StringComparer.Ordinal);

    private volatile bool _isComplete;

    /// <summary>
    /// Whether all logs that this node held when it started are here. Before, a missing log may only be one that was
    /// not read yet.
    /// </summary>
    public bool IsComplete => _isComplete;

    /// <summary>Raised after a log grew, durably, or was frozen. Handlers must be quick and must not throw.</summary>
    public event Action<LogStatus>? Grew;

    /// <summary>
    /// Raised when verified entries are kept above what is held of a log: its name, and the range. Handlers must be quick
    /// and must not throw.
    /// </summary>
    public event Action<string, CheckedRange>? Overlaid;

    /// <summary>
    /// Raised when urgent entries were appended to an own log, before <see cref="Grew"/>: its name, the first index, the
    /// one after the last. Handlers must be quick and must not throw.
    /// </summary>
    public event Action<string, long, long>? UrgentAppended;

    /// <summary>
    /// Raised when what waits for an own log that may not sign yet is another: its name, and all that waits. Handlers must
    /// be quick and must not throw.
    /// </summary>
    public event Action<string, IReadOnlyList<NewEntry>>? Deferred;

    /// <summary>
    /// Raised when more of a log's outline is kept, durably, or it was dropped. Handlers must be quick and must not throw.
    /// </summary>
    public event Action<OutlineStatus>? Outlined;

    /// <summary>The outlines that are kept, by the log's name.</summary>
    public IReadOnlyDictionary<string, OutlineStatus> Outlines => _outlines;

    /// <summary>What waits for own logs that may not sign yet.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<NewEntry>> AllDeferred => _deferred;

    /// <summary>What is held of each log, by origin.</summary>
    public IReadOnlyList<LogStatus> All() => [.. _heads.Values.OrderBy(h => h.Origin, StringComparer.Ordinal)];

    /// <summary>What is held of a log, or null if nothing.</summary>
    public LogStatus? Get(string origin) => _heads.GetValueOrDefault(origin);

    /// <summary>
    /// Whether an own log may take entries since this start: enough peers could have shown more of it, and none did.
    /// </summary>
    public bool IsConfirmed(string origin) => _confirmed.ContainsKey(origin);

    internal void Complete() => _isComplete = true;

    internal void Confirm(string origin) => _confirmed[origin] = true;

    /// <summary>The largest checkpoint of an own log that peers have shown in this run and that went beyond it, or null.</summary>
    internal byte[]? ShownOf(string origin) => _shown.GetValueOrDefault(origin);

    /// <summary>Keeps such a checkpoint for the log's next activation.</summary>
    internal void Show(string origin, byte[] checkpoint) => _shown[origin] = checkpoint;

    internal void Put(LogStatus status)
    {
        var before = _heads.GetValueOrDefault(status.Origin);
        _heads[status.Origin] = status;
        if (before is null
            ? status.Size > 0
            : status.Size > before.Size || status.SignedSize > before.SignedSize || status.HeadSize != before.HeadSize
                || status.FrozenAt != before.FrozenAt)
        {
            Grew?.Invoke(status);
        }
    }

    internal void Defer(string origin, IReadOnlyList<NewEntry> waiting)
    {
        _deferred[origin] = waiting;
        Deferred?.Invoke(origin, waiting);
    }

    internal void Outline(OutlineStatus outline)
    {
        var before = _outlines.GetValueOrDefault(outline.Origin);
        if (outline.End > outline.From)
        {
            _outlines[outline.Origin] = outline;
        }
        else
        {
            _outlines.TryRemove(outline.Origin, out _);
        }

        if (before != _outlines.GetValueOrDefault(outline.Origin))
        {
            Outlined?.Invoke(outline);
        }
    }

    internal void Overlay(string origin, CheckedRange range) => Overlaid?.Invoke(origin, range);

    internal void AppendedUrgent(string origin, long from, long end) => UrgentAppended?.Invoke(origin, from, end);
}
