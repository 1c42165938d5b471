using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

public sealed partial class SimNode
{
    /// <summary>
    /// One durable write: all of it or nothing. If the process dies meanwhile, it may have been done or not; nobody
    /// was told then.
    /// </summary>
    private void Write(Action durable, Action done)
    {
        var life = _life;
        var doneAnyhow = World.Dice.Chance(0.5);
        World.Time.After(DiskLatency + World.Dice.Below(3), () =>
        {
            if (life == _life && !DiskFull)
            {
                durable();
                // The process may die between the write and whatever follows it.
                World.Time.After(0, () => Alive(life, done));
            }
            else if (life != _life && doneAnyhow && !DiskFull && World.Mutant is not Mutant.SignBeforeDurable)
            {
                if (!IsUp)
                {
                    durable();
                }
            }
        });
    }

    private void Store(StoreRange store)
    {
        var (range, verified) = _fetched[store.Id];
        if (DiskFull)
        {
            Step(new RangeStored(store.Id, StoreOutcome.Unavailable));
            return;
        }

        var log = Log(store.Origin);
        var outcome = StoreOutcome.Stored;
        var life = _life;
        var written = false;
        Write(
            () =>
            {
                outcome = Extend(log, range, verified);
                written = true;
            },
            () => Step(new RangeStored(store.Id, outcome)));
        World.Time.After(DiskLatency + 10, () => Alive(life, () =>
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

    private StoreOutcome Extend(ReplicaLog log, SimRange range, VerifiedRange verified)
    {
        switch (verified.Join(log.Held, log.Nodes(verified.NodesToJoin(log.Held))))
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

        log.Extend(range, verified);
        World.Durable(this, log);
        Step(log.Moved());
        World.Changed(this, log);
        return StoreOutcome.Stored;
    }
}
