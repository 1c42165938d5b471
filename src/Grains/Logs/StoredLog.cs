using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

namespace FederationNode.Grains.Logs;

/// <summary>
/// One log as it lies in the database: reads entries, tiles and tree nodes, and commits new entries.
/// Invariants: the head row is the only row that is ever replaced but for payload rows; every row that a head refers
/// to was written before that head; a row that no head refers to (left by a crash) has no effect.
/// Not safe for concurrent use: it belongs to one grain, or to one command of a stopped node. What only an auditor
/// needs is in StoredLog.Audit.cs.
/// </summary>
public sealed partial class StoredLog
{
    private const int Width = HeadEdge.Width;
    private const int WidthBits = 8;
    private const int MaxCachedTiles = 64;

    private readonly IRowReader _rows;
    private readonly Dictionary<(int Level, long Number), IReadOnlyList<Hash256>> _tiles = [];
    private HeadEdge _edge;
    private string? _etag;

    private StoredLog(IRowReader rows, string origin, HeadRow head, HeadEdge edge, string? etag)
    {
        _rows = rows;
        Origin = origin;
        Head = head;
        _edge = edge;
        _etag = etag;
    }

    /// <summary>The log.</summary>
    public string Origin { get; }

    /// <summary>The head as stored; not to be changed by readers.</summary>
    public HeadRow Head { get; private set; }

    /// <summary>Entries held.</summary>
    public long Size => Head.Size;

    /// <summary>Root over them.</summary>
    public Hash256 Root => Size == 0 ? MerkleHash.Empty : new Hash256(Head.Root);

    /// <summary>Whether the log was ever written; if not, it is empty.</summary>
    public bool Exists => _etag is not null;

    /// <summary>What in the head row contradicts itself, or null: size, root, tail and edge tell one tree.</summary>
    public string? Contradiction => Exists ? _edge.Contradiction(Head) : null;

    /// <summary>Reads the head of a log; a log that was never written is empty.</summary>
    /// <exception cref="CorruptStateException">The head row cannot be read, or contradicts itself.</exception>
    public static async Task<StoredLog> LoadAsync(IRowReader rows, string origin)
    {
        var log = await LoadForAuditAsync(rows, origin);
        return log.Contradiction is { } fault ? throw Damaged(LogRowKind.Head, origin, fault) : log;
    }

    /// <summary>
    /// Works out what the log would be with these entries behind it. Nothing is written, and nothing of the log is
    /// changed, before <see cref="CommitAsync"/>.
    /// </summary>
    /// <param name="entries">The entries.</param>
    /// <param name="leafHashes">Their hashes, or null if they are not known yet.</param>
    internal LogPlan Plan(IReadOnlyList<StoredEntry> entries, IReadOnlyList<Hash256>? leafHashes = null)
    {
        var edge = _edge.Clone();
        var plan = new LogPlan(edge);
        var unsealed = new List<TailEntry>(Head.Tail);
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            unsealed.Add(new TailEntry { Leaf = entry.Leaf, Salt = entry.Salt, Payload = entry.Payload });
            edge.Add(leafHashes?[i] ?? MerkleHash.Leaf(entry.Leaf), (level, number, root, hashes) =>
            {
                if (level == 0)
                {
                    plan.Seal(number, root, hashes, unsealed);
                    unsealed.Clear();
                }
                else
                {
                    plan.Tiles.Add((level, number, root, new TileRow { Hashes = HeadEdge.Join(hashes) }));
                }
            });
        }

