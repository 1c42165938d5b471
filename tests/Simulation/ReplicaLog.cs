using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Simulation;

/// <summary>An entry with its leaf hash, made once and shared by all who hold it undamaged.</summary>
public sealed class SimEntry(SentEntry sent, Hash256 hash, int bytes, SimEntry? before = null)
{
    private bool? _isSound;
    private Hash256? _cell;
    private bool _hasCell;

    public SentEntry Sent => sent;

    public Hash256 Hash => hash;

    public int Bytes => bytes;

    /// <summary>What was written, whatever became of it.</summary>
    public SimEntry Written => before?.Written ?? this;

    /// <summary>Whether what is stored is what the tree says, and the payload what the leaf says.</summary>
    public bool IsSound => _isSound ??= MerkleHash.Leaf(sent.Leaf.Span) == hash
        && sent.Leaf.Span.IndexOf(Leaf.Commit(sent.Salt!.Value.Span, sent.Payload!.Value.Span).Span) >= 0;

    /// <summary>The indicator that the entry is an opinion on: of those on the same one only the last counts.</summary>
    public Hash256? Cell
    {
        get
        {
            if (!_hasCell)
            {
                _cell = Payload.TryDecode(EntryKind.Opinion, Written.Sent.Payload!.Value.Span, out var payload, out _)
                    ? ((OpinionPayload)payload).IndicatorId
                    : null;
                _hasCell = true;
            }

            return _cell;
        }
    }

    public static SimEntry Of(byte[] leaf, byte[] salt, byte[] payload) =>
        new(new SentEntry(leaf, salt, payload), MerkleHash.Leaf(leaf), leaf.Length + salt.Length + payload.Length + 16);

    /// <summary>The same with one bit turned over. The hash in the tree is stored elsewhere.</summary>
    public SimEntry Flipped(Dice dice)
    {
        var inLeaf = dice.Chance(0.5);
        var part = (inLeaf ? sent.Leaf : sent.Payload!.Value).ToArray();
        part[dice.Below(part.Length)] ^= (byte)(1 << dice.Below(8));
        return new SimEntry(inLeaf ? sent with { Leaf = part } : sent with { Payload = part }, hash, bytes, this);
    }
}

/// <summary>A range on its way: entries, and where they stand in a signed tree.</summary>
public sealed record SimRange(string Origin, byte[] Note, long From, IReadOnlyList<SimEntry> Entries, RangeProof Proof)
{
    public int Bytes => 300 + Entries.Sum(e => e.Bytes) + (32 * (Proof.Before.Count + Proof.After.Count));
}

/// <summary>
/// One log as a running node knows it: entries, the complete subtrees over them, the newest checkpoint of which all are
/// held, and one that covers all of them, with what of its tree lies behind them. <see cref="DiskLog"/> is what of it
/// survives a crash.
/// </summary>
public sealed partial class ReplicaLog(string origin)
{
    private readonly List<List<Hash256>> _levels = [[]];

    public string Origin => origin;

    public List<SimEntry> Entries { get; } = [];

    public long Held => Entries.Count;

    /// <summary>The head row could not be read at the start: the node runs without this log.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>A known mistake: what is read is not looked at.</summary>
    public bool ReadsBlindly { get; set; }

    /// <summary>The newest checkpoint of which every entry is held, or null.</summary>
    public (byte[] Note, Checkpoint Head)? Signed { get; private set; }

    /// <summary>A checkpoint over at least all that is held, and its subtrees behind that.</summary>
    public (byte[] Note, Checkpoint Head, IReadOnlyList<Hash256> After)? Cover { get; private set; }

    public (ForkProof Proof, long FreezeAt)? Fork { get; private set; }

    /// <summary>Urgent ranges above what is held without a gap; in memory, not on disk.</summary>
    public List<(SimRange Range, VerifiedRange Verified)> Overlay { get; } = [];

    /// <summary>Entries that count: up to a signed head, and not beyond a fork.</summary>
    public long HeadSize => Fork is { } fork ? Math.Min(Held, fork.FreezeAt) : Signed?.Head.Size ?? 0;

