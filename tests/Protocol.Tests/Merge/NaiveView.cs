using System.Security.Cryptography;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Tests.Generators;

namespace FederationNode.Protocol.Tests.Merge;

/// <summary>
/// Section 8 of docs/protocol.md in the plainest form: from the set of entries, without history or caches, with its own
/// MessagePack writer and its own tree.
/// </summary>
internal sealed class NaiveView
{
    private const int Buckets = 65_536;

    private static readonly byte[][] s_emptyTrees = EmptyTrees();

    public NaiveView(IEnumerable<LogEntry> entries)
    {
        var set = entries.Where(e => e.Origin.Log == "indicators").DistinctBy(e => (e.Origin.Text, e.Index)).ToList();
        Erased = [.. set
            .Where(e => e.Payload is ErasePayload)
            .Select(e => (e.Origin.Text, ((ErasePayload)e.Payload).Index))
            .Where(t => !set.Any(e => e.Payload is ErasePayload && (e.Origin.Text, e.Index) == t))];
        Winners = [.. set
            .Where(e => !Erased.Contains((e.Origin.Text, e.Index)))
            .Select(e => (Key: Key(e), Entry: e))
            .Where(c => c.Key is not null)
            .GroupBy(c => Convert.ToHexString(c.Key!))
            .OrderBy(c => c.Key, StringComparer.Ordinal)
            .Select(c => c.OrderBy(e => e.Entry.Origin.Epoch).ThenBy(e => e.Entry.Index).Last().Entry)];
        Rows = [.. Winners.Select(w => new ViewRow(
            BucketOf(Key(w)!), [.. Key(w)!, .. Pack.Sequence(w.Origin.Epoch, w.Index, w.LeafHash)], w))];
    }

    public HashSet<(string Origin, long Index)> Erased { get; }

    public IReadOnlyList<LogEntry> Winners { get; }

    /// <summary>In the order of their keys.</summary>
    public IReadOnlyList<ViewRow> Rows { get; }

    public Hash256 Digest()
    {
        var buckets = new SortedDictionary<int, byte[]>();
        foreach (var bucket in Rows.GroupBy(r => r.Bucket))
        {
            buckets[bucket.Key] = SHA256.HashData([0, .. bucket.SelectMany(r => r.Bytes)]);
        }

        return Hash256.Of([.. "fednode/view/1\0"u8, .. Root(buckets, 0, 16)]);
    }

    private static byte[] Root(SortedDictionary<int, byte[]> buckets, int first, int level)
    {
        var end = first + (1 << level);
        if (!buckets.Keys.Any(b => b >= first && b < end))
        {
            return s_emptyTrees[level];
        }

        return level == 0
            ? buckets[first]
            : SHA256.HashData([1, .. Root(buckets, first, level - 1), .. Root(buckets, first + (1 << (level - 1)), level - 1)]);
    }

    private static byte[][] EmptyTrees()
    {
        var trees = new List<byte[]> { SHA256.HashData([0]) };
        while (1 << trees.Count <= Buckets)
        {
            trees.Add(SHA256.HashData([1, .. trees[^1], .. trees[^1]]));
        }

        return [.. trees];
    }

    private static int BucketOf(byte[] key)
    {
        var hash = SHA256.HashData(key);
        return (hash[0] * 256) + hash[1];
    }

    private static byte[]? Key(LogEntry entry) => entry.Payload switch
    {
        ListingPayload p => Pack.Sequence("listing", p.Indicator.Id, entry.Origin.Member),
        WithdrawalPayload p => Pack.Sequence("listing", p.IndicatorId, entry.Origin.Member),
        OpinionPayload p => Pack.Sequence("opinion", p.IndicatorId, entry.Origin.Member, p.Lister),
        TallyPayload p => Pack.Sequence("tally", entry.Origin.Member, p.Category, p.Day),
        _ => null,
    };
}

/// <summary>A row of the digest.</summary>
internal sealed record ViewRow(int Bucket, byte[] Bytes, LogEntry Entry);
