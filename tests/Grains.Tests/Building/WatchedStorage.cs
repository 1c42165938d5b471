using System.Collections.Concurrent;
using Orleans.Storage;

namespace FederationNode.Grains.Tests.Building;

/// <summary>
/// Stands before the real storage: counts what happens, and lets a test fail an operation or hold it up at a chosen
/// point.
/// </summary>
internal sealed class WatchedStorage(IGrainStorage inner) : IGrainStorage
{
    private const string KindPrefix = "row/";

    private readonly ConcurrentDictionary<string, int> _reads = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _writes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _failed = new(StringComparer.Ordinal);

    /// <summary>Runs before a row of this kind is written; may wait or throw.</summary>
    public Func<string, Task>? BeforeWrite { get; set; }

    /// <summary>Runs after a row of this kind was written; may wait or throw.</summary>
    public Func<string, Task>? AfterWrite { get; set; }

    /// <summary>Runs before a row of this kind is read; may wait or throw.</summary>
    public Func<string, Task>? BeforeRead { get; set; }

    public int Reads(string kind) => _reads.GetValueOrDefault(kind);

    public int Writes(string kind) => _writes.GetValueOrDefault(kind);

    public int FailedWrites(string kind) => _failed.GetValueOrDefault(kind);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var kind = KindOf(stateName);
        if (BeforeRead is { } hook)
        {
            await hook(kind);
        }

        await inner.ReadStateAsync(stateName, grainId, grainState);
        _reads.AddOrUpdate(kind, 1, (_, n) => n + 1);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var kind = KindOf(stateName);
        if (BeforeWrite is { } before)
        {
            try
            {
                await before(kind);
            }
            catch (IOException)
            {
                _failed.AddOrUpdate(kind, 1, (_, n) => n + 1);
                throw;
            }
        }

        await inner.WriteStateAsync(stateName, grainId, grainState);
        _writes.AddOrUpdate(kind, 1, (_, n) => n + 1);
        if (AfterWrite is { } after)
        {
            await after(kind);
        }
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ClearStateAsync(stateName, grainId, grainState);

    /// <summary>A hook that fails the next operation on a kind of row, once, as a full disk would.</summary>
    public static Func<string, Task> FailOnce(string kind)
    {
        var left = 1;
        return k => k == kind && Interlocked.Exchange(ref left, 0) == 1
            ? throw new IOException("No space left on device")
            : Task.CompletedTask;
    }

    private static string KindOf(string stateName) =>
        stateName.StartsWith(KindPrefix, StringComparison.Ordinal) ? stateName[KindPrefix.Length..] : stateName;
}
