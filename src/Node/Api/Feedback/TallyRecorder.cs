using FederationNode.Contracts.Api;
using FederationNode.Contracts.Feedback;
using FederationNode.Grains;
using FederationNode.Grains.Identity;

namespace FederationNode.Node.Api.Feedback;

/// <summary>
/// Counts what this node's checks found, by category, and now and then makes it durable; counts of days that are over go
/// into the log. What was counted in the last interval is lost if the process is killed.
/// </summary>
internal sealed partial class TallyRecorder(
    IGrainFactory grains,
    NodeIdentity identity,
    LocalApiOptions options,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<TallyRecorder> logger) : BackgroundService
{
    private const string Block = "block";
    private const string None = "none";

    private readonly Lock _lock = new();
    private Dictionary<(long Day, string Category), (long Matches, long Blocks)> _counts = [];

    private IFeedbackGrain Feedback => grains.GetGrain<IFeedbackGrain>(identity.Member);

    /// <summary>Counts an item that was checked: once for each category that it matches.</summary>
    public void Count(CheckVerdict verdict)
    {
        if (verdict.Matches.Count == 0)
        {
            return;
        }

        var day = clock.GetUtcNow().ToUnixTimeSeconds() / 86_400;
        lock (_lock)
        {
            foreach (var category in verdict.Matches.Where(m => m.Verdict != None).GroupBy(m => m.Category, StringComparer.Ordinal))
            {
                var (matches, blocks) = _counts.GetValueOrDefault((day, category.Key));
                var isBlocked = category.Any(m => m.Verdict == Block);
                _counts[(day, category.Key)] = (matches + 1, blocks + (isBlocked ? 1 : 0));
            }
        }
    }

    /// <summary>Makes the counts durable, and writes those of days that are over.</summary>
    public async Task FlushAsync()
    {
        Dictionary<(long Day, string Category), (long Matches, long Blocks)> counts;
        lock (_lock)
        {
            (counts, _counts) = (_counts, []);
        }

        foreach (var day in counts.GroupBy(c => c.Key.Day))
        {
            try
            {
                await Feedback.CountAsync(
                    day.Key,
                    [.. day.Select(c => new CategoryCount(c.Key.Category, c.Value.Matches, c.Value.Blocks, 0))]);
            }
            catch (Exception failure)
            {
                LogLost(day.Sum(c => c.Value.Matches), failure);
            }
        }

        try
        {
            await Feedback.WriteTalliesAsync(clock.GetUtcNow().ToUnixTimeSeconds() / 86_400);
        }
        catch (Exception failure)
        {
            LogNotWritten(failure);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await FlushAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(options.TallyInterval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested)
            {
                await FlushAsync();
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Matches} matches are not in the daily tallies: they could not be stored.")]
    private partial void LogLost(long matches, Exception failure);

    [LoggerMessage(2, LogLevel.Warning, "Daily tallies could not be written and are tried again.")]
    private partial void LogNotWritten(Exception failure);
}
