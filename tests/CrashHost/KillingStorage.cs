using System.Diagnostics;
using Orleans.Storage;

namespace FederationNode.CrashHost;

/// <summary>
/// A storage that ends the process with SIGKILL before or after the n-th write of a kind of row: no handler runs, no
/// buffer is flushed, nothing is said to anybody.
/// </summary>
internal sealed class KillingStorage(IGrainStorage inner, string kind, bool after, int occurrence) : IGrainStorage
{
    private readonly string _state = "row/" + kind;
    private int _seen;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ReadStateAsync(stateName, grainId, grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ClearStateAsync(stateName, grainId, grainState);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var counts = stateName == _state;
        if (counts && !after && Interlocked.Increment(ref _seen) == occurrence)
        {
            Die();
        }

        await inner.WriteStateAsync(stateName, grainId, grainState);

        // A write that conflicts throws, and does not count as done.
        if (counts && after && Interlocked.Increment(ref _seen) == occurrence)
        {
            Die();
        }
    }

    /// <summary>SIGKILL to this process; does not return.</summary>
    public static void Die()
    {
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}
