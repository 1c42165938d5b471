using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Grains.Logs;

/// <summary>What a log would be with some entries added: the rows to write before the head, and the new edge.</summary>
internal sealed class LogPlan(HeadEdge edge)
{
    private Hash256? _root;

    public HeadEdge Edge { get; } = edge;

    public long Size => Edge.Size;

    public Hash256 Root => _root ??= Edge.Root();

    public TailEntry[] Tail { get; set; } = [];

    public List<(long Number, Hash256 Root, BundleRow Bundle, PayloadsRow Payloads)> Bundles { get; } = [];

    public List<(int Level, long Number, Hash256 Root, TileRow Tile)> Tiles { get; } = [];

    public void Seal(long number, Hash256 root, IReadOnlyList<Hash256> hashes, IReadOnlyList<TailEntry> entries)
    {
        var bundle = new BundleRow
        {
            Leaves = EntryBundle.Encode([.. entries.Select(e => (ReadOnlyMemory<byte>)e.Leaf)]),
            Hashes = HeadEdge.Join(hashes),
        };
        var payloads = new PayloadsRow
        {
            Items = [.. entries.Select(e => e.Salt is null || e.Payload is null
                ? null
                : new PayloadItem { Salt = e.Salt, Payload = e.Payload })],
        };
        Bundles.Add((number, root, bundle, payloads));
    }
}
