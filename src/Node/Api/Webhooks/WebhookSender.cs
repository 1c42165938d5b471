using System.Collections.Immutable;
using FederationNode.Grains;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Storage;
using FederationNode.Node.Api.Changes;

namespace FederationNode.Node.Api.Webhooks;

/// <summary>
/// Tells the webhooks of changes, each for itself: one that is away keeps no other waiting. The webhooks may be replaced while
/// it runs. Safe from any thread.
/// </summary>
internal sealed partial class WebhookSender : BackgroundService
{
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(5);

    // No redirect is followed and no proxy asked: batches go where the operator said, and nowhere else.
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseHeadersLength = 16,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly Lock _taking = new();
    private readonly Func<Webhook, WebhookRun> _makeRun;
    private readonly TimeProvider _clock;
    private readonly ILogger<WebhookSender> _logger;

    // Both replaced as a whole, under the lock; the signal ends when there are other runs.
    private volatile IReadOnlyList<WebhookRun> _runs;
    private volatile TaskCompletionSource _replaced = NewSignal();
    private volatile string? _fault;

    public WebhookSender(
        LocalApiOptions options,
        RowStore rows,
        ChangeReader reader,
        ListFollower follower,
        DamageBoard damages,
        [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
        ILogger<WebhookSender> logger)
    {
        (_clock, _logger) = (clock, logger);
        _makeRun = webhook => new WebhookRun(webhook, options.WebhookTimes, _http, rows, reader, follower, damages, clock);
        _runs = [.. options.Webhooks.Select(_makeRun)];
    }

    /// <summary>One for each webhook, in the order of the file.</summary>
    public IReadOnlyList<WebhookRun> Runs => _runs;

    /// <summary>What an operator must know of the file, or null.</summary>
    public string? Alarm => _fault is { } fault ? $"The webhooks on the disk are not in force, those before still are: {fault}" : null;

    /// <summary>
    /// From now on tells these. One that is as it was goes on undisturbed. One that was changed goes on from where it had
    /// come, at its new address.
    /// </summary>
    /// <returns>Whether anything is other than before.</returns>
    public bool Take(IReadOnlyList<Webhook> webhooks)
    {
        lock (_taking)
        {
            var before = _runs;
            ImmutableArray<WebhookRun> runs = [.. webhooks.Select(w => before.FirstOrDefault(r => r.Webhook.IsSame(w)) ?? _makeRun(w))];
            var isOther = _fault is not null || !runs.SequenceEqual(before);
            (_runs, _fault) = (runs, null);
            var replaced = _replaced;
            _replaced = NewSignal();
            replaced.TrySetResult();
            return isOther;
        }
    }

    /// <summary>What is on the disk cannot be used: those before stay.</summary>
    public void Refuse(string fault) => _fault = fault;

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new Dictionary<WebhookRun, (CancellationTokenSource Stop, Task Task)>();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                // The signal first: what is taken meanwhile ends the wait at once.
                var replaced = _replaced.Task;
                var runs = _runs;

                // One that was changed may have written a row just now: the new one reads it after that.
                foreach (var run in running.Keys.Except(runs).ToList())
                {
                    await StopAsync(running[run]);
                    running.Remove(run);
                }

                foreach (var run in runs.Except(running.Keys))
                {
                    var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                    running[run] = (stop, RunAsync(run, stop.Token));
                }

                await replaced.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            foreach (var one in running.Values)
            {
                await StopAsync(one);
            }
        }
    }

    private static async Task StopAsync((CancellationTokenSource Stop, Task Task) running)
    {
        await running.Stop.CancelAsync();
        await running.Task;
        running.Stop.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync(WebhookRun run, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await run.RunAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // The storage failed, or a log cannot be read now: it goes on from the last durable cursor.
                LogFailed(run.Name, s_retryAfter.TotalSeconds, failure);
                await Task.Delay(s_retryAfter, _clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Telling the webhook {Name} of changes failed here; it goes on in {Seconds} s.")]
    private partial void LogFailed(string name, double seconds, Exception failure);
}
