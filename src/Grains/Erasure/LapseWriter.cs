using FederationNode.Contracts.Logs;
using FederationNode.Grains.Identity;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Logs;
using FederationNode.Grains.Rosters;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Erasure;

/// <summary>
/// Says in the own log that a day has come, when listings in it lapse by that: every node then erases their payloads. At most
/// one entry a day, and never ahead of what somebody else has signed: a clock that is wrong would have payloads erased that
/// nobody can bring back. docs/protocol.md, "Lapsing".
/// </summary>
public sealed partial class LapseWriter(
    MergedList list,
    ListFollower follower,
    RosterBoard roster,
    NodeIdentity identity,
    LogAppender appender,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<LapseWriter> logger) : BackgroundService
{
    /// <summary>How often it looks whether a day has come.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private const long Day = 86_400;

    private (string Origin, long Time) _looked = ("", 0);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (follower.IsReady)
                {
                    await LookAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What lapses is said after the next start.
        }
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        if (roster.Current is not { } document || identity.WrittenLog(document, Origin.Indicators)?.Origin is not { } log)
        {
            return;
        }

        var signed = Math.Max(document.Issued, list.NewestOfOthers(identity.Member, roster.Counts));
        var time = Math.Min(clock.GetUtcNow().ToUnixTimeSeconds(), signed) / Day * Day;
        if (_looked.Origin == log.Text && _looked.Time >= time)
        {
            return;
        }

        if (list.AnyLapsesBy(log, time))
        {
            var lapse = new LapsePayload(time);
            var result = await appender.AppendAsync(log.Text, new AppendRequest([new NewEntry(lapse.Kind, lapse.Encode())]), stopping);
            if (result.Refusal != AppendRefusal.None)
            {
                LogNotWritten(log.Text, result.Error!);
                return;
            }

            LogWritten(log.Text, result.First, DateTimeOffset.FromUnixTimeSeconds(time));
        }

        _looked = (log.Text, time);
    }

    [LoggerMessage(1, LogLevel.Information, "Entry {Index} of {Origin} says that {Time} has come: what ended long enough before lapses.")]
    private partial void LogWritten(string origin, long index, DateTimeOffset time);

    [LoggerMessage(2, LogLevel.Warning, "It cannot be said in {Origin} that listings in it lapse; it is tried again each minute: {Error}")]
    private partial void LogNotWritten(string origin, string error);
}