        plan.Tail = [.. unsealed];
        return plan;
    }

    /// <summary>
    /// Writes a plan: first the sealed rows, then the head, compare-and-set. When this returns, the entries are durable.
    /// </summary>
    /// <exception cref="RowConflictException">
    /// Somebody else wrote the head: this object is out of date and must not be used again, and nothing may be signed.
    /// </exception>
    internal async Task CommitAsync(LogPlan plan, Action<HeadRow> complete)
    {
        var rows = _rows as RowStore
            ?? throw new InvalidOperationException("A log that was opened for an audit is for reading only.");
        var contents = plan.Bundles
            .SelectMany(b => (Func<Task>[])
            [
                () => rows.WriteContentAsync(LogRowKind.Bundle, BundleKey(b.Number, b.Root), b.Bundle),
                () => rows.WriteContentAsync(LogRowKind.Payloads, BundleKey(b.Number, b.Root), b.Payloads),
            ])
            .Concat(plan.Tiles.Select(t => (Func<Task>)(() =>
                rows.WriteContentAsync(LogRowKind.Tile, TileKey(t.Level, t.Number, t.Root), t.Tile))));
        await Parallel.ForEachAsync(
            contents,
            new ParallelOptions { MaxDegreeOfParallelism = rows.WritersAtOnce },
            async (write, _) => await write());

        var head = new HeadRow
        {
            Size = plan.Edge.Size,
            Root = plan.Root.ToArray(),
            Tail = plan.Tail,
            Edge = plan.Edge.ToRows(),
            SignedSize = Head.SignedSize,
            Checkpoint = Head.Checkpoint,
            Requests = Head.Requests,
            Cover = Head.Cover,
            CoverAfter = Head.CoverAfter,
        };
        complete(head);
        _etag = await rows.WriteAsync(LogRowKind.Head, Origin, head, _etag);
        Head = head;
        _edge = plan.Edge;
    }

    /// <summary>Reads entries from <paramref name="from"/> on, below <paramref name="end"/>.</summary>
    /// <param name="from">First index.</param>
    /// <param name="end">Index above the last one wanted; at most the size.</param>
    /// <param name="maxEntries">Most entries.</param>
    /// <param name="maxBytes">After how many bytes to stop; one entry is always read.</param>
    public async Task<List<StoredEntry>> ReadAsync(long from, long end, int maxEntries, int maxBytes)
    {
        var entries = new List<StoredEntry>();
        var bytes = 0;
        end = Math.Min(end, from + maxEntries);
        for (var index = from; index < end && (bytes < maxBytes || entries.Count == 0);)
        {
            IReadOnlyList<StoredEntry> bundle;
            try
            {
                bundle = await ReadBundleAsync(index / Width);
            }
            catch (CorruptStateException) when (entries.Count > 0)
            {
                // What comes before the damage is as good as ever; who reads on meets it again.
                return entries;
            }

            for (var i = (int)(index % Width); i < bundle.Count && index < end; i++, index++)
            {
                if (bytes >= maxBytes && entries.Count > 0)
                {
                    return entries;
                }

                entries.Add(bundle[i]);
                bytes += bundle[i].WireSize;
            }
        }

        return entries;
    }

    /// <summary>The entries of a bundle: 256, or the unsealed ones.</summary>
    /// <exception cref="CorruptStateException">A row that the head refers to is missing or damaged.</exception>
    public async Task<IReadOnlyList<StoredEntry>> ReadBundleAsync(long number)
    {
        var leaves = await ReadLeavesAsync(number);
        var payloads = await ReadPayloadsAsync(number);
        return
        [
            .. leaves.Select((l, i) => new StoredEntry(l.ToArray(), payloads[i]?.Salt, payloads[i]?.Payload)),
        ];
    }

    /// <summary>The leaves of a bundle: 256, or the unsealed ones.</summary>
    /// <exception cref="CorruptStateException">The row is missing or damaged.</exception>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadLeavesAsync(long number)
    {
        if (number == Size / Width)
        {
            return [.. Head.Tail.Select(e => (ReadOnlyMemory<byte>)e.Leaf)];
        }

        var (key, row) = await NeedAsync<BundleRow>(LogRowKind.Bundle, 0, number);
        return EntryBundle.TryDecode(row.Leaves, Width, out var leaves, out var error)
            ? leaves
            : throw Damaged(LogRowKind.Bundle, key, error);
    }

    /// <summary>
    /// What stands beside the leaves of a bundle, 256 items or those of the unsealed ones; null where the payload was
    /// erased or the leaf has none.
    /// </summary>
    /// <exception cref="CorruptStateException">The row is missing or damaged.</exception>
    public async Task<IReadOnlyList<PayloadItem?>> ReadPayloadsAsync(long number)
    {
        if (number == Size / Width)
        {
            return [.. Head.Tail.Select(e => Item(e.Salt, e.Payload))];
        }

        var (key, row) = await NeedAsync<PayloadsRow>(LogRowKind.Payloads, 0, number);
        return row.Items is { Length: Width } items
            ? [.. items.Select(i => Item(i?.Salt, i?.Payload))]
            : throw Damaged(LogRowKind.Payloads, key, $"It has {row.Items?.Length ?? 0} items, not {Width}.");
    }

    /// <summary>The hashes of a tile, 256 or those of the edge.</summary>
    public async Task<IReadOnlyList<Hash256>> ReadTileAsync(int level, long number)
    {
        if (number == Size >> (WidthBits * (level + 1)))
        {
            return _edge.Level(level);
        }

        if (_tiles.TryGetValue((level, number), out var cached))
        {
            return cached;
        }

        var (key, joined) = await ReadHashesAsync(level, number);
        if (joined is not { Length: Width * Hash256.Size })
        {
            throw Damaged(
                level == 0 ? LogRowKind.Bundle : LogRowKind.Tile,
                key,
                $"It has {joined?.Length ?? 0} bytes of hashes, not {Width * Hash256.Size}.");
        }

        var hashes = HeadEdge.Split(joined);
        if (_tiles.Count >= MaxCachedTiles)
        {
            _tiles.Clear();
        }

        _tiles[(level, number)] = hashes;
        return hashes;
    }

    private async Task<(string Key, byte[]? Hashes)> ReadHashesAsync(int level, long number)
    {
        if (level == 0)
        {
            var (at, bundle) = await NeedAsync<BundleRow>(LogRowKind.Bundle, level, number);
            return (at, bundle.Hashes);
        }

        var (key, tile) = await NeedAsync<TileRow>(LogRowKind.Tile, level, number);
        return (key, tile.Hashes);
    }

    /// <summary>
    /// The hashes of complete subtrees: of what is held, and, beyond, of the tree of the checkpoint that covers it.
    /// </summary>
    /// <exception cref="ArgumentException">A subtree lies beyond all that, or is too small to be known there.</exception>
    public async Task<IReadOnlyList<Hash256>> ReadNodesAsync(IReadOnlyList<NodeId> nodes)
    {
        var hashes = new Hash256[nodes.Count];
        for (var i = 0; i < nodes.Count; i++)
        {
            hashes[i] = await ReadNodeAsync(nodes[i]);
        }

        return hashes;
    }

    private async Task<Hash256> ReadNodeAsync(NodeId node)
    {
        if (node.End > Size)
        {
            return await ReadCoverAsync(node);
        }

        var (level, index) = node;
        var span = 1 << (level % WidthBits);
        var first = index * span;
        var tile = await ReadTileAsync(level / WidthBits, first / Width);
        return HeadEdge.RootOf(tile, (int)(first % Width), span);
    }

    private async Task<Hash256> ReadCoverAsync(NodeId node)
    {
        var behind = Checkpoint.TryParse(Head.Cover, out var cover, out _) && node.End <= cover.Size
            ? CompactRange.Nodes(Size, cover.Size)
            : throw new ArgumentException($"{node} lies beyond what is known of {Origin}.", nameof(node));
        for (var i = 0; i < behind.Count; i++)
        {
            if (behind[i] == node)
            {
                return new Hash256(Head.CoverAfter.AsSpan(i * Hash256.Size, Hash256.Size));
            }
        }

        if (node.Level == 0)
        {
            throw new ArgumentException($"{node} lies within a subtree of {Origin} of which only the hash is known.", nameof(node));
        }

        return MerkleHash.Node(
            await ReadNodeAsync(new NodeId(node.Level - 1, 2 * node.Index)),
            await ReadNodeAsync(new NodeId(node.Level - 1, (2 * node.Index) + 1)));
    }

    private async Task<Hash256> RootOfTileAsync(int level, long number)
    {
        var above = await ReadTileAsync(level + 1, number / Width);
        var at = (int)(number % Width);
        return at < above.Count
            ? above[at]
            : throw Damaged(LogRowKind.Head, Origin, $"The hash of tile {number} of level {level} is missing.");
    }

    private static PayloadItem? Item(byte[]? salt, byte[]? payload) =>
        salt is null || payload is null ? null : new PayloadItem { Salt = salt, Payload = payload };

    /// <summary>A decoder accepts nil for every part that is an object; a head without it means nothing.</summary>
    private static void RefuseMissingParts(HeadRow head)
    {
        if (head.Root is not { Length: Hash256.Size } || head.Checkpoint is null || head.Cover is null
            || head.CoverAfter is null || head.CoverAfter.Length != CoverHashes(head) * Hash256.Size
            || head.Tail?.All(e => e?.Leaf is { Length: > 0 and <= ProtocolLimits.MaxEntry }) != true
            || head.Edge?.All(e => e is not null) != true
            || head.Requests?.All(r => r is { Key: not null, Content: not null }) != true
            || head.Size < 0 || head.SignedSize < 0 || head.SignedSize > head.Size)
        {
            throw new InvalidDataException("A part of it is missing or out of range.");
        }
    }

    private static int CoverHashes(HeadRow head) =>
        head.Cover.Length == 0 ? 0
        : Checkpoint.TryParse(head.Cover, out var cover, out _) && cover.Size > head.Size && head.Size >= 0
            ? CompactRange.Nodes(head.Size, cover.Size).Count
        : -1;

    private static CorruptStateException Damaged(string kind, string key, string fault) =>
        new(kind, key, char.ToLowerInvariant(fault[0]) + fault[1..].TrimEnd('.'));

    private async Task<(string Key, T Row)> NeedAsync<T>(string kind, int level, long number)
        where T : class, new()
    {
        var (key, row) = _rows is AuditRows audit
            ? await FindForAuditAsync<T>(audit, kind, level, number)
            : await FindAsync<T>(kind, level, number);
        var place = new SealedPlace(Origin, level, number, default);
        NoteSuspect(kind, key, place.First, (place with { Number = number + 1 }).First, row.Damage);
        return (key, row.Value);
    }

    private async Task<(string Key, StoredRow<T> Row)> FindAsync<T>(string kind, int level, long number)
    {
        var key = new SealedPlace(Origin, level, number, await RootOfTileAsync(level, number)).KeyFor(kind);
        return (key, await _rows.ReadAsync<T>(kind, key) ?? throw CorruptStateException.Missing(kind, key));
    }

    private string BundleKey(long number, Hash256 root) =>
        new SealedPlace(Origin, 0, number, root).KeyFor(LogRowKind.Bundle);

    private string TileKey(int level, long number, Hash256 root) =>
        new SealedPlace(Origin, level, number, root).KeyFor(LogRowKind.Tile);
}
