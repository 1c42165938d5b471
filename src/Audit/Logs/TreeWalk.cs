using FederationNode.Audit.Report;
using FederationNode.Audit.Sources;
using FederationNode.Audit.Trees;
using FederationNode.Protocol;
using FederationNode.Protocol.Merkle;

namespace FederationNode.Audit.Logs;

/// <summary>
/// One walk through all that a copy holds of a log: entries, payloads and level-0 hashes bundle by bundle, then the
/// levels above. Only after all entries were seen is it known which side led to the signed root, and so which is at
/// fault.
/// </summary>
internal sealed class TreeWalk(ILogSource source, VerifiedHead head, LogAudit audit)
{
    private const int BundleBits = 8;
    private const int MaxLevels = 8;

    // A log whose bundles are missing one after the other is not there; a signed size of 2^40 must not keep us busy.
    private const int MaxMissingInARow = 64;
    private const int MaxListedPerBundle = 16;

    private readonly TileReader _reader = new(source);
    private readonly FindingList _findings = audit.Collected;
    private readonly EntryChecks _entries = new(head.Origin, audit.Contents, audit.Lifetimes);
    private readonly List<BundleSides> _sides = [];
    private readonly HashSet<long> _changedLeaves = [];
    private readonly HashSet<string> _damages = new(StringComparer.Ordinal);

    private long Size => head.Held;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var complete = await ReadBundlesAsync(cancellationToken);
        var above = complete ? await ReadLevelAsync(1, cancellationToken) : [];
        var decision = complete ? RootDecision.Find(_sides, above, head.IsLedTo) : null;
        if (complete && decision is null)
        {
            _findings.Add(Severity.Fault, FindingKind.RootMismatch, FirstInDoubt(above),
                $"Neither entries nor hashes lead to the root that the log signed for size {head.Top.Size}.");
        }

        foreach (var side in _sides)
        {
            Judge(side, decision);
        }

        if (complete)
        {
            await CompareLevelsAsync(above, decision, cancellationToken);
        }

        if (decision is not null)
        {
            audit.Tree = new VerifiedTree(_reader, decision.Bundles, decision.Tail);
        }

