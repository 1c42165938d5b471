using System.Buffers;
using System.Collections;
using System.Security.Cryptography;
using FederationNode.Protocol.Entries;
using MessagePack;

namespace FederationNode.Protocol.Merge;

/// <summary>Writes the key of the cell that a row stands for.</summary>
internal delegate void WriteCellKey(int row, ref MessagePackWriter writer);

/// <summary>
/// The digest of a view, kept up to date bucket by bucket. docs/protocol.md, "View digest":
/// each row belongs to the bucket named by the first 16 bits of SHA-256(key); a bucket's leaf is its rows in the order
/// of their keys; the digest is <c>SHA-256("fednode/view/1" || 0x00 || root)</c> with the RFC 6962 root over all
/// 65,536 buckets. Two nodes that disagree find the one bucket in 16 steps.
/// </summary>
internal sealed class ViewDigest
{
    private const int BucketBits = 16;
    private const int Buckets = 1 << BucketBits;

    /// <summary>Rows whose buckets are found in about the time that working out one of a long list takes.</summary>
    private const int RowsPerBucket = 32;

    private readonly EntryRows _rows;
    private readonly WriteCellKey _writeKey;
    private readonly Func<int, int> _epochOf;

    // The first of the values of a bucket's cells, linked by InBucket; 0: none.
    private readonly int[] _first = new int[Buckets];
    private readonly BitArray _dirty = new(Buckets);

    // The values of cells of which nobody knows the bucket yet, linked like those of one: finding it takes a hash, and
    // millions may be added before anybody asks for the digest.
    private int _added;

    // A complete binary tree: the node at 1 is the root, the buckets stand at 65,536 and above.
    private readonly Hash256[] _tree = new Hash256[2 * Buckets];
    private readonly ArrayBufferWriter<byte> _scratch = new(256);
    private readonly ArrayBufferWriter<byte> _keys = new(4096);
    private readonly List<(int Start, int Length, int Row)> _cells = [];
    private int _dirtyCount;
    private int _next;

    public ViewDigest(EntryRows rows, WriteCellKey writeKey, Func<int, int> epochOf)
    {
        _rows = rows;
        _writeKey = writeKey;
        _epochOf = epochOf;
        var hash = LeafOf(ReadOnlySpan<byte>.Empty);
        for (var width = Buckets; width >= 1; width /= 2)
        {
            _tree.AsSpan(width, width).Fill(hash);
            hash = NodeOf(hash, hash);
        }
    }

    /// <summary>A row is the value of a cell that is new.</summary>
    public void Add(int row) => Link(row, ref _added);

    /// <summary>A cell has another value; 0: it is gone.</summary>
    public void Replace(int row, int by)
    {
        ref var first = ref _added;
        if (_rows[row].IsInBucket)
        {
            var bucket = BucketOf(row);
            Touch(bucket);
            first = ref _first[bucket];
        }

        var (before, next) = (_rows[row].InBucket.Before, _rows[row].InBucket.Next);
        if (by != 0)
        {
            _rows[by].InBucket = _rows[row].InBucket;
            _rows[by].IsInBucket = _rows[row].IsInBucket;
        }

        if (before == 0)
        {
            first = by == 0 ? next : by;
        }
        else
        {
            _rows[before].InBucket.Next = by == 0 ? next : by;
        }

        if (next != 0)
        {
            _rows[next].InBucket.Before = by == 0 ? before : by;
        }
    }

    /// <summary>Puts a row in front of others.</summary>
    private void Link(int row, ref int first)
    {
        _rows[row].InBucket = new Link { Next = first };
        if (first != 0)
        {
            _rows[first].InBucket.Before = row;
        }

        first = row;
    }

    private int BucketOf(int row)
    {
        _scratch.ResetWrittenCount();
        var writer = new MessagePackWriter(_scratch);
        _writeKey(row, ref writer);
        writer.Flush();
        Span<byte> hash = stackalloc byte[Hash256.Size];
        SHA256.HashData(_scratch.WrittenSpan, hash);
        return (hash[0] << 8) | hash[1];
    }

