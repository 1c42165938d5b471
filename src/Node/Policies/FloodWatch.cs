using FederationNode.Grains;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Storage;
using FederationNode.Matching.Policy;

namespace FederationNode.Node.Policies;

/// <summary>
/// Puts logs that grow by more than the policy lets pass in quarantine, and remembers it over a restart. Without a limit in
/// the policy it does nothing and stores nothing.
/// </summary>
internal sealed partial class FloodWatch(
    PolicyBoard board,
    MergedList list,
    ListFollower follower,
    NodeIdentity identity,
    RowStore rows,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<FloodWatch> logger) : BackgroundService
{
    /// <summary>How often it looks while nothing arrives: quarantines end with time.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _looking = new(1);
    private FloodMemory _memory = FloodMemory.Empty;
    private FloodMemory _stored = FloodMemory.Empty;
    private string? _etag;

    /// <summary>Reads what was remembered; what was in quarantine is so from the first answer on. Safe from any thread.</summary>
    public Task LoadAsync() => AloneAsync(LoadAloneAsync);

    /// <summary>Looks at the logs. Safe from any thread.</summary>
    public Task LookAsync() => AloneAsync(LookAloneAsync);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LoadAsync();
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var changed = follower.ChangedAsync();
            await LookAsync();
            await changed.WaitAsync(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _looking.Dispose();
        base.Dispose();
    }

    private async Task AloneAsync(Func<Task> action)
    {
        await _looking.WaitAsync();
        try
        {
            await action();
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task LoadAloneAsync()
    {
        (var row, _etag, var damage) = await rows.ReadDisposableAsync<FloodRow>(
            FloodRow.RowKind, identity.Member, r => r.Fault());
        if (damage is not null)
        {
            LogDamaged(damage);
        }

        _memory = _stored = row.ToMemory();
        if (board.Verdicts.Flood is not null)
        {
            board.Hold(new QuarantineTable(_memory.Quarantines));
        }
    }

    private async Task LookAloneAsync()
    {
        if (board.Verdicts.Flood is not { } limit)
        {
            board.Hold(QuarantineTable.Empty);
            return;
        }

        // While the list is loaded, its logs look shorter than they are.
        if (!follower.IsReady)
        {
            return;
        }

        var before = _memory;
        _memory = FloodMeter.Look(
            before, limit, identity.Member, list.Applied, clock.GetUtcNow().ToUnixTimeSeconds());
        var quarantines = new QuarantineTable(_memory.Quarantines);
        board.Hold(quarantines);
        foreach (var held in quarantines.All.Where(q => before.Quarantines.All(b => b.Log != q.Log)))
        {
            LogHeld(held.Log, held.From, held.Excess);
        }

        if (!_memory.IsAs(_stored))
        {
            await StoreAsync();
        }
    }

    private async Task StoreAsync()
    {
        try
        {
            _etag = await rows.WriteAsync(FloodRow.RowKind, identity.Member, FloodRow.Of(_memory), _etag);
            _stored = _memory;
        }
        catch (StorageException failure)
        {
            // What it holds counts all the same; the storage says so itself. It is written with the next change.
            LogNotStored(failure);
        }
        catch (RowConflictException conflict)
        {
            // A write whose outcome was unknown had gone through.
            LogNotStored(conflict);
            _etag = (await rows.ReadDisposableAsync<FloodRow>(FloodRow.RowKind, identity.Member)).ETag;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Log} is in quarantine from entry {From} on: {Excess}.")]
    private partial void LogHeld(string log, long from, string excess);

    [LoggerMessage(2, LogLevel.Warning, "How the logs grew is not known any more: its row is damaged. It is begun anew.")]
    private partial void LogDamaged(Exception damage);

    [LoggerMessage(3, LogLevel.Warning, "How the logs grew could not be stored; it is tried again.")]
    private partial void LogNotStored(Exception failure);
}
