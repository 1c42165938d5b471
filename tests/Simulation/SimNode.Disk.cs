using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

public sealed partial class SimNode
{
    private readonly List<Writing> _writing = [];
    private readonly SortedDictionary<string, SaveBackoff> _backoffs = new(StringComparer.Ordinal);

    /// <summary>What is on the disk, by log.</summary>
    public SortedDictionary<string, DiskLog> Disk { get; } = new(StringComparer.Ordinal);

    /// <summary>Rows of this node's disk were damaged: what it gives of those logs may end before them.</summary>
    public bool IsDamaged { get; private set; }

    private DiskLog DiskOf(string origin)
    {
        if (!Disk.TryGetValue(origin, out var disk))
        {
            Disk[origin] = disk = new DiskLog(origin);
        }

        return disk;
    }

    /// <summary>One commit: what it makes of a log, and what is then true, whoever still hears of it.</summary>
    private sealed record Writing(string Origin, Action<ReplicaLog> Change, Action Kept);

    /// <summary>
    /// A durable write. It takes its time; if the process dies meanwhile, <see cref="Crash"/> says what is left of it.
    /// </summary>
    private void Write(string origin, Action<ReplicaLog> change, Action kept, Action done)
    {
        var writing = new Writing(origin, change, kept);
        _writing.Add(writing);
        World.Time.After(DiskLatency + World.Dice.Below(3), () =>
        {
            if (!_writing.Remove(writing))
            {
                return;
            }

            if (DiskFull)
            {
                // The disk became full in the middle.
                Tear(writing);
                return;
            }

            Finish(writing);

            // The process may die between the write and whatever follows it.
            World.Time.After(0, Living(done));
        });
    }

    private void Finish(Writing writing)
    {
        var log = Log(writing.Origin);
        writing.Change(log);
        DiskOf(writing.Origin).Commit(log);
        writing.Kept();
    }

    private void Tear(Writing writing)
    {
        var after = Log(writing.Origin).Copy();
        writing.Change(after);
        DiskOf(writing.Origin).Tear(after, World.Dice, World.Mutant is Mutant.HeadBeforeContent);
    }

    /// <summary>
    /// The process dies, or the power fails: all that was not durable is gone. Of each log one write at most was under
    /// way; it is done and nobody was told, or it left rows that no head names, or nothing.
    /// </summary>
    public void Crash()
    {
        _life++;
        Core = null;
        World.Note($"{Name} crashes");
        var torn = new HashSet<string>(StringComparer.Ordinal);
        foreach (var writing in _writing)
        {
            var chance = World.Dice.Below(4);
            if (!torn.Add(writing.Origin) || DiskFull || World.Mutant is Mutant.SignBeforeDurable)
            {
                continue;
            }

            if (chance == 0)
            {
                Finish(writing);
            }
            else if (chance < 3)
            {
                World.Note($"{Name} leaves a torn write of {writing.Origin}");
                Tear(writing);
            }
        }

        _writing.Clear();
        _fetched.Clear();
        _outlines.Clear();
        Load();
    }

    /// <summary>Reads the disk anew.</summary>
    private void Load()
    {
        foreach (var (origin, disk) in Disk)
        {
            var log = disk.Load(row => World.Hold(
                false,
                "a head on the disk names only rows that are there",
                $"{Name} {origin} row {row} of {disk.Size} entries"));
            log.ReadsBlindly = World.Mutant is Mutant.ReadBlindly;
            Logs[origin] = log;
            if (!log.IsDamaged)
            {
                World.Durable(this, log);
            }
        }
    }

    /// <summary>Sets a log back to where it was when a backup was made. The node is down.</summary>
    public void RestoreBackup(ReplicaLog log, long size)
    {
        log.CutTo(size, null);
        DiskOf(log.Origin).Commit(log);
        World.Restored(this, log);
    }

    /// <summary>Turns over a bit of a sealed row.</summary>
    public void FlipRow(ReplicaLog log, long row, Dice dice)
    {
        World.Note($"{Name} has a bit flipped in row {row} of {log.Origin}");
        IsDamaged = true;
        log.ReadsBlindly = World.Mutant is Mutant.ReadBlindly;
        DiskOf(log.Origin).Flip(row, dice, log);
    }

    /// <summary>Damages the head row of another's log. The node is down: while it runs, it would write the row anew.</summary>
    public void FlipHead(string origin)
    {
        World.Note($"{Name} has a bit flipped in the head of {origin}");
        IsDamaged = true;
        DiskOf(origin).IsHeadDamaged = true;
        Load();
    }

    /// <summary>Written at leisure: a crash may lose the newest.</summary>
    private void Save(SaveBackoff save) => World.Time.After(DiskLatency, Living(() =>
    {
        if (!DiskFull)
        {
            _backoffs[save.Peer] = save;
        }
    }));
}
