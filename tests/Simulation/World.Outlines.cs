using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <summary>How often outlines had to do with anything.</summary>
/// <param name="Parts">Parts that were kept.</param>
/// <param name="Compared">Comparisons that were made.</param>
/// <param name="Filled">Outlines that were dropped because all of them was held.</param>
/// <param name="Ready">Times that a node was caught up while one stood for its log.</param>
public readonly record struct OutlineCounts(long Parts, long Compared, long Filled, long Ready)
{
    public static OutlineCounts operator +(OutlineCounts a, OutlineCounts b) =>
        new(a.Parts + b.Parts, a.Compared + b.Compared, a.Filled + b.Filled, a.Ready + b.Ready);
}

/// <content>What must hold of outlines.</content>
public sealed partial class World
{
    // Of a node's outline of a log, by the size at which it was compared: who says the same.
    private readonly Dictionary<(int Node, string Origin), SortedDictionary<long, HashSet<string>>> _same = [];

    // What owners showed of their own logs in the first answer since a node's start; null of those who failed before.
    private readonly Dictionary<(int Node, string Owner), (long Size, int Lives)?> _shown = [];

    public OutlineCounts Outlines { get; private set; }

    /// <summary>A part of an outline was written on a node's disk, or not, because it does not fit.</summary>
    public void Outlined(SimNode node, ReplicaLog log)
    {
        if (log.Outline.Count == 0)
        {
            return;
        }

        Outlines += new OutlineCounts(1, 0, 0, 0);
        if (log.Outline.Count == 1)
        {
            _same.Remove((node.Number, log.Origin));
        }

        var (part, verified, peer) = log.Outline[^1];
        Hold(
            Signatures.HasSigned(verified.Head),
            "an outline counts by a signed head",
            $"{node.Name} {log.Origin} {verified.Head.Size}");
        Hold(
            log.Outline.Zip(log.Outline.Skip(1)).All(p => p.First.Part.End == p.Second.Part.From),
            "an outline has no gap",
            $"{node.Name} {log.Origin} {part.From}");
        var truth = _truth[log.Origin].Entries;
        Hold(
            !IsHonest(log.Origin) || (part.AsOf <= truth.Count
                && part.Entries.Zip(truth.Skip((int)part.From)).All(
                    p => p.First.Hash == p.Second.Hash && p.First.Whole?.IsSound is not false)),
            "every hash of an outline is the origin's",
            $"{node.Name} {log.Origin} {part.From}-{part.End} of {peer}");
    }

    public void Compared(SimNode node, CompareOutline compare, bool isSame)
    {
        Outlines += new OutlineCounts(0, 1, 0, 0);
        if (!isSame)
        {
            return;
        }

        var key = (node.Number, compare.Origin);
        if (!_same.TryGetValue(key, out var sizes))
        {
            _same[key] = sizes = [];
        }

        if (!sizes.TryGetValue(compare.Size, out var same))
        {
            sizes[compare.Size] = same = [];
        }

        same.Add(compare.Peer);
    }

    /// <summary>The largest size of a node's outline at which so many peers said the same, or 0.</summary>
    private long AgreedOn(SimNode node, ReplicaLog log, int enough) => _same.TryGetValue((node.Number, log.Origin), out var sizes)
        ? sizes.Where(s => s.Key <= log.OutlineEnd && s.Value.Count >= enough).Select(s => s.Key).DefaultIfEmpty().Max()
        : 0;

    /// <summary>An outline is dropped because everything below its end is held.</summary>
    public void Filled(ReplicaLog log)
    {
        Outlines += new OutlineCounts(0, 0, 1, 0);
        Hold(log.HeadSize >= log.OutlineEnd, "an outline is dropped when it is filled", $"{log.Origin} {log.HeadSize}");
    }

    /// <summary>A peer's heads came. Who was not to be asked for long after the start is not waited for.</summary>
    public void Showed(SimNode node, string peer, HeadsAnswer answer)
    {
        if (ActorOf(peer) is SimNode owner)
        {
            var head = answer.Heads.FirstOrDefault(h => h.Origin == owner.Origin);
            var isInTime = Time.Now - node.StartedAt <= Options.ExchangeTimeout;
            _shown.TryAdd((node.Number, peer), isInTime ? (head?.Size ?? 0, owner.Lives) : null);
        }
    }

    /// <summary>A request to a peer came to nothing: what it shows later may not count any more.</summary>
    public void Missed(SimNode node, string peer) => _shown.TryAdd((node.Number, peer), null);

