using FederationNode.Protocol;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <summary>A row was read and is damaged: the reader gets nothing of it.</summary>
public sealed class DamagedRowException() : Exception("A damaged row was read.");

/// <summary>
/// What lies on one node's disk of one log, as the real storage lays it there: sealed rows of entries, whose key names
/// their content, and one head row that says which of them count. The head is written last and synced, and with it all
/// that was written before; so a crash loses rows that no head names yet, or leaves some of them, and never leaves a
/// head without its rows. docs/architecture.md, "Storage".
/// </summary>
public sealed class DiskLog(string origin)
{
    /// <summary>Entries in a sealed row. Fewer than the real 256, so that small logs have many rows.</summary>
    public const int Width = 1 << WidthBits;

    public const int WidthBits = 4;

    private readonly Dictionary<(long Number, Hash256 Root), SimEntry[]> _rows = [];

    // What the upper levels of the tree, which stand in or under the head, say of the rows.
    private readonly List<Hash256> _named = [];
    private HeadRow? _head;

    // Rows of their own: what is left of one that was not finished means nothing.
    private IReadOnlyList<KeptPart> _outline = [];

    public string Origin => origin;

    /// <summary>Entries that the head says are there.</summary>
    public long Size => _head?.Size ?? 0;

    /// <summary>A proof of a fork is a row of its own.</summary>
    public (ForkProof Proof, long FreezeAt)? Fork { get; set; }

    /// <summary>The head row cannot be read; nothing of the log can be, then.</summary>
    public bool IsHeadDamaged { get; set; }

    /// <summary>Writes what the log has now: the rows that became full, then the head.</summary>
    public void Commit(ReplicaLog log)
    {
        foreach (var (number, root) in NewRows(log))
        {
            _rows[(number, root)] = log.Row(number);
        }

        CommitHead(log);
        _outline = log.Outline;
    }

    /// <summary>The process dies within a commit: some of its rows are there, and the head as it was.</summary>
    /// <param name="log">What the log would have become.</param>
    /// <param name="dice">Which rows.</param>
    /// <param name="headFirst">A mistake: the head was written before its rows.</param>
    public void Tear(ReplicaLog log, Dice dice, bool headFirst)
    {
        foreach (var (number, root) in NewRows(log))
        {
            if (dice.Chance(0.5))
            {
                _rows[(number, root)] = log.Row(number);
            }
        }

        if (headFirst)
        {
            CommitHead(log);
        }
    }

    /// <summary>Reads the log as a node does that starts: the head, and the rows that it names.</summary>
    /// <param name="missing">Is told which row is not there.</param>
    public ReplicaLog Load(Action<long> missing)
    {
        var log = new ReplicaLog(origin) { IsDamaged = IsHeadDamaged };
        if (_head is not { } head || IsHeadDamaged)
        {
            return log;
        }

        for (var number = 0; number < _named.Count; number++)
        {
            if (_rows.TryGetValue((number, _named[number]), out var row))
            {
                log.Append(row);
            }
            else
            {
                missing(number);
            }
        }

        log.Append(head.Tail);
        log.Restore(head.Signed, head.Cover, Fork);
        log.RestoreOutline(_outline);
        return log;
    }

    /// <summary>A bit of a sealed row turns over: of a leaf, or of a payload.</summary>
    public void Flip(long number, Dice dice, ReplicaLog log)
    {
        var row = _rows[(number, _named[(int)number])];
        var at = dice.Below(row.Length);
        row[at] = row[at].Flipped(dice);

        // The node reads it from the disk whenever it is asked for.
        log.Entries[(int)((number * Width) + at)] = row[at];
    }

    private IEnumerable<(long Number, Hash256 Root)> NewRows(ReplicaLog log)
    {
        for (var number = Math.Min(Size, log.Held) / Width; number < log.Held / Width; number++)
        {
            yield return (number, log.RowRoot(number));
        }
    }

    private void CommitHead(ReplicaLog log)
    {
        var full = (int)(log.Held / Width);
        var kept = (int)(Math.Min(Size, log.Held) / Width);
        _named.RemoveRange(kept, _named.Count - kept);
        for (var number = kept; number < full; number++)
        {
            _named.Add(log.RowRoot(number));
        }

        _head = new HeadRow(log.Held, log.Tail(), log.Signed, log.Cover);
    }

    private sealed record HeadRow(
        long Size,
        SimEntry[] Tail,
        (byte[] Note, Checkpoint Head)? Signed,
        (byte[] Note, Checkpoint Head, IReadOnlyList<Hash256> After)? Cover);
}