    /// <summary>Takes note that something in a bucket changes.</summary>
    private void Touch(int bucket)
    {
        if (!_dirty[bucket])
        {
            _dirty[bucket] = true;
            _dirtyCount++;
        }
    }

    public Hash256 Compute()
    {
        while (!Refresh(Buckets))
        {
        }

        Span<byte> input = stackalloc byte[15 + Hash256.Size];
        "fednode/view/1\0"u8.CopyTo(input);
        RefreshNode(1).CopyTo(input[15..]);
        return Hash256.Of(input);
    }

    /// <summary>Works out some of the buckets that changed, or to which some of what was added belongs.</summary>
    /// <param name="most">How many buckets at most, or what takes about as long.</param>
    /// <returns>Whether nothing is left.</returns>
    public bool Refresh(int most)
    {
        for (var left = (long)most * RowsPerBucket; _added != 0 && left > 0; left--)
        {
            var row = _added;
            _added = _rows[row].InBucket.Next;
            if (_added != 0)
            {
                _rows[_added].InBucket.Before = 0;
            }

            var bucket = BucketOf(row);
            Touch(bucket);
            Link(row, ref _first[bucket]);
            _rows[row].IsInBucket = true;
        }

        if (_added != 0)
        {
            return false;
        }

        var buffer = new ArrayBufferWriter<byte>(4096);
        for (; _dirtyCount > 0 && most > 0; _next = (_next + 1) % Buckets)
        {
            if (!_dirty[_next])
            {
                continue;
            }

            buffer.ResetWrittenCount();
            WriteBucket(_next, buffer);
            _tree[Buckets + _next] = LeafOf(buffer.WrittenSpan);
            for (var node = (Buckets + _next) / 2; node >= 1 && _tree[node] != default; node /= 2)
            {
                _tree[node] = default; // stale: recomputed when asked for, once, however many buckets changed under it
            }

            _dirty[_next] = false;
            _dirtyCount--;
            most--;
        }

        return _dirtyCount == 0;
    }

    private void WriteBucket(int bucket, ArrayBufferWriter<byte> rows)
    {
        _keys.ResetWrittenCount();
        _cells.Clear();
        for (var row = _first[bucket]; row != 0; row = _rows[row].InBucket.Next)
        {
            var start = _keys.WrittenCount;
            var writer = new MessagePackWriter(_keys);
            _writeKey(row, ref writer);
            writer.Flush();
            _cells.Add((start, _keys.WrittenCount - start, row));
        }

        _cells.Sort((x, y) => Key(x).SequenceCompareTo(Key(y)));
        var output = new MessagePackWriter(rows);
        foreach (var cell in _cells)
        {
            output.WriteRaw(Key(cell));
            output.Write(_epochOf(cell.Row));
            output.Write(_rows[cell.Row].Index);
            output.WriteHash(_rows[cell.Row].LeafHash);
        }

        output.Flush();
    }

    private ReadOnlySpan<byte> Key((int Start, int Length, int Row) cell) => _keys.WrittenSpan.Slice(cell.Start, cell.Length);

    private Hash256 RefreshNode(int node)
    {
        if (_tree[node] == default)
        {
            _tree[node] = NodeOf(RefreshNode(2 * node), RefreshNode((2 * node) + 1));
        }

        return _tree[node];
    }

    private static Hash256 LeafOf(ReadOnlySpan<byte> rows)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData([0]);
        sha.AppendData(rows);
        Hash256 hash = default;
        sha.GetHashAndReset(hash);
        return hash;
    }

    private static Hash256 NodeOf(Hash256 left, Hash256 right)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Hash256.Size)];
        input[0] = 1;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Hash256.Size)..]);
        return Hash256.Of(input);
    }
}
