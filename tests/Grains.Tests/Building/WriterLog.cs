using FederationNode.Contracts.Logs;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merge;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;
using FederationNode.Protocol.Replication;

namespace FederationNode.Grains.Tests.Building;

/// <summary>
/// A log as its writer has it, in memory, made with src/Protocol alone: what replicas are measured against, and what
/// dishonest ranges are cut from.
/// </summary>
internal sealed class WriterLog(string origin)
{
    private readonly List<StoredEntry> _entries = [];

    public string Origin => origin;

    public SigningKey Key { get; } = TestCoalition.KeyOf(origin);

    public int Size => _entries.Count;

    public IReadOnlyList<StoredEntry> Entries => _entries;

    /// <summary>A log with that many listings; other seeds give other entries.</summary>
    public static WriterLog WithListings(string origin, int count, int seed = 0)
    {
        var log = new WriterLog(origin);
        log.AddListings(count, seed);
        return log;
    }

    /// <summary>The same first entries, to be continued in another way.</summary>
    public WriterLog Branch(int size)
    {
        var branch = new WriterLog(origin);
        branch._entries.AddRange(_entries.Take(size));
        return branch;
    }

    public void AddListings(int count, int seed = 0)
    {
        for (var i = 0; i < count; i++)
        {
            Add(Sample.Listing(seed + Size));
        }
    }

    public void Add(Payload payload, long issued = TestCoalition.Issued)
    {
        var bytes = payload.Encode();
        var salt = Hash256.Of([.. BitConverter.GetBytes(Size), .. bytes]).ToArray()[..ProtocolLimits.SaltSize];
        var leaf = Leaf.Of(origin, issued, null, payload.Kind, salt, bytes);
        AddRaw(new StoredEntry(leaf.Encode(), salt, bytes));
    }

    /// <summary>Adds any bytes, as a writer with other software may.</summary>
    public void AddRaw(StoredEntry entry) => _entries.Add(entry);

    /// <summary>The root over entries as they are stored somewhere.</summary>
    public static Hash256 RootOf(IReadOnlyList<StoredEntry> entries) =>
        MerkleHash.Root([.. entries.Select(e => MerkleHash.Leaf(e.Leaf))]);

    public Hash256 Root(int size) => MerkleHash.Root(Leaves().AsSpan(0, size));

    public byte[] Checkpoint(int size) => new Checkpoint(origin, size, Root(size)).Sign(Key);

    /// <summary>
    /// An honest range: entries from..end under the checkpoint at a size, by default the end. Without entries it is that
    /// checkpoint alone.
    /// </summary>
    public LogRange Range(int from, int end, int? signed = null)
    {
        var size = signed ?? end;
        var proof = from == end ? new RangeProof([], []) : RangeProof.Of(from, Nodes(RangeProof.Nodes(from, end, size)));
        return new LogRange(Checkpoint(size), from, [.. _entries[from..end]], proof.Before, proof.After);
    }

    /// <summary>
    /// The live entries, if the log ended at a size: each indicator's newest, looked for the long way round. Withdrawals
    /// and listings only, of which none is erased.
    /// </summary>
    public List<long> Live(int size)
    {
        var live = new Dictionary<Hash256, long>();
        for (var i = 0; i < size; i++)
        {
            if (LogEntry.TryInterpret(
                    Protocol.Origin.Parse(origin), i, default, _entries[i].Leaf, _entries[i].Salt, _entries[i].Payload, out var entry, out _))
            {
                live[entry.Payload is WithdrawalPayload w ? w.IndicatorId : ((ListingPayload)entry.Payload).Indicator.Id] = i;
            }
        }

        return [.. live.Values.Order()];
    }

    /// <summary>A part of the outline, with these entries whole.</summary>
    public LogOutline Outline(int from, int end, int size, IEnumerable<long> whole)
    {
        var chosen = whole.Where(i => i >= from && i < end).ToHashSet();
        var proof = from == end ? new RangeProof([], []) : RangeProof.Of(from, Nodes(RangeProof.Nodes(from, end, size)));
        return new LogOutline(
            Checkpoint(size),
            from,
            size,
            [.. Enumerable.Range(from, end - from).Where(i => !chosen.Contains(i)).SelectMany(i => MerkleHash.Leaf(_entries[i].Leaf).ToArray())],
            [.. chosen.Order().Select(i => new WholeEntry(i, _entries[(int)i]))],
            proof.Before,
            proof.After);
    }

    /// <summary>What a node that holds the first entries, by default all, answers to a request for a range.</summary>
    public LogRange Answer(RangeRequestMessage request, int? held = null, int most = int.MaxValue)
    {
        var size = held ?? Size;
        var from = (int)Math.Min(request.From, size);
        return Range(from, Math.Min(from + Math.Min(request.MaxEntries, most), size), size);
    }

    /// <summary>What proves that this log and another of the same origin part after their common entries.</summary>
    public ForkProof ForkFrom(WriterLog other, int common) => ForkProof.Diverging(
        Checkpoint(Size),
        SideFrom(common),
        other.Checkpoint(other.Size),
        other.SideFrom(common),
        common,
        Nodes(CompactRange.Nodes(0, common)));

    public IReadOnlyList<Hash256> Nodes(IReadOnlyList<NodeId> nodes)
    {
        var leaves = Leaves();
        return [.. nodes.Select(n => MerkleHash.Root(leaves.AsSpan((int)n.Begin, (int)(n.End - n.Begin))))];
    }

    private ForkSide SideFrom(int common) =>
        new(Nodes([new NodeId(0, common)])[0], Nodes(CompactRange.Nodes(common + 1, Size)));

    public Hash256[] Leaves() => [.. _entries.Select(e => MerkleHash.Leaf(e.Leaf))];

    /// <summary>An entry as text that can be compared.</summary>
    public static string Hex(StoredEntry entry) => string.Join(
        ' ',
        Convert.ToHexString(entry.Leaf),
        Convert.ToHexString(entry.Salt ?? []),
        Convert.ToHexString(entry.Payload ?? []));

    /// <summary>What the merged view of these logs must be.</summary>
    public static Hash256 DigestOf(params IEnumerable<(string Origin, IReadOnlyList<StoredEntry> Entries)> logs)
    {
        var view = new View();
        foreach (var (name, entries) in logs)
        {
            for (var i = 0; i < entries.Count; i++)
            {
                var (leaf, salt, payload) = entries[i];
                if (LogEntry.TryInterpret(
                        Protocol.Origin.Parse(name), i, MerkleHash.Leaf(leaf), leaf, salt, payload, out var entry, out _))
                {
                    view.Apply(entry);
                }
            }
        }

        return view.Digest();
    }
}
