using System.Globalization;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Storage;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Grains.Logs;

/// <summary>
/// One log as it lies in the database: reads entries, tiles and tree nodes, and commits new entries.
/// Invariants: the head row is the only row that is ever replaced but for payload rows; every row that a head refers
/// to was written before that head; a row that no head refers to (left by a crash) has no effect.
/// Not safe for concurrent use: it belongs to one grain, or to one command of a stopped node.
/// </summary>
public sealed class StoredLog
{
    private const int Width = HeadEdge.Width;
    private const int WidthBits = 8;
    private const int MaxCachedTiles = 64;

    private readonly RowStore _rows;
    private readonly Dictionary<(int Level, long Number), IReadOnlyList<Hash256>> _tiles = [];
    private HeadEdge _edge;
    private string? _etag;

    private StoredLog(RowStore rows, string origin, HeadRow head, HeadEdge edge, string? etag)
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

    /// <summary>Reads the head of a log; a log that was never written is empty.</summary>
    /// <exception cref="InvalidDataException">The head row contradicts itself: the database is damaged.</exception>
    public static async Task<StoredLog> LoadAsync(RowStore rows, string origin)
    {
        var stored = await rows.ReadAsync<HeadRow>(LogRowKind.Head, origin);
        return stored is null
            ? new StoredLog(rows, origin, new HeadRow { Root = MerkleHash.Empty.ToArray() }, HeadEdge.Empty(), null)
            : new StoredLog(rows, origin, stored.Value, HeadEdge.Restore(stored.Value), stored.ETag);
    }

    /// <summary>
    /// Works out what the log would be with these entries behind it. Nothing is written, and nothing of the log is
    /// changed, before <see cref="CommitAsync"/>.
    /// </summary>
    internal LogPlan Plan(IReadOnlyList<StoredEntry> entries)
    {
        var edge = _edge.Clone();
        var plan = new LogPlan(edge);
        var unsealed = new List<TailEntry>(Head.Tail);
        foreach (var entry in entries)
        {
            unsealed.Add(new TailEntry { Leaf = entry.Leaf, Salt = entry.Salt, Payload = entry.Payload });
            edge.Add(MerkleHash.Leaf(entry.Leaf), (level, number, root, hashes) =>
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
        foreach (var (number, root, bundle, payloads) in plan.Bundles)
        {
            await _rows.WriteContentAsync(LogRowKind.Bundle, BundleKey(number, root), bundle);
            await _rows.WriteContentAsync(LogRowKind.Payloads, BundleKey(number, root), payloads);
        }

        foreach (var (level, number, root, tile) in plan.Tiles)
        {
            await _rows.WriteContentAsync(LogRowKind.Tile, TileKey(level, number, root), tile);
        }

        var head = new HeadRow
        {
            Size = plan.Edge.Size,
            Root = plan.Root.ToArray(),
            Tail = plan.Tail,
            Edge = plan.Edge.ToRows(),
            SignedSize = Head.SignedSize,
            Checkpoint = Head.Checkpoint,
            Requests = Head.Requests,
        };
        complete(head);
        _etag = await _rows.WriteAsync(LogRowKind.Head, Origin, head, _etag);
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
            var bundle = await ReadBundleAsync(index / Width);
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
    /// <exception cref="InvalidDataException">A row that the head refers to is missing or damaged.</exception>
    public async Task<IReadOnlyList<StoredEntry>> ReadBundleAsync(long number)
    {
        if (number == Size / Width)
        {
            return [.. Head.Tail.Select(e => new StoredEntry(e.Leaf, e.Salt, e.Payload))];
        }

        var key = BundleKey(number, await RootOfTileAsync(0, number));
        var bundle = await NeedAsync<BundleRow>(LogRowKind.Bundle, key);
        var payloads = await NeedAsync<PayloadsRow>(LogRowKind.Payloads, key);
        if (!EntryBundle.TryDecode(bundle.Leaves, Width, out var leaves, out var error))
        {
            throw new InvalidDataException($"Bundle {number} of {Origin} is damaged: {error}");
        }

        var entries = new StoredEntry[Width];
        for (var i = 0; i < Width; i++)
        {
            entries[i] = new StoredEntry(leaves[i].ToArray(), payloads.Items[i]?.Salt, payloads.Items[i]?.Payload);
        }

        return entries;
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

        var root = await RootOfTileAsync(level, number);
        var joined = level == 0
            ? (await NeedAsync<BundleRow>(LogRowKind.Bundle, BundleKey(number, root))).Hashes
            : (await NeedAsync<TileRow>(LogRowKind.Tile, TileKey(level, number, root))).Hashes;
        var hashes = HeadEdge.Split(joined);
        if (_tiles.Count >= MaxCachedTiles)
        {
            _tiles.Clear();
        }

        _tiles[(level, number)] = hashes;
        return hashes;
    }

    /// <summary>The hashes of complete subtrees.</summary>
    public async Task<IReadOnlyList<Hash256>> ReadNodesAsync(IReadOnlyList<NodeId> nodes)
    {
        var hashes = new Hash256[nodes.Count];
        for (var i = 0; i < nodes.Count; i++)
        {
            var (level, index) = nodes[i];
            var tileLevel = level / WidthBits;
            var span = 1 << (level % WidthBits);
            var first = index * span;
            var tile = await ReadTileAsync(tileLevel, first / Width);
            hashes[i] = HeadEdge.RootOf(tile, (int)(first % Width), span);
        }

        return hashes;
    }

    private async Task<Hash256> RootOfTileAsync(int level, long number)
    {
        var above = await ReadTileAsync(level + 1, number / Width);
        return above[(int)(number % Width)];
    }

    private async Task<T> NeedAsync<T>(string kind, string key)
        where T : class, new() =>
        (await _rows.ReadAsync<T>(kind, key))?.Value
        ?? throw new InvalidDataException($"The row {kind} {key} is missing: the database is damaged.");

    private string BundleKey(long number, Hash256 root) =>
        string.Create(CultureInfo.InvariantCulture, $"{Origin}|{number}|{root}");

    private string TileKey(int level, long number, Hash256 root) =>
        string.Create(CultureInfo.InvariantCulture, $"{Origin}|{level}|{number}|{root}");
}
