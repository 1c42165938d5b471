using FederationNode.Grains.Rosters;
using FederationNode.Protocol.Roster;

namespace FederationNode.Node.Api.Changes;

/// <summary>Tells who waits that another roster came into force. Safe from any thread.</summary>
internal sealed class RosterWatch : IDisposable
{
    private readonly RosterBoard _board;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RosterWatch(RosterBoard board)
    {
        _board = board;
        _board.Changed += OnChanged;
    }

    /// <summary>Ends when another roster came into force after the call.</summary>
    public Task ChangedAsync() => Volatile.Read(ref _changed).Task;

    public void Dispose() => _board.Changed -= OnChanged;

    private void OnChanged(RosterDocument roster)
    {
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _changed, next).SetResult();
    }
}