    public Hash256 HeadRoot => RootAt(HeadSize);

    public LogMoved Moved() => new(origin, Held, HeadSize, HeadRoot, Fork?.FreezeAt);

    public void Append(IEnumerable<SimEntry> entries)
    {
        foreach (var entry in entries)
        {
            Entries.Add(entry);
            _levels[0].Add(entry.Hash);
            for (var level = 0; (Held >> level) % 2 == 0; level++)
            {
                if (_levels.Count == level + 1)
                {
                    _levels.Add([]);
                }

                _levels[level + 1].Add(MerkleHash.Node(_levels[level][^2], _levels[level][^1]));
            }
        }
    }

    /// <summary>The entries of a full row.</summary>
    public SimEntry[] Row(long number) => [.. Entries.GetRange((int)number * DiskLog.Width, DiskLog.Width)];

    /// <summary>The entries behind the last full row.</summary>
    public SimEntry[] Tail()
    {
        var full = (int)(Held / DiskLog.Width) * DiskLog.Width;
        return [.. Entries.GetRange(full, (int)Held - full)];
    }

    public Hash256 RowRoot(long number) => _levels[DiskLog.WidthBits][(int)number];

    /// <summary>Takes what the disk says beside the entries.</summary>
    public void Restore(
        (byte[] Note, Checkpoint Head)? signed,
        (byte[] Note, Checkpoint Head, IReadOnlyList<Hash256> After)? cover,
        (ForkProof Proof, long FreezeAt)? fork) => (Signed, Cover, Fork) = (signed, cover, fork);

    /// <summary>A copy that can be grown without this one changing.</summary>
    public ReplicaLog Copy()
    {
        var copy = new ReplicaLog(origin);
        copy.Append(Entries);
        copy.Restore(Signed, Cover, Fork);
        copy.RestoreOutline(Outline);
        return copy;
    }

    /// <summary>
    /// Whether an entry can be read. It is read with its row, and one wrong bit makes all of that useless; what is not
    /// sealed yet stands in the head row.
    /// </summary>
    public bool CanRead(long index)
    {
        var first = (int)(index / DiskLog.Width) * DiskLog.Width;
        for (var i = first; i < first + DiskLog.Width && first + DiskLog.Width <= Held; i++)
        {
            if (!Entries[i].IsSound)
            {
                return ReadsBlindly;
            }
        }

        return true;
    }

    /// <summary>Forgets the newest entries, as a restored backup does.</summary>
    public void CutTo(long size, (byte[] Note, Checkpoint Head)? signed)
    {
        Entries.RemoveRange((int)size, (int)(Held - size));
        for (var level = 0; level < _levels.Count; level++)
        {
            var keep = (int)(size >> level);
            _levels[level].RemoveRange(keep, Math.Max(0, _levels[level].Count - keep));
        }

        Overlay.Clear();
        Outline = Outline.Count > 0 && Outline[0].Part.From <= size ? Outline : [];
        Signed = signed;
        Cover = signed is { } s ? (s.Note, s.Head, []) : null;
    }

    public void Sign(byte[] note, Checkpoint head)
    {
        Signed = (note, head);
        Cover = (note, head, []);
    }

    /// <summary>Takes the new entries of a range, which continues the log, and its checkpoint.</summary>
    public void Extend(SimRange range, VerifiedRange verified)
    {
        var held = Held;
        var end = Fork is { } fork ? Math.Min(verified.End, fork.FreezeAt) : verified.End;
        if (end > held)
        {
            Append(range.Entries.Skip((int)(held - range.From)).Take((int)(end - held)));
            Cover = (verified.Note, verified.Head, [.. CompactRange.Nodes(end, verified.Head.Size).Select(n => Known(verified, n))]);
        }

        TrimOverlay();
        if (verified.Head.Size <= Held && verified.Head.Size > (Signed?.Head.Size ?? 0) && RootAt(verified.Head.Size) == verified.Head.Root)
        {
            Signed = (verified.Note, verified.Head);
        }
    }

