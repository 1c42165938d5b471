using Microsoft.Extensions.Hosting;

namespace FederationNode.Detector.Settings;

/// <summary>
/// Takes up a changed settings file while the program runs, or a changed file that it names. It looks at times and sizes, so that it
/// does not matter whether a file was written over, renamed into its place, or lies on a file system that tells nobody of
/// changes.
/// </summary>
/// <param name="stamps">The files as they were when they were last read; null: they are read at once.</param>
/// <param name="clock">Tells when to look.</param>
internal abstract class FileWatch(FileStamps? stamps, TimeProvider clock) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _looking = new();
    private FileStamps? _stamps = stamps;

    /// <summary>
    /// Looks at the files, and reads them again if one has changed. Safe from any thread: when it returns, what was on the disk
    /// when it was called is in force, or refused.
    /// </summary>
    public void Look()
    {
        lock (_looking)
        {
            if (_stamps?.AreCurrent() is true)
            {
                return;
            }

            // Also of what is refused: the fault may be in a file that only this one names.
            _stamps = new FileStamps();
            try
            {
                TakeUp(_stamps);
            }
            catch (SettingsException e)
            {
                Refuse(e.Message);
            }
        }
    }

    /// <summary>Reads the files, and lets all of what they say hold.</summary>
    /// <param name="stamps">Takes the files before they are read.</param>
    /// <exception cref="SettingsException">They cannot be used; nothing has changed.</exception>
    protected abstract void TakeUp(FileStamps stamps);

    /// <summary>Says that what is on the disk does not hold, and what to do.</summary>
    protected abstract void Refuse(string fault);

    /// <summary>Looks at the files again and again until told to stop; then it returns.</summary>
    public async Task WatchAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            Look();
            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => WatchAsync(stoppingToken);
}
