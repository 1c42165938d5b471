using System.Buffers;
using System.Collections;
using System.Security.Cryptography;
using MessagePack;

namespace FederationNode.Protocol.Merge;

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

    private readonly SortedDictionary<byte[], Cell>?[] _buckets = new SortedDictionary<byte[], Cell>?[Buckets];
    private readonly BitArray _dirty = new(Buckets);
    // A complete binary tree: the node at 1 is the root, the buckets stand at 65,536 and above.
    private readonly Hash256[] _tree = new Hash256[2 * Buckets];
    private bool _anyDirty = true;

    public ViewDigest()
    {
        var hash = LeafOf(ReadOnlySpan<byte>.Empty);
        for (var width = Buckets; width >= 1; width /= 2)
        {
            _tree.AsSpan(width, width).Fill(hash);
            hash = NodeOf(hash, hash);
        }

        _anyDirty = false;
    }

    /// <summary>Takes note that the winner of <paramref name="cell"/> changed.</summary>
    public void Touch(Cell cell)
    {
        var bucket = BucketOf(cell.Key);
        var rows = _buckets[bucket] ??= new SortedDictionary<byte[], Cell>(ByteOrder.Instance);
        if (cell.Winner is null)
        {
            rows.Remove(cell.Key);
        }
        else
        {
            rows[cell.Key] = cell;
        }

        _dirty[bucket] = true;
        _anyDirty = true;
    }

    public Hash256 Compute()
    {
        if (_anyDirty)
        {
            Refresh();
        }

        Span<byte> input = stackalloc byte[15 + Hash256.Size];
        "fednode/view/1\0"u8.CopyTo(input);
        _tree[1].CopyTo(input[15..]);
        return Hash256.Of(input);
    }

    private void Refresh()
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (!_dirty[bucket])
            {
                continue;
            }

            buffer.ResetWrittenCount();
            var writer = new MessagePackWriter(buffer);
            foreach (var cell in _buckets[bucket]!.Values)
            {
                cell.WriteRow(ref writer);
            }

            writer.Flush();
            _tree[Buckets + bucket] = LeafOf(buffer.WrittenSpan);
            for (var node = (Buckets + bucket) / 2; node >= 1; node /= 2)
            {
                _tree[node] = default; // stale: recomputed below, once, however many buckets changed under it
            }
        }

        RefreshNode(1);
        _dirty.SetAll(false);
        _anyDirty = false;
    }

    private Hash256 RefreshNode(int node)
    {
        if (_tree[node] == default)
        {
            _tree[node] = NodeOf(RefreshNode(2 * node), RefreshNode((2 * node) + 1));
        }

        return _tree[node];
    }

    private static int BucketOf(byte[] key)
    {
        var hash = Hash256.Of(key);
        return (hash.Span[0] << 8) | hash.Span[1];
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

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