    private void TrimOverlay() =>
        Overlay.RemoveAll(o => o.Verified.End <= Held || (Fork is { } fork && o.Verified.End > fork.FreezeAt));

    private static Hash256 Known(VerifiedRange range, NodeId node) =>
        range.TryHash(node, out var hash) ? hash : throw new InvalidOperationException("A range tells all that is behind it.");

    public bool TakeFork(ForkProof proof, long freezeAt)
    {
        if (Fork is { } known && !proof.Replaces(freezeAt, known.Proof, known.FreezeAt))
        {
            return false;
        }

        Fork = (proof, freezeAt);
        TrimOverlay();
        return true;
    }

    public Hash256 RootAt(long size) =>
        size == 0 ? MerkleHash.Empty : ProofBuilder.BuildRoot(Nodes(ProofBuilder.NodesForRoot(size)));

    public IReadOnlyList<Hash256> Nodes(IReadOnlyList<NodeId> nodes)
    {
        var hashes = new Hash256[nodes.Count];
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i] = Node(nodes[i]);
        }

        return hashes;
    }

    /// <summary>Keeps a range that does not join; false if there is no room, or it is known.</summary>
    public bool Overlie(SimRange range, VerifiedRange verified, int most)
    {
        if (range.Entries.Count == 0 || Overlay.Count >= most
            || Overlay.Exists(o => o.Range.From == range.From && o.Verified.End == verified.End)
            || (Fork is { } fork && verified.End > fork.FreezeAt))
        {
            return false;
        }

        Overlay.Add((range, verified));
        return true;
    }

    /// <summary>Entries from an index on, up to a checkpoint that covers them; null if there is none.</summary>
    /// <exception cref="DamagedRowException">The first of them cannot be read.</exception>
    public SimRange? Read(long from, int maxEntries, int maxBytes)
    {
        var end = HeadSize;
        if (from >= end && from < Held && Fork is null && Certificate(Held) is not null)
        {
            // What came without its head is proven by the checkpoint that it came with.
            end = Held;
        }

        if (from >= end && Overlay.Find(o => o.Range.From == from && o.Range.Entries.Count <= maxEntries).Range is { } urgent)
        {
            return urgent;
        }

        if (end == 0 || Certificate(end) is not var (note, head))
        {
            return null;
        }

        from = Math.Min(from, end);

        var entries = new List<SimEntry>();
        for (long i = from, bytes = 0; i < end && entries.Count < maxEntries && bytes < maxBytes; i++)
        {
            if ((i == from || i % DiskLog.Width == 0) && !CanRead(i))
            {
                // What comes before the damage is as good as ever; who reads on meets it again.
                if (entries.Count == 0)
                {
                    throw new DamagedRowException();
                }

                break;
            }

            entries.Add(Entries[(int)i]);
            bytes += Entries[(int)i].Bytes;
        }

        var nodes = RangeProof.Nodes(from, from + entries.Count, head.Size);
        return new SimRange(origin, note, from, entries, RangeProof.Of(from, Nodes(nodes)));
    }

    /// <summary>A checkpoint over at least so many entries.</summary>
    private (byte[] Note, Checkpoint Head)? Certificate(long size) =>
        Signed is { } signed && signed.Head.Size >= size ? signed
        : Cover is { } cover && cover.Head.Size >= size ? (cover.Note, cover.Head)
        : null;

    private Hash256 Node(NodeId node)
    {
        if (node.End <= Held)
        {
            return _levels[node.Level][(int)node.Index];
        }

        var behind = CompactRange.Nodes(Held, Cover!.Value.Head.Size);
        for (var i = 0; i < behind.Count; i++)
        {
            if (behind[i] == node)
            {
                return Cover.Value.After[i];
            }
        }

        return MerkleHash.Node(
            Node(new NodeId(node.Level - 1, 2 * node.Index)), Node(new NodeId(node.Level - 1, (2 * node.Index) + 1)));
    }
}
