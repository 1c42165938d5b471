using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using MessagePack;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Receipts;

/// <summary>How far each log has been receipted.</summary>
[MessagePackObject]
public sealed class ReceiptsRow
{
    /// <summary>Origin to size.</summary>
    [Key(0)]
    public Dictionary<string, long> Receipted { get; set; } = [];

    /// <summary>The receipts log that says so; empty in rows of earlier versions, which knew only the first epoch.</summary>
    [Key(1)]
    public string Log { get; set; } = "";

    /// <summary>Origin to the size up to which erasure was acknowledged; null in rows of earlier versions.</summary>
    [Key(2)]
    public Dictionary<string, long>? Erased { get; set; }

    /// <summary>Whether the receipts counted here were written into a log.</summary>
    public bool IsOf(Origin log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return Log is null or "" ? log.Epoch == 1 : Log == log.Text;
    }
}

/// <summary>
/// How receipts are gathered. Each entry of a receipts log goes to all other members, and each takedown makes each
/// member write one: with n members n² transfers, which would outweigh the takedown itself by far.
/// </summary>
public sealed record ReceiptOptions
{
    /// <summary>How long statements gather before they are written. Default 500 ms.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The least time between two entries: what is stated meanwhile gathers. Default 5 s.</summary>
    public TimeSpan MinGap { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When what has just been stated is to be written.</summary>
    /// <param name="sinceLast">How long ago the last entry was written; null if none was.</param>
    public TimeSpan DueAfter(TimeSpan? sinceLast) =>
        sinceLast is { } past && MinGap - past > FlushInterval ? MinGap - past : FlushInterval;
}

/// <inheritdoc cref="IReceiptsGrain"/>
/// <remarks>
/// A crash between the entry and the row repeats a statement with a later time: harmless, since the earliest counts.
/// </remarks>
public sealed partial class ReceiptsGrain(
    RowStore rows,
    NodeIdentity identity,
    RosterBoard roster,
    LogAppender appender,
    ReceiptOptions options,
    DamageBoard damages,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<ReceiptsGrain> logger) : Grain, IReceiptsGrain
{
    /// <summary>Kind of the row.</summary>
    public const string RowKind = "receipts";

    private readonly List<HeldStatement> _gathered = [];
    private readonly Dictionary<string, ErasedStatement> _erased = new(StringComparer.Ordinal);
    private ReceiptsRow _row = new();
    private string? _etag;
    private IGrainTimer? _timer;
    private long? _written;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // Without it each log is receipted once more, which harms nobody: the earliest receipt counts.
        (_row, _etag, var damage) = await rows.ReadDisposableAsync<ReceiptsRow>(
            RowKind, identity.Member, row => row.Receipted is null ? "a part of it is missing" : null);
        if (damage is not null)
        {
            damages.Note(
                RowKind,
                identity.Member,
                $"{damage.Message} It was begun anew, and each log is receipted once more: nothing is lost. Look after "
                    + "the disk, and audit the node's folder when it is stopped.");
        }
    }

    /// <inheritdoc/>
    public Task HeldAsync(IReadOnlyList<HeldStatement> held)
    {
        FollowEpoch();
        foreach (var statement in held)
        {
            var last = _gathered.LastOrDefault(g => g.Origin == statement.Origin);
            if (statement.Size > Math.Max(_row.Receipted.GetValueOrDefault(statement.Origin), last.Size))
            {
                _gathered.Add(statement);
            }
        }

        FlushLater();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ErasedAsync(IReadOnlyList<ErasedStatement> erased)
    {
        FollowEpoch();
        foreach (var statement in erased)
        {
            var stated = _row.Erased?.GetValueOrDefault(statement.Origin) ?? 0;
            if (statement.Size > Math.Max(stated, _erased.GetValueOrDefault(statement.Origin).Size))
            {
                _erased[statement.Origin] = statement;
            }
        }

        FlushLater();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task FlushAsync()
    {
        _timer?.Dispose();
        _timer = null;
        try
        {
            while (_gathered.Count + _erased.Count > 0 && FollowEpoch() is { } log && await WriteBatchAsync(log))
            {
            }
        }
        finally
        {
            // Whatever went wrong, what is left must not wait for somebody else's next statement.
            FlushLater();
        }
    }

    /// <summary>
    /// The receipts log that is open. In a new epoch each log is receipted once more: where the old one was closed, what it
    /// said last may not count.
    /// </summary>
    private Origin? FollowEpoch()
    {
        var log = identity.WrittenLog(roster.Current, Origin.Receipts)?.Origin;
        if (log is not null && !_row.IsOf(log))
        {
            _row = new ReceiptsRow { Log = log.Text };
        }

        return log;
    }

    private void FlushLater()
    {
        if (_gathered.Count + _erased.Count > 0)
        {
            var due = options.DueAfter(_written is { } stamp ? clock.GetElapsedTime(stamp) : null);
            _timer ??= this.RegisterGrainTimer(
                FlushAsync, new GrainTimerCreationOptions(due, Timeout.InfiniteTimeSpan) { KeepAlive = true });
        }
    }

    private async Task<bool> WriteBatchAsync(Origin log)
    {
        var batch = _gathered.Take(ReceiptPayload.MaxHeld).ToList();
        var erased = _erased.Values.OrderBy(e => e.Origin, StringComparer.Ordinal).Take(ErasurePayload.MaxDone).ToList();
        var entries = new List<NewEntry>();
        if (batch.Count > 0)
        {
            var receipt = new ReceiptPayload([.. batch.Select(s => new HeldHead(new LogHead(s.Origin, s.Size, s.Root), s.Since))]);
            entries.Add(new NewEntry(EntryKind.Receipt, receipt.Encode()));
        }

        if (erased.Count > 0)
        {
            var erasure = new ErasurePayload([.. erased.Select(e => new CarriedOut(e.Origin, e.Size, e.At))]);
            entries.Add(new NewEntry(EntryKind.Erasure, erasure.Encode()));
        }

        var result = await appender.AppendAsync(log.Text, new AppendRequest(entries));
        if (result.Refusal != AppendRefusal.None)
        {
            LogNotWritten(result.Error!);
            return false;
        }

        _written = clock.GetTimestamp();
        _gathered.RemoveRange(0, batch.Count);
        foreach (var statement in batch)
        {
            _row.Receipted[statement.Origin] = statement.Size;
        }

        foreach (var statement in erased)
        {
            (_row.Erased ??= [])[statement.Origin] = statement.Size;

            // While it was written more may have been carried out.
            if (_erased.GetValueOrDefault(statement.Origin).Size == statement.Size)
            {
                _erased.Remove(statement.Origin);
            }
        }

        _row.Log = log.Text;
        _etag = await rows.WriteAsync(RowKind, identity.Member, _row, _etag);
        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "Receipts could not be written and are tried again: {Error}")]
    private partial void LogNotWritten(string error);
}
