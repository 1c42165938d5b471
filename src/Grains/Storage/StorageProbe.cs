using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FederationNode.Grains.Storage;

/// <summary>
/// Looks after the storage: stops writing before the disk is quite full, so that what is there can still be closed
/// cleanly, and tries again while it fails, so that the node resumes by itself.
/// </summary>
public sealed partial class StorageProbe(
    RowStore rows,
    StorageConnection connection,
    [FromKeyedServices(FederationClock.Key)] TimeProvider clock,
    ILogger<StorageProbe> logger) : BackgroundService
{
    /// <summary>Kind of the row that is written to try.</summary>
    public const string RowKind = "probe";

    private const long Reserve = 32L << 20;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        rows.Health.Changed += OnChanged;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await LookAsync();
                await Task.Delay(s_interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            rows.Health.Changed -= OnChanged;
        }
    }

    private async Task LookAsync()
    {
        if (Free() is { } free && free < Reserve)
        {
            rows.Health.Failed(
                $"{connection}: only {free >> 20} MiB are free on its disk, {Reserve >> 20} MiB are kept back; free some space.");
        }
        else if (rows.Health.Fault is not null)
        {
            await TryAsync();
        }
    }

    private async Task TryAsync()
    {
        try
        {
            var there = await rows.ReadAsync<ProbeRow>(RowKind, RowKind);
            await rows.WriteAsync(RowKind, RowKind, new ProbeRow { Tries = (there?.Value.Tries ?? 0) + 1 }, there?.ETag);
        }
        catch (Exception failure) when (failure is StorageException or RowConflictException or CorruptStateException)
        {
            LogStillFails(failure.Message);
        }
    }

    private long? Free()
    {
        try
        {
            return connection.FilePath is { } path ? new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Not every file system tells; a write that fails does.
            return null;
        }
    }

    private void OnChanged(string? fault)
    {
        if (fault is null)
        {
            LogWorks();
        }
        else
        {
            LogFails(fault);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The storage takes nothing, and the node only reads from now on. {Fault}")]
    private partial void LogFails(string fault);

    [LoggerMessage(2, LogLevel.Debug, "The storage still takes nothing. {Fault}")]
    private partial void LogStillFails(string fault);

    [LoggerMessage(3, LogLevel.Information, "The storage takes entries again.")]
    private partial void LogWorks();
}

/// <summary>What is written to see whether the storage takes anything.</summary>
[MessagePack.MessagePackObject]
public sealed class ProbeRow
{
    /// <summary>How often it was tried.</summary>
    [MessagePack.Key(0)]
    public int Tries { get; set; }
}
