using FederationNode.Protocol;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <content>What is true, and what must hold after every step.</content>
public sealed partial class World
{
    private const int MostRepeats = 12;

    // One gateway in the simulation, which may be asked again, or asks a second peer, when the first is slow.
    private const double MostCrossings = 3;

    private readonly Dictionary<string, Truth> _truth = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Node, string Origin), long> _durable = [];
    private readonly Dictionary<(int Node, string Peer, Type Kind, string Origin, long From), (long Known, int Times, long Since)>
        _asked = [];

    private readonly SortedDictionary<(string Region, string Origin), long> _crossed = [];
    private readonly Dictionary<int, NodeView> _views = [];

    // By heads, for the whole run: whoever had them, and whenever.
    private readonly Dictionary<string, (string Name, Hash256 Digest)> _digests = new(StringComparer.Ordinal);

    /// <summary>Ranges that were asked for, by honest nodes.</summary>
    public long Fetches { get; private set; }

    /// <summary>The log was written on a node's disk.</summary>
    public void Durable(SimNode node, ReplicaLog log)
    {
        var key = (node.Number, log.Origin);
        var before = _durable.GetValueOrDefault(key);
        Hold(log.Held >= before, "durable sizes never regress", $"{node.Name} {log.Origin} {before} -> {log.Held}");
        _durable[key] = log.Held;
        var truth = _truth[log.Origin];
        var owner = ActorOf(Protocol.Origin.Parse(log.Origin).Member);
        if (owner == node)
        {
            for (var i = truth.Entries.Count; i < log.Held; i++)
            {
                truth.Entries.Add(log.Entries[i]);
            }
        }

        for (var i = node.IsUp ? (int)Math.Min(before, log.Held) : 0; owner.IsHonest && i < log.Held; i++)
        {
            Hold(
                i < truth.Entries.Count && truth.Entries[i].Hash == log.Entries[i].Hash,
                "every stored leaf is the origin's",
                $"{node.Name} {log.Origin} {i} of {truth.Entries.Count}, signed {string.Join(' ', truth.Signed.Keys)}");
        }

        if (log.Signed is { } signed)
        {
            Hold(
                log.Held >= signed.Head.Size && (log.Fork is not null || log.RootAt(signed.Head.Size) == signed.Head.Root),
                "every stored leaf hashes to the held root",
                $"{node.Name} {log.Origin} {signed.Head.Size}");
        }
    }

    /// <summary>An honest origin signs a head.</summary>
    public void Signed(SimNode node, Checkpoint head)
    {
        var truth = _truth[head.Origin];
        var largest = truth.Signed.Count == 0 ? 0 : truth.Signed.Keys.Max();
        Hold(
            !truth.Signed.TryGetValue(head.Size, out var root) || root == head.Root,
            "an honest origin never signs two roots",
            $"{node.Name} {head.Size}");
        Hold(
            head.Size >= largest && (largest == 0 || Mutant is Mutant.SignBeforeDurable || node.Log(head.Origin).RootAt(largest) == truth.Signed[largest]),
            "an honest origin only signs what extends what it signed",
            $"{node.Name} {largest} -> {head.Size}");
        truth.Signed[head.Size] = head.Root;
    }

    public void Acknowledged(string origin, IReadOnlyList<SimEntry> entries) =>
        _truth[origin].Acknowledged.AddRange(entries.Select(e => e.Hash));

    public void Frozen(SimNode node, ReplicaLog log) => Hold(
        !ActorOf(Protocol.Origin.Parse(log.Origin).Member).IsHonest,
        "an honest origin is never frozen",
        $"{node.Name} froze {log.Origin} at {log.Fork!.Value.FreezeAt}");

    /// <summary>A backup was restored: the disk is younger than it was.</summary>
    public void Restored(SimNode node, ReplicaLog log)
    {
        _durable[(node.Number, log.Origin)] = log.Held;
        if (log.Origin == node.Origin && _truth[log.Origin] is var truth)
        {
            // What was written, and neither signed nor promised, may be gone for good.
            var promised = (int)Math.Max(log.Held, truth.Signed.Keys.DefaultIfEmpty().Max());
            truth.Entries.RemoveRange(promised, truth.Entries.Count - promised);
        }
    }

    public void Noted(SimNode node, Noted noted)
    {
        if ((noted.Kind is Protocol.Replication.Note.BadContent or Protocol.Replication.Note.OtherBranch
                || (noted.Kind is Protocol.Replication.Note.Withholds && !Scenario.Faults.HasFlag(Faults.OldBackups)))
            && ActorOf(noted.Peer) is SimNode peer && noted.Origin is { } origin
            && !(noted.Kind is Protocol.Replication.Note.Withholds && (peer.IsDamaged || HasForgotten(peer, origin))))
        {
            Hold(
                !ActorOf(Protocol.Origin.Parse(origin).Member).IsHonest,
                "an honest peer is never blamed for an honest log",
                $"{node.Name} blames {noted.Peer}: {noted.Kind} {origin}");
        }

        NotedOfLive(node, noted);
    }

    /// <summary>It was restarted, and urgent runs that it showed are gone; what is below them has not come yet.</summary>
    private bool HasForgotten(SimNode peer, string origin) =>
        peer.Lives > 1 && peer.Log(origin).Held < _truth[origin].Signed.Keys.DefaultIfEmpty().Max();

    private static string HeldOf(SimNode node, string origin) => $"{node.Log(origin).Held} signed {node.Log(origin).Signed?.Head.Size}";

    /// <summary>The same range is not asked of the same peer again and again while nothing changes.</summary>
    public void Fetching(SimNode node, PeerRequest fetch, string origin, long from)
    {
        Fetches++;
        if (Time.Now > Scenario.FaultsUntil)
        {
            Note($"{node.Name} does {fetch.GetType().Name} {origin} from {from} of {fetch.Peer}, holds {HeldOf(node, origin)}");
        }

        var key = (node.Number, fetch.Peer, fetch.GetType(), origin, from);
        var known = node.Log(origin).Held + node.Log(origin).OutlineEnd;
        var last = _asked.GetValueOrDefault(key, (-1, 0, Time.Now));
        var (times, since) = last.Known == known ? (last.Times + 1, last.Since) : (1, Time.Now);
        _asked[key] = (known, times, since);
        Hold(
            times <= MostRepeats + ((Time.Now - since) / 5_000),
            "no request is repeated without new information",
            $"{node.Name} asked {fetch.Peer} {times} times for {origin} from {from} by {fetch.GetType().Name} since {since}");
    }

    /// <summary>Entries came from a peer. In bulk a log enters a region at its gateways, and goes on from there.</summary>
    public void Crossed(SimNode node, FetchRange fetch, int entries)
    {
        var (region, from) = (RegionOf(node), RegionOf(ActorOf(fetch.Peer)));
        if (!fetch.Urgent && entries > Options.SmallGap && region != from)
        {
            var key = (region, fetch.Origin);
            _crossed[key] = _crossed.GetValueOrDefault(key) + entries;
        }
    }

    /// <summary>
    /// Without other faults bulk crosses a region's border about once for each gateway, however many are behind it.
    /// </summary>
    public void CheckBorders()
    {
        foreach (var ((region, origin), entries) in Scenario.Faults is Faults.Borders ? _crossed : [])
        {
            var most = MostCrossings * ((SimNode)ActorOf(Protocol.Origin.Parse(origin).Member)).Log(origin).Held;
            Hold(
                entries <= most,
                "bulk crosses a border about once for each gateway",
                $"{entries} entries of {origin} came into {region}, {most} may");
        }
    }

    /// <summary>What is shown counts by a head that the origin signed, or by a proof that it forked.</summary>
    public void CheckShown(ReplicaLog log, long from) => Hold(
        log.HeadSize <= from || log.Fork is not null || (log.Signed is { } signed && Signatures.HasSigned(signed.Head)
            && log.RootAt(signed.Head.Size) == signed.Head.Root),
        "nothing unverified is visible",
        $"{log.Origin} {log.HeadSize}");

    /// <summary>The entries that count have changed; the view follows.</summary>
    public void Changed(SimNode node, ReplicaLog log)
    {
        if (Scenario.Views)
        {
            ViewOf(node).Follow(log, node);
        }
    }

    /// <summary>What is kept in memory stays within what the options allow.</summary>
    public void CheckBounds(SimNode node)
    {
        if (node.Core is not { } core)
        {
            return;
        }

        var limits = Scenario.Options(Mutant.None);
        var peers = Actors.Count - 1;
        var fetchables = Scenario.Outlines ? 2 * Actors.Count : Actors.Count;
        var ranges = limits.MaxFetches + (fetchables * limits.MaxFetchesPerLog);
        Hold(core.WaitingBytes <= limits.MaxCredit + (limits.MaxFetches * 100_000L), "waiting bytes are bounded", $"{node.Name} {core.WaitingBytes}");
        Hold(core.Overlaid <= Actors.Count * limits.MaxOverlayRuns, "what overlies is bounded", $"{node.Name} {core.Overlaid}");
        foreach (var log in node.Logs.Values)
        {
            Hold(log.Overlay.Count <= limits.MaxOverlayRuns, "what overlies is bounded", $"{node.Name} {log.Origin} {log.Overlay.Count}");
            Hold(
                Scenario.Quota is not { } quota || log.Origin == node.Origin || log.Held <= quota * Nodes.Max(n => n.Lives),
                "no log grows beyond its quota",
                $"{node.Name} {log.Origin} {log.Held}");
        }

        Hold(core.Waiting <= peers * Actors.Count, "announcements are bounded", $"{node.Name} {core.Waiting}");
        Hold(core.Fetching <= limits.MaxFetches + fetchables, "fetches are bounded", $"{node.Name} {core.Fetching}");
        var comparisons = Scenario.Outlines ? peers * Actors.Count : 0;
        Hold(
            core.Pending <= (peers * (1 + limits.MaxPushesPerPeer)) + ranges + Actors.Count + comparisons,
            "requests are bounded",
            $"{node.Name} {core.Pending}");

        // Of each log the newest 8 urgent runs are shown, and fetched besides.
        Hold(node.Fetched <= ranges + (8 * Actors.Count), "fetched ranges are bounded", $"{node.Name} {node.Fetched}");
    }

    /// <summary>Nodes with equal heads have equal views, and these are what the oracle says.</summary>
    public void CheckViews()
    {
        if (!Scenario.Views)
        {
            return;
        }

        foreach (var node in Nodes)
        {
            var view = ViewOf(node);
            foreach (var log in node.Logs.Values)
            {
                view.Follow(log, node);
            }

            // A view ends before what cannot be read; then it is the view of a smaller head.
            var heads = string.Join(' ', node.Logs.Values
                .Select(l => (Log: l, Size: view.Applied(l.Origin)))
                .Where(l => l.Size > 0)
                .Select(l => $"{l.Log.Origin}:{l.Size}:{l.Log.RootAt(l.Size)}"));
            var digest = view.Digest();
            if (_digests.TryGetValue(heads, out var other))
            {
                Hold(digest == other.Digest, "equal heads give equal views", $"{node.Name} and {other.Name}");
            }
            else
            {
                _digests[heads] = (node.Name, digest);
                Hold(Oracle.Agrees(node.Logs.Values, view), "the view is the oracle's", node.Name);
                Hold(node.Logs.Values.All(l => Oracle.AgreesOnLive(l, view)), "the view knows who is live", node.Name);
            }
        }
    }

    private NodeView ViewOf(SimNode node)
    {
        if (!_views.TryGetValue(node.Number, out var view))
        {
            _views[node.Number] = view = new NodeView(this, Mutant is Mutant.MergeByArrival);
        }

        return view;
    }

    /// <summary>The node starts: its view is put together anew from what it can read.</summary>
    public void Restarted(SimNode node)
    {
        _views.Remove(node.Number);
        ForgetShown(node);
        foreach (var log in node.Logs.Values)
        {
            Changed(node, log);
        }
    }

    /// <summary>When all is well, urgent entries are with everybody within a second.</summary>
    public void Urgent(SimNode node, long from, long end)
    {
        if (Scenario.Faults == Faults.None && Time.Now > 15_000)
        {
            Time.After(1_000, () =>
            {
                foreach (var other in Nodes.Where(n => !Scenario.Late.ContainsKey(n.Number)))
                {
                    var log = other.Log(node.Origin);
                    Hold(
                        log.Held >= end || log.Overlay.Exists(o => o.Verified.From <= from && o.Verified.End >= end),
                        "urgent entries are with everybody within a second",
                        $"{other.Name} lacks {node.Origin} {from}-{end}, holds {log.Held}");
                }
            });
        }
    }

    /// <summary>What is wrong with everybody having everything, or null.</summary>
    public string? Unfinished()
    {
        foreach (var node in Nodes)
        {
            foreach (var (origin, truth) in _truth)
            {
                var first = Nodes.First(n => !n.Log(origin).IsDamaged);
                var (log, other) = (node.Log(origin), first.Log(origin));
                if (log.IsDamaged)
                {
                    // Nothing is mended by itself; the node runs without it.
                    continue;
                }

                if (ActorOf(origin.Split('/')[1]) is SimNode owner && log.HeadSize < owner.Log(origin).HeadSize)
                {
                    return $"{node.Name} has {log.HeadSize} of {owner.Log(origin).HeadSize} entries of {origin}; all: {string.Join(", ", Nodes.Select(n => $"{n.Name} {n.Log(origin).Held} ({n.Core?.Fetching} fetches, {n.Core?.WaitingBytes} bytes wait)"))}";
                }

                if (Scenario.KeepsBack(ActorOf(origin.Split('/')[1])))
                {
                    // At a quota all stop alike, but at the last checkpoint below it that each happened to see; and what
                    // is given one by one takes as long as it takes.
                    continue;
                }

                if (log.HeadSize != other.HeadSize || log.HeadRoot != other.HeadRoot || (log.Fork is null) != (other.Fork is null))
                {
                    return $"{node.Name} is at {log.HeadSize} of {origin} (fork {log.Fork?.FreezeAt}), {first.Name} at {other.HeadSize} (fork {other.Fork?.FreezeAt})";
                }
            }
        }

        return null;
    }

    /// <summary>Nothing that anybody was promised is gone.</summary>
    public void CheckAcknowledged()
    {
        foreach (var node in Nodes)
        {
            foreach (var (origin, truth) in _truth)
            {
                if (node.Log(origin).IsDamaged)
                {
                    continue;
                }

                var held = node.Log(origin).Entries.Select(e => e.Hash).ToHashSet();
                Hold(truth.Acknowledged.TrueForAll(held.Contains), "what was acknowledged survives", $"{node.Name} {origin}");
            }
        }
    }

    public void Hold(bool holds, string invariant, string detail)
    {
        if (!holds)
        {
            throw new InvariantBrokenException(invariant, $"at {Time.Now} ms: {detail}");
        }
    }

    /// <summary>What an origin wrote, signed and promised.</summary>
    private sealed class Truth
    {
        public List<SimEntry> Entries { get; } = [];

        public Dictionary<long, Hash256> Signed { get; } = [];

        public List<Hash256> Acknowledged { get; } = [];
    }
}