    private void ForgetShown(SimNode node)
    {
        foreach (var key in _shown.Keys.Where(k => k.Node == node.Number).ToList())
        {
            _shown.Remove(key);
        }

        foreach (var key in _same.Keys.Where(k => k.Node == node.Number).ToList())
        {
            _same.Remove(key);
        }
    }

    /// <summary>
    /// A node that is caught up has what the logs' owners showed at its start. Where outlines stand for logs, because more
    /// than a third of the peers said the same, nothing that is live is missing: fewer than a third are hostile.
    /// </summary>
    public void CaughtUp(SimNode node)
    {
        var enough = Math.Min(((Actors.Count - 1) / 3) + 1, Actors.Count(a => a != node && IsDialable(a)));
        foreach (var log in node.Logs.Values.Where(l => l.Fork is null && IsHonest(l.Origin)))
        {
            var agreed = AgreedOn(node, log, enough);
            CheckCaughtUp(node, log, Math.Max(log.HeadSize, agreed));
            if (agreed <= log.HeadSize)
            {
                continue;
            }

            Outlines += new OutlineCounts(0, 0, 0, 1);
            var whole = log.Whole(agreed).Select(w => w.Index).ToHashSet();
            var live = Liveness.Of(_truth[log.Origin].Entries, log.OutlineEnd);
            var missing = live.Where(i => i < agreed && !whole.Contains(i)).ToList();
            Hold(
                missing.Count == 0,
                "who is caught up by an outline lacks nothing that is live",
                $"{node.Name} {log.Origin} lacks {string.Join(' ', missing)} of {agreed}");
        }
    }

    /// <summary>Logs that cannot be stored, or may not grow, are not waited for.</summary>
    private void CheckCaughtUp(SimNode node, ReplicaLog log, long known)
    {
        var owner = (SimNode)OwnerOf(log.Origin);
        Hold(
            owner == node || node.IsDamaged || Scenario.Quota is not null || Scenario.Faults.HasFlag(Faults.FullDisks)
                || _shown.GetValueOrDefault((node.Number, owner.Name)) is not var (size, lives)
                || lives != owner.Lives || known >= size,
            "who is caught up has what the owners showed",
            $"{node.Name} {log.Origin} {known}, holds {HeldOf(node, log.Origin)}, outline to {log.OutlineEnd}");
    }

    /// <summary>What is shown is held: nothing of an outline is.</summary>
    public void CheckAnswer(SimNode node, HeadsAnswer answer)
    {
        foreach (var head in answer.Heads)
        {
            var log = node.Log(head.Origin);
            Hold(
                head.Size <= log.HeadSize && head.Held <= log.Held,
                "only what is held is shown",
                $"{node.Name} shows {head.Size} and {head.Held} of {head.Origin}, holds {HeldOf(node, head.Origin)}");
        }
    }

    /// <summary>In the end everything is held, and no outline is kept, unless the owner gives the history to nobody.</summary>
    public void CheckNoOutlines()
    {
        foreach (var node in Nodes)
        {
            foreach (var log in node.Logs.Values.Where(l => !l.IsDamaged && !Scenario.KeepsHistoryBack(OwnerOf(l.Origin))))
            {
                Hold(
                    log.Outline.Count == 0,
                    "no outline is left in the end",
                    $"{node.Name} keeps {log.Origin} to {log.OutlineEnd}, holds {HeldOf(node, log.Origin)}");
            }
        }
    }

    /// <summary>
    /// An honest peer is never blamed for hiding anything; and another than its live entries only an outline has of which a
    /// hostile one gave a part.
    /// </summary>
    private void NotedOfLive(SimNode node, Noted noted)
    {
        var blames = noted.Kind is Protocol.Replication.Note.HidesLive
            || (noted.Kind is Protocol.Replication.Note.OtherLive
                && node.Log(noted.Origin!).Outline.All(p => ActorOf(p.Peer).IsHonest));
        Hold(
            !(blames && ActorOf(noted.Peer).IsHonest && IsHonest(noted.Origin!)),
            "an honest peer is never blamed for who is live",
            $"{node.Name} blames {noted.Peer}: {noted.Kind} {noted.Origin}");
    }

    private Actor OwnerOf(string origin) => ActorOf(Protocol.Origin.Parse(origin).Member);

    private bool IsHonest(string origin) => OwnerOf(origin).IsHonest;
}
