using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

public sealed partial class SimNode
{
    private void Store(StoreRange store)
    {
        var (range, verified) = _fetched[store.Id];
        var log = Log(store.Origin);
        if (DiskFull || log.IsDamaged)
        {
            Step(new RangeStored(store.Id, StoreOutcome.Unavailable));
            return;
        }

        var outcome = StoreOutcome.Stored;
        var written = false;
        Extend(
            log,
            range,
            verified,
            o => (outcome, written) = (o, true),
            () => Step(new RangeStored(store.Id, outcome)));
        World.Time.After(DiskLatency + 10, Living(() =>
        {
            if (!written)
            {
                Step(new RangeStored(store.Id, StoreOutcome.Unavailable));
            }
        }));
    }

    /// <summary>Urgent entries count before those below them have come.</summary>
    private void Overlie(ReplicaLog log, SimRange range, VerifiedRange verified)
    {
        if (range.Origin != Origin && log.Overlie(range, verified, World.Options.MaxOverlayRuns))
        {
            World.Changed(this, log);
            Step(new UrgentHeld(new UrgentRun(log.Origin, verified.From, verified.End)));
        }
    }

    /// <summary>Writes what of a range continues the log.</summary>
    /// <param name="log">The log.</param>
    /// <param name="range">The range.</param>
    /// <param name="verified">The same, verified by itself.</param>
    /// <param name="kept">Is told the outcome once it is on the disk.</param>
    /// <param name="done">Whatever follows, if the process still lives.</param>
    private void Extend(ReplicaLog log, SimRange range, VerifiedRange verified, Action<StoreOutcome> kept, Action done)
    {
        var join = RangeJoin.Gap;
        Write(
            log.Origin,
            on =>
            {
                join = verified.Join(on.Held, on.Nodes(verified.NodesToJoin(on.Held)));
                if (join is RangeJoin.Held or RangeJoin.Continues)
                {
                    on.Extend(range, verified);
                }
            },
            () => kept(Joined(log, range, verified, join)),
            done);
    }

    private StoreOutcome Joined(ReplicaLog log, SimRange range, VerifiedRange verified, RangeJoin join)
    {
        switch (join)
        {
            case RangeJoin.Contradicts when log.Fork is null || log.Held < log.Fork.Value.FreezeAt:
                return StoreOutcome.Contradicts;
            case RangeJoin.Contradicts:
                // A frozen log that has all that is common to the branches.
                return StoreOutcome.Stored;
            case RangeJoin.Gap:
                Overlie(log, range, verified);
                return StoreOutcome.Stored;
        }

        World.Durable(this, log);
        Step(log.Moved());
        World.Changed(this, log);
        return StoreOutcome.Stored;
    }
}