/// <summary>One node's view, which follows its logs in the order in which they grow.</summary>
public sealed class NodeView(World world, bool byArrival)
{
    private readonly Dictionary<string, long> _applied = new(StringComparer.Ordinal);
    private readonly Dictionary<Hash256, Hash256> _arrived = [];
    private View _view = new();
    private Hash256? _digest;

    public View View => _view;

    /// <summary>Entries of a log that are in it.</summary>
    public long Applied(string origin) => _applied.GetValueOrDefault(origin);

    public Hash256 Digest() => _digest ??= byArrival
        ? Hash256.Of([.. _arrived.OrderBy(a => a.Key).SelectMany(a => a.Value.ToArray())])
        : _view.Digest();

    public void Follow(ReplicaLog log, SimNode node)
    {
        if (_applied.GetValueOrDefault(log.Origin) > log.HeadSize)
        {
            // A fork took entries away: what is left is put together anew.
            _view = new View();
            _digest = null;
            _applied.Clear();
            foreach (var other in node.Logs.Values)
            {
                Apply(other);
            }
        }
        else
        {
            Apply(log);
        }
    }

    private void Apply(ReplicaLog log)
    {
        var origin = Origin.Parse(log.Origin);
        var (i, end) = (Applied(log.Origin), log.HeadSize);
        world.CheckShown(log, i);
        _digest = i < end ? null : _digest;
        for (; i < end && log.CanRead(i); i++)
        {
            var (sent, hash) = (log.Entries[(int)i].Sent, log.Entries[(int)i].Hash);
            world.Hold(log.Entries[(int)i].IsSound, "nothing damaged is visible", $"{log.Origin} {i}");
            if (LogEntry.TryInterpret(origin, i, hash, sent.Leaf.ToArray(), sent.Salt!.Value.ToArray(), sent.Payload!.Value.ToArray(), out var entry, out _))
            {
                if (_view.Apply(entry) is { } indicator)
                {
                    _arrived[indicator] = hash;
                }
            }
        }

        _applied[log.Origin] = i;
    }
}
