namespace FederationNode.Simulation;

/// <summary>Virtual time: what happens when, one thing after the other. Ties go by the order of scheduling.</summary>
public sealed class Scheduler
{
    private readonly PriorityQueue<Action, (long Time, long Order)> _queue = new();
    private long _order;

    /// <summary>Milliseconds since the start.</summary>
    public long Now { get; private set; }

    /// <summary>Events so far.</summary>
    public long Events { get; private set; }

    public void After(long delay, Action action) => _queue.Enqueue(action, (Now + Math.Max(0, delay), _order++));

    /// <summary>Takes the next event, if it is due by then.</summary>
    public bool RunOne(long until)
    {
        if (!_queue.TryPeek(out _, out var next) || next.Time > until)
        {
            Now = Math.Max(Now, until);
            return false;
        }

        var action = _queue.Dequeue();
        Now = next.Time;
        Events++;
        action();
        return true;
    }
}