        _entries.Finish(_findings, _changedLeaves);
    }

    /// <summary>
    /// Where the accounts begin to differ; null if they agree everywhere, and with them all but the checkpoint.
    /// </summary>
    private long? FirstInDoubt(List<Hash256?> above)
    {
        foreach (var side in _sides)
        {
            if (side.Differing.Count > 0)
            {
                return side.First + side.Differing[0];
            }

            if (side.IsFull && above[(int)side.Number] is { } hash && (side.EntriesNode ?? side.TileNode) != hash)
            {
                return side.First;
            }
        }

        return null;
    }

    /// <summary>Reads all bundles; false if it gave up.</summary>
    private async Task<bool> ReadBundlesAsync(CancellationToken cancellationToken)
    {
        var missing = 0;
        foreach (var path in TilePath.ForLevel(TilePath.Entries, Size))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var bundle = await ReadEntriesAsync(path, cancellationToken);
            var payloads = await ReadPayloadsAsync(path, bundle is not null, cancellationToken);
            var tile = await ReadHashesAsync(path with { Level = 0 }, cancellationToken);
            var hashes = bundle?.Leaves.Select(l => MerkleHash.Leaf(l.Span)).ToArray();
            TakeEntries(path, bundle, hashes, payloads);
            if (bundle?.Error is not null)
            {
                NoteMalformed(path, bundle, hashes!, tile);
            }

            _sides.Add(new BundleSides(path.Number, bundle?.Error is null ? hashes : null, tile));
            missing = bundle is null ? missing + 1 : 0;
            if (missing == MaxMissingInARow || _findings.IsFull)
            {
                _findings.Add(Severity.Fault, FindingKind.TileMissing, path.Number * TilePath.FullWidth,
                    "So much is missing or damaged that the audit of this log ended here.");
                return false;
            }
        }

        return true;
    }

    private async Task<BundleContent?> ReadEntriesAsync(TilePath path, CancellationToken cancellationToken)
    {
        var read = await _reader.ReadAsync(path, cancellationToken);
        if (read.Bytes is not null)
        {
            return BundleContent.Parse(read.Bytes, read.Width, path.Width);
        }

        NoteUnreadable(path.Number * TilePath.FullWidth, read);
        return null;
    }

    /// <summary>
    /// One damaged row may hold several files of the log, such as a bundle and its hashes: it is said once.
    /// </summary>
    private void NoteUnreadable(long first, TileRead read)
    {
        if (read.Row is null || _damages.Add(read.Row))
        {
            var kind = read.Row is null || read.IsGone ? FindingKind.TileMissing : FindingKind.RowDamaged;
            _findings.Add(Severity.Fault, kind, first, read.Error!);
        }
    }

    private async Task<PayloadTile?> ReadPayloadsAsync(TilePath entries, bool note, CancellationToken cancellationToken)
    {
        var path = entries with { Level = TilePath.Payloads };
        var first = path.Number * TilePath.FullWidth;
        var read = await _reader.ReadAsync(path, cancellationToken);
        if (read.Bytes is null)
        {
            if (note || read.Row is not null)
            {
                NoteUnreadable(first, read);
            }

            return null;
        }

        var tile = PayloadTile.Parse(read.Bytes, read.Width, path.Width);
        if (tile.Error is not null)
        {
            var at = first + Math.Min(tile.Items.Count, path.Width - 1);
            _findings.Add(Severity.Fault, FindingKind.PayloadsMalformed, at, $"{path}: {tile.Error}");
        }

        return tile;
    }

    private async Task<Hash256[]?> ReadHashesAsync(TilePath path, CancellationToken cancellationToken)
    {
        var read = await _reader.ReadAsync(path, cancellationToken);
        var first = (path.Number * TilePath.FullWidth) << (BundleBits * path.Level);
        if (read.Bytes is null)
        {
            NoteUnreadable(first, read);
            return null;
        }

        var hashes = HashTile.Decode(read.Bytes, read.Width, path.Width);
        if (hashes is null)
        {
            _findings.Add(Severity.Fault, FindingKind.TileMalformed, first,
                $"{path} has {read.Bytes.Length} bytes, not {read.Width * Hash256.Size}.");
        }

        return hashes;
    }

    private void TakeEntries(TilePath path, BundleContent? bundle, Hash256[]? hashes, PayloadTile? payloads)
    {
        var first = path.Number * TilePath.FullWidth;
        for (var i = 0; i < path.Width; i++)
        {
            if (bundle is null || i >= bundle.Leaves.Count)
            {
                _entries.Skip();
                continue;
            }

            var known = payloads is not null && i < payloads.Items.Count;
            _entries.Take(first + i, hashes![i], bundle.Leaves[i].Span, known ? payloads!.Items[i] : null, known);
        }
    }

    /// <summary>
    /// Names the entry at which a bundle breaks: the first whose hash is wrong, or else where reading ended.
    /// </summary>
    private void NoteMalformed(TilePath path, BundleContent bundle, Hash256[] hashes, Hash256[]? tile)
    {
        var at = Math.Min(bundle.Leaves.Count, path.Width - 1);
        for (var i = 0; tile is not null && i < hashes.Length; i++)
        {
            if (hashes[i] != tile[i])
            {
                at = i;
                _changedLeaves.UnionWith(
                    Enumerable.Range(i, path.Width - i).Select(k => (path.Number * TilePath.FullWidth) + k));
                break;
            }
        }

        _findings.Add(
            Severity.Fault,
            FindingKind.BundleMalformed,
            (path.Number * TilePath.FullWidth) + at,
            $"{path}: {bundle.Error}");
    }

    /// <summary>Says of one bundle which of its sides is wrong.</summary>
    private void Judge(BundleSides side, RootDecision? decision)
    {
        if (decision is null)
        {
            NoteDiffering(
                side,
                FindingKind.LeafOrTileChanged,
                "Entry and level-0 hash differ, and neither leads to the signed root.");
            return;
        }

        var entriesRight = side.IsFull
            ? side.EntriesNode is null || side.EntriesNode == decision.Bundles[(int)side.Number]
            : side.EntryLeaves is null || side.EntryLeaves.SequenceEqual(decision.Tail);
        var tileRight = side.IsFull
            ? side.TileNode is null || side.TileNode == decision.Bundles[(int)side.Number]
            : side.TileLeaves is null || side.TileLeaves.SequenceEqual(decision.Tail);
        if (!entriesRight && !tileRight)
        {
            NoteBothWrong(side);
        }
        else if (!entriesRight)
        {
            _changedLeaves.UnionWith(side.Differing.Select(i => side.First + i));
            NoteDiffering(
                side,
                FindingKind.LeafChanged,
                "The entry's bytes do not hash to the level-0 hash, which leads to the signed root.");
        }
        else if (!tileRight)
        {
            NoteDiffering(
                side,
                FindingKind.HashTileChanged,
                "The level-0 hash is not that of the entry, which leads to the signed root.");
        }
    }

    private void NoteBothWrong(BundleSides side)
    {
        // The level above leads to the root, so the bundle is known, but not the entry, unless the sides differ.
        var at = side.Differing.Count > 0 ? side.Differing[0] : 0;

        // Which leaves are sound is unknown, so nothing follows from the payloads beside them.
        _changedLeaves.UnionWith(Enumerable.Range(0, TilePath.FullWidth).Select(i => side.First + i));
        _findings.Add(
            Severity.Fault,
            FindingKind.LeafChanged,
            side.First + at,
            $"Entries {side.First} to {side.First + TilePath.FullWidth - 1} and their hashes lead to another "
                + "node than the signed root: at least one was changed together with its hash.");
    }

    private void NoteDiffering(BundleSides side, string kind, string explanation)
    {
        if (side.Differing.Count == 0 && kind != FindingKind.LeafOrTileChanged)
        {
            // The other side could not be read, so nothing says which of the entries it is.
            _findings.Add(Severity.Fault, kind, side.First, explanation);
        }

        foreach (var at in side.Differing.Take(MaxListedPerBundle))
        {
            _findings.Add(Severity.Fault, kind, side.First + at, explanation);
        }

        if (side.Differing.Count > MaxListedPerBundle)
        {
            _findings.Add(Severity.Fault, kind, side.First + side.Differing[MaxListedPerBundle],
                $"{explanation} So it is with {side.Differing.Count} entries of this bundle.");
        }
    }

    private async Task<List<Hash256?>> ReadLevelAsync(int level, CancellationToken cancellationToken)
    {
        var hashes = new List<Hash256?>();
        foreach (var path in TilePath.ForLevel(level, Size))
        {
            var tile = await ReadHashesAsync(path, cancellationToken);
            for (var i = 0; i < path.Width; i++)
            {
                hashes.Add(tile?[i]);
            }
        }

        return hashes;
    }

    /// <summary>
    /// Compares the hashes of level 1 and above with the true ones, or, if these are unknown, with the entries'.
    /// </summary>
    private async Task CompareLevelsAsync(
        List<Hash256?> above, RootDecision? decision, CancellationToken cancellationToken)
    {
        List<Hash256?> expected = decision is not null
            ? [.. decision.Bundles.Select(h => (Hash256?)h)]
            : [.. _sides.Where(s => s.IsFull).Select(s => s.EntriesNode ?? s.TileNode)];
        var kind = decision is null ? FindingKind.LeafOrTileChanged : FindingKind.HashTileChanged;
        for (var level = 1; level < MaxLevels && Size >> (BundleBits * level) > 0; level++)
        {
            var stored = level == 1 ? above : await ReadLevelAsync(level, cancellationToken);
            for (var i = 0; i < stored.Count && i < expected.Count; i++)
            {
                if (stored[i] is { } hash && expected[i] is { } right && hash != right)
                {
                    var path = new TilePath(level, i / TilePath.FullWidth, TilePath.FullWidth);
                    _findings.Add(Severity.Fault, kind, (long)i << (BundleBits * level),
                        $"Hash {i % TilePath.FullWidth} of {path} is not that of the hashes below it.");
                }
            }

            var full = expected.Chunk(TilePath.FullWidth).Where(c => c.Length == TilePath.FullWidth);
            expected = [.. full.Select(NodeOver)];
        }
    }

    private static Hash256? NodeOver(Hash256?[] hashes) =>
        hashes.All(h => h is not null) ? MerkleHash.Root([.. hashes.Select(h => h!.Value)]) : null;
}
