using FederationNode.Contracts;

namespace FederationNode.Node.Api;

/// <summary>Holds places among the answers of one kind that may be under way at the same time.</summary>
internal abstract class Places(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count);

    /// <summary>Takes a place until the answer is complete; false if there is none.</summary>
    public bool TryTake(HttpContext context)
    {
        if (!_free.Wait(0))
        {
            return false;
        }

        context.Response.OnCompleted(() =>
        {
            _free.Release();
            return Task.CompletedTask;
        });
        return true;
    }

    public void Dispose() => _free.Dispose();
}

/// <summary>Places of server-sent streams.</summary>
internal sealed class StreamPlaces() : Places(Limits.MaxChangeStreams);

/// <summary>Places of snapshots.</summary>
internal sealed class SnapshotPlaces() : Places(Limits.MaxSnapshots);

/// <summary>Places of checks as streams of lines.</summary>
internal sealed class CheckStreamPlaces() : Places(Limits.MaxCheckStreams);

/// <summary>Places of requests for seller tags.</summary>
internal sealed class SellerTagPlaces() : Places(Limits.MaxSellerTagRequests);

/// <summary>Places of checks as forms.</summary>
internal sealed class CheckFormPlaces() : Places(Limits.MaxCheckForms);
