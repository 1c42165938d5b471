using FederationNode.Grains;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Storage;
using FederationNode.Node.Api.Changes;

namespace FederationNode.Node.Api.Webhooks;

/// <summary>Tells the webhooks of changes, each for itself: one that is away keeps no other waiting.</summary>
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

    private readonly TimeProvider _clock;
    private readonly ILogger<WebhookSender> _logger;

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
        Runs = [.. options.Webhooks.Select(w => new WebhookRun(w, options.WebhookTimes, _http, rows, reader, follower, damages, clock))];
    }

    public IReadOnlyList<WebhookRun> Runs { get; }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Runs.Select(run => RunAsync(run, stoppingToken)));

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
