using FederationNode.Protocol.Replication;

namespace FederationNode.Protocol.Tests.Replication;

/// <summary>A core among peers that answer at once, as the test says; only its timers make time pass.</summary>
internal sealed class CoreInVirtualTime(
    ReplicationOptions options, Func<ReplicationEffect, IEnumerable<ReplicationEvent>> answersTo)
{
    public Replicator Core { get; } = new("a", 7, options);

    public long Now { get; private set; }

    /// <summary>All that the core wanted done, in order.</summary>
    public List<ReplicationEffect> Done { get; } = [];

    public void RunUntil(long time)
    {
        while (Core.NextDue <= time)
        {
            Now = Math.Max(Now, Core.NextDue);
            Step(new Tick());
        }

        Now = time;
    }

    public void Step(ReplicationEvent happened)
    {
        var waiting = new Queue<ReplicationEvent>([happened]);
        while (waiting.TryDequeue(out var next))
        {
            foreach (var effect in Core.Step(next, Now))
            {
                Done.Add(effect);
                foreach (var answer in answersTo(effect))
                {
                    waiting.Enqueue(answer);
                }
            }
        }
    }
}
