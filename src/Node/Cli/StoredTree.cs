using FederationNode.Contracts.Api;
using FederationNode.Protocol;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Merkle;
using FederationNode.Protocol.Notes;

namespace FederationNode.Node.Cli;

/// <summary>The hash tree of a log as a node, running or stopped, keeps it: the root at any size up to its checkpoint.</summary>
internal sealed class StoredTree
{
    private readonly NodeTarget _target;
    private readonly string _origin;
    private readonly long _size;
    private readonly Dictionary<TilePath, byte[]> _tiles = [];

    private StoredTree(NodeTarget target, string origin, long size)
    {
        _target = target;
        _origin = origin;
        _size = size;
    }

    /// <summary>Opens the tree, and checks that its hashes lead to the checkpoint that the log's key signed.</summary>
    /// <exception cref="CliException">They do not, or a part is missing.</exception>
    public static async Task<StoredTree> OpenAsync(
        NodeTarget target, LogRow log, VerificationKey key, CancellationToken cancel)
    {
        var note = await target.ReadLogFileAsync(log.Origin, "checkpoint", cancel);
        if (!Checkpoint.TryOpen(note, key, out var checkpoint, out var error))
        {
            throw new CliException(ExitCode.BadFolder, $"The checkpoint held of {log.Origin} cannot be used: {error}");
        }

        var tree = new StoredTree(target, log.Origin, checkpoint.Size);
        return await tree.RootAsync(checkpoint.Size, cancel) == checkpoint.Root
            ? tree
            : throw new CliException(
                ExitCode.BadFolder,
                $"The hashes held of {log.Origin} do not lead to the root that its key signed: audit this node's folder.");
    }

    /// <summary>The root over the first entries.</summary>
    public async Task<Hash256> RootAsync(long size, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, _size);
        var hashes = new List<Hash256>();
        foreach (var node in ProofBuilder.NodesForRoot(size))
        {
            hashes.Add(await HashAsync(node, cancel));
        }

        return ProofBuilder.BuildRoot(hashes);
    }

    /// <summary>A node stands in a tile, or is over some of the hashes of one.</summary>
    private async Task<Hash256> HashAsync(NodeId node, CancellationToken cancel)
    {
        var (level, height) = (node.Level / 8, node.Level % 8);
        var (first, count) = (node.Index << height, 1 << height);
        var number = first / TilePath.FullWidth;
        var width = Math.Min(TilePath.FullWidth, (_size >> (8 * level)) - (number * TilePath.FullWidth));
        var tile = await ReadAsync(new TilePath(level, number, (int)width), cancel);
        var over = new CompactRange();
        for (var i = 0; i < count; i++)
        {
            var at = (int)((first % TilePath.FullWidth) + i) * Hash256.Size;
            over.Append(new Hash256(tile.AsSpan(at, Hash256.Size)));
        }

        return over.Root();
    }

    private async Task<byte[]> ReadAsync(TilePath path, CancellationToken cancel)
    {
        if (!_tiles.TryGetValue(path, out var tile))
        {
            tile = await _target.ReadLogFileAsync(_origin, path.ToString(), cancel);
            _tiles[path] = tile is not null && tile.Length == path.Width * Hash256.Size
                ? tile
                : throw new CliException(ExitCode.BadFolder, $"{path} of {_origin} is not held whole: audit this node's folder.");
        }

        return _tiles[path];
    }
}
