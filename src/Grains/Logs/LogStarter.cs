using FederationNode.Contracts.Indicators;
using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Roster;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Replication;
using FederationNode.Grains.Rosters;
using FederationNode.Grains.Storage;
using FederationNode.Protocol.Roster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Logs;

/// <summary>
/// Wakes what must be awake: at start the roster and every log that it names, so that their heads are known and the
/// list can load; later the logs of members that a new roster brings, and the roster itself when its log grows.
/// </summary>
public sealed partial class LogStarter(
    IGrainFactory grains,
    NodeIdentity identity,
    RosterBoard roster,
    HeadBoard heads,
    ListFollower follower,
    ReplicationDriver replication,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<LogStarter> logger) : BackgroundService
{
    private readonly SemaphoreSlim _rosterGrew = new(0, 1);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _rosterGrew.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var rosterOrigin = identity.Anchor.RosterLogKey.Name;
        void OnGrew(LogStatus head)
        {
            if (head.Origin == rosterOrigin && _rosterGrew.CurrentCount == 0)
            {
                _rosterGrew.Release();
            }
        }

        heads.Grew += OnGrew;
        try
        {
            var rosterGrain = grains.GetGrain<IRosterGrain>(identity.Coalition);
            await rosterGrain.GetAsync();
            if (await WakeAsync(rosterOrigin))
            {
                await FollowStoredRosterAsync(rosterGrain);
            }

            await WakeLogsAsync(roster.Current);
            heads.Complete();
            await replication.BeginAsync();
            await ReceiptRosterAsync(rosterOrigin);
            if (roster.Current is not null)
            {
                await follower.BecomeLoadedAsync(heads.All(), stoppingToken);
            }

            _ = BecomeReadyAsync(stoppingToken);

            while (true)
            {
                await _rosterGrew.WaitAsync(stoppingToken);
                await FollowRosterAsync(rosterGrain, stoppingToken);
            }
        }
        finally
        {
            heads.Grew -= OnGrew;
        }
    }

    /// <summary>Ready is who has, and has applied, all that others were seen to hold when this node started.</summary>
    private async Task BecomeReadyAsync(CancellationToken stopping)
    {
        await replication.CaughtUpAsync().WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stopping.IsCancellationRequested)
        {
            await follower.BecomeReadyAsync(heads.All(), stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A damaged row of the roster log leaves the roster in force that the node had.</summary>
    private async Task FollowStoredRosterAsync(IRosterGrain rosterGrain)
    {
        try
        {
            await rosterGrain.FollowLogAsync();
        }
        catch (CorruptStateException failure)
        {
            LogRosterFailed(failure);
        }
    }

    private async Task FollowRosterAsync(IRosterGrain rosterGrain, CancellationToken stopping)
    {
        try
        {
            await rosterGrain.FollowLogAsync();
            await WakeLogsAsync(roster.Current);
            await ReceiptRosterAsync(identity.Anchor.RosterLogKey.Name);
            await follower.ReceiptAllAsync();
            if (!follower.IsLoaded && roster.Current is not null)
            {
                await follower.BecomeLoadedAsync([], stopping);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The roster in force stays in force; the next entry of the roster log tries again.
            LogRosterFailed(failure);
        }
    }

    /// <summary>The roster log is receipted like the members' indicators logs: here it is applied.</summary>
    private async Task ReceiptRosterAsync(string origin)
    {
        if (identity.KeyOf(origin) is null && heads.Get(origin) is { SignedSize: > 0 } head)
        {
            await grains.GetGrain<IReceiptsGrain>(identity.Member).HeldAsync(
                [new HeldStatement(origin, head.SignedSize, head.SignedRoot, clock.GetUtcNow().ToUnixTimeMilliseconds())]);
        }
    }

    private async Task WakeLogsAsync(RosterDocument? document)
    {
        var origins = identity.LogKeys.Select(k => k.VerificationKey.Name)
            .Concat(document?.Members.SelectMany(m => m.Logs).Select(l => l.Origin.Text) ?? []);
        var closed = document?.Members.SelectMany(m => m.Logs).Where(l => l.ClosedAt is not null).Select(l => l.Origin.Text)
            .ToHashSet(StringComparer.Ordinal) ?? [];
        foreach (var origin in origins.Distinct().Where(o => heads.Get(o) is null || closed.Contains(o)))
        {
            await WakeAsync(origin);
        }
    }

    /// <summary>Wakes a log; false if its head is damaged, which must not keep the others asleep.</summary>
    private async Task<bool> WakeAsync(string origin)
    {
        try
        {
            await grains.GetGrain<IMemberLogGrain>(origin).GetStatusAsync();
            return true;
        }
        catch (CorruptStateException damage)
        {
            follower.HoldUp(origin, damage);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Following the roster log failed; the roster in force stays.")]
    private partial void LogRosterFailed(Exception failure);
}
